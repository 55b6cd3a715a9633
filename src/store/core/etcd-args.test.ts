import { describe, expect, test } from 'vitest';
import { argsThatDiffer, type EtcdMemberConfig, etcdArgs } from './etcd-args.ts';

const config: EtcdMemberConfig = {
  name: 'one',
  dataDir: '/var/lib/skep/etcd',
  clientUrl: 'http://127.0.0.1:7401',
  peerUrl: 'http://127.0.0.1:7402',
  initialCluster: 'one=http://127.0.0.1:7402',
  initialClusterState: 'new',
  clusterToken: 'abc',
};

describe('etcdArgs', () => {
  test('carries what the design asks for', () => {
    const args = etcdArgs(config);
    expect(args).toEqual(
      expect.arrayContaining([
        '--name=one',
        '--data-dir=/var/lib/skep/etcd/data',
        '--listen-client-urls=http://127.0.0.1:7401',
        '--listen-peer-urls=http://127.0.0.1:7402',
        '--initial-cluster-token=abc',
        '--max-txn-ops=20000',
        '--max-request-bytes=10485760',
        '--quota-backend-bytes=8589934592',
        '--auto-compaction-retention=5m',
        '--pre-vote=true',
        '--heartbeat-interval=100',
        '--election-timeout=1000',
      ]),
    );
    expect(new Set(args.map((arg) => arg.split('=')[0])).size).toBe(args.length);
  });
});

describe('TLS', () => {
  test('is mutual on both ports, and of 1.2 only takes what no certificate of ours can do', () => {
    const args = etcdArgs({ ...config, tls: { caFile: '/ca', pairFile: '/pair' } });
    expect(args).toEqual(
      expect.arrayContaining([
        '--client-cert-auth=true',
        '--peer-client-cert-auth=true',
        '--cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
      ]),
    );
    expect(etcdArgs(config).join()).not.toContain('cipher');
  });
});

describe('argsThatDiffer', () => {
  const wanted = etcdArgs(config);

  test('is empty for the same', () => expect(argsThatDiffer(wanted, wanted)).toEqual([]));

  test('leaves out what etcd reads only once', () => {
    const born = etcdArgs({
      ...config,
      initialCluster: 'x=y',
      initialClusterState: 'existing',
      clusterToken: 't',
    });
    expect(argsThatDiffer(born, wanted)).toEqual([]);
  });

  test('names each option that was changed, added or dropped, once', () => {
    const moved = etcdArgs({ ...config, clientUrl: 'http://127.0.0.1:9' });
    expect(argsThatDiffer(moved, wanted)).toEqual(['--listen-client-urls', '--advertise-client-urls']);
    expect(argsThatDiffer([...wanted, '--force-new-cluster=true'], wanted)).toEqual(['--force-new-cluster']);
    expect(argsThatDiffer(wanted, [...wanted, '--cors=x'])).toEqual(['--cors']);
  });
});
