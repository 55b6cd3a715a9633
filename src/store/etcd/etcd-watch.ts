/**
 * One watch on one member, from a revision until it breaks. Puts the fragments of a large transaction
 * together again, and asks for a sign of life when the member is silent: a connection that died without a
 * word must not look like a quiet cluster.
 */
import type { IEvent, IWatchRequest, IWatchResponse } from 'etcd3';
import type { Clock, Timer } from '../../base/clock.ts';
import { root } from '../core/keys.ts';
import type { Change } from '../core/records.ts';
import { type Endpoint, openStream, type Stream } from './etcd-connections.ts';
import { EtcdFailure, lateFailure, toFailure } from './etcd-errors.ts';
import { prefixEnd, recordOf } from './etcd-reads.ts';

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
  const stream = await openStream<IWatchRequest, IWatchResponse>(endpoint, 'Watch', 'watch');
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
      stream.write(createRequest(session.fromRevision));
      if (signal.aborted) resolve();
    });
  } finally {
    signal.removeEventListener('abort', stop);
    liveness?.stop();
    stream.cancel();
  }
}

function createRequest(fromRevision: number): IWatchRequest {
  const key = Buffer.from(root);
  return {
    create_request: { key, range_end: prefixEnd(root), start_revision: fromRevision, fragment: true },
  } as IWatchRequest;
}

/** Hands responses on; throws when one says that the watch is over. */
function collector(session: WatchSession): (response: IWatchResponse & { fragment?: boolean }) => void {
  let fragments: IEvent[] = [];
  return (response) => {
    if (response.canceled) throw cancelled(session.endpoint, response);
    if (response.created) session.onOpen();
    for (const event of response.events) fragments.push(event);
    if (response.fragment || fragments.length === 0) return;
    const events = fragments;
    fragments = [];
    session.onChanges(events.map(changeOf), Number(events.at(-1)?.kv.mod_revision));
  };
}

function changeOf({ type, kv }: IEvent): Change {
  return type === 'Delete'
    ? { key: kv.key.toString(), record: undefined }
    : { key: kv.key.toString(), record: recordOf(kv) };
}

function cancelled(endpoint: Endpoint, { compact_revision, cancel_reason }: IWatchResponse): EtcdFailure {
  if (compact_revision === '0') return broken(endpoint, cancel_reason || 'the member cancelled it');
  return new EtcdFailure('compacted', 'Unavailable', `etcd: the log was compacted up to ${compact_revision}`);
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
  readonly #stream: Stream<IWatchRequest, IWatchResponse>;
  #heardAt: number;
  #tickedAt: number;
  #catchesUp = false;
  #timer: Timer;

  constructor(
    session: WatchSession,
    stream: Stream<IWatchRequest, IWatchResponse>,
    reject: (error: Error) => void,
  ) {
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
    this.#stream.write({ progress_request: {} } as IWatchRequest);
  }

  stop(): void {
    this.#timer.cancel();
  }
}
