/** What a real container writes, reads and is asked: logs, exec, attach and files through the Docker adapter. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { dockerRuntime } from '../../src/agent/docker/docker-runtime.ts';
import type { ExecOptions, LogLine, LogOptions, ProcessStream, Runtime } from '../../src/agent/runtime.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import { type Containers, dockerContainers } from '../kit/docker.ts';

const waiting = { timeout: 20_000, interval: 20 };
const { signal } = new AbortController();
const runtime: Runtime = dockerRuntime({ clock: systemClock, log: silentLog });
let containers: Containers;
/** Runs for as long as the tests do. */
let idle: string;

beforeAll(async () => {
  containers = await dockerContainers(runtime);
  idle = await containers.run(['sleep', '3600']);
});
afterAll(() => containers.removeAll());

const sh = (script: string): string[] => ['sh', '-c', script];

async function linesOf(id: string, options: Partial<LogOptions> = {}): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for await (const line of runtime.logs(id, { follow: false, signal, ...options })) lines.push(line);
  return lines;
}

const textsOf = async (id: string, options?: Partial<LogOptions>): Promise<string[]> =>
  (await linesOf(id, options)).map(({ text }) => text);

describe('logs', () => {
  test('[diego 333] keep what went to which stream, and when', async () => {
    const before = Date.now();
    const id = await containers.run(sh('echo out; echo err >&2; printf "no newline"'));
    await containers.exited(id);
    const lines = await linesOf(id);
    expect(lines.map(({ stream, text }) => `${stream}: ${text}`).toSorted()).toEqual([
      'stderr: err',
      'stdout: no newline',
      'stdout: out',
    ]);
    for (const { at } of lines) {
      expect(at).toBeGreaterThanOrEqual(before - 1_000);
      expect(at).toBeLessThanOrEqual(Date.now() + 1_000);
    }
  });

  test('[diego 334] join lines longer than the engine keeps in one piece, and cut endless ones', async () => {
    const id = await containers.run(
      sh('head -c 50000 /dev/zero | tr "\\0" x; echo; head -c 130000 /dev/zero | tr "\\0" y; echo; echo end'),
    );
    await containers.exited(id);
    const texts = await textsOf(id);
    expect(texts.map((text) => text.length)).toEqual([50_000, 61_440, 61_440, 7_120, 3]);
    expect(new Set(texts[0])).toEqual(new Set('x'));
  });

  test('show only the tail', async () => {
    const id = await containers.run(sh('seq 1 50'));
    await containers.exited(id);
    expect(await textsOf(id, { tail: 3 })).toEqual(['48', '49', '50']);
    expect(await textsOf(id, { tail: 0 })).toEqual([]);
    expect(await textsOf(id, { tail: 100 })).toHaveLength(50);
  });

  test('show what came since a moment, to the millisecond', async () => {
    const id = await containers.run(sh('for i in 1 2 3 4 5; do echo $i; sleep 0.02; done'));
    await containers.exited(id);
    const all = await linesOf(id);
    const since = all[2]!.at;
    expect(await textsOf(id, { since })).toEqual(['3', '4', '5']);
    expect(await textsOf(id, { since: since + 600_000 })).toEqual([]);
  });

  test('follow until the container ends', async () => {
    const id = await containers.run(sh('echo one; while [ ! -e /tmp/go ]; do sleep 0.02; done; echo two'));
    const texts: string[] = [];
    for await (const { text } of runtime.logs(id, { follow: true, signal })) {
      texts.push(text);
      if (text === 'one') await statusOf(await exec(id, ['touch', '/tmp/go']));
    }
    expect(texts).toEqual(['one', 'two']);
  });

  test('following a silent container ends quietly when the signal aborts', async () => {
    const stop = new AbortController();
    const reading = textsOf(idle, { follow: true, signal: stop.signal });
    const first = await Promise.race([reading, systemClock.sleep(100, signal).then(() => 'still reading')]);
    expect(first).toBe('still reading');
    stop.abort(new Error('enough'));
    expect(await reading).toEqual([]);
  });

  test('of what does not exist are refused', async () => {
    await expect(linesOf('0123456789abcdef')).rejects.toMatchObject({ code: 'ResourceNotFound' });
  });
});

