import { afterEach, expect, test } from 'vitest';
import { metricRegistry } from '../core/metric-registry.ts';
import { silentLog } from '../log.ts';
import { listenMetrics, type MetricsListener } from './metrics-listener.ts';
import { readProcess } from './process-metrics.ts';

let open: MetricsListener | undefined;
afterEach(async () => open?.close());

async function listen(port = 0): Promise<MetricsListener> {
  const metrics = metricRegistry(new Set(['agent']));
  readProcess(metrics, '1.2.3');
  return await listenMetrics({ host: '127.0.0.1', port, metrics, log: silentLog });
}

test('answers GET /metrics with what this process takes, and nothing else', async () => {
  open = await listen();
  const at = `http://127.0.0.1:${open.port}`;
  const answer = await fetch(`${at}/metrics`);
  const text = await answer.text();
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(text).toContain(`skep_build_info{version="1.2.3",node="${process.version}"} 1`);
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  expect(value('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
  expect(value('process_open_fds')).toBeGreaterThan(3);
  expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
  expect(Math.abs(value('process_start_time_seconds') - Date.now() / 1_000)).toBeLessThan(86_400);
  expect((await fetch(`${at}/v1/lrps`)).status).toBe(404);
  expect((await fetch(`${at}/metrics`, { method: 'POST' })).status).toBe(404);
});

test('a port that is taken is told with what to do', async () => {
  open = await listen();
  await expect(listen(open.port)).rejects.toMatchObject({
    code: 'ResourceConflict',
    message: expect.stringMatching(/port \d+ on 127\.0\.0\.1 is taken/),
    field: 'metricsListen',
  });
});
