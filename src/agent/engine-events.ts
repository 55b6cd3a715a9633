/**
 * Follows the engine's events for as long as the agent lives, so that a crash is noticed at once. Whenever
 * the stream is new, all containers are listed too: what happened before it is not told again.
 */
import { pause } from '../base/clock.ts';
import { backoffMs } from '../base/core/backoff.ts';
import { messageOf } from '../base/core/errors.ts';
import type { CellContext } from './cell-context.ts';
import type { RuntimeEvent } from './runtime.ts';

const retry = { firstMs: 100, maxMs: 5_000 } as const;
/** How often to look whether there is an engine and a cluster to follow. */
const idleMs = 100;
/** A stream is taken to be listening by then; a list after it misses nothing. */
const settledMs = 1_000;

/** Resolves when the signal has aborted. */
export async function followEvents(cell: CellContext, onEvent: (event: RuntimeEvent) => void): Promise<void> {
  const { clock, signal, rng } = cell;
  let failures = 0;
  while (!signal.aborted) {
    const clusterId = cell.links.clusterId;
    if (clusterId === undefined || !cell.engine.status.ok) {
      await pause(clock, idleMs, signal);
      continue;
    }
    const lived = await followOnce(cell, clusterId, onEvent);
    failures = lived ? 1 : failures + 1;
    await pause(clock, backoffMs(retry, failures, rng), signal);
  }
}

/** One stream to its end; true when it lived for a while. */
async function followOnce(
  cell: CellContext,
  clusterId: string,
  onEvent: (event: RuntimeEvent) => void,
): Promise<boolean> {
  const { clock, signal, log } = cell;
  let lived = false;
  const settled = clock.after(settledMs, () => {
    lived = true;
    cell.wakePass();
  });
  try {
    cell.wakePass();
    await cell.runtime.events({ clusterId, cellId: cell.config.cellId, signal }, onEvent);
  } catch (error) {
    if (signal.aborted) return lived;
    log.warn('engine.events_lost', { reason: messageOf(error) });
    await cell.engine.check();
  } finally {
    settled.cancel();
  }
  return lived;
}
