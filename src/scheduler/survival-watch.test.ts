/** The watch over survivable losses: follows the state, and no more often than it may. */
import { expect, test } from 'vitest';
import { buildActual, buildCell, buildDesired, clusterRecords } from '../../test/kit/builders.ts';
import { virtualClock } from '../../test/kit/virtual-clock.ts';
import { seededRng } from '../base/core/rng.ts';
import { silentLog } from '../base/log.ts';
import { defaults } from '../model/defaults.ts';
import type { CellId } from '../model/ids.ts';
import { presenceKey } from '../store/core/keys.ts';
import { createReplica } from '../store/follow-replica.ts';
import { memoryBbs } from '../store/memory/memory-bbs.ts';
import { createSurvivalWatch } from './survival-watch.ts';

test('tells what holds now, again when a cell goes, and ends with its signal', async () => {
  const clock = virtualClock();
  const bbs = memoryBbs({ clock });
  const abort = new AbortController();
  const { signal } = abort;
  const replica = createReplica({ bbs, clock, log: silentLog });
  const following = replica.run(signal);
  const watch = createSurvivalWatch({ replica, clock, rng: seededRng(1), log: silentLog, signal });
  const records = clusterRecords({
    desired: [buildDesired({ instances: 2, memoryMb: 400 })],
    actual: [0, 1].map((index) => buildActual({ index, cellId: `c${index}`, state: 'RUNNING' })),
    cells: ['c0', 'c1', 'c2'].map((id, index) => buildCell(id, { zone: `z${index}` })),
  });
  await bbs.commit([{ compare: [], puts: records.map(([key, value]) => ({ key, value })) }], { signal });
  await clock.advance(2 * defaults.survivalEveryMs);
  expect(watch.current()).toMatchObject({ cellCount: 3, cell: true, zone: true });

  const gone = [presenceKey('c1' as CellId), presenceKey('c2' as CellId)];
  await bbs.commit([{ compare: [], puts: [], deletes: gone }], { signal });
  await clock.advance(defaults.convergeMaxDelayMs);
  const alone = watch.current();
  expect(alone).toMatchObject({ cellCount: 1, zoneCount: 1, cell: false, zone: false });

  const back = records.filter(([key]) => gone.includes(key)).map(([key, value]) => ({ key, value }));
  await bbs.commit([{ compare: [], puts: back }], { signal });
  await clock.advance(defaults.survivalEveryMs - 2 * defaults.convergeMaxDelayMs);
  expect(watch.current()).toBe(alone);
  await clock.advance(defaults.survivalEveryMs);
  expect(watch.current()).toMatchObject({ cellCount: 3, cell: true });

  abort.abort(new Error('the test is over'));
  await clock.advance(1);
  await Promise.all([watch.done, following]);
});
