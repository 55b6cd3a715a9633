/** What a scrape asks of a running cell. Called once by the composition root, which also wraps the engine. */
import type { Metrics } from '../base/core/metrics.ts';
import type { Cell } from './cell.ts';

export function readCell(metrics: Metrics, cell: Cell): void {
  metrics.read('skep_cell_instances', () => {
    const { instanceStates } = cell.status();
    return Object.entries(instanceStates).map(([state, value]) => ({ labels: { state }, value }));
  });
  metrics.read('skep_cell_tasks', () => cell.status().tasks);
  metrics.read('skep_cell_engine_up', () => (cell.status().engine.ok ? 1 : 0));
  metrics.read('skep_cell_registered', () => (cell.status().registered ? 1 : 0));
  metrics.read('skep_cell_sessions', () => {
    const { sessions } = cell.status();
    const live = sessions.filter((session) => session.live).length;
    return [
      { labels: { state: 'live' }, value: live },
      { labels: { state: 'lost' }, value: sessions.length - live },
    ];
  });
}
