/**
 * Watches a store from outside the product and holds it to its promises, by an independent reading of keys
 * and values: every acknowledged write stays, and no index has two claims that count at any revision.
 */
import { type Bbs, type BbsObserver, type Change, type StoredRecord } from '../../src/store/bbs.ts';

interface ClaimRecord {
  readonly presence: string;
  readonly state: string;
  readonly instanceGuid?: string;
  readonly cellId?: string;
}

export interface ClaimsChecker {
  /** What was found wrong so far, one line each. */
  readonly violations: readonly string[];
  /** Batches of changes seen: zero would mean that nothing was checked. */
  readonly checkedRevisions: number;
  /** Notes that the API has acknowledged this many instances of an LRP; undefined: that it is removed. */
  acknowledged(guid: string, instances: number | undefined): void;
  /** Acknowledged writes that the store does not hold. */
  lost(): string[];
  stop(): Promise<void>;
}

const actualPattern = /^\/skep\/v1\/actual\/([^/]+)\/(\d+)(?:\/([a-z]+))?$/;

/** Follows the store until stopped. */
export function claimsChecker(bbs: Bbs): ClaimsChecker {
  const violations: string[] = [];
  const acknowledged = new Map<string, number | undefined>();
  const values = new Map<string, string>();
  const claims = new Map<string, Map<string, ClaimRecord>>();
  let checkedRevisions = 0;
  const stop = new AbortController();

  function apply(key: string, record: StoredRecord | undefined): string | undefined {
    if (record === undefined) values.delete(key);
    else values.set(key, record.value);
    const match = actualPattern.exec(key);
    if (match === null) return undefined;
    const index = `${match[1]}/${match[2]}`;
    const slots = claims.get(index) ?? new Map<string, ClaimRecord>();
    if (record === undefined) slots.delete(match[3] ?? 'ordinary');
    else slots.set(match[3] ?? 'ordinary', JSON.parse(record.value) as ClaimRecord);
    claims.set(index, slots);
    return index;
  }

  function check(index: string, revision: number): void {
    const counting = [...(claims.get(index)?.values() ?? [])].filter(
      (claim) => claim.presence !== 'SUSPECT' && (claim.state === 'CLAIMED' || claim.state === 'RUNNING'),
    );
    if (counting.length > 1)
      violations.push(`${index} has ${counting.length} claims at revision ${revision}`);
    for (const claim of counting) {
      if (!claim.instanceGuid || !claim.cellId)
        violations.push(`${index} is claimed by nobody at ${revision}`);
    }
  }

  const observer: BbsObserver = {
    onSnapshot({ records, revision }) {
      values.clear();
      claims.clear();
      for (const record of records) apply(record.key, record);
      for (const index of claims.keys()) check(index, revision);
      checkedRevisions += 1;
    },
    onChanges(changes: readonly Change[], revision) {
      const touched = new Set(changes.map((change) => apply(change.key, change.record)));
      for (const index of touched) if (index !== undefined) check(index, revision);
      checkedRevisions += 1;
    },
    onStale: () => undefined,
  };
  const following = bbs.follow(observer, { signal: stop.signal });

  return {
    violations,
    get checkedRevisions() {
      return checkedRevisions;
    },
    acknowledged: (guid, instances) => void acknowledged.set(guid, instances),
    lost() {
      return [...acknowledged].flatMap(([guid, instances]) => {
        const text = values.get(`/skep/v1/desired/${guid}`);
        const stored =
          text === undefined ? undefined : (JSON.parse(text) as { instances: number; removedAt?: number });
        const held = stored === undefined || stored.removedAt !== undefined ? undefined : stored.instances;
        return held === instances ? [] : [`${guid}: acknowledged ${instances}, the store has ${held}`];
      });
    },
    async stop() {
      stop.abort();
      await following;
    },
  };
}
