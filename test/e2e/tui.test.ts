/**
 * The terminal UI as an operator has it: a real pseudo-terminal of 80 by 24 against a real cluster of three hosts. Every
 * step is typed, every screen read back.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LocalAgent } from '../../src/cli/run/local-cluster.ts';
import { cliProgram, startCli } from '../kit/cli-child.ts';
import { type E2eCluster, e2eCluster, eventually, testImage } from '../kit/e2e-cluster.ts';
import { openTerminal, type TestTerminal } from '../kit/pty.ts';

let cluster: E2eCluster;
let home: string;
const terminals: TestTerminal[] = [];
const keys = {
  enter: '\r',
  escape: '\x1b',
  up: '\x1b[A',
  down: '\x1b[B',
  right: '\x1b[C',
  prefix: '\x1d',
  save: '\x13',
};
/** Saves another number of instances. */
const editor = "sed -i 's/instances: 1/instances: 2/'";
const works = 'trap "exit 0" TERM; i=0; while :; do i=$((i+1)); echo line $i; sleep 0.5; done';

const call = () => ({ signal: AbortSignal.timeout(20_000), deadlineMs: 15_000 });

beforeAll(async () => {
  cluster = await e2eCluster({ cells: 3, servers: 3 });
  home = mkdtempSync(join(tmpdir(), 'skep-tui-home-'));
  for (const [name, count] of [
    ['web', 3],
    ['api', 1],
  ] as const) {
    const result = await cluster.skep([
      'run',
      name,
      testImage,
      '-n',
      String(count),
      '-m',
      '16',
      '--stop-grace',
      '1s',
      '--',
      'sh',
      '-c',
      works,
    ]);
    expect(result, result.stderr).toMatchObject({ code: 0 });
  }
}, 180_000);

afterEach(async () => {
  for (const terminal of terminals.splice(0)) await terminal.close();
});

afterAll(async () => {
  await cluster?.stop();
  rmSync(home, { recursive: true, force: true });
}, 60_000);

