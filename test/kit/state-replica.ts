/** A replica in a test's hands: records are put and taken by key, and its listeners are told as the real one tells. */
import type { Noun } from '../../src/store/core/codec.ts';
import { encode } from '../../src/store/core/codec.ts';
import { MutableState } from '../../src/store/core/fold.ts';
import type { ClusterState, Touched } from '../../src/store/core/state.ts';
import type { Replica, ReplicaListener } from '../../src/store/replica.ts';
import { type ClusterRecords, clusterRecords } from './builders.ts';

export interface StateReplica extends Replica {
  staleReason: string | undefined;
  readonly listeners: number;
  /** Writes records, undefined for one that goes, as one batch of changes. */
  write(records: Readonly<Record<string, Noun | undefined>>): Touched;
  /** Puts these records in, as one batch of changes. */
  put(records: ClusterRecords): Touched;
  /** Begins anew with these records, as after a compacted log. */
  replace(records: ClusterRecords): void;
}

export function stateReplica(records: ClusterRecords = {}): StateReplica {
  const state = new MutableState();
  const listeners = new Set<ReplicaListener>();
  let revision = 0;

  const replace = (all: ClusterRecords): void => {
    revision += 1;
    const stored = clusterRecords(all).map(([key, value]) => ({ key, value, revision }));
    tell(state.replace({ revision, records: stored }));
  };
  const apply = (texts: readonly (readonly [key: string, value: string | undefined])[]): Touched => {
    revision += 1;
    const changes = texts.map(([key, value]) => ({
      key,
      record: value === undefined ? undefined : { key, value, revision },
    }));
    return tell(state.apply(changes, revision));
  };
  const tell = (touched: Touched): Touched => {
    for (const listener of listeners) listener(touched, state as ClusterState);
    return touched;
  };
  replace(records);
  return {
    state,
    staleReason: '',
    get listeners() {
      return listeners.size;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    waitFor: () => Promise.resolve(),
    expect: () => undefined,
    run: () => Promise.resolve(),
    write: (written) =>
      apply(
        Object.entries(written).map(([key, noun]) => [key, noun === undefined ? undefined : encode(noun)]),
      ),
    put: (added) => apply(clusterRecords(added)),
    replace,
  };
}
