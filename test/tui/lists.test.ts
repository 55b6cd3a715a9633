/** Lists of the terminal UI over the views as a server really answers them: what both ends mean by a query. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ViewMessage, ViewQuery } from '../../src/api/core/view-shapes.ts';
import { viewQuerySchema } from '../../src/api/core/view-shapes.ts';
import { ViewHub } from '../../src/api/views/hub.ts';
import { windowOf } from '../../src/api/views/window.ts';
import { SkepError } from '../../src/base/core/errors.ts';
import { silentLog } from '../../src/base/log.ts';
import type { Millis } from '../../src/model/ids.ts';
import { actualKey } from '../../src/store/core/keys.ts';
import { frameText } from '../../src/tui/core/frame.ts';
import { buildActual, builtAt } from '../kit/builders.ts';
import { type StateReplica, stateReplica } from '../kit/state-replica.ts';
import { driveTui, type TuiApp } from '../kit/tui-app.ts';
import { type VirtualClock, virtualClock } from '../kit/virtual-clock.ts';

const count = 700;
let replica: StateReplica;
let hub: ViewHub;
let clock: VirtualClock;
let app: TuiApp;

function answer(query: ViewQuery): ViewMessage {
  const checked = viewQuerySchema.parse(query);
  try {
    const lease = hub.acquire(checked, () => undefined);
    try {
      return windowOf(lease, checked, 1, replica);
    } finally {
      lease.release();
    }
  } catch (error) {
    if (!(error instanceof SkepError)) throw error;
    return { type: 'refused', seq: 1, message: error.message };
  }
}

beforeEach(() => {
  replica = stateReplica();
  replica.put({ actual: Array.from({ length: count }, (_, index) => buildActual({ index })) });
  clock = virtualClock(builtAt);
  hub = new ViewHub({ replica, clock, log: silentLog });
  app = driveTui({
    size: { columns: 100, rows: 24 },
    now: builtAt as Millis,
    rows: () => [],
    home: (pages) => pages.list({ kind: 'instances' }),
    answer,
  });
});
afterEach(() => hub.close());

const screen = (): string => frameText(app.draw());
const title = (): string | undefined => app.model.stack.at(-1)?.page.title;
/** The row that Enter would open. */
function underCursor(): string | undefined {
  app.send({ kind: 'key', key: { name: 'c', text: 'c', bytes: 'c' } });
  const last = app.effects.at(-1);
  return last !== undefined && 'effect' in last && last.effect.do === 'copy' ? last.effect.text : undefined;
}

test('the first screen, the last, and every step between are there', () => {
  expect(screen()).toContain(`1-18 of ${count}`);
  expect(underCursor()).toBe('web/0');
  for (let index = 1; index < 60; index += 1) app.press('down');
  expect(underCursor()).toBe('web/59');
  app.press('G');
  expect(screen()).toContain(`683-${count} of ${count}`);
  expect(underCursor()).toBe(`web/${count - 1}`);
  app.press('g');
  expect(underCursor()).toBe('web/0');
});

test('another order keeps the row; the other end of it shows the first', () => {
  app.press('down', 'down', 'O');
  expect(underCursor()).toBe('web/2');
  expect(screen()).toContain(`of ${count}`);
  app.press('G');
  expect(underCursor()).toBe('web/0');
});

describe('when records come and go', () => {
  const gone = (index: number): void => {
    replica.write({ [actualKey(buildActual({ index }).guid, index)]: undefined });
    app.feed();
  };
  test('the cursor goes to the neighbour of a row that went', () => {
    app.press('down', 'down', 'down');
    gone(3);
    expect(underCursor()).toBe('web/4');
  });
  test('it stays on its row when others go and come before it', () => {
    for (let index = 0; index < 40; index += 1) app.press('down');
    gone(5);
    gone(6);
    expect(underCursor()).toBe('web/40');
  });
  test('all of them', async () => {
    for (let index = 0; index < count; index += 1) {
      replica.write({ [actualKey(buildActual({ index }).guid, index)]: undefined });
    }
    // A burst is worked off in slices.
    await clock.advance(1_000);
    app.feed();
    expect(screen()).toContain('no instances');
  });
});

describe('filters', () => {
  const filter = (text: string): void => {
    app.press('/');
    app.type(text);
  };
  test('hold while they are typed, and what is none says why', () => {
    filter('web/69');
    expect(screen()).toContain('1-11 of 11 (700 in all)');
    app.press('escape');
    filter('(');
    expect(title()).toContain('filter not used');
    expect(screen()).toContain('web/3');
  });
  test('the cursor stays on a row that passes', () => {
    for (let index = 0; index < 70; index += 1) app.press('down');
    app.press('/');
    app.send({ kind: 'paste', text: 'instance:/7' });
    app.feed();
    app.press('enter');
    expect(screen()).toContain('1-11 of 11 (700 in all)');
    expect(underCursor()).toBe('web/70');
    app.press('escape');
    expect(underCursor()).toBe('web/70');
  });
});

test('every column that can be shown can be sorted by', () => {
  for (let step = 0; step < 12; step += 1) {
    app.press('>');
    expect(title()).toBe('instances');
    expect(screen()).toContain(`of ${count}`);
  }
});