function exec(
  id: string,
  args: readonly string[],
  options: Partial<ExecOptions> = {},
): Promise<ProcessStream> {
  return runtime.exec(id, { args, tty: false, stdin: false, signal, ...options });
}

async function outputOf(process: ProcessStream): Promise<{ stdout: string; stderr: string }> {
  const text = { stdout: '', stderr: '' };
  for await (const { stream, data } of process.output) text[stream] += Buffer.from(data).toString();
  return text;
}

async function statusOf(process: ProcessStream): Promise<number | undefined> {
  await outputOf(process);
  return process.exitCode;
}

describe('exec', () => {
  test('[diego 228, 233] tells output, errors and status apart', async () => {
    const process = await exec(idle, sh('echo out; echo err >&2; exit 42'));
    expect(await outputOf(process)).toEqual({ stdout: 'out\n', stderr: 'err\n' });
    expect(await process.exitCode).toBe(42);
  });

  test('[diego 228] runs as the user and with the environment that were asked for', async () => {
    const process = await exec(idle, sh('id -un; echo $COLOUR'), {
      user: 'app',
      env: [{ name: 'COLOUR', value: 'deep blue' }],
    });
    expect(await outputOf(process)).toEqual({ stdout: 'app\ndeep blue\n', stderr: '' });
  });

  test('passes input on to its end', async () => {
    const process = await exec(idle, ['wc', '-c'], { stdin: true });
    await process.write(Buffer.alloc(300_000, 'x'));
    process.endInput();
    expect((await outputOf(process)).stdout.trim()).toBe('300000');
    expect(await process.exitCode).toBe(0);
    await expect(process.write(Buffer.from('late'))).rejects.toMatchObject({ code: 'NotRunning' });
  });

  test('carries large output unharmed, however slowly it is read', async () => {
    const process = await exec(idle, sh('head -c 5000000 /dev/zero | tr "\\0" z'));
    let bytes = 0;
    for await (const { data } of process.output) {
      bytes += data.length;
      await new Promise(setImmediate);
    }
    expect(bytes).toBe(5_000_000);
  });

  test('[diego 229] gives a terminal of the size asked for, and changes it', async () => {
    const process = await exec(idle, sh('trap "stty size" WINCH; stty size; while :; do sleep 0.02; done'), {
      tty: true,
      stdin: true,
      size: { columns: 132, rows: 43 },
    });
    let seen = '';
    const reading = (async () => {
      for await (const { stream, data } of process.output) {
        expect(stream).toBe('stdout');
        seen += Buffer.from(data).toString();
      }
    })();
    await vi.waitFor(() => expect(seen).toContain('43 132'), waiting);
    await process.resize({ columns: 100, rows: 30 });
    await vi.waitFor(() => expect(seen).toContain('30 100'), waiting);
    await process.write(Buffer.from('\u0003'));
    await reading;
    expect(await process.exitCode).toBe(130);
  });

  test('passes signals on', async () => {
    const process = await exec(
      idle,
      sh('trap "echo caught; exit 7" TERM; echo ready; while :; do sleep 0.02; done'),
    );
    let seen = '';
    for await (const { data } of process.output) {
      seen += Buffer.from(data).toString();
      if (seen === 'ready\n') await process.kill('SIGTERM');
    }
    expect(seen).toBe('ready\ncaught\n');
    expect(await process.exitCode).toBe(7);
    await process.kill('SIGTERM');
  });

  test('refuses a signal that does not exist', async () => {
    const process = await exec(idle, ['sleep', '3600']);
    await expect(process.kill('SIGNOPE')).rejects.toMatchObject({ code: 'InvalidRequest' });
    await process.kill('SIGKILL');
    expect(await statusOf(process)).toBe(137);
  });

  test.each([
    ['nosuchprogram', /executable file (?:\S+ )?not found/, 127],
    ['/www/index.html', /permission denied/, 126],
  ])('of %s ends with the reason', async (program, reason, status) => {
    const process = await exec(idle, [program]);
    const { stdout, stderr } = await outputOf(process);
    expect(stdout + stderr).toMatch(reason);
    expect(await process.exitCode).toBe(status);
  });

  test('is killed when the signal aborts, so that nothing is left behind', async () => {
    const stop = new AbortController();
    const process = await exec(idle, ['sleep', '4242'], { signal: stop.signal });
    const sleepers = async () => (await outputOf(await exec(idle, ['ps', '-o', 'args']))).stdout;
    await vi.waitFor(async () => expect(await sleepers()).toContain('sleep 4242'), waiting);
    const reading = outputOf(process);
    stop.abort(new Error('enough'));
    expect(await reading).toEqual({ stdout: '', stderr: '' });
    expect(await process.exitCode).toBeUndefined();
    await vi.waitFor(async () => expect(await sleepers()).not.toContain('sleep 4242'), waiting);
  });
});

