import { describe, expect, it } from 'vitest';
import { buildHost, buildMember } from '../../../test/kit/quorum-builders.ts';
import { defaults } from '../../model/defaults.ts';
import { emptyQuorum, type Quorum } from '../../model/quorum.ts';
import { type MemberView, planQuorum, type QuorumInput } from './quorum.ts';

const minute = 60_000;
const now = 10_000_000;

const silent = (server: string): MemberView => buildMember(server, { isReachable: false });
const settings = { autoServers: true, wantedServers: 3, serverReplaceAfterMs: 10 * minute } as const;
const plan = (given: Partial<QuorumInput>): Quorum =>
  planQuorum({ members: [buildMember('h1')], hosts: [], record: emptyQuorum, settings, now, ...given });

describe('growth', () => {
  const serving = buildHost('h1', { serves: true });

  it('takes the first capable host when two are there, so that it ends at three', () => {
    const { change } = plan({ hosts: [serving, buildHost('h2'), buildHost('h3')] });
    expect(change).toMatchObject({ kind: 'add', server: 'h2', by: 'automatic', reason: 'server 2 of 3' });
  });

  it('takes none while only one is there: two servers survive no loss', () => {
    const planned = plan({ hosts: [serving, buildHost('h2')] });
    expect(planned.change).toBeUndefined();
    expect(planned.next).toEqual({ text: '1 of 3 servers: waits for 2 more hosts that can be a server' });
  });

  it('takes the one that makes the number odd again', () => {
    const { change } = plan({
      members: [buildMember('h1'), buildMember('h2')],
      hosts: [serving, buildHost('h3')],
    });
    expect(change).toMatchObject({ kind: 'add', server: 'h3' });
  });

  it('stops at what is wanted', () => {
    const three = [buildMember('h1'), buildMember('h2'), buildMember('h3')];
    expect(plan({ members: three, hosts: [buildHost('h4'), buildHost('h5')] }).change).toBeUndefined();
    const five = plan({
      members: three,
      hosts: [buildHost('h4'), buildHost('h5')],
      settings: { ...settings, wantedServers: 5 },
    });
    expect(five.change).toMatchObject({ kind: 'add', server: 'h4' });
    expect(
      plan({ hosts: [buildHost('h2'), buildHost('h3')], settings: { ...settings, wantedServers: 1 } }).change,
    ).toBe(undefined);
  });

  it('says when, while the hosts are new', () => {
    const planned = plan({ hosts: [buildHost('h2'), buildHost('h3', { seenSince: now - 1 })] });
    expect(planned.change).toBeUndefined();
    expect(planned.next).toEqual({ text: 'h2 becomes a server', at: now - 1 + defaults.serverSettleMs });
  });

  it.each([
    ['cannot be a server', { canServe: false }],
    ['is one already, and joins', { serves: true }],
    ['is cordoned', { isCordoned: true }],
  ] as const)('leaves out a host that %s', (_why, more) => {
    expect(plan({ hosts: [buildHost('h2', more), buildHost('h3')] }).change).toBeUndefined();
  });

  it('leaves out a host that was passed over, until that is over', () => {
    const passedOver = { h2: { until: now + 1, why: 'it could not be added' } };
    const hosts = [buildHost('h2'), buildHost('h3')];
    expect(plan({ hosts, record: { ...emptyQuorum, passedOver } }).change).toBeUndefined();
    const later = plan({ hosts, record: { ...emptyQuorum, passedOver }, now: now + 2 });
    expect(later).toMatchObject({ change: { server: 'h2' }, passedOver: {} });
  });

  it('spreads servers over zones, then prefers the host that has run the longest', () => {
    const hosts = [
      buildHost('h1', { zone: 'a', serves: true }),
      buildHost('h2', { zone: 'a', registeredAt: 1 }),
      buildHost('h3', { zone: 'b', registeredAt: 3 }),
      buildHost('h4', { zone: 'b', registeredAt: 2 }),
    ];
    expect(plan({ hosts }).change?.server).toBe('h4');
  });

  it('does nothing when it is switched off', () => {
    const off = plan({
      hosts: [buildHost('h2'), buildHost('h3')],
      settings: { ...settings, autoServers: false },
    });
    expect(off).toEqual(emptyQuorum);
  });

  it('waits for a learner, whoever brought it', () => {
    const members = [buildMember('h1'), buildMember('h2', { isLearner: true })];
    const planned = plan({ members, hosts: [buildHost('h3'), buildHost('h4')] });
    expect(planned.change).toBeUndefined();
    expect(planned.next).toEqual({ text: 'h2 is joining' });
  });

  it('begins nothing while a change is under way', () => {
    const change = { kind: 'add', server: 'h2', at: now, by: 'alice', reason: '' } as const;
    const planned = plan({ hosts: [buildHost('h3'), buildHost('h4')], record: { ...emptyQuorum, change } });
    expect(planned).toEqual({ ...emptyQuorum, change });
  });
});

