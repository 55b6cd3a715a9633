/**
 * How the API changes something: read the records from the quorum, decide, commit with comparisons on what
 * was read, and begin again when somebody else was faster. Answers only after the commit, and after this
 * server's own copy shows it, so that a caller reads what it wrote.
 */
import { withDeadline } from '../base/clock.ts';
import { messageOf, SkepError } from '../base/core/errors.ts';
import { randomName } from '../base/core/rng.ts';
import type { EventType } from '../model/event.ts';
import type { Mutation, Put, ReadResult, StoredRecord } from '../store/bbs.ts';
import { decode, encode, type Noun } from '../store/core/codec.ts';
import { eventKey, type Key } from '../store/core/keys.ts';
import { type ApiContext, type Call, replicaDeadlineMs } from './context.ts';

/** A caller hears within two seconds that the store has no quorum; what is left is for the way of the answer. */
const storeDeadlineMs = 1_700;
/**
 * … and sooner from a server that knows already that its copy is not fed. It asks all the same, for the quorum may be
 * back this moment; what is not read by then has changed nothing, so the caller can go to another server at once.
 */
const staleReadMs = 500;
const maxTries = 5;

/** What a decision wants written; nothing at all is fine: then the answer is of the revision read. */
export interface Decision<T> {
  readonly puts?: readonly Put[] | undefined;
  readonly deletes?: readonly string[] | undefined;
  readonly result: T;
}

export interface Written<T> {
  readonly revision: number;
  readonly result: T;
}

/**
 * Reads `keys`, lets `decide` say what to write and commits it; again, up to five times, when one of the
 * keys changed in between. Throws what `decide` throws, `ResourceConflict` after the last try, and
 * `Unavailable` when no quorum answers; then the change may have been made or not, unless the message says
 * that nothing was changed.
 */
export async function write<T>(
  context: ApiContext,
  call: Call,
  keys: readonly string[],
  decide: (records: readonly (StoredRecord | undefined)[]) => Decision<T>,
): Promise<Written<T>> {
  const written = await withDeadline(
    context.clock,
    storeDeadlineMs,
    call.signal,
    () => noQuorum(storeDeadlineMs),
    (signal) => tryWrite(context, keys, decide, signal),
  );
  await showWrite(context, written.revision, call.signal);
  return written;
}

async function tryWrite<T>(
  context: ApiContext,
  keys: readonly string[],
  decide: (records: readonly (StoredRecord | undefined)[]) => Decision<T>,
  signal: AbortSignal,
): Promise<Written<T>> {
  for (let attempt = 1; attempt <= maxTries; attempt++) {
    const { records, revision } = await readForWrite(context, keys, signal);
    const { puts = [], deletes = [], result } = decide(records);
    if (puts.length === 0 && deletes.length === 0) return { revision, result };
    const compare = keys.map((key, i) => ({ key, revision: records[i]?.revision ?? 0 }));
    const mutation: Mutation = { compare, puts, deletes };
    const [outcome] = await context.bbs.commit([mutation], { signal });
    if (outcome?.committed) return { revision: outcome.revision, result };
    context.log.debug('api.write_conflict', { keys, attempt });
  }
  throw new SkepError('ResourceConflict', `others kept changing it: ${maxTries} tries to write it failed`, {
    hint: 'try again',
  });
}

function readForWrite(
  { bbs, clock, replica }: ApiContext,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<ReadResult> {
  const reason = replica.staleReason ?? '';
  if (reason === '') return bbs.read(keys, { signal });
  const late = (): SkepError =>
    new SkepError('Unavailable', `nothing was changed, for this server does not reach a quorum: ${reason}`, {
      hint: 'ask another server, or wait until a majority of them runs: `skep status` shows which answer',
    });
  return withDeadline(clock, staleReadMs, signal, late, (inner) => bbs.read(keys, { signal: inner }));
}

/** The change is durable already: a copy that lags is worth a line in the log, not an error. */
async function showWrite(context: ApiContext, revision: number, signal: AbortSignal): Promise<void> {
  try {
    await context.replica.waitFor(revision, replicaDeadlineMs, signal);
  } catch (error) {
    context.log.warn('api.copy_lags', { revision, reason: messageOf(error) });
  }
}

function noQuorum(deadlineMs: number): SkepError {
  return new SkepError(
    'Unavailable',
    `the store did not confirm the change within ${deadlineMs / 1_000} s: it may have been made or not`,
    {
      hint: 'a majority of the servers must run: `skep status` shows which answer; then look, and try again',
    },
  );
}

/**
 * The noun in a record that was read; undefined when there is none. Throws `Internal` with the key when it
 * cannot be read: nothing is decided about what cannot be understood.
 */
export function nounOf<K extends Key['kind']>(
  kind: K,
  record: StoredRecord | undefined,
): Noun<K> | undefined {
  if (record === undefined) return undefined;
  const decoded = decode(kind, record.value);
  if (decoded.ok) return decoded.value;
  throw new SkepError('Internal', `the record ${record.key} cannot be read: ${decoded.reason}`, {
    hint: `\`skep status\` lists such records; to give it up: etcdctl del ${record.key}`,
  });
}

export function put(key: string, noun: Noun, leaseId?: string): Put {
  return { key, value: encode(noun), ...(leaseId === undefined ? {} : { leaseId }) };
}

/** A line of the journal, to be written together with what it tells. */
export function journal(
  context: ApiContext,
  call: Call,
  event: {
    readonly type: EventType;
    readonly subject: string;
    readonly message: string;
    readonly cellId?: string;
  },
): Put {
  const at = context.clock.now();
  return put(eventKey(at, randomName(context.rng)), { v: 1, at, ...event, actor: call.actor });
}
