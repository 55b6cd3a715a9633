import { describe, expect, it } from 'vitest';
import type { Revocation } from '../../model/auth.ts';
import type { QuorumChange } from '../../model/quorum.ts';
import { leavesFirstMs, type RefusalInput, refusalsDue } from './refused-serials.ts';

const now = 1_000_000;
const revocation = (name: string, storeSerial?: string): Revocation => ({
  v: 1,
  serial: `cluster-${name}`,
  name,
  at: 0,
  by: 'alice',
  ...(storeSerial === undefined ? {} : { storeSerial }),
});
const change = (kind: 'add' | 'remove', server: string): QuorumChange => ({
  kind,
  server,
  at: now,
  by: 'alice',
  reason: 'asked for',
});
const due = (more: Partial<RefusalInput>) =>
  refusalsDue({
    revoked: [revocation('b', 'B')],
    change: undefined,
    own: 'A',
    known: [],
    waitsSince: undefined,
    now,
    ...more,
  });

describe('what etcd is to refuse', () => {
  it('is what was revoked, once, never its own, and nothing of hosts that are no servers', () => {
    expect(due({})).toEqual({ more: ['B'], isWaiting: false });
    expect(due({ known: ['B'] })).toEqual({ more: [], isWaiting: false });
    expect(due({ own: 'B' })).toEqual({ more: [], isWaiting: false });
    expect(due({ revoked: [revocation('c')] })).toEqual({ more: [], isWaiting: false });
  });

  it('waits until the server has left, and no longer than ten seconds', () => {
    const leaving = { change: change('remove', 'b'), waitsSince: now };
    expect(due(leaving)).toEqual({ more: [], isWaiting: true });
    expect(due({ change: change('remove', 'b') })).toEqual({ more: [], isWaiting: true });
    expect(due({ ...leaving, now: now + leavesFirstMs })).toEqual({ more: ['B'], isWaiting: false });
    expect(due({ ...leaving, change: undefined })).toEqual({ more: ['B'], isWaiting: false });
  });

  it('waits as long for a server that was removed, which hears of it from etcd', () => {
    const revoked = [{ ...revocation('b', 'B'), cellUntil: now + 99 }];
    expect(due({ revoked })).toEqual({ more: [], isWaiting: true });
    expect(due({ revoked, waitsSince: now - leavesFirstMs })).toEqual({ more: ['B'], isWaiting: false });
  });

  it('waits for nobody else', () => {
    expect(due({ change: change('add', 'b') })).toEqual({ more: ['B'], isWaiting: false });
    const revoked = [revocation('b', 'B'), revocation('c', 'C')];
    expect(due({ revoked, change: change('remove', 'c') })).toEqual({ more: ['B'], isWaiting: true });
  });
});
