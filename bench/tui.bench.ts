/**
 * The terminal UI as installed, in a real pseudo-terminal of 120 by 40: key pressed → frame written, with a small cluster
 * and with 250,000 instances behind it, in turns; bytes to the terminal, memory and CPU while nobody types; start to the
 * first full screen.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawn as spawnPty } from '@lydell/node-pty';
import { withDeadline } from '../src/base/clock.ts';
import { systemClock } from '../src/base/node/system-clock.ts';
import { buildBundle } from './bundle.ts';
import { fullUnits, instancesPerUnit } from './mix.ts';
import { type BenchOptions, type Figures, type Measured, median } from './report.ts';

export const ratioOf = { figure: 'p99_ms', better: 'less' } as const;

const size = { cols: 120, rows: 40 };
/** Apart from each other as a person presses them, never in step with anything. */
const keyEveryMs = 70;
const keyDeadlineMs = 5_000;
const serverDeadlineMs = 120_000;
/** Down, up, a page down, a page up, the end, the beginning: each makes another frame. */
const keys = ['\x1b[B', '\x1b[B', 'k', '\x1b[6~', '\x1b[6~', '\x1b[5~', 'G', 'k', 'g', 'j'];

export async function measure({ quick, say }: BenchOptions): Promise<Measured> {
  const samples = quick ? 60 : 600;
  const overMs = quick ? 4_000 : 15_000;
  const bundle = await buildBundle();
  const folder = mkdtempSync(join(tmpdir(), 'skep-tui-'));
  const env = {
    ...process.env,
    HOME: folder,
    NODE_COMPILE_CACHE: bundle.cacheFolder,
    TERM: 'xterm-256color',
    LANG: 'C.UTF-8',
  };
  const figures: Record<string, number> = {};
  try {
    for (const [name, units] of [
      ['small', 1],
      ['large', quick ? fullUnits / 10 : fullUnits],
    ] as const) {
      const server = await startServer(units, join(folder, `${name}.sock`));
      say(`${name}: ${units * instancesPerUnit} instances are served`);
      try {
        const program = [...bundle.program, 'ui', '--server', server.address];
        // The first run fills the cache of compiled code, as the first run after an installation does.
        await (await openUi(program, env)).close();
        const made = await measureUi(await openUi(program, env), server, { samples, overMs });
        Object.assign(figures, prefixed(name, made));
        say(`${name}: ${JSON.stringify(made)}`);
      } finally {
        server.stop();
      }
    }
  } finally {
    bundle.remove();
    rmSync(folder, { recursive: true, force: true });
  }
  return { ours: figures, peers: {}, samples };
}

/** The figures of the large cluster have the plain names: they are what the budget is about. */
function prefixed(name: string, figures: Figures): Record<string, number> {
  const prefix = name === 'large' ? '' : `${name}_`;
  return Object.fromEntries(Object.entries(figures).map(([key, value]) => [prefix + key, value]));
}

interface BenchServer {
  readonly address: string;
  say(line: 'busy' | 'quiet'): void;
  stop(): void;
}

async function startServer(units: number, socketPath: string): Promise<BenchServer> {
  const script = fileURLToPath(new URL('tui/server.ts', import.meta.url));
  const child: ChildProcess = spawn(
    process.execPath,
    ['--max-old-space-size=4096', script, String(units), socketPath],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const address = await within(
    serverDeadlineMs,
    'the server is ready',
    new Promise<string>((resolve, reject) => {
      child.stdout?.once('data', (line) => resolve(String(line).replace('ready', '').trim()));
      child.once('exit', (code) => reject(new Error(`the server ended with status ${code}`)));
    }),
  );
  return {
    address,
    say: (line) => void child.stdin?.write(`${line}\n`),
    stop: () => void child.kill('SIGKILL'),
  };
}

interface Ui {
  readonly pid: number;
  readonly startMs: number;
  readonly written: () => number;
  type(text: string): void;
  /** Resolves with the time of the next output. */
  nextOutput(): Promise<number>;
  close(): Promise<void>;
}

async function openUi(program: readonly string[], env: NodeJS.ProcessEnv): Promise<Ui> {
  const [command = '', ...args] = program;
  const startedAt = performance.now();
  const pty = spawnPty(command, args, {
    ...size,
    name: 'xterm-256color',
    env: env as Record<string, string>,
  });
  let written = 0;
  let seen = '';
  let waiting: ((at: number) => void)[] = [];
  let full: (() => void) | undefined;
  pty.onData((data) => {
    written += Buffer.byteLength(data);
    const at = performance.now();
    for (const resolve of waiting) resolve(at);
    waiting = [];
    if (full === undefined) return;
    seen += data;
    // The foot of the first table says how many rows there are: then all of the screen has been written.
    if (/1-\d+ of/.test(seen)) full();
  });
  const ended = new Promise<void>((resolve) => pty.onExit(() => resolve()));
  await within(60_000, 'the first full screen', new Promise<void>((resolve) => (full = resolve)));
  full = undefined;
  return {
    pid: pty.pid,
    startMs: performance.now() - startedAt,
    written: () => written,
    type: (text) => pty.write(text),
    nextOutput: () => new Promise((resolve) => waiting.push(resolve)),
    async close() {
      pty.kill('SIGTERM');
      await within(10_000, 'the UI ends', ended);
    },
  };
}

async function measureUi(
  ui: Ui,
  server: BenchServer,
  { samples, overMs }: { readonly samples: number; readonly overMs: number },
): Promise<Figures> {
  try {
    ui.type(':instances\r');
    await pause(3_000);
    const times: number[] = [];
    const cpuBefore = cpuMs(ui.pid);
    for (let round = 0; round < samples; round++) {
      const output = within(keyDeadlineMs, 'a frame after a key', ui.nextOutput());
      const at = performance.now();
      ui.type(keys[round % keys.length] ?? 'j');
      times.push((await output) - at);
      await pause(keyEveryMs + (round % 13));
    }
    // Says the same on a busy machine, where the times above are those of the queue for a core.
    const cpuPerKey = (cpuMs(ui.pid) - cpuBefore) / samples;
    const idle = await overTime(ui, overMs);
    server.say('busy');
    await pause(1_000);
    const busy = await overTime(ui, overMs);
    server.say('quiet');
    return {
      p50_ms: median(times),
      p99_ms: percentile(times, 0.99),
      max_ms: Math.max(...times),
      cpu_ms_per_key: cpuPerKey,
      start_ms: ui.startMs,
      idle_bytes_per_s: idle.bytesPerS,
      busy_bytes_per_s: busy.bytesPerS,
      idle_cpu_percent: idle.cpuPercent,
      busy_cpu_percent: busy.cpuPercent,
      rss_mb: rssMb(ui.pid),
    };
  } finally {
    await ui.close();
  }
}

async function overTime(ui: Ui, ms: number): Promise<{ bytesPerS: number; cpuPercent: number }> {
  const [bytes, cpu, at] = [ui.written(), cpuMs(ui.pid), performance.now()];
  await pause(ms);
  const spentMs = performance.now() - at;
  return {
    bytesPerS: ((ui.written() - bytes) / spentMs) * 1_000,
    cpuPercent: ((cpuMs(ui.pid) - cpu) / spentMs) * 100,
  };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

const rssMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;

function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const pause = (ms: number): Promise<void> => systemClock.sleep(ms, AbortSignal.timeout(ms + 60_000));

function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  const late = (): Error => new Error(`${what}: not within ${ms} ms`);
  return withDeadline(systemClock, ms, new AbortController().signal, late, () => work);
}
