/**
 * Three servers with TLS: one leads the change of the authorities and dies in the midst of each phase; one is removed
 * while it is dead and comes back as the server that it was. Real agents, real etcd, real Docker: no container notices.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type CliResult, eventually, testImage } from '../kit/e2e-cluster.ts';
import { knock, type TlsAgent, type TlsCluster, tlsCluster } from '../kit/tls-cluster.ts';

let cluster: TlsCluster;
let containers: string;
const serverNames = ['a', 'b', 'c'];
/** Held still, or dead: it is not asked. */
let away: string | undefined;

afterEach(({ task }) => {
  if (task.result?.state === 'fail') cluster?.tell();
});

interface Servers {
  readonly rows: readonly { readonly server: string; readonly isLeader: boolean; readonly role: string }[];
}

/** By whichever of the servers answers: the others may be dead just now. */
async function asked(args: readonly string[]): Promise<CliResult> {
  return await eventually(`${args.join(' ')} is answered`, 60_000, async () => {
    const said: string[] = [];
    for (const name of serverNames.filter((one) => one !== away)) {
      const result = await cluster.skep(args, {}, name);
      if (result.code === 0) return result;
      said.push(`${name}: ${result.stderr}`);
    }
    throw new Error(said.join('\n'));
  });
}

/** What may be asked once only: an answer that was lost is no reason to ask again. */
async function done(args: readonly string[], isDone: () => Promise<boolean>): Promise<void> {
  await eventually(`${args.join(' ')} is done`, 90_000, async () => {
    for (const by of serverNames.filter((one) => one !== away)) {
      if (await isDone()) return;
      const { code, stderr } = await cluster.skep(args, {}, by);
      if (code !== 0 && code !== 7) throw new Error(stderr);
    }
    throw new Error('not yet');
  });
}

const servers = async (): Promise<Servers> =>
  JSON.parse((await asked(['server', 'ls', '-o', 'json'])).stdout) as Servers;

async function leader(): Promise<TlsAgent> {
  return await eventually('one of the servers leads', 60_000, async () => {
    const found = (await servers()).rows.find(({ isLeader }) => isLeader);
    if (found === undefined) throw new Error('none leads');
    return cluster.agent(found.server);
  });
}

async function untilThree(): Promise<void> {
  await eventually('three servers vote', 120_000, async () => {
    const { stdout } = await asked(['server', 'ls']);
    if (stdout.match(/^[abc] +(leader|voter) +answers/gm)?.length !== 3) throw new Error(stdout);
  });
}

async function untilPresent(cells: number): Promise<void> {
  await eventually(`${cells} cells are there`, 90_000, async () => {
    const { stdout } = await asked(['status']);
    if (!stdout.includes(`${cells} present`)) throw new Error(stdout);
  });
}

interface Rotation {
  readonly phase: string;
  readonly next: string;
  readonly waitsFor: readonly string[];
}
const rotation = async (): Promise<Rotation> =>
  JSON.parse((await asked(['cert', 'rotate-ca', 'status', '-o', 'json'])).stdout) as Rotation;

async function untilRotation(wanted: Partial<Rotation>): Promise<void> {
  await eventually(`the change of the authorities is at ${JSON.stringify(wanted)}`, 150_000, async () => {
    expect(await rotation()).toMatchObject(wanted);
  });
}

const authoritiesOf = (text: string): number => text.match(/BEGIN CERTIFICATE/g)?.length ?? 0;

beforeAll(async () => {
  cluster = await tlsCluster();
  const to = ['--join', `127.0.0.1:${cluster.ports.api}`];
  for (const [name, address] of [
    ['b', '127.0.0.2'],
    ['c', '127.0.0.3'],
  ] as const) {
    const file = await cluster.token('server', `token-${name}`);
    cluster.start(name, address, [...to, '--token-file', file]);
  }
  const file = await cluster.token('cell', 'token-d');
  cluster.start('d', '127.0.0.4', [...to, '--server=false', '--token-file', file]);
  await untilThree();
  await untilPresent(4);
  // A cell that dies with its server has its instances replaced, as ever: here none is on one of those.
  for (const name of serverNames) {
    const cordoned = await cluster.skep(['cell', 'cordon', name]);
    expect(cordoned, cordoned.stderr).toMatchObject({ code: 0 });
  }
  const program = ['--', 'sh', '-c', 'trap "exit 0" TERM; sleep 100000 & wait'];
  const made = await cluster.skep(['run', 'web', testImage, '-n', '3', '-m', '16', ...program]);
  expect(made, made.stderr).toMatchObject({ code: 0 });
  containers = await cluster.containers('web');
  expect(containers.trim().split('\n')).toHaveLength(3);
}, 240_000);
afterAll(() => cluster?.close(), 120_000);

