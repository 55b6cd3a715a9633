/**
 * "One claim an index": at no revision of the store do two records that count, ordinary or evacuating but not
 * suspect, claim the same index for the same duty. Called by check.ts.
 */
import type { StoreHistory } from './evidence.ts';

interface ClaimRecord {
  readonly presence: string;
  readonly state: string;
  readonly instanceGuid?: string;
  readonly cellId?: string;
}

const actualPattern = /^\/skep\/v1\/actual\/([^/]+)\/(\d+)(?:\/([a-z]+))?$/;

export interface ClaimsFound {
  readonly violations: readonly string[];
  /** Zero would mean that nothing was checked. */
  readonly checkedRevisions: number;
}

/** Replays the history revision by revision. A drain's evacuating instance beside its replacement is no violation. */
export function doubleClaims(history: StoreHistory): ClaimsFound {
  const slots = new Map<string, Map<string, ClaimRecord>>();
  const violations: string[] = [];
  let checkedRevisions = 0;
  const byRevision = Map.groupBy(history.changes, ({ revision }) => revision);
  for (const [revision, changes] of byRevision) {
    const touched = new Set<string>();
    for (const { key, value } of changes) {
      const match = actualPattern.exec(key);
      if (match === null) continue;
      const index = `${match[1]}/${match[2]}`;
      const records = slots.get(index) ?? new Map<string, ClaimRecord>();
      const claim = value === undefined ? undefined : parsed(value);
      if (claim === undefined) records.delete(match[3] ?? 'ordinary');
      else records.set(match[3] ?? 'ordinary', claim);
      slots.set(index, records);
      touched.add(index);
    }
    if (touched.size > 0) checkedRevisions += 1;
    for (const index of touched) violations.push(...judged(index, revision, slots.get(index)));
  }
  return { violations, checkedRevisions };
}

function judged(index: string, revision: number, records: Map<string, ClaimRecord> = new Map()): string[] {
  const counting = [...records.values()].filter(
    ({ presence, state }) =>
      presence !== 'SUSPECT' && presence !== 'EVACUATING' && (state === 'CLAIMED' || state === 'RUNNING'),
  );
  const found = counting.length > 1 ? [`${index} has ${counting.length} claims at revision ${revision}`] : [];
  const nobody = counting.filter(({ instanceGuid, cellId }) => !instanceGuid || !cellId);
  const guids = [...records.values()].flatMap(({ instanceGuid }) => instanceGuid ?? []);
  if (nobody.length > 0) found.push(`${index} is claimed by nobody at revision ${revision}`);
  if (new Set(guids).size < guids.length)
    found.push(`${index} has one instance twice at revision ${revision}`);
  return found;
}

/** What is no record, because a run put it there, claims nothing. */
function parsed(value: string): ClaimRecord | undefined {
  try {
    return JSON.parse(value) as ClaimRecord;
  } catch {
    return undefined;
  }
}
