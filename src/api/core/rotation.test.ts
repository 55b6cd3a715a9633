import { expect, test } from 'vitest';
import { seededRng } from '../../base/core/rng.ts';
import type { Authorities, AuthorityKeys } from '../../model/auth.ts';
import type { Trust } from '../../model/trust.ts';
import {
  type AuthorityPair,
  abortRotation,
  beginReissue,
  beginRetire,
  beginRotation,
  endRotation,
  epochOf,
  lacking,
  left,
  nextStep,
  type TrustHost,
  trustedText,
} from './rotation.ts';

const keys = (name: string): AuthorityKeys => ({
  certificate: `-----BEGIN ${name}\n`,
  key: `-----BEGIN KEY ${name}`,
});
const pair = (name: string): AuthorityPair => ({ cluster: keys(name), store: keys(`${name}-store`) });
const founded: Authorities = { v: 1, clusterId: 'c', ...pair('old'), at: 0 };
const asked = { by: 'olga', now: 5 };
const host = (name: string, epoch: number, given: Partial<TrustHost> = {}): TrustHost => ({
  name,
  epoch,
  isServer: false,
  isAlive: true,
  ...given,
});

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('this step was to be taken');
  return value;
}

const trusts = (authorities: Authorities): string[] =>
  ['old', 'new'].filter((name) => trustedText(authorities, 'cluster').includes(`BEGIN ${name}\n`));
const signer = ({ cluster }: Authorities): string => cluster.certificate.slice(11).trim();

test('from the old authorities over both to the new ones, each step an epoch', () => {
  const spread = beginRotation(founded, undefined, pair('new'), asked);
  expect([trusts(spread.authorities), signer(spread.authorities)]).toEqual([['old', 'new'], 'old']);
  const reissue = must(beginReissue(spread.authorities, spread.trust, 6));
  expect([trusts(reissue.authorities), signer(reissue.authorities)]).toEqual([['old', 'new'], 'new']);
  expect(reissue.authorities.otherIsOlder).toBe(true);
  const retire = must(beginRetire(reissue.authorities, reissue.trust, 7));
  expect([trusts(retire.authorities), signer(retire.authorities)]).toEqual([['new'], 'new']);
  expect(JSON.stringify(retire.authorities)).not.toContain('KEY old');
  expect([spread, reissue, retire].map(({ authorities }) => epochOf(authorities))).toEqual([1, 2, 3]);
  expect([spread, reissue, retire].map(({ trust }) => trust.epoch)).toEqual([1, 2, 3]);
  expect(endRotation(retire.trust, 8)).toMatchObject({ phase: 'steady', epoch: 3 });
  expect(trustedText(retire.authorities, 'store')).toBe(keys('new-store').certificate);
});

test('a step is taken once: from any other phase it is none', () => {
  const spread = beginRotation(founded, undefined, pair('new'), asked);
  expect(beginRetire(spread.authorities, spread.trust, 6)).toBeUndefined();
  expect(endRotation(spread.trust, 6)).toBeUndefined();
  const reissue = must(beginReissue(spread.authorities, spread.trust, 6));
  expect(beginReissue(reissue.authorities, reissue.trust, 7)).toBeUndefined();
  const retire = must(beginRetire(reissue.authorities, reissue.trust, 7));
  expect(beginRetire(retire.authorities, retire.trust, 8)).toBeUndefined();
  for (const step of [spread, reissue, retire])
    expect(() => beginRotation(step.authorities, step.trust, pair('newer'), asked)).toThrow(/already/);
  const steady = must(endRotation(retire.trust, 8));
  expect(beginRotation(retire.authorities, steady, pair('newer'), asked).trust.epoch).toBe(4);
});

test('given up before anything was signed, the new ones are dropped at once', () => {
  const spread = beginRotation(founded, undefined, pair('new'), asked);
  const back = abortRotation(spread.authorities, spread.trust, 6);
  expect([trusts(back.authorities), signer(back.authorities)]).toEqual([['old'], 'old']);
  expect(back.trust).toMatchObject({ phase: 'retire', isBack: true, epoch: 2 });
});

test('given up later, everything is signed by the old ones again before the new are dropped', () => {
  const spread = beginRotation(founded, undefined, pair('new'), asked);
  const reissue = must(beginReissue(spread.authorities, spread.trust, 6));
  const back = abortRotation(reissue.authorities, reissue.trust, 7);
  expect([trusts(back.authorities), signer(back.authorities)]).toEqual([['old', 'new'], 'old']);
  expect(back.authorities.otherIsOlder).toBe(false);
  expect(() => abortRotation(back.authorities, back.trust, 8)).toThrow(/given up already/);
  const retire = must(beginRetire(back.authorities, back.trust, 8));
  expect([trusts(retire.authorities), signer(retire.authorities)]).toEqual([['old'], 'old']);
  expect(() => abortRotation(retire.authorities, retire.trust, 9)).toThrow();
  expect(() => abortRotation(founded, undefined, 9)).toThrow(/no authority/);
});

