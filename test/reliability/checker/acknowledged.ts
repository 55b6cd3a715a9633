/**
 * "Acknowledged means durable": what the API has acknowledged is in the store's history at the revision that it
 * named, and the store ends in the state that was acknowledged last. Called by check.ts.
 */
import type { StoreChange, StoreHistory, Write } from './evidence.ts';

interface DesiredRecord {
  readonly instances?: number;
  readonly removedAt?: number;
}

/** One line for each acknowledged write that is not there. Writes of one name must be in the order they were made. */
export function lostWrites(writes: readonly Write[], history: StoreHistory): string[] {
  const byKey = Map.groupBy(history.changes, ({ key }) => key);
  const byName = Map.groupBy(writes, ({ guid, kind }) => `${kind} ${guid}`);
  return [...byName].flatMap(([name, ofName]) => {
    const [first] = ofName;
    const changes = byKey.get(first === undefined ? '' : keyOf(first)) ?? [];
    return [...neverMade(name, ofName, changes), ...wrongEnd(name, ofName, changes)];
  });
}

const keyOf = ({ kind, guid }: Write): string => `/skep/v1/${kind === 'lrp' ? 'desired' : 'task'}/${guid}`;

function neverMade(name: string, writes: readonly Write[], changes: readonly StoreChange[]): string[] {
  return writes.flatMap((write) => {
    if (write.outcome !== 'acknowledged' || write.revision === undefined) return [];
    const { revision } = write;
    const held = wanted(write, changes.findLast((change) => change.revision <= revision)?.value);
    if (held === write.instances) return [];
    return [`${name}: acknowledged ${said(write)} at revision ${revision}, where it is ${held ?? 'nothing'}`];
  });
}

/** What nobody answered after the last acknowledged write may have come to pass or not. */
function wrongEnd(name: string, writes: readonly Write[], changes: readonly StoreChange[]): string[] {
  const last = writes.findLastIndex(({ outcome }) => outcome === 'acknowledged');
  const acknowledged = writes[last];
  if (acknowledged === undefined) return [];
  // A task is deleted when it is over, by the cluster itself.
  if (acknowledged.kind === 'task') return [];
  const possible = [acknowledged, ...writes.slice(last + 1).filter(({ outcome }) => outcome === 'unsure')];
  const held = wanted(acknowledged, changes.at(-1)?.value);
  if (possible.some(({ instances }) => instances === held)) return [];
  return [`${name}: acknowledged ${said(acknowledged)}, the store ends with ${held ?? 'nothing'}`];
}

const said = ({ instances }: Write): string => (instances === undefined ? 'its removal' : String(instances));

/** What a record wants; undefined: it is gone or going. */
function wanted({ kind }: Write, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (kind === 'task') return 1;
  const record = JSON.parse(value) as DesiredRecord;
  return record.removedAt === undefined ? record.instances : undefined;
}
