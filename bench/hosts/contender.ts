/**
 * What a benchmark asks of a cluster manager on the hosts: the same of Skep and of Swarm, so that both are measured by
 * the same clock and the same questions. `at` names the host that is asked, one that is alive.
 */
import { systemClock } from '../../src/base/node/system-clock.ts';

/** One instance that counts: where it is placed, and whether it is said to run. */
export interface Slot {
  readonly index: number;
  readonly host: string;
  readonly running: boolean;
  /** Where it is reached on its host. */
  readonly port: number | undefined;
}

export interface Contender {
  readonly name: 'skep' | 'swarm';
  /** Hosts that vote. */
  readonly servers: readonly string[];
  /** Asks for so many web servers; resolves when that is acknowledged. Asking again is fine. */
  desire(service: string, instances: number, at: string): Promise<void>;
  /** Removing what is gone is fine. */
  remove(service: string, at: string): Promise<void>;
  slots(service: string, at: string): Promise<readonly Slot[]>;
  /** Whether the loss of `host` is known. */
  isLost(host: string, at: string): Promise<boolean>;
  leader(at: string): Promise<string>;
  /** Kills all of it on this host, or asks it to end and does not wait for that; containers and host live on. */
  stopProcesses(host: string, how: 'KILL' | 'TERM'): Promise<void>;
  startProcesses(host: string): Promise<void>;
  /** Indexes of this service's running containers there, by asking the host's Docker. */
  containers(service: string, host: string): Promise<readonly number[]>;
  /** Throws while a vote, a host or a leader is missing. */
  checkWhole(): Promise<void>;
}

const pollMs = 50;
const deadlineMs = 120_000;

/**
 * Asks every 50 ms until it is true and returns when that was, in milliseconds of `performance.now()`; what it throws
 * meanwhile counts as no. Throws after two minutes, with the last reason.
 */
export async function when(what: string, isSo: () => Promise<boolean>): Promise<number> {
  const giveUpAt = performance.now() + deadlineMs;
  let reason: unknown = 'no';
  while (performance.now() < giveUpAt) {
    try {
      if (await isSo()) return performance.now();
    } catch (error) {
      reason = error;
    }
    await systemClock.sleep(pollMs, new AbortController().signal);
  }
  throw new Error(`not within ${deadlineMs / 1_000} s: ${what}: ${String(reason)}`, { cause: reason });
}

/** Tries until it is done; as `when`. */
export const insist = (what: string, act: () => Promise<void>): Promise<number> =>
  when(what, async () => {
    await act();
    return true;
  });

export const whenWhole = (contenders: readonly Contender[]): Promise<unknown> =>
  Promise.all(
    contenders.map((contender) => insist(`${contender.name} is whole`, () => contender.checkWhole())),
  );

/** Whether a web server answers there. */
export async function answers(address: string, port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://${address}:${port}/`, { signal: AbortSignal.timeout(1_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
