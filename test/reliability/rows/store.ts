/** Rows 5, 6, 20, 21, 25 and 27: what is done to the store, to its members, its readers and the program. */
import { request } from 'node:https';
import type { Socket as TcpSocket } from 'node:net';
import { tlsConnection } from '../../../src/base/tls-peer.ts';
import { tlsOf } from '../../../src/cli/contexts.ts';
import { eventually, run } from '../../kit/e2e-cluster.ts';
import { hosts, servers, startAgent, stopAgent } from '../hosts/cluster.ts';
import { image } from '../hosts/load.ts';
import { addressOf, must, rig, shell } from '../hosts/rig.ts';
import { storeOptions, watchStore } from '../hosts/store-watch.ts';
import { call, type Row, type RowDefinition } from '../row.ts';

const etcdctl = async (row: Row, ...words: readonly string[]): Promise<string> => {
  const options = storeOptions(row.lab.cluster.store, servers);
  const said = await run('etcdctl', [...options, '--command-timeout=5s', ...words], { deadlineMs: 20_000 });
  if (said.code !== 0) throw new Error(`etcdctl ${words[0]}: ${said.stderr}`);
  return said.stdout;
};

/** Container id and start of all that a row runs: what a restart would change. */
async function running(row: Row, guid: string): Promise<string[]> {
  const containers = await row.lab.engines.running();
  return containers.flatMap((one) => (one.guid === guid ? [`${one.index} ${one.containerId}`] : [])).sort();
}

export const compacted: RowDefinition = {
  id: 21,
  fault: "a server is cut off while the store's log is compacted beyond what it has seen",
  async play(row) {
    const steady = await row.runs('steady', 6);
    const leader = await row.leader();
    const [cut, other] = servers.filter((server) => server !== leader) as [string, string];
    const had = (await row.instances(steady)).filter(({ cellId }) => cellId === cut).length;
    const from = Date.now();
    // The cell on that host reaches only its own server, which is cut off as well.
    const back = row.lose(cut);
    await Promise.all([leader, other].map((server) => rig('partition', cut, server)));
    await eventually('writes are acknowledged by the others', 30_000, () => row.scales(steady, 8));
    const gone = await row.runs('gone-steady', 3);
    await row.untilRunning(steady, 8, 30_000);
    await row.lab.store.caughtUp();
    const revision = row.lab.store.history().changes.at(-1)?.revision ?? 0;
    await run('etcdctl', [...storeOptions(row.lab.cluster.store, [leader]), 'compaction', String(revision)], {
      deadlineMs: 10_000,
    });
    row.say(`compacted at revision ${revision}`);
    const healedAt = Date.now();
    await rig('heal');
    const same = await row.took('it shows what the others show', healedAt, 60_000, async () => {
      await row.lab.cluster.whole(2_000);
      for (const guid of [steady, gone]) {
        const told = await Promise.all(
          [cut, other].map((server) =>
            row.lab.cluster.client(server).call('listInstances', { query: { guid } }, call()),
          ),
        );
        const [mine, theirs] = told.map(({ rows }) => JSON.stringify(rows));
        if (mine !== theirs) throw new Error(`${guid}: ${mine} is not ${theirs}`);
      }
    });
    row.time('healed → it shows what the others show', same, 15_000);
    back();
    row.count('containers started instead of those of its own cell', row.restarts(from), had);
  },
};

const slowReaders = 20;

/** A client that asks for everything and reads nothing of it. */
function deafWatch(row: Row, server: string, kind: string): Promise<TcpSocket> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.from('reliability-test').toString('base64'),
  };
  const tls = tlsConnection(tlsOf(row.lab.cluster.context));
  return new Promise((resolve, reject) => {
    const asked = request({
      host: addressOf(server),
      port: 7400,
      path: `/v1/watch?kind=${kind}`,
      headers,
      ...tls,
    });
    asked.on('upgrade', (_response, socket) => {
      socket.pause();
      socket.on('error', () => undefined);
      resolve(socket as TcpSocket);
    });
    asked.on('response', (response) => reject(new Error(`status ${response.statusCode}`)));
    asked.on('error', reject);
    asked.end();
  });
}

