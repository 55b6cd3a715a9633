/** What this process takes of its host, looked up when somebody scrapes and not before. */
import { readdir } from 'node:fs/promises';
import type { Metrics } from '../core/metrics.ts';

export function readProcess(metrics: Metrics, version: string): void {
  const startedAtSeconds = performance.timeOrigin / 1_000;
  metrics.read('process_cpu_seconds_total', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000_000;
  });
  metrics.read('process_resident_memory_bytes', () => process.memoryUsage.rss());
  metrics.read('process_start_time_seconds', () => startedAtSeconds);
  metrics.read('process_open_fds', async () => (await readdir('/proc/self/fd')).length);
  metrics.read('nodejs_heap_size_used_bytes', () => process.memoryUsage().heapUsed);
  metrics.read('skep_build_info', () => [{ labels: { version, node: process.version }, value: 1 }]);
}
