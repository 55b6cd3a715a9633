/** Rows 1 to 4, 19 and 29: the servers and their store lose each other, or their power. */
import { messageOf, SkepError } from '../../../src/base/core/errors.ts';
import { eventually } from '../../kit/e2e-cluster.ts';
import { servers, signalAgent, startAgent } from '../hosts/cluster.ts';
import { sleeper } from '../hosts/load.ts';
import { rig, shell } from '../hosts/rig.ts';
import { call, type Row, type RowDefinition } from '../row.ts';

const followersOf = (leader: string): string[] => servers.filter((server) => server !== leader);

/** A write is acknowledged and its instance starts. */
async function nextPlacement(row: Row, name: string, from: number): Promise<number> {
  let guid = '';
  await eventually('a write is acknowledged', 30_000, async () => {
    guid = await row.asks(`${name}-${Date.now() % 1e6}`, 1);
  });
  await row.startedElsewhere(guid, 0, from, 30_000);
  return Date.now() - from;
}

export const leaderKilled: RowDefinition = {
  id: 1,
  fault: 'the leader is killed: agent and etcd, then the whole host',
  async play(row) {
    const steady = await row.runs('steady', 10);
    const first = await row.leader();
    const killedAt = Date.now();
    const back = row.lose(first);
    await signalAgent(first, 'KILL');
    const change = await row.newLeader(killedAt, first);
    row.time('agent and etcd killed → another leads', change.seenAt - killedAt, 3_000);
    row.time('… → next placement started', await nextPlacement(row, 'a', killedAt), 5_000);
    await startAgent(first);
    await row.lab.cluster.whole();
    back();
    await row.untilRunning(steady, 10, 30_000);
    row.count('restarts of running containers, agent back in time', row.restarts(killedAt), 0);
    await row.wait(2_000);

    const second = await row.leader();
    const cutAt = Date.now();
    const start = await row.cutPower(second);
    const next = await row.newLeader(cutAt, second);
    row.time('power of its host cut → another leads', next.seenAt - cutAt, 3_000);
    row.time('… → next placement started', await nextPlacement(row, 'b', cutAt), 5_000);
    await row.untilRunning(steady, 10, 40_000, [second]);
    await start();
  },
};

export const leaderPaused: RowDefinition = {
  id: 2,
  fault: 'the leader is stopped (SIGSTOP) past its lease and goes on: the agent alone, then with its etcd',
  async play(row) {
    const steady = await row.runs('steady', 10);
    for (const etcdToo of [false, true]) {
      const leader = await row.leader();
      const from = Date.now();
      const back = row.lose(leader);
      await signalAgent(leader, 'STOP', etcdToo);
      const change = await row.newLeader(from, leader);
      // Nobody but the agent can tell that it hangs: its lease of 5 s must run out while its etcd still leads.
      row.time(
        `${etcdToo ? 'both' : 'the agent'} stopped → another leads`,
        change.seenAt - from,
        etcdToo ? 3_000 : 8_000,
      );
      await row.wait(Math.max(0, from + 12_000 - Date.now()));
      const resumedAt = Date.now();
      await signalAgent(leader, 'CONT', etcdToo);
      await row.lab.cluster.whole();
      back();
      await row.untilRunning(steady, 10, 40_000);
      const status = await row.lab.cluster.anyStatus();
      row.holds('one leader after it woke', status.leader !== undefined, String(status.leader?.server));
      row.count('leader changes after it woke', row.leaderChanges(resumedAt), 1);
    }
  },
};

export const minority: RowDefinition = {
  id: 3,
  fault: 'the leader is cut off from the other servers, clients still reach it',
  async play(row) {
    const steady = await row.runs('steady', 10);
    const leader = await row.leader();
    const had = (await row.instances(steady)).filter(({ cellId }) => cellId === leader).length;
    const from = Date.now();
    // The cell on that host reaches only its own server, which has nobody to tell: it counts as lost.
    const back = row.lose(leader);
    await Promise.all(followersOf(leader).map((other) => rig('partition', leader, other)));
    const isMarked = row.took('the minority says that it may be old', from, 30_000, async () => {
      if ((await row.lab.cluster.status(leader)).stale === '') throw new Error('it does not');
    });
    const change = await row.newLeader(from, leader);
    row.time('cut → the majority has a leader', change.seenAt - from, 3_000);
    row.time('… → next placement started', await nextPlacement(row, 'a', from), 5_000);
    await refusesWrites(row, leader);
    const stale = await isMarked;
    row.time('cut → reads of the minority are marked as old', stale, 10_000);
    await row.wait(3_000);
    const healedAt = Date.now();
    await rig('heal');
    await row.timeWhole('healed → all three current', healedAt, 60_000, 10_000);
    back();
    row.count('containers started instead of those of the host that was cut off', row.restarts(from), had);
    row.count('leader changes in all', row.leaderChanges(from), 2);
  },
};

