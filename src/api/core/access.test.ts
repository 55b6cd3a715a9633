import { describe, expect, test } from 'vitest';
import type { SkepError } from '../../base/core/errors.ts';
import { type Right, type Role, roles } from '../../model/rights.ts';
import {
  authorize,
  authorizeCell,
  authorizeHostShell,
  type Caller,
  routeRights,
  streamRights,
} from './access.ts';
import { paths } from './paths.ts';

const caller = (...held: Role[]): Caller => ({
  name: 'alice',
  roles: held,
  how: 'certificate',
  address: '10.0.0.5',
  actor: 'alice',
});

function refusal(who: Caller, right: Right): SkepError | undefined {
  try {
    authorize(who, right);
    return undefined;
  } catch (error) {
    return error as SkepError;
  }
}

test('every route has a right, and every right a route', () => {
  expect(Object.keys(routeRights).sort()).toEqual(Object.keys(paths).sort());
});

test('what changes something needs more than to read', () => {
  const onlyRead = Object.entries(paths).filter(([, { method }]) => method !== 'GET');
  const loose = onlyRead.filter(([name]) =>
    ['read', 'none'].includes(routeRights[name as keyof typeof paths]),
  );
  // A plan changes nothing; the others prove who asks by themselves.
  expect(loose.map(([name]) => name).sort()).toEqual(['challenge', 'enter', 'join', 'plan', 'renewUser']);
});

test.each<[Role, readonly Right[]]>([
  ['viewer', ['none', 'read']],
  ['operator', ['none', 'read', 'change']],
  ['admin', ['none', 'read', 'change', 'admin']],
  ['console', ['none', 'console']],
  ['server', ['none', 'read', 'server', 'host']],
  ['cell', ['none', 'cell', 'host']],
])('%s may %s', (role, allowed) => {
  const all: readonly Right[] = ['none', 'read', 'change', 'admin', 'console', 'server', 'cell', 'host'];
  expect(all.filter((right) => refusal(caller(role), right) === undefined)).toEqual(allowed);
  expect(roles).toContain(role);
});

test('a refusal says who one is, what one has and what is needed', () => {
  expect(refusal(caller('viewer'), 'change')).toMatchObject({
    code: 'Unauthorized',
    message: 'alice (viewer) may not change workloads, cells or settings',
    hint: expect.stringContaining('needed: operator or admin'),
  });
  const nobody: Caller = { ...caller(), how: 'nothing', refusal: 'the certificate expired at noon' };
  expect(refusal(nobody, 'read')).toMatchObject({
    code: 'Unauthenticated',
    message: 'the certificate expired at noon',
  });
});

test('without TLS everybody may everything, which is why it is for loopback only', () => {
  expect(refusal({ ...caller(), how: 'open' }, 'admin')).toBeUndefined();
});

test('streams that enter a container need console, those that look do not, an upgrade is for admins', () => {
  expect(streamRights).toEqual({
    logs: 'read',
    stats: 'read',
    consoles: 'read',
    doctor: 'read',
    exec: 'console',
    attach: 'console',
    console: 'console',
    upgrade: 'admin',
  });
});

test('a cell is the one that its certificate names', () => {
  expect(() => authorizeCell({ ...caller('cell'), name: 'c-1' }, 'c-1')).not.toThrow();
  expect(() => authorizeCell({ ...caller('cell'), name: 'c-1' }, 'c-2')).toThrow(/not for c-2/);
});

describe('a shell on a host', () => {
  const refused = (who: Caller): SkepError | undefined => {
    try {
      authorizeHostShell(who);
      return undefined;
    } catch (error) {
      return error as SkepError;
    }
  };
  test.each<[Role[], boolean]>([
    [['admin', 'console'], true],
    [['admin'], false],
    [['console'], false],
    [['operator', 'console'], false],
    [['viewer'], false],
    [['cell'], false],
    [['server', 'cell'], false],
  ])('%j: %s', (held, may) => {
    const error = refused(caller(...held));
    expect(error === undefined).toBe(may);
    if (!may) expect(error).toMatchObject({ code: 'Unauthorized', hint: expect.stringContaining('console') });
  });
  test('where nobody is known it is for who is on the machine', () => {
    const open = (address: string | undefined): Caller => ({ ...caller(), how: 'open', address });
    expect([undefined, '127.0.0.2', '::1', '::ffff:127.0.0.1'].map((from) => refused(open(from)))).toEqual(
      Array(4).fill(undefined),
    );
    expect(refused(open('10.0.0.5'))).toMatchObject({ code: 'Unauthorized' });
    expect(refused(open('1270.evil'))).toMatchObject({ code: 'Unauthorized' });
    expect(refused({ ...caller(), how: 'nothing' })).toMatchObject({ code: 'Unauthenticated' });
  });
});
