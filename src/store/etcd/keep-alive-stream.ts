/**
 * Lease extensions over a few streams a member: 1,250 cells ask 625 times a second, and a stream for each would
 * cost more than the extension. One stream alone gives one or two answers in a turn of the event loop (gRPC for
 * Node reads it so), which on a busy server is ten a second: measured, every lease of the cluster ran out behind
 * that, the leader's too. Used by etcd-leases.ts; a stream that breaks fails what waits on it, and the next question
 * opens another.
 */
import type { ILeaseKeepAliveResponse } from 'etcd3';
import { type Endpoint, openStream, type Stream } from './etcd-connections.ts';
import { EtcdFailure, toFailure } from './etcd-errors.ts';

type KeepAliveStream = Stream<{ ID: string }, ILeaseKeepAliveResponse>;

interface Question {
  resolve(lives: boolean): void;
  reject(error: unknown): void;
}

/** Streams to one member at most; another is opened when each has a question that is not answered. */
const streamsMax = 256;

export class KeepAlives {
  readonly #endpoint: Endpoint;
  readonly #lanes: Lane[] = [];

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  /**
   * Extends a lease; `resolve` hears whether it lives. An answer serves everybody who asks the same stream.
   * @returns takes the question back: with `suspect` the stream is given up too, for having been silent
   */
  ask(leaseId: string, question: Question): (suspect: boolean) => void {
    return this.#idlest().ask(leaseId, question);
  }

  /** Ends the streams; what waits on them fails. */
  close(): void {
    for (const lane of this.#lanes) lane.close();
  }

  #idlest(): Lane {
    let best: Lane | undefined;
    for (const lane of this.#lanes) {
      if (lane.unanswered === 0) return lane;
      if (best === undefined || lane.unanswered < best.unanswered) best = lane;
    }
    if (best !== undefined && this.#lanes.length >= streamsMax) return best;
    const lane = new Lane(this.#endpoint);
    this.#lanes.push(lane);
    return lane;
  }
}

/** One stream, opened when it is needed. */
class Lane {
  readonly #endpoint: Endpoint;
  readonly #waiting = new Map<string, Set<Question>>();
  #opened: Promise<KeepAliveStream> | undefined;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  /** Leases that it was asked about and has not answered. */
  get unanswered(): number {
    return this.#waiting.size;
  }

  ask(leaseId: string, question: Question): (suspect: boolean) => void {
    const questions = this.#waiting.get(leaseId) ?? new Set();
    this.#waiting.set(leaseId, questions.add(question));
    const opened = (this.#opened ??= this.#open());
    opened
      .then((stream) => stream.write({ ID: leaseId }))
      .catch((error: unknown) => this.#lose(opened, error));
    return (suspect) => {
      questions.delete(question);
      if (questions.size === 0) this.#waiting.delete(leaseId);
      if (suspect) this.#lose(opened, this.#broken('no answer'));
    };
  }

  close(): void {
    if (this.#opened !== undefined) this.#lose(this.#opened, this.#broken('the client is closed'));
  }

  #open(): Promise<KeepAliveStream> {
    const opened: Promise<KeepAliveStream> = openStream<{ ID: string }, ILeaseKeepAliveResponse>(
      this.#endpoint,
      'Lease',
      'leaseKeepAlive',
    ).then((stream) => {
      stream.on('error', (error) => this.#lose(opened, toFailure(error, this.#what())));
      stream.on('end', () => this.#lose(opened, this.#broken('the member ended it')));
      stream.on('data', ({ ID, TTL }) => this.#answer(ID, Number(TTL) > 0));
      return stream;
    });
    return opened;
  }

  #answer(leaseId: string, lives: boolean): void {
    const questions = this.#waiting.get(leaseId);
    this.#waiting.delete(leaseId);
    for (const question of questions ?? []) question.resolve(lives);
  }

  /** Forgets a stream, once, and fails what waits. */
  #lose(opened: Promise<KeepAliveStream>, error: unknown): void {
    if (this.#opened !== opened) return;
    this.#opened = undefined;
    // One that never opened has nothing to cancel.
    opened.then((stream) => stream.cancel()).catch(() => undefined);
    const questions = [...this.#waiting.values()].flatMap((of) => [...of]);
    this.#waiting.clear();
    for (const question of questions) question.reject(error);
  }

  #what(): string {
    return `lease keep-alive on ${this.#endpoint.address}`;
  }

  #broken(reason: string): EtcdFailure {
    return new EtcdFailure('lost', 'Unavailable', `etcd: ${this.#what()}: ${reason}`);
  }
}