/** A write through this server is refused as Unavailable, in words, and soon. */
async function refusesWrites(row: Row, server: string): Promise<void> {
  const askedAt = Date.now();
  const guid = `${row.prefix}-refused-${askedAt % 1e6}`;
  try {
    await row.lab.cluster.client(server).call('desireLrp', { body: sleeper(guid, 1) }, call(15_000));
    row.holds('a write without quorum is refused', false, 'it was acknowledged');
  } catch (error) {
    const isClear = error instanceof SkepError && error.code === 'Unavailable';
    row.holds('a write without quorum is refused with its reason', isClear, messageOf(error));
    row.say(messageOf(error));
  }
  row.time('… in', Date.now() - askedAt, 2_000);
}

export const majorityLost: RowDefinition = {
  id: 4,
  fault: 'two of three servers lose their power',
  async play(row) {
    const steady = await row.runs('steady', 10);
    const [, second, third] = servers;
    const from = Date.now();
    const starts = [await row.cutPower(second), await row.cutPower(third)];
    await row.wait(4_000);
    await refusesWrites(row, 'h1');
    const status = await row.lab.cluster.status('h1');
    row.holds('reads are answered and marked as old', status.stale !== '');
    row.say(status.problems[0] ?? '');
    const victim = (await row.lab.engines.running()).find(
      ({ guid, host }) => guid === steady && host === 'h4',
    );
    if (victim === undefined) throw new Error('nothing of it runs on h4');
    row.kills.push({ containerId: victim.containerId, at: Date.now() });
    const killedAt = Date.now();
    await shell('h4', `docker kill ${victim.containerId}`);
    const again = await row.startedElsewhere(steady, victim.index, killedAt, 60_000);
    row.holds('a crash is mended by its own cell', again.host === 'h4', again.host);
    row.time('crash → runs again, without quorum', again.at - killedAt, 10_000);
    await row.wait(5_000);
    const ran = await row.lab.engines.running();
    row.count(
      'containers that run on, on hosts with power',
      ran.filter(({ guid }) => guid === steady).length,
      6,
      true,
    );
    const startedAt = Date.now();
    for (const start of starts) await start();
    await row.timeWhole('power back → whole', startedAt, 90_000, 30_000);
    row.say(`without quorum for ${((startedAt - from) / 1_000).toFixed(0)} s`);
  },
};

export const serverFlaps: RowDefinition = {
  id: 19,
  fault:
    'the network between the leader and a follower flaps: 1 s cut, 1 s whole, for 20 s; then the leader and both',
  async play(row) {
    await row.runs('steady', 10);
    const leader = await row.leader();
    const [follower] = followersOf(leader) as [string];
    const from = Date.now();
    for (let turn = 0; turn < 10; turn++) {
      await rig('partition', leader, follower);
      await row.wait(900);
      await rig('heal', leader, follower);
      await row.wait(900);
    }
    await row.wait(3_000);
    row.count('leader changes by ten flaps to one follower', row.leaderChanges(from), 1);
    const second = Date.now();
    const now = await row.leader();
    for (let turn = 0; turn < 5; turn++) {
      // Should the machine be so busy that this takes seconds, it is a loss of the cell there.
      const back = row.lose(now);
      await Promise.all(followersOf(now).map((other) => rig('partition', now, other)));
      await row.wait(400);
      await Promise.all(followersOf(now).map((other) => rig('heal', now, other)));
      back();
      await row.wait(1_500);
    }
    await row.wait(2_000);
    row.count('leader changes by five blips of 0.5 s to both', row.leaderChanges(second), 1);
    row.count('restarts of running containers', row.restarts(from), 0);
  },
};

export const allKilled: RowDefinition = {
  id: 29,
  fault: 'all agents and all etcd are killed together; then the power of all servers is cut at once',
  async play(row) {
    const steady = await row.runs('steady', 10);
    const killedAt = Date.now();
    const backs = row.others().map((host) => row.lose(host));
    await Promise.all(row.others().map((host) => signalAgent(host, 'KILL')));
    await row.wait(1_000);
    const ran = (await row.lab.engines.running()).filter(({ guid }) => guid === steady);
    row.count('containers that run while nothing of Skep does', ran.length, 10, true);
    const startedAt = Date.now();
    for (const host of row.others()) await startAgent(host);
    const whole = await row.took('whole', startedAt, 90_000, () => row.lab.cluster.whole());
    row.time('all agents started → whole', whole, 20_000);
    await row.untilRunning(steady, 10, 30_000);
    for (const back of backs) back();
    row.count('restarts of running containers', row.restarts(killedAt), 0);
    await row.wait(2_000);

    const starts = await Promise.all(servers.map((server) => row.cutPower(server)));
    await row.wait(3_000);
    const poweredAt = Date.now();
    for (const start of starts) await start();
    const again = await row.took('whole', poweredAt, 120_000, () => row.lab.cluster.whole());
    row.time('power of the three servers back → whole', again, 30_000);
    row.time('… → all instances run', await row.untilRunning(steady, 10, 60_000), 30_000);
  },
};
