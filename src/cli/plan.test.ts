/** `skep plan` and the line of `skep status` about losses, in this process. */
import { beforeEach, describe, expect, test } from 'vitest';
import { buildActual, buildCell, buildDesired } from '../../test/kit/builders.ts';
import { cliScene } from '../../test/kit/cli-scene.ts';
import type { Survives } from '../api/core/plan-shapes.ts';
import { survivesText } from '../api/core/survives-text.ts';
import { root } from '../store/core/keys.ts';

const scene = cliScene();
const skep = (...args: string[]) => scene.skep(args);
beforeEach(() =>
  scene.seed({
    desired: [buildDesired({ guid: 'web', instances: 3, memoryMb: 400 })],
    actual: [running(0, 'host-1'), running(1, 'host-1'), running(2, 'host-2')],
    cells: [
      buildCell('host-1', { zone: 'a' }),
      buildCell('host-2', { zone: 'b' }),
      buildCell('host-3', { zone: 'b' }),
    ],
  }),
);

const running = (index: number, cellId: string) => buildActual({ index, cellId, state: 'RUNNING' });

describe('skep plan', () => {
  test('drain: what would move where', async () => {
    const { code, out, err } = await skep('plan', 'drain', 'host-1');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe(
      [
        'draining host-1 would move 2 instances to 2 other cells: everything fits',
        '',
        'INSTANCE  FROM    TO',
        'web/0     host-1  host-3',
        'web/1     host-1  host-2',
        '',
      ].join('\n'),
    );
  });

  test('scale beyond the room: status 5, with what does not fit', async () => {
    const { code, out } = await skep('plan', 'scale', 'web', '8');
    expect(code).toBe(5);
    expect(out).toMatch(
      /^web would go from 3 to 8 instances; 3 would start on 2 cells; 2 would find no place/,
    );
    expect(out).toMatch(/^NO PLACE FOR +NEAREST +LACKS +WHY\nweb\/6 +host-\d +\d+ MiB memory +insufficient/m);
  });

  test('scale down: what would stop', async () => {
    const { code, out } = await skep('plan', 'scale', 'web', '1');
    expect(code).toBe(0);
    expect(out).toMatch(/WOULD STOP +ON\nweb\/1 +host-1\nweb\/2 +host-2\n/);
  });

  test('lose: cells, or a zone by its name', async () => {
    expect((await skep('plan', 'lose', 'host-1', 'host-2')).out).toMatch(
      /^losing host-1, host-2 would move 2 /,
    );
    const zone = await skep('plan', 'lose', 'b', '-o', 'json');
    expect(zone.code).toBe(5);
    expect(JSON.parse(zone.out)).toMatchObject({
      moves: [],
      unplaced: [{ guid: 'web', index: 2 }],
      tasks: 0,
    });
  });

  test('rebalance: the moves, also by name only', async () => {
    const all = await skep('plan', 'rebalance');
    expect(all.out).toMatch(/^\d moves? would lower the unevenness from [\d.]+ to [\d.]+\n\nINSTANCE/);
    const one = await skep('plan', 'rebalance', '--max-moves', '1', '-o', 'name');
    expect(one).toEqual({ code: 0, out: 'web/1\n', err: '' });
  });

  test.each([
    [['plan', 'drain', 'host-9'], 3, /no cell "host-9"/],
    [['plan', 'lose', 'nowhere'], 3, /no cell or zone "nowhere"/],
    [['plan', 'lose', 'a', 'host-2'], 2, /"a" is a zone, and a zone is lost alone/],
    [['plan', 'scale', 'nope', '3'], 3, /no LRP "nope"/],
    [['plan', 'scale', 'web', 'many'], 2, /many/],
    [['plan', 'rebalance', '--max-moves', '0'], 2, /--max-moves/],
    [['plan', 'frob'], 2, /frob/],
  ])('%j is refused', async (args, status, message) => {
    const { code, err } = await skep(...args);
    expect(err).toMatch(message);
    expect(code).toBe(status);
  });

  test.each(['scale', 'drain', 'lose', 'rebalance'])('%s has help with an example', async (verb) => {
    const { code, out } = await skep('plan', verb, '--help');
    expect(code).toBe(0);
    expect(out).toMatch(/Examples?:\n[\s\S]*\$ skep plan/);
  });
});

