/** One cell with everything around it in memory, for tests of the cell's behaviour on a virtual clock. */
import { type Cell, type CellConfig, startCell } from '../../src/agent/cell.ts';
import type { OpenHostShell } from '../../src/agent/host-shell.ts';
import type { Witness } from '../../src/agent/witness.ts';
import { seededRng } from '../../src/base/core/rng.ts';
import type { Log, LogFields } from '../../src/base/log.ts';
import { cellIdSchema } from '../../src/model/ids.ts';
import { FakeServers } from './fake-cell-server.ts';
import type { ImageScript } from './fake-container.ts';
import { fakeEmulator } from './fake-emulator.ts';
import { type FakeMeter, fakeMeter } from './fake-meter.ts';
import { type FakeRuntime, fakeRuntime } from './fake-runtime.ts';
import { type VirtualClock, virtualClock } from './virtual-clock.ts';

export interface CellWorld {
  readonly clock: VirtualClock;
  readonly runtime: FakeRuntime;
  readonly servers: FakeServers;
  readonly meter: FakeMeter;
  readonly cell: Cell;
  /** Log events so far, `instance.crashed web/0 …`. */
  readonly log: readonly string[];
  /** The agent ends and another one starts; the engine and the servers go on. */
  restartAgent(): Promise<void>;
  stopAgent(): Promise<void>;
  startAgent(): void;
  /** Advances until it holds; fails after 10 minutes of virtual time. */
  until(condition: () => boolean): Promise<void>;
}

export interface CellWorldOptions {
  readonly images?: Readonly<Record<string, ImageScript>>;
  readonly onlyKnownImages?: boolean;
  readonly servers?: readonly string[];
  readonly config?: Partial<CellConfig>;
  readonly hostShell?: OpenHostShell;
  readonly witness?: Witness;
}

export async function cellWorld(options: CellWorldOptions = {}): Promise<CellWorld> {
  const clock = virtualClock();
  const cellId = cellIdSchema.parse('cell-a');
  const runtime = fakeRuntime({ clock, ...options });
  const servers = new FakeServers({
    clock,
    cellId,
    ...(options.servers ? { addresses: options.servers } : {}),
  });
  const lines: string[] = [];
  const meter = fakeMeter(clock);
  let stop = new AbortController();
  let runs = 0;

  const start = (): Cell => {
    stop = new AbortController();
    const config = {
      cellId,
      zone: 'z1',
      address: '192.0.2.7',
      servers: servers.addresses,
      version: '0.0.0',
      allowPrivileged: false,
      ...options.config,
    };
    const host = { facts: async () => ({ memoryMb: 16_000, diskMb: 100_000, os: 'linux', arch: 'x64' }) };
    return startCell({
      config,
      runtime,
      host,
      dial: servers.dial,
      prober: runtime.prober,
      meter,
      createEmulator: fakeEmulator,
      hostShell: options.hostShell,
      witness: options.witness,
      clock,
      rng: seededRng(++runs),
      log: listLog(lines),
      signal: stop.signal,
    });
  };
  let cell = start();
  const stopAgent = async (): Promise<void> => {
    stop.abort();
    await clock.advance(0);
    await cell.done;
  };
  await clock.settle();
  return {
    clock,
    runtime,
    servers,
    meter,
    get cell() {
      return cell;
    },
    log: lines,
    stopAgent,
    startAgent() {
      cell = start();
    },
    async restartAgent() {
      await stopAgent();
      cell = start();
    },
    until: (condition) => clock.advanceUntil(condition, 600_000),
  };
}

function listLog(lines: string[]): Log {
  const add = (event: string, fields: LogFields = {}): void => {
    lines.push([event, ...Object.values(fields).map(String)].join(' '));
  };
  const log: Log = { debug: add, info: add, warn: add, error: add, with: () => log };
  return log;
}