const memoryMb = async (host: string): Promise<number> =>
  Number((await must(host, "awk '/VmRSS/ { print $2 }' /proc/$(cat /run/skep/agent.pid)/status")).trim()) /
  1_024;

export const slowConsumers: RowDefinition = {
  id: 20,
  fault: `${slowReaders} clients ask for every change and read none, while 1,500 changes pass`,
  async play(row) {
    await row.runs('steady', 10);
    const before = await memoryMb('h1');
    const sockets = await Promise.all(
      Array.from({ length: slowReaders }, (_, at) =>
        deafWatch(row, 'h1', at % 2 === 0 ? 'lrps' : 'instances'),
      ),
    );
    const client = row.lab.cluster.client('h1');
    const noise: string[] = [];
    for (let at = 0; at < 10; at++) noise.push(await row.asks(`noise-${at}`, 0));
    const annotation = 'x'.repeat(8_000);
    const times: number[] = [];
    for (let turn = 0; turn < 150; turn += 1) {
      const from = Date.now();
      // Large records, so that what is not read soon exceeds what the kernel holds.
      await Promise.all(
        noise.map((guid) => {
          const update = { params: { guid }, body: { annotation: `${annotation}${turn}` } };
          return client.call('updateLrp', update, call()).catch(() => undefined);
        }),
      );
      times.push(Date.now() - from);
    }
    times.sort((a, b) => a - b);
    row.time('ten writes at once, median, meanwhile', times[Math.floor(times.length / 2)] ?? 0, 1_000);
    row.time('… the slowest', times.at(-1) ?? 0, 5_000);
    const after = await memoryMb('h1');
    row.count('memory of the server, more than before, MB', Math.round(after - before), 150);
    for (const socket of sockets) socket.destroy();
    await row.lab.cluster.whole();
  },
};

export const corruptRecords: RowDefinition = {
  id: 27,
  fault:
    'records that cannot be read are put into etcd: a desired LRP, the instance of a running one, a task, a cell',
  async play(row) {
    const steady = await row.runs('steady', 6);
    const kept = await running(row, steady);
    const original = await etcdctl(row, 'get', `/skep/v1/actual/${steady}/0`, '--print-value-only');
    const from = Date.now();
    const bad = [
      ['/skep/v1/desired/nonsense', '{"v":1,'],
      [`/skep/v1/actual/${steady}/0`, '{"v":99,"from":"tomorrow"}'],
      ['/skep/v1/task/nonsense', 'null'],
      ['/skep/v1/cell/nonsense/presence', '\u001b[31mred'],
    ] as const;
    for (const [key, value] of bad) await etcdctl(row, 'put', key, value);
    const told = await row.took('every server lists all four', from, 20_000, async () => {
      for (const server of servers) {
        const { corrupt } = await row.lab.cluster.status(server);
        const missing = bad.filter(([key]) => !corrupt.some((one) => one.key === key));
        if (missing.length > 0) throw new Error(`${server} does not list ${missing.join(', ')}`);
      }
    });
    row.time('put → listed by every server', told, 5_000);
    const work = await row.runs('other', 5);
    row.holds('other work is placed', true);
    await row.scales(work, 2);
    await row.untilRunning(work, 2, 30_000);
    await row.wait(5_000);
    row.holds('nothing of the LRP was touched', (await running(row, steady)).join() === kept.join());
    const shown = await must('h1', 'skep status; skep ps; skep cells');
    row.holds('no escape sequence reaches a terminal', !shown.includes('\u001b['));
    for (const [key] of bad) {
      if (key.includes('/actual/')) await etcdctl(row, 'put', key, original.replace(/\n$/, ''));
      else await etcdctl(row, 'del', key);
    }
    await row.took('nothing is listed any more', Date.now(), 20_000, async () => {
      for (const server of servers) {
        if ((await row.lab.cluster.status(server)).corrupt.length > 0)
          throw new Error(`${server} lists some`);
      }
    });
    row.count('restarts of running containers', row.restarts(from), 0);
  },
};