describe('skep rebalance', () => {
  const stored = () => scene.api.replica.state.rebalance?.value;

  test('--plan only shows; without it the moves are written down for the brain', async () => {
    const planned = await skep('rebalance', '--plan', '-o', 'json');
    expect(planned.code).toBe(0);
    expect(stored()).toBeUndefined();
    const { code, out, err } = await skep('rebalance', '--max-moves', '1');
    expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/skep status/) });
    expect(out).toMatch(/^1 move would lower the unevenness/);
    expect(stored()).toMatchObject({
      asked: 1,
      by: 'uid 0 (unix socket)',
      moves: [{ guid: 'web', index: 1, instanceGuid: 'i-web-1-host-1', from: 'host-1', to: 'host-3' }],
    });
    expect((await skep('status')).out).toMatch(
      /^Rebalance {2}1 of 1 move left, asked for \d+s ago by uid 0/m,
    );
  });

  test('refused while another is under way', async () => {
    await skep('rebalance', '--max-moves', '1');
    const { code, err } = await skep('rebalance');
    expect(code).toBe(4);
    expect(err).toMatch(/a rebalance is under way: 1 of 1 moves are left\n {2}hint: .*skep status/);
  });

  test('--stop ends it, says what was left, and is content when there is none', async () => {
    await skep('rebalance', '--max-moves', '1');
    const { code, err } = await skep('rebalance', '--stop');
    expect({ code, err }).toEqual({
      code: 0,
      err: 'The rebalance is stopped: 1 of 1 moves were left; what has not moved stays.\n',
    });
    expect(stored()).toBeUndefined();
    expect(await skep('rebalance', '--stop')).toMatchObject({ code: 0, err: 'No rebalance is under way.\n' });
    expect(JSON.parse((await skep('rebalance', '--stop', '-o', 'json')).out)).toMatchObject({ left: 0 });
    expect((await skep('rebalance', '--stop', '--plan')).code).toBe(2);
    expect((await skep('events')).out).toMatch(/the rebalance is stopped: 1 of 1 moves were left/);
    await skep('brain', 'settings', 'autoRebalance=true');
    expect((await skep('rebalance', '--stop')).err).toMatch(/autoRebalance=false ends that/);
  });

  test('writes nothing when the cells are even', async () => {
    await scene.api.bbs.deleteRange(`${root}actual/`, `${root}actual/~`, { signal: scene.api.signal });
    await scene.api.replica.waitFor(scene.api.bbs.store.revision, 5_000, scene.api.signal);
    expect(await skep('rebalance')).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^no move/),
    });
    expect(stored()).toBeUndefined();
  });
});

describe('skep status', () => {
  const survives: Survives = {
    revision: 7,
    cellCount: 3,
    zoneCount: 2,
    cell: true,
    worstCells: [],
    zone: false,
    worstZones: [{ name: 'b', unplaced: 12, reason: 'memory' }],
  };

  test('says which loss would be survived, once it is known', async () => {
    scene.api.survives = undefined;
    expect((await skep('status')).out).not.toMatch(/Survives/);
    scene.api.survives = survives;
    expect((await skep('status')).out).toMatch(
      /^Survives {3}the loss of any one cell; not of zone b: 12 instances would not fit \(memory\)$/m,
    );
    expect(JSON.parse((await skep('status', '-o', 'json')).out)).toMatchObject({ survives });
  });

  const loss = { name: 'c1', unplaced: 1, reason: 'disk' };
  test.each<[Partial<Survives>, string]>([
    [{ zone: true, worstZones: [] }, 'the loss of any one cell, or of any one zone'],
    [{ zoneCount: 1, worstZones: [] }, 'the loss of any one cell; not of the zone: there is only one'],
    [
      { cellCount: 1, cell: false, zone: false },
      'no loss of a cell: there is only one place to run anything',
    ],
    [{ cellCount: 0, cell: false, zone: false }, 'no loss: no cell is present'],
    [
      { cell: false, worstCells: [loss, { ...loss, name: 'c2' }] },
      'not the loss of cell c1 and 1 more cell: 1 instance would not fit (disk); nor of zone b: 12 instances would not fit (memory)',
    ],
  ])('%j', (change, text) => {
    expect(survivesText({ ...survives, ...change })).toBe(text);
  });
});