describe('attach', () => {
  test("carries the main process's input and output, and its status", async () => {
    const id = await containers.run(
      sh('echo started; while read word; do [ $word = end ] && exit 5; echo "got $word"; done'),
    );
    const process = await runtime.attach(id, { stdin: true, signal });
    await process.write(Buffer.from('one\n'));
    let seen = '';
    for await (const { stream, data } of process.output) {
      expect(stream).toBe('stdout');
      seen += Buffer.from(data).toString();
      if (seen === 'got one\n') await process.write(Buffer.from('end\n'));
    }
    expect(seen).toBe('got one\n');
    expect(await process.exitCode).toBe(5);
  });

  test('leaves the process running when its signal aborts', async () => {
    const id = await containers.run(sh('while read word; do echo "got $word"; done'));
    const stop = new AbortController();
    const left = await runtime.attach(id, { stdin: true, signal: stop.signal });
    const reading = outputOf(left);
    stop.abort(new Error('enough'));
    await reading;
    expect(await left.exitCode).toBeUndefined();
    const again = await runtime.attach(id, { stdin: true, signal });
    await again.write(Buffer.from('two\n'));
    for await (const { data } of again.output) {
      expect(Buffer.from(data).toString()).toBe('got two\n');
      break;
    }
    expect((await runtime.inspect(id, { signal }))?.state).toBe('running');
  });

  test('sends signals to the main process', async () => {
    const id = await containers.run(sh('trap "exit 9" USR1; while :; do sleep 0.02; done'));
    const process = await runtime.attach(id, { stdin: false, signal });
    // Sent again until the shell has set its trap; before that the kernel drops it.
    const ending = statusOf(process);
    await vi.waitFor(async () => {
      await process.kill('SIGUSR1').catch(() => undefined);
      expect((await runtime.inspect(id, { signal }))?.state).toBe('exited');
    }, waiting);
    expect(await ending).toBe(9);
  });

  test('refuses input to a task, whose own has ended', async () => {
    const id = await containers.run(sh('cat; sleep 3600'), { kind: 'task' });
    await expect(runtime.attach(id, { stdin: true, signal })).rejects.toMatchObject({
      code: 'InvalidRequest',
    });
  });
});

describe('files', () => {
  const read = (id: string, path: string, maxBytes = 100) => runtime.readFile(id, path, { maxBytes, signal });
  const text = async (id: string, path: string) => Buffer.from(await read(id, path)).toString();
  let id: string;

  beforeAll(async () => {
    id = await containers.run(
      sh(`cd /tmp; printf 'the result' > result; head -c 100 /dev/zero > full; head -c 101 /dev/zero > over
        : > empty; chmod 400 result; ln -s result short; ln -s ../tmp/short longer; ln -s loop loop; mkdir folder`),
    );
    await containers.exited(id);
  });

  test('[diego 11, 14, 215] are read whole from a container that has ended', async () => {
    expect(await text(id, '/tmp/result')).toBe('the result');
    expect(await text(id, '/tmp/empty')).toBe('');
    expect(await read(id, '/tmp/full')).toHaveLength(100);
  });

  test('are found behind symbolic links', async () => {
    expect(await text(id, '/tmp/longer')).toBe('the result');
    await expect(read(id, '/tmp/loop')).rejects.toMatchObject({ code: 'InvalidRequest' });
  });

  test('[diego 15] above the limit are refused before they are read', async () => {
    await expect(read(id, '/tmp/over')).rejects.toMatchObject({
      code: 'TooLarge',
      message: expect.stringContaining('101'),
    });
  });

  test('[diego 215] that are missing, or none, are refused', async () => {
    await expect(read(id, '/tmp/nothing')).rejects.toMatchObject({ code: 'ResourceNotFound' });
    await expect(read(id, '/tmp/folder')).rejects.toMatchObject({ code: 'InvalidRequest' });
  });
});
