/**
 * The Bbs on etcd 3.4 or later: built once a process by its composition root, which closes it. The parts are
 * in the files beside it: connections, reads, commits, leases, the watch.
 */
import type { Clock } from '../../base/clock.ts';
import type { Rng } from '../../base/core/rng.ts';
import type { Log } from '../../base/log.ts';
import type { Bbs } from '../bbs.ts';
import { root } from '../core/keys.ts';
import type { ReadPages, RecordPage } from '../record-pages.ts';
import type { StoreCredentials } from './credentials.ts';
import { EtcdCommitter } from './etcd-commit.ts';
import { EtcdConnections } from './etcd-connections.ts';
import { followEtcd } from './etcd-follow.ts';
import { EtcdLeases } from './etcd-leases.ts';
import { EtcdReader } from './etcd-reads.ts';

export interface EtcdBbsOptions {
  /** `host:port` of each member's clients' address, the one to prefer first. */
  readonly endpoints: readonly string[];
  /** For an etcd that speaks TLS. */
  readonly credentials?: StoreCredentials | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly rng: Rng;
}

export interface EtcdBbs extends Bbs {
  /** Everything that Skep keeps, at one revision. */
  readonly pages: ReadPages;
  /** Ends every connection; calls after it throw `Unavailable`. Followers are ended by their signals. */
  close(): void;
}

/** Connects when first used. Throws `InvalidConfig` without endpoints. */
export function etcdBbs({ endpoints, credentials, clock, log, rng }: EtcdBbsOptions): EtcdBbs {
  const connections = new EtcdConnections(endpoints, clock, rng, credentials);
  const reader = new EtcdReader(connections);
  const committer = new EtcdCommitter(connections);
  const leases = new EtcdLeases(connections);
  return {
    follow: (observer, { signal }) => followEtcd({ connections, reader, clock, log, rng }, observer, signal),
    read: (keys, { signal }) => reader.read(keys, signal),
    list: (prefix, { signal }) => reader.list(prefix, signal),
    pages: ({ signal }) => everything(reader, signal),
    commit: (mutations, options) => committer.commit(mutations, options),
    deleteRange: (from, to, options) => committer.deleteRange(from, to, options),
    grantLease: (ttlMs, { signal }) => leases.grant(ttlMs, signal),
    keepAlive: (leaseId, { signal }) => leases.keepAlive(leaseId, signal),
    revokeLease: (leaseId, { signal }) => leases.revoke(leaseId, signal),
    close() {
      leases.close();
      connections.close();
    },
  };
}

async function* everything(reader: EtcdReader, signal: AbortSignal): AsyncGenerator<RecordPage> {
  for await (const { revision, kvs } of reader.pages(root, signal)) {
    const records = kvs.map(({ key, value, lease }) => ({
      key: key.toString(),
      value: value.toString(),
      leased: Number(lease) !== 0,
    }));
    yield { revision, records };
  }
}
