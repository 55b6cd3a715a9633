/**
 * Runs install.sh for real, below a folder of its own and on ports of its own, so that the machine that tests
 * it keeps what it has. Used by test/e2e/install.test.ts.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CliResult, eventually, run } from './e2e-cluster.ts';
import { freePorts } from './ports.ts';

export const checkout = fileURLToPath(new URL('../../', import.meta.url));

export interface Installation {
  /** Everything that install.sh makes is below it. */
  readonly root: string;
  readonly portBase: number;
  /** What install.sh runs with; a test may change it. */
  readonly env: NodeJS.ProcessEnv;
  install(flags: readonly string[], script?: string): Promise<CliResult>;
  /** Starts install.sh and sends it, and what it runs, a signal once it has printed the text; how it ended. */
  signalAt(
    text: string,
    name: NodeJS.Signals,
    flags: readonly string[],
    script?: string,
  ): Promise<SignalledRun>;
  /** The installed command. */
  skep(...args: string[]): Promise<CliResult>;
  agentPid(): number;
  release(): string;
  /** Ids of this cluster's containers. */
  containers(): Promise<string[]>;
  /** Command lines of processes that work below the root. */
  processes(): string[];
  /** Whatever is left, goes. */
  remove(): Promise<void>;
}

export interface SignalledRun {
  readonly code: number | undefined;
  readonly killedBy: string | undefined;
  readonly stderr: string;
}

/** An upgrade of three hosts takes so long on a machine with forty times the work that it can do. */
const deadlineMs = 300_000;

/** @param from the script that is run unless another is named: install.sh of the checkout, or a release file */
export async function installation(from = join(checkout, 'install.sh')): Promise<Installation> {
  const root = mkdtempSync(join(tmpdir(), 'skep-install-root-'));
  const portBase = await freeRange(3);
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    SKEP_INSTALL_ROOT: root,
    SKEP_INSTALL_PORT_BASE: String(portBase),
    SKEP_INSTALL_INIT: 'none',
    NO_COLOR: '1',
  };
  let clusterId = '';
  const self: Installation = {
    root,
    portBase,
    env,
    async install(flags, script = from) {
      const result = await run('sh', [script, ...flags], { env, deadlineMs });
      clusterId = readClusterId(root) || clusterId;
      return result;
    },
    signalAt: (text, name, flags, script = from) => signalAt({ text, name, flags, env, script }),
    skep: (...args) => run(join(root, 'usr/local/bin/skep'), args, { env, deadlineMs }),
    agentPid: () => Number(readFileSync(join(root, 'run/skep/agent.pid'), 'utf8')),
    release: () => readdirSync(join(root, 'var/lib/skep/releases')).join(),
    async containers() {
      const filter = ['--filter', `label=skep.cluster=${clusterId}`];
      const { stdout } = await run('docker', ['ps', '-aq', ...filter], { deadlineMs });
      return stdout.split('\n').filter(Boolean).sort();
    },
    processes: () => processesOf(root),
    async remove() {
      await self.install(['--uninstall', '--purge', '--no-drain', '--yes'], join(checkout, 'install.sh'));
      rmSync(root, { recursive: true, force: true });
    },
  };
  return self;
}

function readClusterId(root: string): string {
  try {
    const text = readFileSync(join(root, 'var/lib/skep/cluster.json'), 'utf8');
    return (JSON.parse(text) as { clusterId: string }).clusterId;
  } catch {
    return '';
  }
}

interface SignalPlan {
  readonly text: string;
  readonly name: NodeJS.Signals;
  readonly flags: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly script: string;
}

async function signalAt({ text, name, flags, env, script }: SignalPlan): Promise<SignalledRun> {
  // A group of its own: what install.sh runs for a step is hit too, as by Ctrl-C or when a session is killed.
  const child = spawn('sh', [script, ...flags], { env, detached: true });
  let stdout = '';
  let stderr = '';
  let sent = false;
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    if (sent || child.pid === undefined || !stdout.includes(text)) return;
    sent = true;
    process.kill(-child.pid, name);
  });
  const [code, killedBy] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  if (!sent) throw new Error(`install.sh ended before it said ${text}:\n${stdout}${stderr}`);
  return { code: code ?? undefined, killedBy: killedBy ?? undefined, stderr };
}

/** Whose command line names the root. */
function processesOf(root: string): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ');
        return words.includes(root) ? [words] : [];
      } catch {
        // It ended while we looked.
        return [];
      }
    });
}

/** A copy of the checkout to be changed. Its packages are a link to those of the checkout. */
export function otherCheckout(): string {
  const folder = mkdtempSync(join(tmpdir(), 'skep-install-checkout-'));
  for (const name of ['package.json', 'package-lock.json', 'src', 'scripts', 'packaging', 'install.sh']) {
    cpSync(join(checkout, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(checkout, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Makes the program of a checkout end at once where the condition holds. */
export function breakProgram(folder: string, condition: string): void {
  const statement = `if (${condition}) {\n  console.error('broken on purpose');\n  process.exit(1);\n}\n`;
  const main = join(folder, 'src/cli/main.ts');
  const text = readFileSync(main, 'utf8').replace('if (import.meta.main) {', `${statement}$&`);
  rmSync(main);
  appendFileSync(main, text);
}

/** The first of so many ports in a row that are free on 127.0.0.1. */
async function freeRange(count: number): Promise<number> {
  return eventually(`${count} free ports in a row`, 20_000, async () => {
    const [first] = (await freePorts(1)) as [number];
    for (let port = first; port < first + count; port++) await (await listenOn(port)).release();
    return first;
  });
}

/** Holds a port until released. Rejects when it is taken. */
export function listenOn(port: number): Promise<{ release(): Promise<void> }> {
  const server: Server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () =>
      resolve({ release: () => new Promise((closed) => server.close(() => closed())) }),
    );
  });
}