/** Kills a server, its etcd too, and starts it again once another one leads. */
async function lose(gone: TlsAgent): Promise<void> {
  away = gone.name;
  await cluster.kill(gone);
  await eventually('another one leads', 60_000, async () => {
    if ((await leader()).name === gone.name) throw new Error('it still does');
  });
  cluster.start(gone.name, gone.address);
  away = undefined;
}

/** Whoever leads is held still, so that it cannot do its part, and killed when the others have done theirs. */
async function loseInTheMidst(phase: string, work: () => Promise<void>): Promise<void> {
  const gone = await leader();
  away = gone.name;
  gone.process?.kill('SIGSTOP');
  await work();
  await untilRotation({ phase, waitsFor: [gone.name] });
  await lose(gone);
}

test('a change of the authorities goes on when its leader is killed, in every phase', async () => {
  const before = readFileSync(join(cluster.folder, 'a/data/pki/store.pem'), 'utf8');
  const old = cluster.host(cluster.agent('a')).cluster.ca;
  await loseInTheMidst('spread', () =>
    done(['cert', 'rotate-ca', 'start'], async () => (await rotation()).phase !== 'steady'),
  );
  await eventually('the new ones sign', 150_000, async () => {
    expect((await rotation()).phase).toBe('reissue');
  });
  await lose(await leader());
  await untilRotation({ phase: 'reissue', next: 'finish', waitsFor: [] });
  await untilThree();
  await loseInTheMidst('retire', () =>
    done(['cert', 'rotate-ca', 'finish'], async () => (await rotation()).phase !== 'reissue'),
  );
  await untilRotation({ phase: 'steady', next: 'nothing' });
  await untilThree();
  for (const agent of cluster.agents) {
    await eventually(`${agent.name} knows the new authority, and no other`, 60_000, async () => {
      const { cluster: held, store } = cluster.host(agent);
      expect(authoritiesOf(held.ca)).toBe(1);
      expect(held.ca).not.toBe(old);
      expect(authoritiesOf(store?.ca ?? '')).toBe(agent.name === 'd' ? 0 : 1);
    });
    if (agent.name === 'd') continue;
    const theirs = await knock(
      cluster.ports.etcdClient,
      { cert: before, key: before },
      { host: agent.address },
    );
    expect(theirs).toMatch(/UNKNOWN_CA|BAD_CERTIFICATE/);
  }
  expect(await cluster.containers('web')).toBe(containers);
}, 600_000);

test('a server that is removed while it is dead comes back as a cell: the store refuses it, the API says why', async () => {
  const gone = cluster.agent((await servers()).rows.find(({ isLeader }) => !isLeader)?.server ?? '');
  const held = readFileSync(join(gone.folder, 'data/pki/store.pem'), 'utf8');
  const others = cluster.agents.filter(({ name }) => name !== gone.name && name !== 'd');
  away = gone.name;
  await cluster.kill(gone);
  await done(['server', 'remove', gone.name, '--yes', '--force'], async () =>
    (await servers()).rows.every(({ server }) => server !== gone.name),
  );
  await eventually('the etcd of the others refuses it', 60_000, async () => {
    for (const { folder, address } of others) {
      const own = readFileSync(join(folder, 'data/pki/store.pem'), 'utf8');
      const theirs = await knock(cluster.ports.etcdClient, { cert: held, key: held }, { host: address });
      // One that is just being started anew opens to nobody.
      const ours = await knock(cluster.ports.etcdClient, { cert: own, key: own }, { host: address });
      if (!ours.includes('"health":"true"') || theirs.includes('health'))
        throw new Error(`${ours} ${theirs}`);
    }
  });
  expect((await asked(['events', '--limit', '100'])).stdout).toMatch(
    new RegExp(`auth\\.certificate +${gone.name}: .*no server's any more`),
  );
  cluster.start(gone.name, gone.address);
  await eventually('it has the certificate of a cell', 120_000, async () => {
    expect(cluster.roles(gone)).toBe('cell');
    expect(cluster.host(gone).store).toBeUndefined();
  });
  expect(cluster.log(gone)).toMatch(/was removed from the servers at .*server\.stands_down/);
  await untilPresent(4);
  expect((await servers()).rows.map(({ server }) => server).sort()).toEqual(
    others.map(({ name }) => name).sort(),
  );
  expect(await cluster.containers('web')).toBe(containers);
}, 300_000);