/** Opens the UI against one agent and waits for the list it begins with. */
async function openUi(
  agent: LocalAgent | undefined = cluster.agents[0],
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<TestTerminal> {
  const terminal = startUi(agent, args, env);
  await terminal.untilScreen(/web +\S+ +3 +3/);
  return terminal;
}

function startUi(
  agent: LocalAgent | undefined,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): TestTerminal {
  const terminal = openTerminal([...cliProgram, ...args] as [string, ...string[]], {
    columns: 80,
    rows: 24,
    env: {
      SKEP_SERVER: agent?.api,
      HOME: home,
      EDITOR: editor,
      LANG: 'C.UTF-8',
      LC_ALL: undefined,
      NO_COLOR: undefined,
      ...env,
    },
  });
  terminals.push(terminal);
  return terminal;
}

async function command(terminal: TestTerminal, line: string): Promise<void> {
  terminal.type(`:${line}${keys.enter}`);
}

const instancesOf = async (guid: string) =>
  (await cluster.client(cluster.agents[1]).call('listInstances', { query: { guid } }, call())).rows;

describe('looking', () => {
  it('goes from the LRP to its instances, to one of them, to its cell, and back the same way', async () => {
    const terminal = await openUi();
    terminal.type('/web');
    await terminal.untilScreen(/\/web/);
    terminal.type(keys.enter);
    await terminal.untilScreen(/1-1 of 1 \(2 in all\)/);
    terminal.type(keys.enter);
    await terminal.untilScreen(/web\/2 +RUNNING/);
    terminal.type(keys.enter);
    const page = await terminal.untilScreen(/instance web\/0[\s\S]*RUNNING/);
    expect(page).toMatch(/cell: +\S+/);
    terminal.type('o');
    await terminal.untilScreen(/── cell \S+ ─[\s\S]*CPU +\d/);
    terminal.type('qqq');
    await terminal.untilScreen(/── LRPs/);
  });

  it('follows what happens without a key', async () => {
    const terminal = await openUi();
    await command(terminal, 'events');
    await terminal.untilScreen(/instance\.running/);
    await cluster.skep(['cell', 'cordon', cluster.agents[2]?.name ?? '', '--reason', 'look']);
    await terminal.untilScreen(/cell\.cordoned/);
    await cluster.skep(['cell', 'uncordon', cluster.agents[2]?.name ?? '']);
    await terminal.untilScreen(/cell\.uncordoned/);
  });

  it('shows the output of all instances, pauses without losing, saves', async () => {
    const terminal = await openUi();
    terminal.type(`/web${keys.enter}`);
    await terminal.untilScreen(/1-1 of 1 \(2 in all\)/);
    terminal.type('l');
    await terminal.untilScreen(/web\/0[\s\S]*line \d/);
    await terminal.untilScreen(/web\/2[^\n]*line \d/);
    terminal.type(keys.save);
    await terminal.untilScreen(/saved as \S+/);
    const dumps = join(home, '.local/state/skep/dumps');
    const [name = ''] = readdirSync(dumps);
    expect(name).toMatch(/^logs-web-/);
    expect(readFileSync(join(dumps, name), 'utf8')).toMatch(/web\/1.*line \d+/);
  });

  it('prints a view as plain lines, and says what changes in it', async () => {
    const [first, , third] = cluster.agents as [LocalAgent, LocalAgent, LocalAgent];
    const printed = await cluster.skep(['ui', '--plain=instances web']);
    expect(printed).toMatchObject({ code: 0, stderr: '' });
    expect(printed.stdout).toMatch(/^3 instances: 3 RUNNING\nweb\/0: RUNNING, ready yes, cell cell-\d/);
    const watch = startCli(first.api, ['ui', '--plain=cells', '--watch']);
    try {
      await watch.until(new RegExp(`${third.name}: ready`));
      await cluster.skep(['cell', 'cordon', third.name, '--reason', 'look']);
      await watch.until(new RegExp(`${third.name}: state cordoned, was ready`));
      await cluster.skep(['cell', 'uncordon', third.name]);
      await watch.until(new RegExp(`${third.name}: state ready, was cordoned`));
      watch.process.kill('SIGINT');
      await expect(watch.ended).resolves.toBe(130);
    } finally {
      await watch.kill();
    }
    const refused = await cluster.skep(['ui', '--plain=logs web']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('skep logs');
  });
});

describe('changing', () => {
  it('scales up and down after showing where the new ones would land', async () => {
    const terminal = await openUi();
    await command(terminal, 'scale web 5');
    await terminal.untilScreen(/web would go from 3 to 5[\s\S]*starts on[\s\S]*skep scale web 5/);
    terminal.type(`${keys.enter}${keys.enter}`);
    await terminal.untilScreen(/web +\S+ +5 +5/);
    await command(terminal, 'scale web 3');
    await terminal.untilScreen(/web would go from 5 to 3/);
    terminal.type(`${keys.enter}${keys.enter}`);
    await terminal.untilScreen(/web +\S+ +3 +3/);
    await eventually('three instances are left', 30_000, async () =>
      expect(await instancesOf('web')).toHaveLength(3),
    );
  });

  it('changes nothing in read-only mode', async () => {
    const terminal = await openUi(cluster.agents[0], ['ui', '--read-only']);
    await terminal.untilScreen(/READ-ONLY/);
    await command(terminal, 'scale web 7');
    await terminal.untilScreen(/read-only mode: nothing is changed/);
    expect((await instancesOf('web')).length).toBe(3);
  });

  it("changes a record in the operator's editor after showing what that does", async () => {
    const terminal = await openUi();
    await command(terminal, 'edit api');
    await terminal.untilScreen(/- instances: 1[\s\S]*\+ instances: 2[\s\S]*would go from 1 to 2/);
    terminal.type(keys.right + keys.enter);
    await terminal.untilScreen(/api +\S+ +2 +2/);
    await command(terminal, 'scale api 1');
    await terminal.untilScreen(/api would go from 2 to 1/);
    terminal.type(keys.enter.repeat(2));
    await terminal.untilScreen(/api +\S+ +1 +1/);
  });

  it('drains a cell, shows how it goes, and takes the cell back', async () => {
    const cell = (await instancesOf('api'))[0]?.cellId ?? '';
    const terminal = await openUi();
    await command(terminal, `drain ${cell}`);
    await terminal.untilScreen(/Drain \S+ on cluster[\s\S]*starts on/);
    terminal.type(`test${keys.enter.repeat(4)}`);
    await terminal.untilScreen(/the drain goes on by itself/);
    await command(terminal, `cell ${cell}`);
    await terminal.untilScreen(/drain(ing|ed)/);
    terminal.type('R');
    await terminal.untilScreen(/drained: the host may be/);
    expect((await instancesOf('api'))[0]?.cellId).not.toBe(cell);
    terminal.type('u');
    await terminal.untilScreen(/Uncordon/);
    terminal.type(`${keys.right}${keys.enter}`);
    await terminal.untilScreen(/work is placed there again/);
  });
});

describe('consoles', () => {
  it('types in two panes side by side, and a paste arrives whole', async () => {
    const terminal = await openUi();
    await command(terminal, 'instances web');
    await terminal.untilScreen(/web\/0 +RUNNING/);
    terminal.type('s');
    await terminal.untilScreen(/^\/ #$/m);
    terminal.type('stty size; echo first-$((40+2))\r');
    await terminal.untilScreen(/^22 80[\s\S]*first-42/m);
    terminal.type(`${keys.prefix}|`);
    await eventually('two prompts', 20_000, async () => {
      const screen = await terminal.screen();
      expect(screen.match(/# /g)?.length ?? 0).toBeGreaterThan(1);
    });
    terminal.type('echo second-$((50+3))\r');
    await terminal.untilScreen(/first-42[\s\S]*second-53|second-53[\s\S]*first-42/);
    const lines = Array.from({ length: 200 }, (_, index) => `pasted ${index}`).join('\n');
    // The shell reads a line at a time; what is pasted before `cat` has the terminal would be its own.
    terminal.type("echo rea''dy; cat > /tmp/pasted; wc -l < /tmp/pasted\r");
    await terminal.untilScreen(/^.*│ready/m);
    terminal.type(`\x1b[200~${lines}\n\x1b[201~`);
    await terminal.untilScreen(/pasted 199/);
    terminal.type('\x04');
    await terminal.untilScreen(/^.*\b200\b/m);
    terminal.type(`${keys.prefix}q`);
    await terminal.untilScreen(/── instances of web/);
  });

  it('is as it was after another terminal takes it up', async () => {
    const terminal = await openUi();
    await command(terminal, 'instances api');
    await terminal.untilScreen(/api\/0 +RUNNING/);
    terminal.type('s');
    await terminal.untilScreen(/^\/ #$/m);
    terminal.type('echo kept-$((60+4))\r');
    await terminal.untilScreen(/kept-64/);
    await terminal.close();
    terminals.pop();
    const listed = await cluster.skep(['console', 'ls', 'api']);
    expect(listed.stdout).toMatch(/api\/0/);
  });
});

describe('the terminal', () => {
  /** Written last: the screen of before, with the cursor. */
  const restored = ['\x1b[?1049l', '\x1b[?25h'] as const;
  const expectRestored = (output: string): void => {
    for (const sequence of restored) expect(output.slice(-400)).toContain(sequence);
  };

  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('is given back after %s, with the exit status of that', async (name, exit) => {
    const terminal = await openUi();
    process.kill(terminal.pid, name);
    await expect(terminal.ended).resolves.toBe(exit);
    expectRestored(terminal.output());
  });

  it('is given back after a quit, which is status 0', async () => {
    const terminal = await openUi();
    await command(terminal, 'quit');
    await expect(terminal.ended).resolves.toBe(0);
    expectRestored(terminal.output());
  });

  it('ends when its line is closed', async () => {
    const terminal = await openUi();
    terminal.hangUp();
    terminals.pop();
    await eventually('the program has gone', 20_000, async () => {
      expect(() => process.kill(terminal.pid, 0)).toThrow();
    });
  });

  it('is refused where it cannot place its cursor, with the commands to use instead', async () => {
    const terminal = startUi(cluster.agents[0], [], { TERM: 'dumb' });
    await expect(terminal.ended).resolves.toBe(2);
    expect(terminal.output()).toMatch(/TERM=dumb[\s\S]*skep ps/);
    expect(terminal.output()).not.toContain('\x1b[?1049h');
  });

  it('gets no colour with NO_COLOR, and nothing but ASCII with LANG=C', async () => {
    const terminal = await openUi(cluster.agents[0], [], { NO_COLOR: '1', LANG: 'C' });
    expect(await terminal.screen()).toMatch(/^-- LRPs/m);
    expect(terminal.output()).not.toMatch(/[\x80-\u{10ffff}]/u);
    const looks = terminal
      .output()
      .split('\x1b[')
      .map((text) => /^([0-9;]*)m/.exec(text)?.[1] ?? '');
    const colours = looks.flatMap((look) => look.split(';').map(Number)).filter((look) => look >= 30);
    expect(colours).toEqual([]);
  });
});

describe('trouble', () => {
  it('moves to another server when the one it talks to is killed, and loses no pane', async () => {
    const [first, second] = cluster.agents as [LocalAgent, LocalAgent];
    const rows = await instancesOf('web');
    const far = rows.find(({ cellId }) => cellId === second.name);
    const terminal = await openUi(first);
    await command(terminal, 'instances web');
    await terminal.untilScreen(/web\/0 +RUNNING/);
    terminal.type(`/^web.${far?.index ?? 0}${keys.enter}`);
    await terminal.untilScreen(/1-1 of 1 \(3 in all\)/);
    terminal.type('s');
    await terminal.untilScreen(/^\/ #$/m);
    terminal.type('echo before-$((70+5))\r');
    await terminal.untilScreen(/before-75/);
    process.kill(first.process?.pid ?? 0, 'SIGKILL');
    await eventually('the pane goes on', 60_000, async () => {
      terminal.type('echo after-$((80+6))\r');
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      expect(await terminal.screen()).toMatch(/after-86/);
    });
    expect(await terminal.screen()).toMatch(/before-75/);
    terminal.type(`${keys.prefix}q`);
    await terminal.untilScreen(/── instances of web/);
    terminal.type(':messages\r');
    await terminal.untilScreen(/does not answer/);
    terminal.type('\x03');
    await expect(terminal.ended).resolves.toBe(0);
  });

  it('shows the last data with its age while there is no server, and is back by itself', async () => {
    const [first, second, third] = cluster.agents as [LocalAgent, LocalAgent, LocalAgent];
    const terminal = await openUi(second);
    for (const agent of [second, third]) await cluster.kill(agent, 'SIGKILL');
    const screen = await terminal.untilScreen(/NO SERVER, data is [2-9] s old/);
    expect(screen).toMatch(/web +\S+ +3 +3/);
    for (const agent of [first, second, third]) cluster.start(agent);
    await terminal.untilScreen(/via cell-\d/);
    await command(terminal, 'cells');
    await terminal.untilScreen(/3 ready/);
  });
});