export const memberReplaced: RowDefinition = {
  id: 5,
  fault: 'a server is gone for good with its disk; it is removed and the host joins with an empty one',
  async play(row) {
    const steady = await row.runs('steady', 10);
    const leader = await row.leader();
    const gone = servers.find((server) => server !== leader && server !== 'h1') as string;
    const third = servers.find((server) => server !== leader && server !== gone) as string;
    const from = Date.now();
    const start = await row.cutPower(gone);
    await row.untilRunning(steady, 10, 60_000, [gone]);
    const refused = await shell(leader, `skep server remove ${third} --yes`);
    row.holds('removing a living one of the two is refused', refused.code !== 0, refused.stdout);
    row.say(refused.stderr.trim().split('\n')[0] ?? '');
    // Else it would make a server of another host, which is tried elsewhere.
    await must(leader, 'skep server auto off --yes');
    await must(leader, `skep server remove ${gone} --yes`);
    const status = await row.lab.cluster.anyStatus();
    row.holds(
      'two voters are left',
      status.servers.filter(({ health }) => health === 'leader' || health === 'follower').length === 2,
    );
    const startedAt = Date.now();
    await start();
    await stopAgent(gone);
    await must(gone, 'rm -rf /var/lib/skep/etcd');
    await startAgent(gone);
    await row.took('it is back as a cell', startedAt, 60_000, async () => {
      if ((await row.lab.cluster.status(leader)).cells.present < hosts.length) throw new Error('it is not');
    });
    // Ended before it has heard of its removal, it joins by itself: its own file still says server.
    const added = await shell(leader, `skep server add ${gone} --yes`);
    const isAdded = added.code === 0 || /is a server already/.test(added.stderr);
    row.holds('it is made a server again', isAdded, added.stderr);
    await must(leader, 'skep server auto on --yes');
    const whole = await row.took('three voters again', startedAt, 120_000, () => row.lab.cluster.whole());
    row.time('power back with an empty store → three voters', whole, 60_000);
    const slow = (row.load?.latencies ?? []).filter(({ askedAt }) => askedAt >= from).map(({ ms }) => ms);
    row.time('slowest acknowledged write meanwhile', Math.max(0, ...slow), 5_000);
  },
};

export const restored: RowDefinition = {
  id: 6,
  fault: 'the store is lost on every server, and restored from a backup on one',
  hasLoad: false,
  async play(row) {
    const steady = await row.runs('steady', 15);
    await must('h1', `rm -f /root/run.skep-backup; skep backup save /root/run.skep-backup`);
    const kept = await running(row, steady);
    const from = Date.now();
    await row.lab.store.stop();
    for (const server of servers) await stopAgent(server);
    for (const server of servers.slice(1))
      await must(server, 'rm -rf /var/lib/skep/etcd.lost; mv /var/lib/skep/etcd /var/lib/skep/etcd.lost');
    const restoredAt = Date.now();
    await must('h1', 'skep backup restore /root/run.skep-backup --yes');
    await startAgent('h1');
    const one = await row.took('the restored server answers', restoredAt, 60_000, async () => {
      const { leader, cells } = await row.lab.cluster.status('h1');
      if (leader === undefined || cells.present < 1) throw new Error('not yet');
    });
    row.time('restore begun → the server leads again', one, 300_000);
    for (const server of servers.slice(1)) {
      await must(
        server,
        'mkdir -p /var/lib/skep/etcd; mv /var/lib/skep/etcd /var/lib/skep/etcd.empty; rm -rf /var/lib/skep/etcd.empty',
      );
      await must(
        server,
        `sed -i '/^join:/d' /etc/skep/agent.yaml; echo 'join: [${addressOf('h1')}:7400]' >> /etc/skep/agent.yaml`,
      );
      await startAgent(server);
    }
    const whole = await row.took('three servers, five cells', restoredAt, 180_000, () =>
      row.lab.cluster.whole(),
    );
    row.time('restore begun → three servers and five cells', whole, 300_000);
    row.lab.store = watchStore(row.lab.cluster.store, servers, 1);
    await row.untilRunning(steady, 15, 60_000);
    row.holds('all adopted: the same containers', (await running(row, steady)).join() === kept.join());
    row.count('restarts of running containers', row.restarts(from), 0);
    // Its writes were made in another store, whose revisions are not these.
    for (const write of row.writes) Object.assign(write, { revision: undefined });
  },
};

