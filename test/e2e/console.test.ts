/**
 * `exec` and `attach` as they are used: piped and in a real terminal, through a server that is not the
 * instance's own host, and with every end that such a session can have.
 */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LocalAgent } from '../../src/cli/run/local-cluster.ts';
import { type CliChild, cliProgram, startCli } from '../kit/cli-child.ts';
import { type E2eCluster, e2eCluster, eventually, run as runProgram, testImage } from '../kit/e2e-cluster.ts';
import { openTerminal, type TestTerminal } from '../kit/pty.ts';

let cluster: E2eCluster;
let relay: LocalAgent;
let host: LocalAgent;
/** An instance of `web` on the second host; the CLI speaks to the first. */
let far: string;
const children: CliChild[] = [];
const terminals: TestTerminal[] = [];
const endsOnTerm = 'trap "exit 0" TERM; sleep 100000 & wait';
const ticks = 'trap "exit 0" TERM; i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.2; done';

const call = () => ({ signal: AbortSignal.timeout(20_000), deadlineMs: 15_000 });

beforeAll(async () => {
  cluster = await e2eCluster({ cells: 2, servers: 2 });
  [relay, host] = cluster.agents as [LocalAgent, LocalAgent];
  await run('web', '-n', '2', '--', 'sh', '-c', endsOnTerm);
  const { rows } = await cluster.client().call('listInstances', { query: { guid: 'web' } }, call());
  const there = rows.find((row) => row.cellId === host.name);
  if (there === undefined) throw new Error('no instance of web is on the second host');
  far = `web/${there.index}`;
}, 120_000);

afterEach(async () => {
  for (const child of children.splice(0)) await child.kill();
  for (const terminal of terminals.splice(0)) await terminal.close();
});

afterAll(() => cluster?.stop(), 60_000);

async function run(name: string, ...args: string[]): Promise<void> {
  const at = args.indexOf('--');
  const flags = ['--stop-grace', '1s', '-m', '32', ...args.slice(0, at)];
  const result = await cluster.skep(['run', name, testImage, ...flags, ...args.slice(at)]);
  expect(result, result.stderr).toMatchObject({ code: 0 });
}

const exec = (...args: string[]) => cluster.skep(['exec', far, '--', ...args]);

function start(args: readonly string[], agent: LocalAgent = relay): CliChild {
  const child = startCli(agent.api, args);
  children.push(child);
  return child;
}

/** The command lines of what runs in the far instance, as the engine tells them. */
async function commands(): Promise<string[]> {
  const [container] = (await cluster.containers()).filter((one) => one.instance === far);
  if (container === undefined) throw new Error(`${far} has no container`);
  const top = await runProgram('docker', ['top', container.id, '-eo', 'pid,args'], { deadlineMs: 20_000 });
  return top.stdout.split('\n').map((line) => line.trim().replace(/^\d+\s+/, ''));
}

const untilRuns = (words: string) =>
  eventually(`"${words}" runs`, 20_000, async () => expect(await commands()).toContain(words));

const untilGone = (words: string) =>
  eventually(`no "${words}" is left`, 20_000, async () => {
    const left = await commands();
    expect(left.join()).toContain('sh -c');
    expect(left).not.toContain(words);
  });

