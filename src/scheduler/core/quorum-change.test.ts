import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildHost, buildMember } from '../../../test/kit/quorum-builders.ts';
import { defaults } from '../../model/defaults.ts';
import { emptyQuorum, majorityOf, type Quorum, type QuorumChange } from '../../model/quorum.ts';
import { type HostView, type MemberView, planQuorum } from './quorum.ts';
import { endedChange, nextMove } from './quorum-change.ts';

const now = 10_000_000;
const change = (kind: 'add' | 'remove', more: Partial<QuorumChange> = {}): QuorumChange => ({
  kind,
  server: 'h3',
  at: now,
  by: 'alice',
  reason: 'asked',
  ...more,
});
const two = [buildMember('h1'), buildMember('h2')];

describe('adding', () => {
  const move = (members: MemberView[], hosts: HostView[], at = now) =>
    nextMove({ change: change('add', { at }), members, hosts, now });

  it('orders the host, waits while it starts and catches up, and ends when it votes', () => {
    expect(move(two, [buildHost('h3')])).toEqual({ do: 'order' });
    expect(move(two, [buildHost('h3', { serves: true })])).toEqual({ do: 'wait', why: 'it starts' });
    expect(move([...two, buildMember('h3', { isLearner: true })], [])).toMatchObject({ do: 'wait' });
    expect(move([...two, buildMember('h3')], [])).toEqual({ do: 'end', isDone: true, outcome: 'it votes' });
  });

  it('waits for a host that is away, and gives up in the end', () => {
    expect(move(two, [])).toEqual({ do: 'wait', why: 'the host is not there' });
    const late = now - defaults.serverChangeDeadlineMs;
    expect(move(two, [], late)).toMatchObject({ do: 'end', isDone: false });
    expect(move([...two, buildMember('h3', { isLearner: true })], [], late)).toEqual({ do: 'remove' });
  });

  it('ends at once when the host can be no server', () => {
    expect(move(two, [buildHost('h3', { canServe: false })])).toMatchObject({ do: 'end', isDone: false });
  });

  it('leaves a host alone for a while after it failed', () => {
    const ended = endedChange(emptyQuorum, change('add'), { isDone: false, outcome: 'no disk' }, now);
    expect(ended.passedOver['h3']).toEqual({
      until: now + defaults.serverRetryAfterMs,
      why: 'could not be added: no disk',
    });
    expect(ended.last).toMatchObject({ server: 'h3', isDone: false, outcome: 'no disk' });
  });
});

describe('removing', () => {
  const three = [...two, buildMember('h3')];
  const move = (members: MemberView[], more: Partial<QuorumChange> = {}) =>
    nextMove({ change: change('remove', more), members, hosts: [], now });

  it('removes what the others can do without, and ends when it is gone', () => {
    expect(move(three)).toEqual({ do: 'remove' });
    expect(move(two)).toMatchObject({ do: 'end', isDone: true });
  });

  it('hands over the lead first', () => {
    expect(move(three, { server: 'h1' })).toEqual({ do: 'handOver', to: 'h2' });
  });

  it('lets a leader that nobody answers hand over: its certificate may be revoked, and the heir judges', () => {
    const members = [
      buildMember('h1'),
      buildMember('h2', { isReachable: false }),
      buildMember('h3', { isReachable: false }),
    ];
    const heirs = [0, 10_000, 20_000].map((later) =>
      nextMove({ change: change('remove', { server: 'h1' }), members, hosts: [], now: now + later }),
    );
    expect(new Set(heirs.map((heir) => JSON.stringify(heir)))).toEqual(
      new Set(['{"do":"handOver","to":"h2"}', '{"do":"handOver","to":"h3"}']),
    );
    const late = now - defaults.serverChangeDeadlineMs;
    expect(move(members, { server: 'h1', at: late })).toMatchObject({ do: 'end', isDone: false });
    expect(move([buildMember('h1')], { server: 'h1' })).toMatchObject({ do: 'wait' });
  });

  it('never goes below a majority that answers, whoever asked', () => {
    const members = [buildMember('h1'), buildMember('h2', { isReachable: false }), buildMember('h3')];
    expect(move(members)).toEqual({ do: 'wait', why: '1 of the 2 others answer, 2 must' });
    const late = { at: now - defaults.serverChangeDeadlineMs };
    expect(move(members, late)).toMatchObject({ do: 'end', isDone: false });
    expect(move([buildMember('h3')])).toMatchObject({ do: 'wait' });
  });

  it('lets a server stay that came back before it was replaced', () => {
    expect(move(three, { by: 'automatic' })).toEqual({ do: 'end', isDone: false, outcome: 'it is back' });
  });

  it('keeps out what an operator removed, and not what was replaced', () => {
    const outcome = { isDone: true, outcome: 'gone' };
    expect(endedChange(emptyQuorum, change('remove'), outcome, now).passedOver).toEqual({
      h3: { why: 'removed by alice' },
    });
    const replaced = endedChange(emptyQuorum, change('remove', { by: 'automatic' }), outcome, now);
    expect(replaced.passedOver).toEqual({});
  });
});