export const upgraded: RowDefinition = {
  id: 25,
  fault: 'every host is upgraded to N+1, one after the other, and taken back to N',
  async play(row) {
    const steady = await row.runs('steady', 10);
    const from = Date.now();
    const back = hosts.map((host) => row.lose(host));
    const kept = await running(row, steady);
    const file = row.lab.releases[1].split('/').at(-1) ?? '';
    await rig('put', 'h1', row.lab.releases[1], `/root/${file}`);
    for (const [what, flag] of [
      ['upgraded', ''],
      ['taken back', ' --rollback'],
    ] as const) {
      const begun = Date.now();
      const said = await shell('h1', `skep upgrade ${file}${flag} --yes`, 400_000);
      row.holds(
        `five hosts ${what}`,
        said.code === 0,
        `${said.stdout.slice(-300)}${said.stderr.slice(-600)}`,
      );
      row.time(`five hosts ${what}, one by one`, Date.now() - begun, 240_000);
      await row.lab.cluster.whole();
      row.holds('the same containers', (await running(row, steady)).join() === kept.join());
    }
    for (const end of back) end();
    row.count('restarts of running containers', row.restarts(from), 0);
  },
};

/** etcd's own switch for a quota that is used up: raising the alarm by hand is the same as filling 8 GB. */
async function raiseNoSpace(row: Row, server: string): Promise<void> {
  const { ca, pair } = row.lab.cluster.store;
  const files = ['--cacert', ca, '--cert', pair, '--key', pair];
  const url = `https://${addressOf(server)}:7401/v3/maintenance/alarm`;
  const body = JSON.stringify({ action: 'ACTIVATE', alarm: 'NOSPACE' });
  const said = await run('curl', ['-fsS', '-m', '5', ...files, '-d', body, url], { deadlineMs: 10_000 });
  if (said.code !== 0) throw new Error(`the alarm could not be raised: ${said.stderr}`);
}

export const outOfSpace: RowDefinition = {
  id: 7,
  fault: "etcd's quota is used up: its alarm NOSPACE, for 20 s",
  async play(row) {
    const steady = await row.runs('steady', 10);
    const from = Date.now();
    await raiseNoSpace(row, 'h1');
    const refused = await shell('h1', `skep run ${row.prefix}-refused ${image} --memory 16M -- sleep 1000`);
    row.holds(
      'new work is refused with that reason',
      /space/i.test(refused.stderr),
      refused.stderr || refused.stdout,
    );
    row.say(refused.stderr.trim().split('\n')[0] ?? '');
    const victim = (await row.lab.engines.running()).find(({ guid }) => guid === steady);
    if (victim === undefined) throw new Error('nothing of it runs');
    row.kills.push({ containerId: victim.containerId, at: Date.now() });
    const killedAt = Date.now();
    await shell(victim.host, `docker kill ${victim.containerId}`);
    const again = await row.startedElsewhere(steady, victim.index, killedAt, 60_000);
    row.time('a crash meanwhile → runs again', again.at - killedAt, 10_000);
    await row.wait(Math.max(0, from + 20_000 - Date.now()));
    const doctor = await shell('h1', 'skep doctor -o json');
    row.holds('skep doctor tells of the alarm', /NOSPACE/.test(doctor.stdout), 'it does not');
    row.count(
      'cells that count as present',
      (await row.lab.cluster.status('h1')).cells.present,
      hosts.length,
      true,
    );
    const disarmedAt = Date.now();
    await etcdctl(row, 'alarm', 'disarm');
    const accepted = await row.took('a write is acknowledged', disarmedAt, 30_000, () =>
      row.scales(steady, 11),
    );
    row.time('alarm off → writes are acknowledged', accepted, 5_000);
    await row.untilRunning(steady, 11, 30_000);
    // The one that was killed is the one start that is due.
    row.count('restarts of running containers', row.restarts(from), 1);
  },
};