describe('exec without a terminal', () => {
  it('[diego 228, 233-234] keeps standard output and error apart, and gives the status and the instance’s own variables', async () => {
    const result = await exec('sh', '-c', 'echo "i am $INSTANCE_INDEX"; echo wrong >&2; exit 3');
    expect(result).toEqual({ code: 3, stdout: `i am ${far.slice(4)}\n`, stderr: 'wrong\n' });
    expect(await exec('true')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('gives 127 and the reason for a command that does not exist', async () => {
    const result = await exec('frobnicate');
    expect(result.code).toBe(127);
    expect(result.stderr).toMatch(/frobnicate.*not found/);
    expect(result.stdout).toBe('');
  });

  it('gives 128 and the signal’s number when a signal ended the command', async () => {
    expect((await exec('sh', '-c', 'kill -9 $$')).code).toBe(137);
  });

  it('pipes binary data through, every byte of it, both ways', async () => {
    const data = randomBytes(5 * 2 ** 20);
    const child = start(['exec', '-i', far, '--', 'sh', '-c', 'tee /tmp/copy; md5sum /tmp/copy >&2']);
    const hash = createHash('md5');
    child.process.stdout.removeAllListeners('data');
    (child.process.stdout as { setEncoding(name: string): unknown }).setEncoding('latin1');
    let bytes = 0;
    child.process.stdout.on('data', (text: string) => {
      bytes += text.length;
      hash.update(Buffer.from(text, 'latin1'));
    });
    child.process.stdin.end(data);
    expect(await child.ended, child.stderr()).toBe(0);
    const sum = createHash('md5').update(data).digest('hex');
    expect(bytes).toBe(data.length);
    expect(hash.digest('hex')).toBe(sum);
    expect(child.stderr()).toContain(sum);
  });

  it('holds a command back whose output nobody takes, and no other one', async () => {
    const script = '/bin/dd if=/dev/zero bs=1M count=96 2>/dev/null; touch /tmp/written';
    const slow = start(['exec', far, '--', 'sh', '-c', script]);
    slow.process.stdout.pause();
    // dd overwrites its own words, so that only its name is left of them.
    await eventually('it runs', 20_000, async () =>
      expect((await commands()).some((line) => line.startsWith('/bin/dd '))).toBe(true),
    );
    for (let tries = 0; tries < 3; tries++) {
      expect((await exec('test', '-e', '/tmp/written')).code).toBe(1);
    }
    let bytes = 0;
    slow.process.stdout.removeAllListeners('data');
    slow.process.stdout.on('data', (text: string) => {
      bytes += text.length;
    });
    slow.process.stdout.resume();
    expect(await slow.ended, slow.stderr()).toBe(0);
    expect(bytes).toBe(96 * 2 ** 20);
    expect((await exec('test', '-e', '/tmp/written')).code).toBe(0);
  });

  it('passes SIGINT on, and gives the status that the command makes of it', async () => {
    const child = start([
      'exec',
      far,
      '--',
      'sh',
      '-c',
      'trap "echo caught; exit 42" INT; echo ready; while :; do sleep 0.1; done',
    ]);
    await child.until(/ready/);
    child.process.kill('SIGINT');
    expect(await child.ended).toBe(42);
    expect(child.stdout()).toBe('ready\ncaught\n');
  });

  it.each([
    ['SIGTERM', 143, 'sleep 4241'],
    ['SIGHUP', 129, 'sleep 4242'],
    ['SIGKILL', 'SIGKILL', 'sleep 4243'],
  ] as const)('that is ended by %s ends its command', async (signal, status, words) => {
    const child = start(['exec', far, '--', 'sh', '-c', `echo ready; exec ${words}`]);
    await child.until(/ready/);
    await untilRuns(words);
    child.process.kill(signal);
    expect(await child.ended).toBe(status);
    await untilGone(words);
  });
});

describe('exec refuses', () => {
  it.each([
    ['an unknown LRP', 'nothing/0', 3, /there is no LRP "nothing"/],
    [
      '[diego 235] an index that is out of range',
      'web/7',
      3,
      /"web" has no instance 7: valid indexes: 0 to 1/,
    ],
    ['an index that is none', 'web/x', 2, /"x"/],
  ])('%s', async (_name, target, code, message) => {
    const result = await cluster.skep(['exec', target, '--', 'true']);
    expect(result.code, result.stderr).toBe(code);
    expect(result.stderr).toMatch(message);
    expect(result.stdout).toBe('');
  });

  it('an instance that has crashed, and says how', async () => {
    const action = { kind: 'run' as const, args: ['sh', '-c', 'exit 7'] };
    await cluster.client().call('desireLrp', { body: { guid: 'fails', image: testImage, action } }, call());
    await eventually('it is CRASHED', 30_000, async () => {
      const { rows } = await cluster.client().call('listInstances', { query: { guid: 'fails' } }, call());
      expect(rows[0]?.state).toBe('CRASHED');
    });
    for (const verb of ['exec', 'attach']) {
      const result = await cluster.skep([verb, 'fails', ...(verb === 'exec' ? ['--', 'true'] : [])]);
      expect(result.code, result.stderr).toBe(4);
      expect(result.stderr).toMatch(/fails\/0 is CRASHED[\s\S]*status 7/);
    }
    expect((await cluster.skep(['rm', 'fails', '--yes'])).code).toBe(0);
  });

  it('-it without a terminal', async () => {
    const result = await cluster.skep(['exec', '-it', far, '--', 'sh']);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/-t: standard input is not a terminal[\s\S]*-i/);
  });
});

/** Runs `skep ARGS` in a shell of the terminal, between two looks at the terminal's modes. */
function terminalWith(args: string): TestTerminal {
  const skep = cliProgram.map((word) => `'${word}'`).join(' ');
  const script = `stty -g; ${skep} ${args}; echo "status=$?"; stty -g; read -r _`;
  const terminal = openTerminal(['sh', '-c', script], {
    columns: 101,
    rows: 37,
    env: { SKEP_SERVER: relay.api },
  });
  terminals.push(terminal);
  return terminal;
}

/** Asks the other side for its size until that is right: before Docker 23 it comes a moment after the start. */
const untilSized = (terminal: TestTerminal, size: string) =>
  eventually(`the other side has the size ${size}`, 20_000, async () => {
    terminal.type('clear; stty size\r');
    await terminal.untilScreen(/^(\d+ \d+|stty: .*)\n.*[#$] ?$/m);
    expect(await terminal.screen()).toMatch(new RegExp(`^${size}$`, 'm'));
  });

/** The terminal's modes before and after the command, as `stty -g` tells them. */
const modesOf = (terminal: TestTerminal): string[] =>
  terminal.output().match(/^[0-9a-f]+(:[0-9a-f]+){10,}/gm) ?? [];

describe('exec in a terminal', () => {
  it('[diego 229] is a shell of the right size, follows resizes, takes Ctrl-C, and leaves the terminal as it was', async () => {
    const terminal = terminalWith(`exec -it ${far} -- sh`);
    await terminal.untilScreen(/[#$] ?$/);
    await untilSized(terminal, '37 101');
    terminal.type('echo $((6*7)) $INSTANCE_INDEX\r');
    await terminal.untilScreen(new RegExp(`^42 ${far.slice(4)}$`, 'm'));
    terminal.resize(83, 29);
    await untilSized(terminal, '29 83');
    terminal.type('/bin/sleep 1000\r');
    await untilRuns('/bin/sleep 1000');
    terminal.type('\u0003');
    await untilGone('/bin/sleep 1000');
    terminal.type('exit 5\r');
    await terminal.untilScreen(/status=5[\s\S]*:/);
    await eventually('the modes are told twice', 10_000, async () =>
      expect(modesOf(terminal)).toHaveLength(2),
    );
    expect(modesOf(terminal)[1]).toBe(modesOf(terminal)[0]);
  });

  it('opens an editor that fills the screen, and saves what was typed', async () => {
    const terminal = terminalWith(`exec -it ${far} -- vi /tmp/poem.txt`);
    await terminal.untilScreen(/~\n~[\s\S]*poem\.txt/);
    terminal.type('iso much depends\u001b');
    await terminal.untilScreen(/^so much depends/m);
    terminal.type(':wq\r');
    await terminal.untilScreen(/status=0/);
    expect((await exec('cat', '/tmp/poem.txt')).stdout).toBe('so much depends\n');
  });

  it('is a shell when nothing is said, and Ctrl-D ends it', async () => {
    const terminal = terminalWith(`exec ${far}`);
    await terminal.untilScreen(/[#$] ?$/);
    terminal.type('\u0004');
    await terminal.untilScreen(/status=0/);
  });
});

describe('attach', () => {
  it('shows what the main process writes, and leaves it running', async () => {
    await run('ticker', '--', 'sh', '-c', ticks);
    const [before] = (await cluster.containers()).filter((one) => one.instance === 'ticker/0');
    const child = start(['attach', 'ticker']);
    await child.until(/tick \d+\ntick \d+\n/);
    expect(child.stderr()).toContain('joined ticker/0');
    child.process.kill('SIGINT');
    expect(await child.ended).toBe(130);
    const [after] = (await cluster.containers()).filter((one) => one.instance === 'ticker/0');
    expect(after).toEqual(before);
    expect((await cluster.skep(['rm', 'ticker', '--yes'])).code).toBe(0);
  });

  it('passes what is typed on to it, until Ctrl-]', async () => {
    await run('echoer', '--', 'cat');
    const terminal = terminalWith('attach -i echoer');
    await terminal.untilScreen(/joined echoer\/0/);
    terminal.type('hello there\r');
    await terminal.untilScreen(/^hello there\nhello there$/m);
    terminal.type('\u001d\r');
    await terminal.untilScreen(/status=0/);
    expect((await cluster.skep(['ps', 'echoer'])).stdout).toMatch(/RUNNING|running/);
    expect((await cluster.skep(['rm', 'echoer', '--yes'])).code).toBe(0);
  });
});

describe('a server that is killed in the middle of a session', () => {
  it('ends the CLI with 255 and a line, and the command with it', async () => {
    const script = 'echo ready; exec sleep 777';
    const piped = start(['exec', far, '--', 'sh', '-c', script]);
    await piped.until(/ready/);
    const terminal = terminalWith(`exec -it ${far} -- sh`);
    await terminal.untilScreen(/[#$] ?$/);
    await cluster.kill(relay, 'SIGKILL');
    expect(await piped.ended).toBe(255);
    expect(piped.stderr()).toMatch(new RegExp(`^skep: ${far}: .*connection.*\\n$`));
    await terminal.untilScreen(/connection[\s\S]*status=255/);
    await eventually('the modes are told twice', 10_000, async () =>
      expect(modesOf(terminal)).toHaveLength(2),
    );
    expect(modesOf(terminal)[1]).toBe(modesOf(terminal)[0]);
    await untilGone('sleep 777');
  });
});
