/** install.sh as an operator runs it: set up, again, upgraded, broken, killed in the middle, taken away. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../kit/e2e-cluster.ts';
import {
  breakProgram,
  checkout,
  type Installation,
  installation,
  listenOn,
  otherCheckout,
} from '../kit/install.ts';

let here: Installation;
const others: string[] = [];

function other(): string {
  const folder = otherCheckout();
  others.push(folder);
  return folder;
}

const scripts = ['packaging', 'packaging/install'].flatMap((folder) =>
  readdirSync(join(checkout, folder))
    .filter((name) => name.endsWith('.sh'))
    .map((name) => join(checkout, folder, name)),
);

describe('the scripts', () => {
  it('are plain POSIX sh: shellcheck, dash and busybox have nothing to say', () => {
    execFileSync('shellcheck', [join(checkout, 'install.sh'), ...scripts], { stdio: 'pipe' });
    for (const script of scripts) {
      execFileSync('sh', ['-n', script], { stdio: 'pipe' });
      execFileSync('busybox', ['ash', '-n', script], { stdio: 'pipe' });
    }
  });
});

// Only root can set anything up.
describe.skipIf(process.getuid?.() !== 0)('install.sh', () => {
  beforeAll(async () => {
    here = await installation();
  });

  afterAll(async () => {
    await here.remove();
    for (const folder of others) rmSync(folder, { recursive: true, force: true });
  });

  it('refuses an option that it does not have', async () => {
    const result = await here.install(['--demmo']);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain("there is no option '--demmo'");
    expect(readdirSync(here.root)).toEqual([]);
  });

  it('names a port that is taken, who has it, and what to do, before it changes anything', async () => {
    const holder = await listenOn(here.portBase + 1);
    const result = await here.install([]);
    await holder.release();
    expect(result.code).toBe(4);
    expect(result.stderr).toContain(`port ${here.portBase + 1} is taken by `);
    expect(result.stderr).toContain(`(pid ${process.pid})`);
    expect(result.stderr).toContain('ports: { api: N');
    expect(readdirSync(here.root)).toEqual([]);
  });

  it('says with --dry-run what it would do, and does nothing', async () => {
    const result = await here.install(['--dry-run', '--demo']);
    expect(result.code, result.stderr).toBe(0);
    expect(result.stdout).toContain(`would write ${here.root}/etc/skep/agent.yaml`);
    expect(result.stdout).toContain('Nothing was changed');
    expect(readdirSync(here.root)).toEqual([]);
  });

  it('waits for nobody: a second run beside the first is refused', async () => {
    const release = await holdLock(here.root);
    const result = await here.install([]);
    await release();
    expect(result.code).toBe(3);
    expect(result.stderr).toContain('another install.sh is at work');
  });

  it('leaves nothing when the agent of a first set-up does not start', async () => {
    const broken = other();
    breakProgram(broken, "process.argv.includes('agent')");
    const result = await here.install([], join(broken, 'install.sh'));
    expect(result.code).toBe(9);
    expect(result.stderr).toMatch(/step 8\/8 "Waiting until the cluster answers" failed: the agent ended/);
    expect(result.stderr).toContain('broken on purpose');
    expect(readdirSync(here.root, { recursive: true })).toEqual([]);
    expect(here.processes()).toEqual([]);
  });

  it('leaves nothing when it is interrupted', async () => {
    const ended = await here.signalAt('==> 8/8', 'SIGINT', []);
    expect(ended.code).toBe(130);
    expect(ended.stderr).toContain('interrupted in step 8/8');
    expect(readdirSync(here.root, { recursive: true })).toEqual([]);
    expect(here.processes()).toEqual([]);
  });

  it('goes on from what a killed run left, and runs the demo', async () => {
    const killed = await here.signalAt('==> 5/10', 'SIGKILL', ['--demo']);
    expect(killed.killedBy).toBe('SIGKILL');
    expect(here.release()).not.toBe('');
    const result = await here.install(['--demo']);
    expect(result.code, result.stdout + result.stderr).toBe(0);
    expect(result.stdout).toContain('an earlier run was cut short');
    expect(result.stdout).toMatch(/hello +3\/3 +running/);
    expect(await pages()).toEqual(['Hello from hello/0', 'Hello from hello/1', 'Hello from hello/2']);
  });

  it('finds nothing to do the second time', async () => {
    const before = { pid: here.agentPid(), containers: await here.containers(), files: files() };
    const result = await here.install(['--demo']);
    expect(result.code, result.stderr).toBe(0);
    expect(result.stdout).toContain('Nothing to do');
    expect({ pid: here.agentPid(), containers: await here.containers(), files: files() }).toEqual(before);
  });

  it('takes back a program that cannot be built, without a pause of the one that runs', async () => {
    const broken = other();
    breakProgram(broken, 'true');
    const before = { pid: here.agentPid(), release: here.release() };
    const result = await here.install([], join(broken, 'install.sh'));
    expect(result.code).toBe(7);
    expect(result.stderr).toMatch(/step 4\/8 "The program, with its own Node" failed/);
    expect(result.stderr).toContain('broken on purpose');
    expect({ pid: here.agentPid(), release: here.release() }).toEqual(before);
  });

  it('goes back to the release before when the new agent does not start', async () => {
    const broken = other();
    breakProgram(broken, "process.argv.includes('agent')");
    const before = { containers: await here.containers(), release: here.release() };
    const result = await here.install([], join(broken, 'install.sh'));
    expect(result.code).toBe(9);
    expect(result.stderr).toContain('the agent ended');
    expect(result.stderr).toContain(`${before.release} is in place as before`);
    // What ended was told of its restart, and ended only when its cell was known to stay, or nobody answered.
    const log = readFileSync(join(here.root, 'var/log/skep/agent.log'), 'utf8');
    const told =
      /agent\.restart_announced[^]*?"presence\.(?:registered|not_prolonged)[^]*?"agent\.stopped/.exec(log);
    expect(told, log).not.toBeNull();
    expect((await here.install([])).stdout).toContain('Nothing to do');
    expect({ containers: await here.containers(), release: here.release() }).toEqual(before);
  });

  it('upgrades: containers run on, edited settings stay', async () => {
    const next = other();
    appendFileSync(join(next, 'src/cli/main.ts'), '// another release\n');
    appendFileSync(join(next, 'packaging/agent.yaml'), '# another template\n');
    const settings = join(here.root, 'etc/skep/agent.yaml');
    appendFileSync(settings, 'logLevel: warn\n');
    const containers = await here.containers();
    const before = here.agentPid();
    const result = await here.install([], join(next, 'install.sh'));
    expect(result.code, result.stdout + result.stderr).toBe(0);
    expect(here.agentPid()).not.toBe(before);
    expect(readFileSync(settings, 'utf8')).toContain('logLevel: warn');
    expect(readFileSync(`${settings}.new`, 'utf8')).toContain('# another template');
    expect(result.stdout).toContain(`${settings} was edited and stays as it is`);
    expect(await here.containers()).toEqual(containers);
    expect((await here.install([], join(next, 'install.sh'))).stdout).toContain('Nothing to do');
  });

  it('takes everything away', async () => {
    expect((await here.containers()).length).toBe(3);
    const unasked = await here.install(['--uninstall', '--purge']);
    expect(unasked).toMatchObject({ code: 10 });
    expect(unasked.stderr).toContain('--yes');
    const result = await here.install(['--uninstall', '--purge', '--yes']);
    expect(result.code, result.stdout + result.stderr).toBe(0);
    expect(result.stdout).toContain('3 containers of this cluster');
    expect(readdirSync(here.root, { recursive: true })).toEqual([]);
    expect(await here.containers()).toEqual([]);
    expect(here.processes()).toEqual([]);
    expect((await here.install(['--uninstall'])).stdout).toContain('nothing to do');
  });
});

/** What each instance of hello answers, without the guid. */
async function pages(): Promise<string[]> {
  const { stdout } = await here.skep('ps', 'hello');
  const addresses = stdout.match(/127\.[\d.]+:\d+/g) ?? [];
  const texts = await Promise.all(
    addresses.map(async (address) => {
      const response = await fetch(`http://${address}/`, { signal: AbortSignal.timeout(10_000) });
      return (await response.text()).replace(/ \(.*/s, '');
    }),
  );
  return texts.sort();
}

/** Every file that a second run could have written, with when it was. */
function files(): string[] {
  const list = execFileSync('find', [here.root, '-type', 'f', '-printf', '%p %T@\n'], { encoding: 'utf8' });
  return list
    .split('\n')
    .filter((line) => !/\/var\/(lib\/skep|log|lib\/skep-install)\//.test(line))
    .sort();
}

/** Holds the installer's lock as another run would. */
async function holdLock(root: string): Promise<() => Promise<unknown>> {
  const marker = join(root, 'locked');
  const ended = run(
    'flock',
    [root, 'sh', '-c', `touch ${marker}; while [ -e ${marker} ]; do sleep 0.1; done`],
    {
      deadlineMs: 30_000,
    },
  );
  await expect.poll(() => existsSync(marker), { timeout: 10_000 }).toBe(true);
  return () => {
    rmSync(marker);
    return ended;
  };
}
