/**
 * What the cluster says reaches the terminal of an operator through the CLI: every string of every record holds what a
 * terminal would obey, and nothing of it comes out as it is.
 */
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { actualLrpSchema } from '../../src/model/actual-lrp.ts';
import { cellPresenceSchema, leaderSchema, serverSchema } from '../../src/model/cell.ts';
import { brainSettingsSchema, cellSpecSchema } from '../../src/model/cell-spec.ts';
import { desiredLrpSchema } from '../../src/model/desired-lrp.ts';
import { eventTypes, journalEventSchema } from '../../src/model/event.ts';
import type { CellId } from '../../src/model/ids.ts';
import { taskSchema } from '../../src/model/task.ts';
import { encode } from '../../src/store/core/codec.ts';
import {
  actualKey,
  cellSpecKey,
  desiredKey,
  eventKey,
  leaderKey,
  presenceKey,
  serverKey,
  taskKey,
} from '../../src/store/core/keys.ts';
import { buildActual, buildCell, buildDesired, buildDrained, buildTask, builtAt } from '../kit/builders.ts';
import { cliScene } from '../kit/cli-scene.ts';
import { obeyed, poison, trick } from './poison.ts';

const scene = cliScene();

const refusal = {
  message: 'no cell has enough memory',
  cells: 2,
  counts: { memory: 2 },
  nearest: { cellId: 'c-1' as CellId, lacks: '128 MB' },
  change: 'ask for less',
};
const netInfo = {
  address: '10.0.0.1',
  instanceAddress: '172.17.0.2',
  ports: [{ containerPort: 80, hostPort: 6 }],
};
const run = (index: number, change: object) =>
  poison(buildActual({ guid: 'web', index, updatedAt: builtAt, ...change }), actualLrpSchema);

/** One of each noun in each state, as bad as its schema allows. */
function records(): [key: string, value: string][] {
  const desired = buildDesired({
    guid: 'web',
    instances: 3,
    annotation: 'note',
    labels: { team: 'a' },
  } as object);
  const task = buildTask({
    guid: 'job',
    cellId: 'c-1',
    state: 'COMPLETED',
    failed: true,
    failureReason: 'why',
  } as object);
  const cell = (id: string, change: object = {}) =>
    poison(
      buildCell(id, {
        labels: { rack: 'r7' },
        engine: { ok: false, name: 'docker', reason: 'gone' },
        ...change,
      }),
      cellPresenceSchema,
    );
  const server = {
    v: 1,
    server: 'host-a',
    apiAddress: '10.0.0.1:7400',
    memberId: '1',
    version: '1',
    startedAt: 1,
  } as const;
  const actual = [
    run(0, {
      state: 'RUNNING',
      cellId: 'c-1',
      netInfo,
      containerId: 'abc',
      checkOutput: 'not yet',
      routable: false,
    }),
    run(1, { state: 'CRASHED', crashCount: 3, crashReason: 'exited with status 1' }),
    run(2, { placementError: refusal }),
  ];
  return [
    [desiredKey('web' as never), encode(poison(desired, desiredLrpSchema))],
    ...actual.map((one): [string, string] => [actualKey(one.guid, one.index), encode(one)]),
    [taskKey('job' as never), encode(poison(task, taskSchema))],
    ...['c-1', 'c-2'].map((id): [string, string] => [presenceKey(id as CellId), encode(cell(id))]),
    [cellSpecKey('c-2' as CellId), encode(poison(buildDrained('c-2'), cellSpecSchema))],
    [serverKey('host-a'), encode(poison(server, serverSchema))],
    [leaderKey, encode(poison({ v: 1, server: 'host-a', raftTerm: 1, since: 1 }, leaderSchema))],
    ...eventTypes.map((type, i): [string, string] => {
      const event = {
        v: 1,
        at: builtAt + i,
        type,
        subject: i % 2 ? 'web' : 'job',
        message: 'it did',
        actor: 'alice',
        cellId: 'c-1',
      };
      return [eventKey(event.at, `e${i}`), encode(poison(event as never, journalEventSchema))];
    }),
    ['/skep/v1/desired/bad', `{"v":1,"guid":${JSON.stringify(trick)}}`],
  ];
}

const commands: readonly string[][] = [
  ['ps'],
  ['ps', 'web'],
  ['cells'],
  ['cell', 'show', 'c-1'],
  ['cell', 'show', 'c-2'],
  ['status'],
  ['events'],
  ['audit'],
  ['why', 'web'],
  ['why', 'web/1'],
  ['why', 'job'],
  ['task', 'ls'],
  ['task', 'show', 'job'],
  ['brain'],
  ['brain', 'settings'],
  ['plan', 'scale', 'web', '5'],
  ['plan', 'lose', 'c-1'],
  ['plan', 'drain', 'c-1'],
  ['scale', 'web', '2'],
  ['cell', 'cordon', 'c-1', '--reason', 'x'],
  ['version'],
];

// Colours are ours.
const ownColours = new RegExp(String.raw`\u001b\[[0-9;]*m`, 'g');

test.each(commands.map((command) => [command.join(' '), command] as const))(
  'skep %s',
  async (_name, command) => {
    await scene.api.seed({ puts: records().map(([key, value]) => ({ key, value })) });
    for (const more of [[], ['-o', 'wide'], ['-o', 'json'], ['-o', 'yaml']]) {
      const { out, err } = await scene.skep([...command, ...more], { terminal: false });
      const shown = (out + err).replaceAll(ownColours, '');
      expect(
        obeyed.exec(shown)?.[0],
        `${more.join(' ')}: ${JSON.stringify(shown).slice(0, 2_000)}`,
      ).toBeUndefined();
      expect(shown).not.toBe('');
    }
  },
);

test('the tricks are there to be shown, and data keeps them', async () => {
  await scene.api.seed({ puts: records().map(([key, value]) => ({ key, value })) });
  const { out } = await scene.skep(['events']);
  expect(out).toContain('X^[[2J');
  const json = await scene.skep(['events', '-o', 'json']);
  expect(JSON.stringify(JSON.parse(json.out))).toContain(JSON.stringify(trick).slice(1, -1));
  const yaml = await scene.skep(['events', '-o', 'yaml']);
  expect(parse(yaml.out)).toEqual(JSON.parse(json.out));
});

test('names that a caller types and errors that a server answers', async () => {
  for (const command of [
    ['ps', trick],
    ['why', trick],
    ['cell', 'show', trick],
    ['scale', trick, '1'],
    [trick],
    ['ps', `--${trick}`],
  ]) {
    const { code, out, err } = await scene.skep(command);
    expect(code).not.toBe(0);
    expect(obeyed.exec(out + err)?.[0], JSON.stringify(err)).toBeUndefined();
  }
});

test('the settings of the brain hold no free text', () => {
  const settings = brainSettingsSchema.parse({ v: 1 });
  expect(JSON.stringify(poison(settings, brainSettingsSchema))).not.toContain('[2J');
});
