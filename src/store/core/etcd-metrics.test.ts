import { expect, test } from 'vitest';
import { histogramQuantile, metricLabel, metricValue } from './etcd-metrics.ts';

const text = `# HELP etcd_server_has_leader Whether or not a leader exists.
etcd_server_has_leader 1
etcd_mvcc_db_total_size_in_bytes 2.4576e+07
etcd_server_version{server_version="3.4.23"} 1
etcd_disk_wal_fsync_duration_seconds_bucket{le="0.001"} 50
etcd_disk_wal_fsync_duration_seconds_bucket{le="0.002"} 900
etcd_disk_wal_fsync_duration_seconds_bucket{le="0.004"} 995
etcd_disk_wal_fsync_duration_seconds_bucket{le="+Inf"} 1000
`;

test('figures, labels and the 99th of a hundred', () => {
  expect(metricValue(text, 'etcd_server_has_leader')).toBe(1);
  expect(metricValue(text, 'etcd_mvcc_db_total_size_in_bytes')).toBe(24_576_000);
  expect(metricValue(text, 'none')).toBeUndefined();
  expect(metricLabel(text, 'etcd_server_version', 'server_version')).toBe('3.4.23');
  expect(histogramQuantile(text, 'etcd_disk_wal_fsync_duration_seconds', 0.99)).toBe(0.004);
  expect(histogramQuantile(text, 'etcd_disk_wal_fsync_duration_seconds', 0.999)).toBe(0.004);
  expect(histogramQuantile(text, 'etcd_disk_wal_fsync_duration_seconds', 0.9)).toBe(0.002);
});

test('too few to tell', () => {
  expect(histogramQuantile('x_bucket{le="1"} 9\nx_bucket{le="+Inf"} 9\n', 'x', 0.99)).toBeUndefined();
});
