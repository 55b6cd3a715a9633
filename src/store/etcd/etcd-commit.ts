/**
 * Mutations → etcd transactions. Each mutation is a transaction inside one whose only comparison is the
 * fence, so that each has an outcome of its own while hundreds travel and are logged together. Several
 * transactions are under way at once, fenced ones too: the fence never holds again once it has not, so
 * nothing is written after one that was refused. What etcd's leader did with a transaction when it died is not known;
 * the one that is sent after it asks, so that a change of leader costs time and not an error.
 */
import { SkepError } from '../../base/core/errors.ts';
import { defaults } from '../../model/defaults.ts';
import type { MutationOutcome } from '../bbs.ts';
import { type Batch, inBatches } from '../core/batches.ts';
import type { Fence, Mutation } from '../core/records.ts';
import type { EtcdConnections } from './etcd-connections.ts';
import { EtcdFailure } from './etcd-errors.ts';
import { decodeTxn, encodeTxn, type TxnAnswer, type TxnQuestion } from './txn-wire.ts';

/** Well below etcd's own limit for a request, 1.5 MiB. */
const maxBytes = 1_000_000;
/** Transactions under way at once. */
const pipelineWidth = 4;

const txnMethod = { path: '/etcdserverpb.KV/Txn', encode: encodeTxn, decode: decodeTxn };

export interface CommitOptions {
  readonly signal: AbortSignal;
  readonly fence?: Fence;
}

export class EtcdCommitter {
  readonly #connections: EtcdConnections;
  /** Lowered when this etcd allows fewer operations in a transaction than we ask for: not every one is ours. */
  #maxItems: number = defaults.txnMaxItems;

  constructor(connections: EtcdConnections) {
    this.#connections = connections;
  }

  async commit(mutations: readonly Mutation[], options: CommitOptions): Promise<MutationOutcome[]> {
    const outcomes: MutationOutcome[] = [];
    const limits = { maxItems: this.#maxItems, maxBytes, sizeOf: (text: string) => Buffer.byteLength(text) };
    await pipeline(inBatches(mutations, limits), pipelineWidth, async (batch) => {
      const answers = await this.#send(batch.mutations, options);
      for (const [index, answer] of answers.entries()) outcomes[batch.from + index] = answer;
    });
    return outcomes;
  }

  async deleteRange(from: string, to: string, options: CommitOptions): Promise<void> {
    const question = { mutations: [], gone: { from, to }, alone: false, fence: options.fence, asks: false };
    const { succeeded } = await this.#txn(() => question, options, true);
    if (!succeeded) throw fenced(options.fence);
  }

  /** One transaction; in halves, one after the other, when etcd finds it too large. */
  async #send(mutations: readonly Mutation[], options: CommitOptions): Promise<MutationOutcome[]> {
    try {
      return await this.#sendTogether(mutations, options);
    } catch (error) {
      const tooLarge = error instanceof EtcdFailure && error.kind === 'batchTooLarge';
      if (!tooLarge || mutations.length === 1) throw error;
      const half = Math.ceil(mutations.length / 2);
      this.#maxItems = Math.min(this.#maxItems, half);
      const first = await this.#send(mutations.slice(0, half), options);
      return [...first, ...(await this.#send(mutations.slice(half), options))];
    }
  }

  async #sendTogether(mutations: readonly Mutation[], options: CommitOptions): Promise<MutationOutcome[]> {
    const repeatable = mutations.every(showsWhetherItHappened);
    const { fence } = options;
    const alone = mutations.length === 1 && fence === undefined;
    const question = (tries: number): TxnQuestion => ({ mutations, alone, fence, asks: tries > 1 });
    const answer = await this.#txn(question, options, repeatable);
    if (alone) return mutations.map((only) => outcomeOf(only, answer, answer.revision));
    if (!answer.succeeded) throw fenced(fence);
    if (answer.inner.length !== mutations.length) throw incomplete(answer, mutations.length);
    return answer.inner.map((inner, place) =>
      outcomeOf(mutations[place] as Mutation, inner, answer.revision),
    );
  }

  #txn(
    questionOf: (tries: number) => TxnQuestion,
    { signal }: CommitOptions,
    repeatable: boolean,
  ): Promise<TxnAnswer> {
    const policy = { what: 'txn', service: 'KV', repeatable, signal } as const;
    return this.#connections.wired(txnMethod, questionOf, policy);
  }
}

/** Runs `send` over the batches, some at once; after a failure no more is sent, and what runs is awaited. */
async function pipeline(
  batches: readonly Batch[],
  width: number,
  send: (batch: Batch) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for (const batch of batches) {
    const room = batch.waits ? 1 : width;
    while (running.size >= room) await Promise.race(running);
    if (failures.length > 0) break;
    const sent: Promise<void> = send(batch)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => running.delete(sent));
    running.add(sent);
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}

/**
 * Whether a mutation whose answer was lost can be sent again: it compares what it puts, so that it cannot
 * happen twice, and the second time what it put tells that it did the first time.
 */
function showsWhetherItHappened({ compare, puts }: Mutation): boolean {
  const [first] = puts;
  return first !== undefined && puts.every((put) => compare.some(({ key }) => key === put.key));
}

/** @param revision of the outermost transaction: the inner ones carry none */
function outcomeOf(mutation: Mutation, { succeeded, found }: TxnAnswer, revision: number): MutationOutcome {
  if (succeeded) return { committed: true, revision };
  const ours = mutation.puts.every(({ value }, place) => found[place]?.value === value);
  const [first] = found;
  return first !== undefined && ours ? { committed: true, revision: first.revision } : { committed: false };
}

function incomplete({ inner }: TxnAnswer, count: number): SkepError {
  return new SkepError(
    'Internal',
    `etcd answered ${inner.length} of the ${count} mutations of a transaction`,
  );
}

function fenced(fence: Fence | undefined): SkepError {
  const { key, revision } = fence ?? { key: '(none)', revision: 0 };
  return new SkepError('Fenced', `${key} is no longer at revision ${revision}: somebody else leads`);
}
