/**
 * What runs in a container that never became healthy, in a sentence for its crash reason: whether its process is there,
 * what it does and where it listens. Pure; health-monitor.ts asks for it once, when the start timeout has struck.
 */
import type { Container } from './container.ts';

/** The main process of a container, as the kernel shows it. */
export interface SeenProcess {
  /** The program's name, at most 15 characters: its arguments may hold secrets. */
  readonly name: string;
  /** The kernel's letter, proc_pid_stat(5). */
  readonly state: string;
  /** Where anything listens for TCP in its network namespace: `8080`, or `127.0.0.1:8080` for loopback alone. */
  readonly listens: readonly string[];
}

/** `gone`: the host has no process of that number. Undefined: it cannot be seen from here. */
export type Sight = SeenProcess | 'gone' | undefined;

const doing: Readonly<Record<string, string>> = {
  R: 'computes',
  S: 'waits',
  D: 'waits for a disk or is frozen',
  T: 'is stopped by a signal',
  t: 'is stopped by a debugger',
  Z: 'has ended and is not reaped',
};

/** The verdict with what was found; without anything to see, the verdict alone. */
export function withFindings(verdict: string, container: Container, sight: Sight): string {
  const { pid, ipAddress } = container;
  if (sight === undefined) return verdict;
  if (sight === 'gone') return `${verdict}; the engine says that it runs, but there is no process ${pid}`;
  const { name, state, listens } = sight;
  const where = listens.length === 0 ? 'nothing listens' : `listening at: ${listens.join(', ')}`;
  return `${verdict}; at ${ipAddress} process ${pid} (${name}) ${doing[state] ?? `is in state ${state}`}, ${where}`;
}

/** Sockets of /proc/PID/net/tcp and tcp6 that listen, each once, by port: proc_pid_net(5). */
export function parseListening(...tables: readonly string[]): string[] {
  const found = new Map<string, number>();
  for (const line of tables.flatMap((table) => table.split('\n').slice(1))) {
    const [, local = '', , state] = line.trim().split(/\s+/);
    const [address = '', hex = ''] = local.split(':');
    if (state !== listening) continue;
    const port = Number.parseInt(hex, 16);
    found.set(`${loopbacks[address] ?? ''}${port}`, port);
  }
  return [...found].sort(([, a], [, b]) => a - b).map(([where]) => where);
}

const listening = '0A';
/** Byte order of the machine, which is little-endian wherever Skep runs. */
const loopbacks: Readonly<Record<string, string>> = {
  '0100007F': '127.0.0.1:',
  '00000000000000000000000001000000': '[::1]:',
};
