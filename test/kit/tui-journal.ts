/** What happened in the cluster of tui-data.ts, as the journal tells it, for tests of the terminal UI. Always the same. */
import type { EventType } from '../../src/model/event.ts';
import type { ListedEvent } from '../../src/tui/core/event-list.ts';
import { now } from './tui-data.ts';

const minute = 60_000;
const hour = 60 * minute;

const event = (
  ago: number,
  type: EventType,
  subject: string,
  message: string,
  more: { readonly cellId?: string; readonly actor?: string } = {},
): ListedEvent => ({
  v: 1,
  id: `${now - ago}-${subject}`,
  at: now - ago,
  type,
  subject,
  message,
  ...more,
});

/** Oldest first. */
export const instanceEvents = (name: string) => [
  event(18 * hour, 'instance.placed', name, 'placed on host-02', { cellId: 'host-02' }),
  event(18 * hour - 4_000, 'instance.running', name, 'running on host-02 at 10.0.2.15:20018', {
    cellId: 'host-02',
  }),
  event(5 * minute, 'instance.crashed', name, 'exited with status 137 (out of memory)', {
    cellId: 'host-02',
  }),
  event(5 * minute - 2_000, 'instance.placed', name, 'placed on host-05', { cellId: 'host-05' }),
  event(4 * minute + 50_000, 'instance.running', name, 'running on host-05 at 10.0.2.15:20018', {
    cellId: 'host-05',
  }),
  event(3 * minute, 'instance.crashed', name, 'exited with status 137 (out of memory)', {
    cellId: 'host-05',
  }),
  event(12_000, 'instance.crashed', name, 'exited with status 137 (out of memory)', {
    cellId: 'host-05',
  }),
];

/** Oldest first. */
export const clusterEvents = [
  event(26 * minute, 'cell.lost', 'host-13', 'its lease has run out', { cellId: 'host-13' }),
  event(14 * minute, 'lrp.changed', 'web', 'instances 200 → 240', { actor: 'uid 1000 on host-02' }),
  event(9 * minute, 'cell.draining', 'host-08', 'is drained: kernel upgrade', {
    cellId: 'host-08',
    actor: 'uid 0 on host-01',
  }),
  ...instanceEvents('payments-worker/18').slice(2),
  event(
    8_000,
    'instance.unplaced',
    'payments-worker/36',
    'cannot be placed: no cell has enough memory; host-03 comes nearest and lacks 128 MB of memory',
  ),
  event(3_000, 'instance.running', 'web/12', 'running on host-02 at 10.0.2.12:20012', { cellId: 'host-02' }),
  event(1_000, 'console.opened', 'web/0', 'a shell', { cellId: 'host-01', actor: 'uid 1000 on host-02' }),
];
