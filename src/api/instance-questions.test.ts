/** `why` with what cells say: which are asked, and what is made of their answers and of their silence. */
import { expect, test } from 'vitest';
import { buildActual, buildCell, buildDesired, buildState, builtAt } from '../../test/kit/builders.ts';
import { socketPair } from '../../test/kit/socket-pair.ts';
import { virtualClock } from '../../test/kit/virtual-clock.ts';
import { SkepError } from '../base/core/errors.ts';
import type { ActualLrp } from '../model/actual-lrp.ts';
import type { CellId } from '../model/ids.ts';
import type { StreamRequest } from './core/cell-protocol.ts';
import type { InstanceDoing, Told } from './core/instance-doing.ts';
import { type ChannelName, packFrame } from './core/stream-frames.ts';
import { explain } from './core/why.ts';
import { questionsOf } from './core/why-questions.ts';
import { askCells } from './instance-questions.ts';

const now = builtAt + 50_000;
const desired = buildDesired({ instances: 20 });

function stateOf(actual: readonly ActualLrp[]) {
  const cells = [buildCell('a'), buildCell('b')];
  return buildState({ desired: [desired], actual, cells });
}

const starting = (index: number, cellId: string, secondsAgo = 50): ActualLrp =>
  buildActual({ index, cellId, state: 'CLAIMED', since: now - secondsAgo * 1_000 });

const pulling: InstanceDoing = {
  cellId: 'a',
  // Its clock is an hour ahead.
  at: now + 3_600_000,
  phase: 'pulling',
  since: now + 3_600_000 - 40_000,
  image: 'big:1',
  progress: '1 of 3 layers',
};

type Answer = { readonly channel: ChannelName; readonly text: string } | SkepError | 'silence' | 'end';
const says = (doing: unknown): Answer => ({ channel: 'stdout', text: JSON.stringify(doing) });

/** Cells that answer as told; a cell without an answer has no session. */
async function ask(actual: readonly ActualLrp[], index: number | undefined, answers: Record<string, Answer>) {
  const clock = virtualClock();
  const state = stateOf(actual);
  const asked: string[] = [];
  let open = 0;
  const dispatcher = {
    async openStream(cellId: CellId, request: StreamRequest) {
      if (request.kind === 'consoles' && request.doing === true) asked.push(cellId);
      const answer = answers[cellId] ?? new SkepError('Unavailable', `cell ${cellId} has no session here`);
      if (answer instanceof SkepError) throw answer;
      const { left, right } = socketPair();
      open += 1;
      void left.closed.then(() => (open -= 1));
      if (answer === 'end') right.close(1000, '');
      else if (answer !== 'silence') {
        void right.send(packFrame(answer.channel, new TextEncoder().encode(answer.text)));
      }
      return left;
    },
  };
  const question = { guid: 'web', index };
  const answering = askCells(
    { dispatcher, clock },
    questionsOf(state, question),
    new AbortController().signal,
  );
  let told: ReadonlyMap<string, Told> | undefined;
  void answering.then((answer) => {
    told = answer;
  });
  await clock.settle();
  const before = told !== undefined;
  await clock.advance(1_500);
  const why = explain(state, { ...question, now, told: await answering });
  await clock.settle();
  expect({ open, timers: clock.pendingTimers }).toEqual({ open: 0, timers: 0 });
  return { why, asked, isAtOnce: before };
}

test('what the cell of an instance that starts says stands in the answer, by the clock of the cell', async () => {
  const { why, asked, isAtOnce } = await ask([starting(0, 'a')], 0, { a: says(pulling) });
  expect({ asked, isAtOnce }).toEqual({ asked: ['a'], isAtOnce: true });
  expect(why?.summary).toBe(
    'has been starting on cell a for 50 s: image big:1 has been pulled for 40 s (1 of 3 layers)',
  );
  expect(why?.instances[0]).toMatchObject({ doing: pulling, hint: expect.stringContaining('docker pull') });
  expect(why?.instances[0]?.silence).toBeUndefined();
});

test.each<[string, Answer | undefined, string]>([
  ['is silent', 'silence', 'cell a was asked what it is doing: it did not answer within 1.5 s'],
  ['has no session', undefined, 'cell a was asked what it is doing: cell a has no session here'],
  ['ends the stream', 'end', 'cell a was asked what it is doing: it answered nothing'],
  [
    'refuses',
    {
      channel: 'control',
      text: JSON.stringify({ kind: 'error', code: 'ResourceNotFound', message: 'unheard of' }),
    },
    'cell a was asked what it is doing: unheard of',
  ],
  [
    'is newer',
    says({ ...pulling, phase: 'dreaming' }),
    'cell a was asked what it is doing: it answered something that this release does not know',
  ],
  [
    'sends no JSON',
    { channel: 'stdout', text: '{' },
    'cell a was asked what it is doing: it answered something that this release does not know',
  ],
])('a cell that %s takes nothing from the answer, and that is said', async (_name, answer, silence) => {
  const { why } = await ask([starting(0, 'a')], undefined, answer === undefined ? {} : { a: answer });
  expect(why?.instances[0]?.silence).toBe(silence);
  expect(why?.instances[0]?.summary).toMatch(
    /^has been starting on cell a for 50 s \(its image is being pulled/,
  );
  expect(why?.instances[0]?.summary).toContain(`; ${silence}`);
});

/** What a cell answers that does not know what `doing` means: its consoles. */
const older = says({ cellId: 'a', consoles: [] });

test('a cell of an older release takes nothing from the answer, and that is said', async () => {
  const { why, isAtOnce } = await ask([starting(0, 'a')], 0, { a: older });
  expect(isAtOnce).toBe(true);
  expect(why?.summary).toContain('; cell a is of an older release and does not tell more');
});

test('of an LRP the five that start for longest are asked about, at once', async () => {
  const actual = Array.from({ length: 8 }, (_, index) =>
    starting(index, index % 2 === 0 ? 'a' : 'b', 10 + index),
  );
  actual.push(buildActual({ index: 9, cellId: 'a', state: 'RUNNING', routable: true, since: builtAt }));
  actual.push(buildActual({ index: 10 }));
  const { why, asked } = await ask(actual, undefined, { a: says(pulling), b: 'silence' });
  expect(asked).toEqual(['b', 'a', 'b', 'a', 'b']);
  const known = why?.instances.filter((one) => one.doing ?? one.silence).map((one) => one.actual.index);
  expect(known).toEqual([3, 4, 5, 6, 7]);
});

test('of an instance that runs only what its record does not say is told', async () => {
  const runs = buildActual({ cellId: 'a', state: 'RUNNING', routable: true, since: builtAt });
  const well = { cellId: 'a', at: now, phase: 'running', since: builtAt, checks: [] };
  expect((await ask([runs], 0, { a: says(well) })).why?.summary).toBe('has run on cell a for 50 s');
  const crashed = { cellId: 'a', at: now, phase: 'crashed', since: now - 2_000, reason: 'out of memory' };
  expect((await ask([runs], 0, { a: says(crashed) })).why?.summary).toBe(
    'has run on cell a for 50 s; its cell says: it crashed 2 s ago: out of memory',
  );
  expect((await ask([runs], undefined, { a: says(crashed) })).asked).toEqual([]);
  expect((await ask([runs], 0, { a: older })).why?.summary).toBe('has run on cell a for 50 s');
  expect((await ask([runs], 0, { a: 'silence' })).why?.summary).toContain('; cell a was asked');
});
