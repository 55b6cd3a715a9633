/**
 * Linearizable reads. A large one goes page by page, all at the revision of the first, and a page that is
 * over the message limit (16 MiB) is asked for again by halves.
 */
import type { IKeyValue, IRangeRequest, IRangeResponse, IRequestOp, ITxnResponse } from 'etcd3';
import { defaults } from '../../model/defaults.ts';
import type { ReadResult } from '../bbs.ts';
import type { Snapshot, StoredRecord } from '../core/records.ts';
import type { EtcdConnections } from './etcd-connections.ts';
import { EtcdFailure } from './etcd-errors.ts';

/** How often a listing starts anew when the log was compacted under it. */
const maxRestarts = 5;

interface KeyValuePage {
  readonly revision: number;
  readonly kvs: readonly IKeyValue[];
}

export class EtcdReader {
  readonly #connections: EtcdConnections;

  constructor(connections: EtcdConnections) {
    this.#connections = connections;
  }

  /** Some keys, all at one revision. */
  async read(keys: readonly string[], signal: AbortSignal): Promise<ReadResult> {
    const records: (StoredRecord | undefined)[] = [];
    let revision = 0;
    let limit: number = defaults.pageSize;
    do {
      const part = keys.slice(records.length, records.length + limit);
      const answer = await this.#tooLargeIs(undefined, part.length, () =>
        this.#readPart(part, revision, signal),
      );
      if (answer === undefined) {
        limit = Math.ceil(part.length / 2);
        continue;
      }
      if (revision === 0) revision = Number(answer.header.revision);
      for (const { response_range } of answer.responses) records.push(response_range.kvs.map(recordOf)[0]);
    } while (records.length < keys.length);
    return { revision, records };
  }

  /** All keys under a prefix at one revision, in order. */
  async list(prefix: string, signal: AbortSignal): Promise<Snapshot> {
    for (let restarts = 0; ; restarts++) {
      try {
        return await this.#listOnce(prefix, signal);
      } catch (error) {
        const compacted = error instanceof EtcdFailure && error.kind === 'compacted';
        if (!compacted || restarts === maxRestarts) throw error;
      }
    }
  }

  async #listOnce(prefix: string, signal: AbortSignal): Promise<Snapshot> {
    const records: StoredRecord[] = [];
    let revision = 0;
    for await (const page of this.pages(prefix, signal)) {
      revision = page.revision;
      for (const kv of page.kvs) records.push(recordOf(kv));
    }
    return { revision, records };
  }

  /** All keys under a prefix at one revision, in order, each page when it is asked for. Fails once that is compacted. */
  async *pages(prefix: string, signal: AbortSignal): AsyncGenerator<KeyValuePage> {
    const range_end = prefixEnd(prefix);
    let key = Buffer.from(prefix);
    let revision = 0;
    let limit: number = defaults.listPageSize;
    for (;;) {
      const request = { key, range_end, limit, revision };
      const page = await this.#tooLargeIs(undefined, limit, () => this.#range(request, signal));
      if (page === undefined) {
        limit = Math.ceil(limit / 2);
        continue;
      }
      if (revision === 0) revision = Number(page.header.revision);
      yield { revision, kvs: page.kvs };
      const last = page.kvs.at(-1);
      if (!page.more || last === undefined) return;
      key = Buffer.concat([last.key, Buffer.from([0])]);
      limit = Math.min(defaults.listPageSize, limit * 2);
    }
  }

  /** Gives `otherwise` when the answer did not fit a message and the question can still be made smaller. */
  async #tooLargeIs<T, U>(otherwise: U, size: number, ask: () => Promise<T>): Promise<T | U> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof EtcdFailure && error.kind === 'pageTooLarge' && size > 1) return otherwise;
      throw error;
    }
  }

  #range(request: IRangeRequest, signal: AbortSignal): Promise<IRangeResponse> {
    const policy = { what: 'range', service: 'KV', repeatable: true, signal } as const;
    return this.#connections.unary<IRangeResponse>('range', () => request, policy);
  }

  #readPart(keys: readonly string[], revision: number, signal: AbortSignal): Promise<ITxnResponse> {
    const success = keys.map((key): IRequestOp => ({ request_range: { key: Buffer.from(key), revision } }));
    const policy = { what: 'read', service: 'KV', repeatable: true, signal } as const;
    return this.#connections.unary<ITxnResponse>('txn', () => ({ success }), policy);
  }
}

export function recordOf({ key, value, mod_revision }: IKeyValue): StoredRecord {
  return { key: key.toString(), value: value.toString(), revision: Number(mod_revision) };
}

/** The first key after all that begin with the prefix. Ours end in ASCII: adding one to it cannot overflow. */
export function prefixEnd(prefix: string): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return end;
}
