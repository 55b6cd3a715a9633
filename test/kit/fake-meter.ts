/** A meter whose counters grow with the clock: each container uses half a core and a thousand bytes a second. */
import type { Meter } from '../../src/agent/meter.ts';
import type { Clock } from '../../src/base/clock.ts';

export interface FakeMeter extends Meter {
  /** How often anything was read. */
  readonly reads: number;
}

export function fakeMeter(clock: Clock): FakeMeter {
  const state = { reads: 0 };
  const bytes = (): number => clock.now() % 1e9;
  return {
    get reads() {
      return state.reads;
    },
    async host() {
      const at = clock.now();
      return {
        at,
        cpu: {
          busy: bytes() / 4,
          total: bytes(),
          cores: 2,
        },
        load: [1, 2, 3],
        problem: '',
        memoryBytes: 1e9,
        memoryUsedBytes: 5e8,
        swapUsedBytes: 0,
        diskBytes: 1e10,
        diskUsedBytes: 1e9,
        rxBytes: bytes(),
        txBytes: 0,
        readBytes: 0,
        writtenBytes: 0,
      };
    },
    async containers(running) {
      state.reads += 1;
      const reading = {
        at: clock.now(),
        cpuMs: bytes() / 2,
        memoryBytes: 1e6,
        memoryLimitBytes: undefined,
        pids: 3,
        rxBytes: bytes(),
        txBytes: bytes(),
        readBytes: bytes(),
        writtenBytes: bytes(),
        problem: '',
      };
      return new Map(running.map(({ id }) => [id, reading]));
    },
  };
}