describe('replacement', () => {
  const members = [buildMember('h1'), buildMember('h2'), silent('h3')];

  it('says who replaces whom, and when, as soon as a server is silent', () => {
    const planned = plan({ members, hosts: [buildHost('h4')] });
    expect(planned).toMatchObject({
      silentSince: { h3: now },
      next: { text: 'h4 replaces h3', at: now + 10 * minute },
    });
    expect(planned.change).toBeUndefined();
  });

  it('removes it after ten minutes, and not before', () => {
    const record = { ...emptyQuorum, silentSince: { h3: now - 10 * minute + 1 } };
    expect(plan({ members, hosts: [buildHost('h4')], record }).change).toBeUndefined();
    const { change } = plan({ members, hosts: [buildHost('h4')], record, now: now + 1 });
    expect(change).toMatchObject({
      kind: 'remove',
      server: 'h3',
      reason: 'silent for 10 min; h4 replaces it',
    });
  });

  it('begins the wait anew when it answered in between', () => {
    const record = { ...emptyQuorum, silentSince: { h3: now - 9 * minute } };
    const answered = plan({ members: [buildMember('h1'), buildMember('h2'), buildMember('h3')], record });
    expect(answered.silentSince).toEqual({});
    const again = plan({ members, hosts: [buildHost('h4')], record: answered, now: now + 2 * minute });
    expect(again.change).toBeUndefined();
  });

  it('keeps it when no host can replace it, and says so', () => {
    const record = { ...emptyQuorum, silentSince: { h3: now - 60 * minute } };
    const planned = plan({ members, record });
    expect(planned.change).toBeUndefined();
    expect(planned.next).toEqual({ text: 'h3 is silent, and no other host can become a server' });
  });

  it('removes one too many without anybody in its place', () => {
    const record = { ...emptyQuorum, silentSince: { h4: now - 60 * minute } };
    const four = [buildMember('h1'), buildMember('h2'), buildMember('h3'), silent('h4')];
    expect(plan({ members: four, record }).change).toMatchObject({ kind: 'remove', server: 'h4' });
  });

  it('removes a learner that never came', () => {
    const learner = buildMember('h4', { isLearner: true, isReachable: false });
    const record = { ...emptyQuorum, silentSince: { h4: now - 10 * minute } };
    const { change } = plan({ members: [buildMember('h1'), learner], record });
    expect(change).toMatchObject({ kind: 'remove', server: 'h4' });
  });

  it('does nothing without a majority', () => {
    const record = { ...emptyQuorum, silentSince: { h2: now - 60 * minute, h3: now - 60 * minute } };
    const planned = plan({
      members: [buildMember('h1'), silent('h2'), silent('h3')],
      hosts: [buildHost('h4')],
      record,
    });
    expect(planned.change).toBeUndefined();
    expect(planned.next).toBeUndefined();
  });

  it('takes the longest silent of two first', () => {
    const five = [buildMember('h1'), buildMember('h2'), buildMember('h3'), silent('h4'), silent('h5')];
    const record = { ...emptyQuorum, silentSince: { h4: now - 11 * minute, h5: now - 12 * minute } };
    const wanted = { ...settings, wantedServers: 5 } as const;
    expect(plan({ members: five, hosts: [buildHost('h6')], record, settings: wanted }).change?.server).toBe(
      'h5',
    );
  });
});
