/**
 * What the tests of a cell's requests share: a store in memory and its replica on a virtual clock, made anew for each
 * test, one LRP `web` and the questions of cell `cell-1`.
 */
import { afterEach, beforeEach } from 'vitest';
import { commitQueue } from '../../src/api/cell-commits.ts';
import { createCellJournal } from '../../src/api/cell-journal.ts';
import type { CellContext } from '../../src/api/cell-report.ts';
import { answerCellRequest } from '../../src/api/cell-requests.ts';
import type { CellRequestName } from '../../src/api/core/cell-protocol.ts';
import { seededRng } from '../../src/base/core/rng.ts';
import { silentLog } from '../../src/base/log.ts';
import { type ActualLrp, claim, newActualLrp } from '../../src/model/actual-lrp.ts';
import type { CellId, InstanceGuid, ProcessGuid } from '../../src/model/ids.ts';
import { decode } from '../../src/store/core/codec.ts';
import { type ActualSlot, actualKey } from '../../src/store/core/keys.ts';
import { createReplica } from '../../src/store/follow-replica.ts';
import { type MemoryBbs, memoryBbs } from '../../src/store/memory/memory-bbs.ts';
import type { Replica } from '../../src/store/replica.ts';
import { type VirtualClock, virtualClock } from './virtual-clock.ts';

export const web = 'web' as ProcessGuid;
export const cell = 'cell-1' as CellId;
export const other = 'cell-2' as CellId;
export const netInfo = {
  address: '10.0.0.1',
  instanceAddress: '172.17.0.2',
  ports: [{ containerPort: 80, hostPort: 61001 }],
};

export const started = (instanceGuid = 'i-1', more: object = {}) => ({
  guid: 'web',
  index: 0,
  instanceGuid,
  netInfo,
  containerId: 'c-1',
  routable: true,
  ...more,
});
export const crashed = (instanceGuid = 'i-1') => ({
  guid: 'web',
  index: 0,
  instanceGuid,
  reason: 'exited with status 3',
});
export const stopped = (instanceGuid = 'i-1') => ({ guid: 'web', index: 0, instanceGuid });

/** One server, as its cells see it. */
export class CellRequests {
  readonly clock: VirtualClock = virtualClock();
  readonly bbs: MemoryBbs = memoryBbs({ clock: this.clock });
  readonly replica: Replica = createReplica({ bbs: this.bbs, clock: this.clock, log: silentLog });
  readonly life = new AbortController();

  async begin(): Promise<void> {
    void this.replica.run(this.life.signal);
    await this.clock.settle();
  }

  contextOf(cellId: CellId = cell, seen: Replica = this.replica): CellContext {
    const { bbs, clock, life } = this;
    const commits = commitQueue(bbs, life.signal);
    const common = { clock, rng: seededRng(7), log: silentLog, commits };
    return {
      ...common,
      cellId,
      replica: seen,
      bbs,
      journal: createCellJournal({ ...common, server: 's-1' }),
      reports: new Map(),
      signal: life.signal,
    };
  }

  /** The answer: '' when it is fine, else the error's code. */
  async ask(method: CellRequestName, params: unknown, context = this.contextOf()): Promise<string> {
    const answer = await answerCellRequest(context, method, params);
    await this.clock.settle();
    return 'error' in answer ? answer.error.code : '';
  }

  async put(key: string, value: string): Promise<void> {
    await this.bbs.commit([{ compare: [], puts: [{ key, value }] }], { signal: this.life.signal });
    await this.clock.settle();
  }

  claimed(instanceGuid = 'i-1', cellId = cell, index = 0): ActualLrp {
    const now = this.clock.now();
    const fresh = newActualLrp({ guid: web, index, domain: 'default' }, now, 'epoch');
    const move = claim(fresh, { instanceGuid: instanceGuid as InstanceGuid, cellId }, now);
    if (!move.ok) throw new Error(move.refusal);
    return move.next;
  }

  async read(key: string): Promise<string | undefined> {
    return (await this.bbs.read([key], { signal: this.life.signal })).records[0]?.value;
  }

  async actual(slot: ActualSlot = 'ordinary'): Promise<ActualLrp | undefined> {
    const text = await this.read(actualKey(web, 0, slot));
    const decoded = text === undefined ? undefined : decode('actual', text);
    return decoded?.ok ? decoded.value : undefined;
  }

  events(): string[] {
    return [...this.replica.state.events.values()].map((e) => `${e.type} ${e.subject}: ${e.message}`);
  }
}

/** Called once at the top of a test file; the answer gives the scene of the test that runs. */
export function cellRequests(): () => CellRequests {
  let scene: CellRequests | undefined;
  beforeEach(async () => {
    scene = new CellRequests();
    await scene.begin();
  });
  afterEach(() => scene?.life.abort());
  return () => {
    if (scene === undefined) throw new Error('a scene is there only while a test runs');
    return scene;
  };
}
