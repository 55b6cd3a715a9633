/** What the page of the brain says of the store: its sizes, how long writes take, its alarms. */
import type { StoreFigures } from '../../../api/core/store-shapes.ts';
import { formatBytes } from '../details/chart.ts';
import type { Role } from '../theme.ts';

/** From here on a sync of the log makes elections and writes slow; as `skep doctor` judges it. */
const slowSyncMs = 33;
/** Share of the quota that is worth a look; at all of it etcd takes no more writes. */
const fullShare = 0.8;

export interface StoreFact {
  readonly key: string;
  readonly text: string;
  readonly role: Role;
}

export function storeFacts({ server, own, problem, members }: StoreFigures): readonly StoreFact[] {
  const facts: StoreFact[] = [];
  if (problem !== '')
    facts.push({ key: 'etcd', text: server === '' ? problem : `${server}: ${problem}`, role: 'warn' });
  if (own !== undefined) {
    const { dbBytes, dbBytesInUse, quotaBytes, alarms } = own;
    const isFull = quotaBytes > 0 && dbBytes >= quotaBytes * fullShare;
    const of = quotaBytes > 0 ? ` of ${formatBytes(quotaBytes)}` : '';
    facts.push({
      key: 'etcd size',
      text: `${formatBytes(dbBytes)}${of} on ${server}, ${formatBytes(dbBytesInUse)} in use`,
      role: isFull ? 'bad' : 'text',
    });
    facts.push({ key: 'etcd writes', ...latencies(own) });
    if (alarms.length > 0) facts.push({ key: 'etcd alarms', text: alarms.join(', '), role: 'bad' });
  }
  const others = members.filter((member) => member.server !== server || own === undefined);
  if (others.length > 0) {
    const text = others.map((member) => `${member.server} ${formatBytes(member.dbBytes)}`).join(', ');
    facts.push({ key: own === undefined ? 'etcd size' : 'and on', text, role: 'dim' });
  }
  return facts;
}

function latencies({ fsyncP99Ms, commitP99Ms }: NonNullable<StoreFigures['own']>): Omit<StoreFact, 'key'> {
  if (fsyncP99Ms === undefined && commitP99Ms === undefined)
    return { text: 'too few yet to tell how long they take', role: 'dim' };
  const said = [
    ...(fsyncP99Ms === undefined ? [] : [`log synced in ${rounded(fsyncP99Ms)}`]),
    ...(commitP99Ms === undefined ? [] : [`committed in ${rounded(commitP99Ms)}`]),
  ];
  const role = (fsyncP99Ms ?? 0) >= slowSyncMs ? 'warn' : 'text';
  return { text: `99 of 100: ${said.join(', ')}`, role };
}

const rounded = (ms: number): string => `${ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms`;
