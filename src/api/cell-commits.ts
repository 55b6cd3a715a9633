/**
 * The one door through which cells' reports reach the store. Reports that arrive while commits are under way
 * go together in the next one, because 250,000 of them must not be as many transactions. A few commits are under
 * way at a time, never two about one key. Used by cell-requests.ts; one queue a dispatcher.
 */
import { SkepError } from '../base/core/errors.ts';
import type { Bbs, Mutation, MutationOutcome } from '../store/bbs.ts';

const maxBatchItems = 500;
const maxWaitingItems = 50_000;
const maxBatches = 4;

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
  let batches = 0;
  /** Keys of the commits that are under way. */
  const busy = new Set<string>();
  let fillsSoon = false;

  /** Starts as many commits as may be under way. */
  function fill(): void {
    fillsSoon = false;
    // A second one only when it is full: what trickles in waits for the first and goes together.
    while (waiting.length >= (batches === 0 ? 1 : maxBatchItems) && batches < maxBatches) {
      const { batch, rest } = nextBatch(waiting, busy);
      if (batch.length === 0) return;
      waiting = rest;
      void run(batch);
    }
  }

  async function run(batch: readonly Waiting[]): Promise<void> {
    const keys = batch.flatMap(({ mutation }) => keysOf(mutation));
    batches += 1;
    for (const key of keys) busy.add(key);
    await commitBatch(bbs, batch, signal);
    for (const key of keys) busy.delete(key);
    batches -= 1;
    fill();
  }

  return {
    commit(mutation) {
      if (waiting.length >= maxWaitingItems) {
        const message = `${waiting.length} reports of cells wait for the store already`;
        return Promise.reject(new SkepError('Busy', message, { hint: 'send it again in a second' }));
      }
      return new Promise((resolve, reject) => {
        waiting.push({ mutation, resolve, reject });
        if (fillsSoon || batches >= maxBatches) return;
        fillsSoon = true;
        // What arrives in one go of the event loop goes together.
        void Promise.resolve().then(fill);
      });
    },
  };
}

/**
 * Takes from the front; a mutation that shares a key with one before it, or with one under way, waits for the next
 * batch. Looks no further than the batch needs: in a storm of reports the line is long.
 */
function nextBatch(
  waiting: readonly Waiting[],
  busy: ReadonlySet<string>,
): { batch: Waiting[]; rest: Waiting[] } {
  const batch: Waiting[] = [];
  const skipped: Waiting[] = [];
  const taken = new Set<string>();
  let looked = 0;
  for (; looked < waiting.length && batch.length < maxBatchItems; looked++) {
    const item = waiting[looked] as Waiting;
    const keys = keysOf(item.mutation);
    if (keys.some((key) => taken.has(key) || busy.has(key))) skipped.push(item);
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
