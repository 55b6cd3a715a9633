/**
 * Gives memory back to the host once an agent has come to rest: after its start, and after a time in which it grew.
 * Run beside the agent's halves by its composition root. A host that is busy, and a server whose records fill a large
 * heap, are left alone: nothing runs while the heap is collected.
 */
import { type Clock, pause } from '../../base/clock.ts';
import { messageOf } from '../../base/core/errors.ts';
import type { Log } from '../../base/log.ts';
import type { ProcessMemory } from '../../base/node/heap-release.ts';

const lookEveryMs = 10_000;
/** At rest: less than a twentieth of a core between two looks. */
const restingShare = 0.05;
/** Beyond this the collection would stand still for longer than a client should wait. */
const heapBytesMax = 64 * 2 ** 20;
/** What it must have grown by since the last time. */
const growthBytes = 12 * 2 ** 20;
const againAfterMs = 10 * 60_000;

export interface IdleMemoryOptions {
  readonly memory: ProcessMemory;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Looks every ten seconds until the signal aborts; releases at most every ten minutes. Never throws. */
export async function releaseWhenIdle({ memory, clock, log, signal }: IdleMemoryOptions): Promise<void> {
  let usedBefore = memory.usedMs();
  let last: { readonly at: number; readonly residentBytes: number } | undefined;
  while (await pause(clock, lookEveryMs, signal)) {
    const used = memory.usedMs();
    const isResting = used - usedBefore < lookEveryMs * restingShare;
    usedBefore = used;
    if (!isResting || memory.heapBytes() > heapBytesMax) continue;
    const before = memory.residentBytes();
    const isDue = last === undefined || clock.now() - last.at >= againAfterMs;
    if (!isDue || before < (last?.residentBytes ?? 0) + growthBytes) continue;
    try {
      memory.release();
    } catch (error) {
      log.warn('agent.memory_not_released', { reason: messageOf(error) });
      return;
    }
    last = { at: clock.now(), residentBytes: memory.residentBytes() };
    log.debug('agent.memory_released', { beforeBytes: before, afterBytes: last.residentBytes });
    usedBefore = memory.usedMs();
  }
}