/** Hosts that come and go under a cluster that does what it is told, as etcd and agents would. */
class World {
  readonly up = new Map<string, boolean>();
  readonly serving = new Set<string>(['h1']);
  members: { server: string; isLearner: boolean }[] = [{ server: 'h1', isLearner: false }];
  record: Quorum = emptyQuorum;
  now = now;
  changes = 0;

  constructor(hosts: readonly string[]) {
    for (const name of hosts) this.up.set(name, true);
  }

  isUp(name: string): boolean {
    return this.up.get(name) === true;
  }

  get voters() {
    return this.members.filter(({ isLearner }) => !isLearner);
  }

  get hasMajority(): boolean {
    return this.voters.filter(({ server }) => this.isUp(server)).length >= majorityOf(this.voters.length);
  }

  /** One look of the leader; without a majority there is none. */
  look(): void {
    this.now += 2_000;
    if (!this.hasMajority) return;
    const leader = this.voters.find(({ server }) => this.isUp(server))?.server;
    const members = this.members.map(({ server, isLearner }): MemberView => {
      return { server, isLearner, isReachable: this.isUp(server), leads: server === leader };
    });
    const hosts = [...this.up].flatMap(([name, isUp]) =>
      isUp ? [buildHost(name, { serves: this.serving.has(name) })] : [],
    );
    const before = this.record;
    const settings = { autoServers: true, wantedServers: 3, serverReplaceAfterMs: 600_000 } as const;
    this.record = planQuorum({ members, hosts, record: this.record, settings, now: this.now });
    const { change } = this.record;
    if (change === undefined) return;
    if (before.change === undefined) this.changes += 1;
    const move = nextMove({ change, members, hosts, now: this.now });
    if (move.do === 'order') this.become(change.server);
    if (move.do === 'remove') this.remove(change.server);
    if (move.do === 'end') this.record = endedChange(this.record, change, move, this.now);
    this.promote();
  }

  become(server: string): void {
    this.serving.add(server);
    this.members.push({ server, isLearner: true });
  }

  remove(server: string): void {
    const wasLearner = this.members.find((one) => one.server === server)?.isLearner === true;
    this.members = this.members.filter((one) => one.server !== server);
    this.serving.delete(server);
    const rest = this.voters;
    const left = rest.filter((one) => this.isUp(one.server)).length;
    expect(wasLearner || left >= majorityOf(rest.length), `${server} took the majority`).toBe(true);
  }

  promote(): void {
    if (this.members.every(({ server }) => this.isUp(server)))
      this.members = this.members.map((member) => ({ ...member, isLearner: false }));
  }
}

describe('a cluster under losses', () => {
  const names = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'];
  const strike = fc.record({ host: fc.constantFrom(...names), looks: fc.integer({ min: 1, max: 400 }) });

  it('keeps its majority, changes one server at a time, and comes to three servers that answer', () => {
    fc.assert(
      fc.property(fc.array(strike, { maxLength: 25 }), (strikes) => {
        const world = new World(names);
        for (const { host: name, looks } of strikes) {
          world.up.set(name, !world.isUp(name));
          for (let i = 0; i < looks; i++) {
            world.look();
            expect(world.members.filter(({ isLearner }) => isLearner).length).toBeLessThanOrEqual(1);
          }
        }
        for (const name of names) world.up.set(name, true);
        for (let i = 0; i < 2_500; i++) world.look();
        expect(world.voters.length).toBe(3);
        const settled = world.changes;
        for (let i = 0; i < 1_000; i++) world.look();
        expect(world.changes, 'it does not flap').toBe(settled);
      }),
      { numRuns: 50 },
    );
  });

  it('replaces a server that stays away, with three that answer at the end', () => {
    const world = new World(names);
    for (let i = 0; i < 50; i++) world.look();
    expect(world.voters.length).toBe(3);
    world.up.set('h2', false);
    for (let i = 0; i < 320; i++) world.look();
    expect(world.voters.map(({ server }) => server)).toEqual(['h1', 'h3', 'h4']);
  });
});