const at = (phase: Trust['phase'], epoch = 2): Trust => ({
  v: 1,
  epoch,
  phase,
  isBack: false,
  startedAt: 0,
  startedBy: 'olga',
  at: 0,
});

test.each([
  ['no change', undefined, [host('a', 0)], 'nothing'],
  ['an old one', at('steady'), [host('a', 0)], 'nothing'],
  ['a cell that lacks it', at('spread'), [host('a', 1), host('b', 2)], 'wait'],
  ['a cell that is away', at('spread'), [host('a', 1, { isAlive: false }), host('b', 2)], 'reissue'],
  ['a server that is away', at('spread'), [host('a', 1, { isServer: true, isAlive: false })], 'wait'],
  ['all of them', at('spread'), [host('a', 2), host('b', 3, { isServer: true })], 'reissue'],
  ['all renewed', at('reissue'), [host('a', 2)], 'finish'],
  ['one that has not', at('reissue'), [host('a', 2), host('b', 0)], 'wait'],
  ['a server that holds on', at('retire'), [host('a', 1, { isServer: true })], 'wait'],
  ['a cell that lacks the end', at('retire'), [host('a', 1), host('b', 2, { isServer: true })], 'end'],
] as const)('with %s', (_what, trust, hosts, step) => {
  expect(nextStep(trust, hosts)).toBe(step);
});

test('who is waited for, and who misses it', () => {
  const hosts = [
    host('a', 1),
    host('b', 1, { isAlive: false }),
    host('c', 1, { isServer: true, isAlive: false }),
  ];
  expect(lacking(hosts, 2).map(({ name }) => name)).toEqual(['a', 'c']);
  expect(left(hosts, 2).map(({ name }) => name)).toEqual(['b']);
});

/**
 * Hosts renew, go away, come back and crash between any two steps, in any order; the change goes on by what they have
 * confirmed. Whoever is there and has renewed for a phase trusts whatever another such host may show.
 */
test.each(Array.from({ length: 60 }, (_, seed) => seed))('no host in order is refused (seed %i)', (seed) => {
  const rng = seededRng(seed);
  interface Held {
    epoch: number;
    trusts: string[];
    shows: string;
    confirmed: number;
    isAlive: boolean;
    readonly isServer: boolean;
  }
  const hosts: Held[] = Array.from({ length: 4 }, (_, index) => ({
    epoch: 0,
    trusts: ['old'],
    shows: 'old',
    confirmed: 0,
    isAlive: true,
    isServer: index < 2,
  }));
  let { authorities, trust } = beginRotation(founded, undefined, pair('new'), asked);
  const views = (): TrustHost[] =>
    hosts.map(({ confirmed, isAlive, isServer }, index) => ({
      name: String(index),
      epoch: confirmed,
      isAlive,
      isServer,
    }));
  for (let turn = 0; turn < 400 && trust.phase !== 'steady'; turn++) {
    const one = hosts[Math.floor(rng.next() * hosts.length)] as Held;
    const dice = rng.next();
    if (dice < 0.1) one.isAlive = !one.isAlive;
    else if (dice < 0.5 && one.isAlive)
      Object.assign(one, {
        epoch: epochOf(authorities),
        trusts: trusts(authorities),
        shows: signer(authorities),
      });
    else if (dice < 0.8 && one.isAlive) one.confirmed = one.epoch;
    else {
      const step = nextStep(trust, views());
      const taken =
        step === 'reissue'
          ? beginReissue(authorities, trust, turn)
          : step === 'finish'
            ? beginRetire(authorities, trust, turn)
            : undefined;
      if (taken !== undefined) ({ authorities, trust } = taken);
      if (step === 'end') trust = endRotation(trust, turn) ?? trust;
    }
    // Certificates of servers are seen by other servers' etcd, whatever their age.
    for (const seen of hosts.filter(({ isServer }) => isServer))
      for (const by of hosts.filter(({ isServer }) => isServer)) expect(by.trusts).toContain(seen.shows);
    // Cells that are there are believed by servers.
    for (const cell of hosts.filter(({ isServer, isAlive }) => !isServer && isAlive))
      if (trust.phase !== 'retire' || cell.epoch >= trust.epoch - 1)
        expect(trusts(authorities)).toContain(cell.shows);
  }
});
