/** The parent's end of the process with the simulated cells. Used by bench/fleet.bench.ts. */
import { type ChildProcess, fork } from 'node:child_process';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { favourSession } from '../../src/base/session-share.ts';
import type { FleetCount, FleetOrder } from './cells.ts';

export interface Fleet {
  order(what: FleetOrder): void;
  /** Resolves when `reached` holds; throws with the last count after `deadlineMs`. */
  until(what: string, deadlineMs: number, reached: (count: FleetCount) => boolean): Promise<FleetCount>;
  stop(): void;
}

const sayEveryMs = 5_000;
/** That of an agent. */
const cellsNiceness = -10;

export function startFleet(say: (line: string) => void): Fleet {
  // The cells stand for 1,250 hosts: that they are heard must not depend on what else this machine does.
  const child: ChildProcess = fork(fileURLToPath(new URL('./cells.ts', import.meta.url)), { detached: true });
  const pid = child.pid as number;
  setPriority(pid, cellsNiceness);
  favourSession(pid);
  return {
    order: (what) => child.send(what),
    until(what, deadlineMs, reached) {
      const startedAt = performance.now();
      let saidAt = startedAt;
      return new Promise((resolve, reject) => {
        const settle = (done: () => void): void => {
          child.off('message', hear).off('exit', gone);
          done();
        };
        const gone = (): void => settle(() => reject(new Error(`${what}: the cells' process ended`)));
        const hear = (count: FleetCount): void => {
          const at = performance.now();
          if (reached(count)) return settle(() => resolve(count));
          if (at - startedAt > deadlineMs) {
            const text = `${what}: not within ${deadlineMs} ms: ${JSON.stringify(count)}`;
            return settle(() => reject(new Error(text)));
          }
          if (at - saidAt < sayEveryMs) return;
          saidAt = at;
          say(`${what}: ${((at - startedAt) / 1_000).toFixed(0)} s: ${JSON.stringify(count)}`);
        };
        child.on('message', hear).on('exit', gone);
      });
    },
    stop: () => void child.kill('SIGKILL'),
  };
}
