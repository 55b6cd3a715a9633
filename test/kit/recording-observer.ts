/** Follows a Bbs and keeps what it was told, so that a test can say what must have arrived. */
import type { Bbs, BbsObserver, Change, Snapshot } from '../../src/store/bbs.ts';

export interface Recording extends BbsObserver {
  /** Key → value, as the snapshot and the changes since make it. */
  readonly content: ReadonlyMap<string, string>;
  readonly snapshots: readonly Snapshot[];
  readonly batches: readonly { readonly changes: readonly Change[]; readonly revision: number }[];
  /** Reasons, and undefined for "current again", in order. */
  readonly stale: readonly (string | undefined)[];
  /** Stops following; resolves when `follow` has. */
  stop(): Promise<void>;
}

export function record(bbs: Bbs): Recording {
  const content = new Map<string, string>();
  const snapshots: Snapshot[] = [];
  const batches: { changes: readonly Change[]; revision: number }[] = [];
  const stale: (string | undefined)[] = [];
  const end = new AbortController();
  const observer: BbsObserver = {
    onSnapshot(snapshot) {
      snapshots.push(snapshot);
      content.clear();
      for (const { key, value } of snapshot.records) content.set(key, value);
    },
    onChanges(changes, revision) {
      batches.push({ changes, revision });
      for (const { key, record: now } of changes) {
        if (now === undefined) content.delete(key);
        else content.set(key, now.value);
      }
    },
    onStale: (reason) => stale.push(reason),
  };
  const followed = bbs.follow(observer, { signal: end.signal });
  return {
    ...observer,
    content,
    snapshots,
    batches,
    stale,
    async stop() {
      end.abort();
      await followed;
    },
  };
}
