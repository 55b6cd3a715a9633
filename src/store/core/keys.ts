/** Every key of the store and the noun behind it: DESIGN.md section 3. The only place that spells a key. */
import type { CellId, ProcessGuid, TaskGuid } from '../../model/ids.ts';

/** All keys begin with it; the version is that of the layout, each record carries its own. */
export const root = '/skep/v1/';

/** The presences that have a key of their own beside the ordinary one. */
export type ActualSlot = 'ordinary' | 'suspect' | 'evacuating';

export type Key =
  | { readonly kind: 'desired'; readonly guid: ProcessGuid }
  | { readonly kind: 'actual'; readonly guid: ProcessGuid; readonly index: number; readonly slot: ActualSlot }
  | { readonly kind: 'task'; readonly guid: TaskGuid }
  | { readonly kind: 'presence'; readonly cellId: CellId }
  | { readonly kind: 'cellSpec'; readonly cellId: CellId }
  | { readonly kind: 'settings' }
  | { readonly kind: 'roster' }
  | { readonly kind: 'rebalance' }
  | { readonly kind: 'restored' }
  | { readonly kind: 'quorum' }
  | { readonly kind: 'domain'; readonly name: string }
  | { readonly kind: 'leader' }
  | { readonly kind: 'server'; readonly server: string }
  | { readonly kind: 'revoked'; readonly serial: string }
  | { readonly kind: 'trust' }
  | { readonly kind: 'event'; readonly id: string };

export const desiredKey = (guid: ProcessGuid): string => `${root}desired/${guid}`;

export function actualKey(guid: ProcessGuid, index: number, slot: ActualSlot = 'ordinary'): string {
  return `${root}actual/${guid}/${index}${slot === 'ordinary' ? '' : `/${slot}`}`;
}

export const taskKey = (guid: TaskGuid): string => `${root}task/${guid}`;
export const presenceKey = (cellId: CellId): string => `${root}cell/${cellId}/presence`;
export const cellSpecKey = (cellId: CellId): string => `${root}cell/${cellId}/spec`;
export const domainKey = (name: string): string => `${root}domain/${name}`;
export const leaderKey = `${root}brain/leader`;
export const settingsKey = `${root}brain/settings`;
export const rosterKey = `${root}brain/roster`;
export const rebalanceKey = `${root}brain/rebalance`;
export const restoredKey = `${root}brain/restored`;
export const quorumKey = `${root}brain/quorum`;
export const serverKey = (server: string): string => `${root}server/${server}`;

/** Trust. Only revocations are read by the replica: of the other keys `parseKey` knows nothing. */
export const authoritiesKey = `${root}auth/ca`;
export const tokenPrefix = `${root}auth/token/`;
export const userPrefix = `${root}auth/user/`;
/** The newest certificate of each host, by name. */
export const hostPrefix = `${root}auth/host/`;
export const certificatePrefix = `${root}auth/certificate/`;
export const revokedKey = (serial: string): string => `${root}auth/revoked/${serial}`;

/** How far a change of the authorities is; followed by every server. */
export const trustKey = `${root}auth/trust`;
/** What each host has confirmed of it, by name. */
export const trustConfirmationPrefix = `${root}auth/confirmed/`;
/** Under a lease: the server that restarts its etcd now, of which there is one at a time. */
export const etcdTurnKey = `${root}auth/etcd-turn`;

export const eventPrefix = `${root}event/`;

/** Event ids sort by time: 13 digits of milliseconds, then something unique. */
export function eventKey(at: number, unique: string): string {
  return `${eventPrefix}${String(Math.floor(at)).padStart(13, '0')}-${unique}`;
}

/** The noun behind a key; undefined for a key that is none of ours. */
export function parseKey(key: string): Key | undefined {
  if (!key.startsWith(root)) return undefined;
  if (key.startsWith(actualPrefix)) return parseActual(key);
  const [kind, ...rest] = key.slice(root.length).split('/');
  const [first, second] = rest;
  if (first === undefined || first === '') return undefined;
  switch (kind) {
    case 'desired':
      return rest.length === 1 ? { kind, guid: first as ProcessGuid } : undefined;
    case 'task':
      return rest.length === 1 ? { kind, guid: first as TaskGuid } : undefined;
    case 'cell':
      return parseCell(first as CellId, second, rest.length);
    case 'domain':
      return rest.length === 1 ? { kind, name: first } : undefined;
    case 'brain':
      if (rest.length !== 1) return undefined;
      return isBrainRecord(first) ? { kind: first } : undefined;
    case 'server':
      return rest.length === 1 ? { kind, server: first } : undefined;
    case 'auth':
      if (first === 'trust' && rest.length === 1) return { kind: 'trust' };
      return first === 'revoked' && second !== undefined && second !== '' && rest.length === 2
        ? { kind: 'revoked', serial: second }
        : undefined;
    case 'event':
      return rest.length === 1 ? { kind, id: first } : undefined;
    default:
      return undefined;
  }
}

const brainRecords = ['leader', 'settings', 'roster', 'rebalance', 'restored', 'quorum'] as const;

function isBrainRecord(name: string): name is (typeof brainRecords)[number] {
  return (brainRecords as readonly string[]).includes(name);
}

function parseCell(cellId: CellId, what: string | undefined, parts: number): Key | undefined {
  if (parts !== 2) return undefined;
  if (what === 'presence') return { kind: 'presence', cellId };
  return what === 'spec' ? { kind: 'cellSpec', cellId } : undefined;
}

const actualPrefix = `${root}actual/`;

/** These come by the hundred thousand: no list of parts is made of them. */
function parseActual(key: string): Key | undefined {
  const guidEnd = key.indexOf('/', actualPrefix.length);
  if (guidEnd <= actualPrefix.length) return undefined;
  const indexEnd = key.indexOf('/', guidEnd + 1);
  const index = key.slice(guidEnd + 1, indexEnd < 0 ? undefined : indexEnd);
  if (!/^(0|[1-9]\d{0,8})$/.test(index)) return undefined;
  const slot = indexEnd < 0 ? 'ordinary' : key.slice(indexEnd + 1);
  if (indexEnd >= 0 && slot !== 'suspect' && slot !== 'evacuating') return undefined;
  const guid = key.slice(actualPrefix.length, guidEnd) as ProcessGuid;
  return { kind: 'actual', guid, index: Number(index), slot: slot as ActualSlot };
}
