/**
 * The one door through which cells' reports reach the store. Reports that arrive while a commit is under way
 * go together in the next one, because 250,000 of them must not be as many transactions. Used by
 * cell-requests.ts; one queue a dispatcher.
 */
import { SkepError } from '../base/core/errors.ts';
import type { Bbs, Mutation, MutationOutcome } from '../store/bbs.ts';

const maxBatchItems = 500;
const maxWaitingItems = 50_000;

export interface CommitQueue {
  /**
   * Commits a mutation by itself, together with others. Throws `Busy` when too many wait, and what the store
   * throws; then it may have happened or not.
   */
  commit(mutation: Mutation): Promise<MutationOutcome>;
}

interface Waiting {
  readonly mutation: Mutation;
  resolve(outcome: MutationOutcome): void;
  reject(error: unknown): void;
}

export function commitQueue(bbs: Pick<Bbs, 'commit'>, signal: AbortSignal): CommitQueue {
  let waiting: Waiting[] = [];
  let draining = false;

  async function drain(): Promise<void> {
    draining = true;
    await Promise.resolve();
    while (waiting.length > 0) {
      const { batch, rest } = nextBatch(waiting);
      waiting = rest;
      await commitBatch(bbs, batch, signal);
    }
    draining = false;
  }

  return {
    commit(mutation) {
      if (waiting.length >= maxWaitingItems) {
        const message = `${waiting.length} reports of cells wait for the store already`;
        return Promise.reject(new SkepError('Busy', message, { hint: 'send it again in a second' }));
      }
      return new Promise((resolve, reject) => {
        waiting.push({ mutation, resolve, reject });
        if (!draining) void drain();
      });
    },
  };
}

/**
 * Takes from the front; a mutation that shares a key with one before it waits for the next batch. Looks no
 * further than the batch needs: in a storm of reports the line is long.
 */
function nextBatch(waiting: readonly Waiting[]): { batch: Waiting[]; rest: Waiting[] } {
  const batch: Waiting[] = [];
  const skipped: Waiting[] = [];
  const taken = new Set<string>();
  let looked = 0;
  for (; looked < waiting.length && batch.length < maxBatchItems; looked++) {
    const item = waiting[looked] as Waiting;
    const keys = keysOf(item.mutation);
    if (keys.some((key) => taken.has(key))) skipped.push(item);
    else batch.push(item);
    for (const key of keys) taken.add(key);
  }
  return { batch, rest: [...skipped, ...waiting.slice(looked)] };
}

function keysOf(mutation: Mutation): string[] {
  const { compare, puts, deletes = [] } = mutation;
  return [...compare.map((c) => c.key), ...puts.map((p) => p.key), ...deletes];
}

/** Never rejects: every item hears its own outcome. */
async function commitBatch(
  bbs: Pick<Bbs, 'commit'>,
  batch: readonly Waiting[],
  signal: AbortSignal,
): Promise<void> {
  try {
    const mutations = batch.map((item) => item.mutation);
    const outcomes = await bbs.commit(mutations, { signal });
    for (const [index, item] of batch.entries()) {
      const outcome = outcomes[index];
      if (outcome) item.resolve(outcome);
      else item.reject(new SkepError('Internal', 'the store answered fewer outcomes than mutations'));
    }
  } catch (error) {
    for (const item of batch) item.reject(error);
  }
}
