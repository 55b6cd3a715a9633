/**
 * One watch on one member, from a revision until it breaks. Puts the fragments of a large transaction
 * together again, and asks for a sign of life when the member is silent: a connection that died without a
 * word must not look like a quiet cluster.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import { root } from '../core/keys.ts';
import type { Change } from '../core/records.ts';
import { type Endpoint, openWired, type Stream } from './etcd-connections.ts';
import { EtcdFailure, lateFailure, toFailure } from './etcd-errors.ts';
import { prefixEnd } from './etcd-reads.ts';
import { decodeWatch, encodeWatch, type WatchAnswer, type WatchQuestion } from './watch-wire.ts';

/** After this much silence the member is asked to say something … */
const probeAfterMs = 1_500;
/** … and after this much it is given up. */
const silentMs = 4_000;
/**
 * … but not while it collects what this watch has missed: etcd says nothing until it has read all of it, and
 * whoever gives up before makes it begin again. Measured: 6 s for 400,000 changes on two busy cores.
 */
const catchUpMs = 30_000;
const tickMs = 500;

type WatchStream = Stream<WatchQuestion, WatchAnswer>;

const watchMethod = { path: '/etcdserverpb.Watch/Watch', encode: encodeWatch, decode: decodeWatch };

export interface WatchSession {
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  /** The first revision that is wanted. */
  readonly fromRevision: number;
  readonly signal: AbortSignal;
  /** The member has accepted the watch. */
  onOpen(): void;
  /** All changes of one or more transactions, and the revision of the last. */
  onChanges(changes: readonly Change[], revision: number): void;
}

/** Resolves when the signal aborts; throws EtcdFailure when the watch broke, of kind `compacted` if by that. */
export async function watch(session: WatchSession): Promise<void> {
  const { endpoint, signal } = session;
  const stream = await openWired(endpoint, 'Watch', watchMethod);
  let liveness: Liveness | undefined;
  let stop = (): void => undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      stop = resolve;
      signal.addEventListener('abort', stop, { once: true });
      liveness = new Liveness(session, stream, reject);
      const { heard } = liveness;
      const take = collector(session);
      stream.on('error', (error) => reject(toFailure(error, `watch on ${endpoint.address}`)));
      stream.on('end', () => reject(broken(endpoint, 'the member ended it')));
      stream.on('data', (response) => {
        heard(response.created);
        try {
          take(response);
        } catch (error) {
          reject(error as Error);
        }
      });
      stream.write({
        what: 'create',
        from: root,
        to: prefixEnd(root).toString(),
        fromRevision: session.fromRevision,
      });
      if (signal.aborted) resolve();
    });
  } finally {
    signal.removeEventListener('abort', stop);
    liveness?.stop();
    stream.cancel();
  }
}

/** Hands responses on; throws when one says that the watch is over. */
function collector(session: WatchSession): (answer: WatchAnswer) => void {
  let fragments: Change[] = [];
  let revision = 0;
  return (answer) => {
    if (answer.canceled) throw cancelled(session.endpoint, answer);
    if (answer.created) session.onOpen();
    if (answer.changes.length > 0) revision = answer.revision;
    if (fragments.length === 0) fragments = answer.changes;
    else for (const change of answer.changes) fragments.push(change);
    if (answer.fragment || fragments.length === 0) return;
    const changes = fragments;
    fragments = [];
    session.onChanges(changes, revision);
  };
}

function cancelled(endpoint: Endpoint, { compactRevision, cancelReason }: WatchAnswer): EtcdFailure {
  if (compactRevision === 0) return broken(endpoint, cancelReason || 'the member cancelled it');
  return new EtcdFailure('compacted', 'Unavailable', `etcd: the log was compacted up to ${compactRevision}`);
}

function broken({ address }: Endpoint, reason: string): EtcdFailure {
  return new EtcdFailure('lost', 'Unavailable', `etcd: watch on ${address}: ${reason}`);
}

/**
 * Rejects the session when its member has said nothing for too long, though asked. Time in which this process
 * did not come to listen does not count: after a stall the timers run before what has arrived is read.
 */
class Liveness {
  readonly #clock: Clock;
  readonly #stream: WatchStream;
  #heardAt: number;
  #tickedAt: number;
  #catchesUp = false;
  #timer: Timer;

  constructor(session: WatchSession, stream: WatchStream, reject: (error: Error) => void) {
    this.#clock = session.clock;
    this.#stream = stream;
    this.#heardAt = this.#clock.now();
    this.#tickedAt = this.#heardAt;
    const tick = (): void => {
      const now = this.#clock.now();
      this.#heardAt += Math.max(0, now - this.#tickedAt - tickMs);
      this.#tickedAt = now;
      const silence = now - this.#heardAt;
      if (silence >= (this.#catchesUp ? catchUpMs : silentMs)) {
        reject(lateFailure(`watch on ${session.endpoint.address}`, silence, 'lost'));
        return;
      }
      if (silence >= probeAfterMs) this.#probe();
      this.#timer = this.#clock.after(tickMs, tick);
    };
    this.#timer = this.#clock.after(tickMs, tick);
  }

  /** @param created the watch was accepted: a member that has nothing to catch up with answers at once */
  readonly heard = (created: boolean): void => {
    this.#heardAt = this.#clock.now();
    this.#catchesUp = created;
    if (created) this.#probe();
  };

  #probe(): void {
    this.#stream.write({ what: 'progress' });
  }

  stop(): void {
    this.#timer.cancel();
  }
}
