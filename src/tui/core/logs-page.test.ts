import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, test } from 'vitest';
import { linearExpression } from '../../api/client/linear-expression.ts';
import type { ActionId } from './actions.ts';
import { attrOf, canvasOf, createFrame, type Frame, frameText } from './frame.ts';
import { appendLines, emptyLogBuffer, firstLine, lineAt, linesOf } from './log-buffer.ts';
import { logsPage } from './logs-page.ts';
import type { DrawContext, Effect, LogLine, Page, PageContext } from './page.ts';
import { palettes } from './palettes.ts';
import { themeOf, unicodeGlyphs } from './theme.ts';

const theme = themeOf('dark', palettes.dark, unicodeGlyphs);
const start = Date.UTC(2026, 10, 21, 12, 0, 0);

const line = (i: number, text = `line ${i}`, extra: Partial<LogLine> = {}): LogLine => ({
  at: start + i,
  source: 'web/0',
  cell: 'cell-1',
  stream: 'stdout',
  text,
  ...extra,
});
const some = (from: number, to: number): LogLine[] =>
  Array.from({ length: to - from }, (_, i) => line(from + i));

const request = { target: { lrp: 'web' }, tail: 100, previous: false } as const;

class World {
  page: Page;
  constructor(page: Page = logsPage(request)) {
    this.page = page;
  }
  size = { columns: 80, rows: 11 };
  readonly effects: Effect[] = [];

  get context(): PageContext {
    return {
      now: start + 3_600_000,
      cluster: 'test',
      size: this.size,
      settings: { readOnly: false, theme: 'dark', times: 'utc', wide: false },
    };
  }
  #turn({ page, effects = [] }: ReturnType<Page['on']>): this {
    this.page = page;
    this.effects.push(...effects);
    return this;
  }
  come(lines: readonly LogLine[], anew = false): this {
    return this.#turn(
      this.page.on({ kind: 'data', want: 'logs', data: { kind: 'logs', lines, anew } }, this.context),
    );
  }
  act(...actions: ActionId[]): this {
    for (const action of actions) this.#turn(this.page.on({ kind: 'action', action }, this.context));
    return this;
  }
  filter(text: string): this {
    return this.#turn(this.page.on({ kind: 'filter', text }, this.context));
  }
  frame(): Frame {
    const frame = createFrame(this.size.columns, this.size.rows);
    const context: DrawContext = { ...this.context, theme, skewMs: 0 };
    this.page.draw(canvasOf(frame), context);
    return frame;
  }
  rows(): string[] {
    return frameText(this.frame()).split('\n');
  }
  /** What is shown of the lines, without times and prefix. */
  texts(): string[] {
    return this.rows()
      .slice(0, -1)
      .filter((row) => row !== '')
      .map((row) => row.replace(/^.*│ /, ''));
  }
  foot(): string {
    return this.rows().at(-1) ?? '';
  }
}

describe('the buffer', () => {
  test('keeps the newest, whole chunks at a time, and says how many it dropped', () => {
    let buffer = emptyLogBuffer;
    for (let i = 0; i < 30; i += 1)
      buffer = appendLines(buffer, some(i * 100, i * 100 + 100), { lines: 1_000, bytes: 1e9 });
    expect(buffer.next).toBe(3_000);
    expect(buffer.next - firstLine(buffer)).toBeLessThanOrEqual(1_000);
    expect(buffer.dropped).toBe(firstLine(buffer));
    expect([...linesOf(buffer)].map(({ text }) => text)).toEqual(
      some(firstLine(buffer), 3_000).map(({ text }) => text),
    );
    expect(lineAt(buffer, 2_345)?.text).toBe('line 2345');
    expect(lineAt(buffer, 3)).toBeUndefined();
    expect(lineAt(buffer, 3_000)).toBeUndefined();
  });

  test('is bounded by size too, and never loses the newest', () => {
    let buffer = emptyLogBuffer;
    for (let i = 0; i < 50; i += 1)
      buffer = appendLines(buffer, [line(i, 'x'.repeat(100_000))], { lines: 1e6, bytes: 1e6 });
    expect(buffer.bytes).toBeLessThan(512 * 200_100);
    expect(lineAt(buffer, 49)?.text).toHaveLength(100_000);
  });
});

test('follows the end, with time, instance and cell', () => {
  const world = new World().come(some(0, 100));
  expect(world.texts()).toEqual(some(90, 100).map(({ text }) => text));
  expect(world.rows()[0]).toBe('12:00:00.090 web/0 cell-1 │ line 90');
  expect(world.foot()).toContain('following  100 lines');
  world.come(some(100, 103));
  expect(world.texts().at(-1)).toBe('line 102');
});

test('scrolling up pauses, nothing is lost, and what came is counted; the end follows again', () => {
  const world = new World().come(some(0, 1_000)).act('up');
  expect(world.texts()[0]).toBe('line 989');
  world.come(some(1_000, 2_204));
  expect(world.texts()[0]).toBe('line 989');
  expect(world.foot()).toContain('PAUSED  ▼ 1,204 new');
  world.act('pageDown', 'pageDown');
  expect(world.texts()[0]).toBe('line 1007');
  expect(world.act('bottom').texts().at(-1)).toBe('line 2203');
  expect(world.foot()).toContain('following');
  world.act('top');
  expect(world.texts()[0]).toBe('line 0');
  expect(world.act('follow').foot()).toContain('following');
  expect(world.act('follow').foot()).toContain('PAUSED  ▼ 0 new');
});

test('coming down to the end follows again', () => {
  const world = new World().come(some(0, 30)).act('up', 'up', 'down');
  expect(world.foot()).toContain('PAUSED');
  expect(world.act('down').foot()).toContain('following');
});

test('paused at lines that make room for newer ones: the oldest that are left are shown', () => {
  const world = new World().come(some(0, 600)).act('top');
  for (let i = 0; i < 210; i += 1) world.come(some(600 + i * 500, 1_100 + i * 500));
  expect(world.texts()).toHaveLength(10);
  expect(world.foot()).toMatch(/older ones dropped/);
});

test('a filter hides, Tab highlights instead, n and N go from match to match', () => {
  const world = new World().come(some(0, 1_000)).filter('line 1.5$');
  expect(world.texts()).toEqual(
    ['105', '115', '125', '135', '145', '155', '165', '175', '185', '195'].map((n) => `line ${n}`),
  );
  expect(world.foot()).toContain('filtered');
  world.act('highlight');
  expect(world.texts().at(-1)).toBe('line 999');
  world.act('previousMatch');
  expect(world.texts()[0]).toBe('line 195');
  const frame = world.frame();
  expect(frame.attrs[28]).toBe(theme.attr('match'));
  expect(frame.attrs[80 + 28]).not.toBe(theme.attr('match'));
  expect(world.act('previousMatch').texts()[0]).toBe('line 185');
  expect(world.act('nextMatch').texts()[0]).toBe('line 195');
  world.act('nextMatch');
  expect(world.effects.at(-1)).toMatchObject({ do: 'flash', text: 'no match further down' });
  world.act('highlight').filter('!line');
  expect(world.texts()).toEqual([]);
  world.filter('line 5(');
  expect(world.foot()).toContain('taken as text');
  world.act('escape');
  expect(world.page.filter).toBe('');
  expect(world.act('escape').effects.at(-1)).toEqual({ do: 'back' });
});

test('an expression that would hang is run by the engine that cannot, once it is there', () => {
  const lines = [line(0, `${'a'.repeat(40)}!`), line(1, 'aaa')];
  const here = new World(logsPage(request, () => linearExpression(RE2JS))).come(lines).filter('(a+)+$');
  expect(here.texts()).toEqual(['aaa']);
  const without = new World().come(lines).filter('(a+)+$');
  expect(without.texts()).toEqual([]);
  expect(without.foot()).toContain('taken as text');
});

test('capitals in a filter count only when there are some', () => {
  const world = new World().come([line(0, 'Error one'), line(1, 'error two')]);
  expect(world.filter('error').texts()).toHaveLength(2);
  expect(world.filter('Error').texts()).toEqual(['Error one']);
});

test('long lines are broken at the edge, or cut and scrolled sideways; each row is reached', () => {
  const long = Array.from({ length: 30 }, (_, i) => `<${String(i).padStart(2, '0')}>${'x'.repeat(48)}`).join(
    '',
  );
  const world = new World().come([line(0, 'before'), line(1, long), line(2, 'after')]);
  expect(world.texts().at(-1)).toBe('after');
  expect(world.texts().at(-2)?.trimStart().length).toBeGreaterThan(1);
  world.act('top');
  expect(world.texts()[0]).toBe('before');
  expect(world.texts()[1]).toMatch(/^<00>x{48}$/);
  for (let i = 0; i < 3; i += 1) world.act('down');
  expect(world.texts()[0]?.trimStart()).toMatch(/^<02>x{48}$/);
  world.act('wrap');
  expect(world.texts()).toHaveLength(2);
  world.act('top', 'right', 'right');
  expect(world.texts()[1]).toMatch(/^x{20}<01>x{28}$/);
  expect(world.foot()).toContain('cut at the edge, from column 33');
});

test('only errors, only one instance after another, without times or names', () => {
  const world = new World().come([
    line(0, 'a'),
    line(1, 'b', { source: 'web/10', stream: 'stderr' }),
    line(2, 'c', { source: 'web/2' }),
  ]);
  expect(world.act('logStderr').texts()).toEqual(['b']);
  world.act('logStderr', 'logInstances');
  expect(world.texts()).toEqual(['a']);
  expect(world.foot()).toContain('only web/0');
  expect(world.act('logInstances').texts()).toEqual(['c']);
  expect(world.act('logInstances').texts()).toEqual(['b']);
  expect(world.act('logInstances').texts()).toHaveLength(3);
  world.act('logTimes', 'logPrefix');
  expect(world.rows()[0]).toBe('a');
});

test('marks and notes stay whatever is filtered; what is saved is whole and as it is shown', () => {
  const world = new World()
    .come([line(0, `x${'y'.repeat(20_000)}`), line(1, '-- web/0 exited 137 --', { stream: 'note' })])
    .act('logMark')
    .filter('nothing');
  expect(world.texts()).toHaveLength(2);
  world.filter('');
  expect(
    world
      .texts()
      .map((row) => row.trim())
      .join(''),
  ).toContain('20001 characters: Ctrl-S saves them all');
  const saved = world.page.lines(world.context);
  expect(saved[0]).toBe(`2026-11-21T12:00:00.000Z web/0 cell-1 | x${'y'.repeat(20_000)}`);
  expect(saved[2]).toContain('mark 13:00:00.000');
  world.act('logPrefix', 'logTimes');
  expect(world.page.lines(world.context)[0]).toHaveLength(20_001);
});

test('control characters are seen, colours are shown, tabs are spaces', () => {
  const world = new World().come([line(0, 'a\x1b[31mred\x1b[0m\x1b]52;c;x\x07\tend\x9b1m')]);
  expect(world.texts()[0]).toBe('ared^[]52;c;x^G        end·1m');
  expect(world.frame().attrs[29]).toBe(attrOf({ fg: 1 }));
  expect(world.filter('ared').texts()).toHaveLength(1);
});

test('the digits ask for other lines, p for the crash before, and begin with an empty page', () => {
  const world = new World().come(some(0, 100)).act('logFive');
  expect(world.page.wants).toMatchObject([{ request: { since: start + 3_300_000, previous: false } }]);
  expect(world.texts()).toEqual([]);
  expect(world.act('previousLogs').page.wants).toMatchObject([{ request: { previous: true } }]);
  expect(world.page.command(world.context)).toBe('skep logs web --previous -n 100000');
  expect(world.act('previousLogs', 'logTail').page.command(world.context)).toBe('skep logs web -f -n 500');
});

test('a feed that is begun again brings only what had not come, and the place is kept', () => {
  const world = new World().come(some(0, 50)).act('up').come(some(40, 60), true).come(some(60, 65));
  expect(world.texts()[0]).toBe('line 39');
  expect(world.foot()).toContain('PAUSED  ▼ 15 new');
  expect(world.act('bottom').texts().at(-1)).toBe('line 64');
  expect(world.foot()).toContain('65 lines');
  world.come([line(64), line(64, 'another of that moment'), line(3, 'late', { source: 'web/7' })], true);
  expect(world.foot()).toContain('67 lines');
});

test('a page that is come back to asks for what was written meanwhile', () => {
  const world = new World();
  const shown = (): void => {
    world.page = world.page.on({ kind: 'shown' }, world.context).page;
  };
  shown();
  expect(world.page.wants).toMatchObject([{ request: { tail: 100 } }]);
  world.come(some(0, 50));
  shown();
  expect(world.page.wants).toMatchObject([{ request: { since: start + 49 - 10_000 } }]);
  expect(world.page.command(world.context)).toBe('skep logs web -f -n 100');
});

test('a broken feed is said and what was shown stays', () => {
  const world = new World().come(some(0, 5));
  world.page = world.page.on(
    {
      kind: 'data',
      want: 'logs',
      data: { kind: 'broken', error: { code: 'Unavailable', message: 'no server' } },
    },
    world.context,
  ).page;
  expect(world.foot()).toContain('no server');
  expect(world.texts()).toHaveLength(5);
});

test('the lines on the screen are copied', () => {
  const world = new World().come(some(0, 50)).act('copy');
  expect(world.effects.at(-1)).toMatchObject({ do: 'copy' });
});

const actions = fc.constantFrom<ActionId>(
  'up',
  'down',
  'pageUp',
  'pageDown',
  'top',
  'bottom',
  'follow',
  'wrap',
  'left',
  'right',
  'highlight',
  'nextMatch',
  'previousMatch',
  'logTimes',
  'logPrefix',
  'logStderr',
  'logInstances',
  'logMark',
  'logClear',
  'logMinute',
);
const text = fc.oneof(
  fc.string({ maxLength: 300 }),
  fc.constantFrom('漢字'.repeat(60), 'x'.repeat(500), '\x1b[1m', ''),
);
const event = fc.oneof(
  { weight: 5, arbitrary: fc.record({ act: actions }) },
  {
    weight: 3,
    arbitrary: fc.record({
      lines: fc.array(fc.tuple(text, fc.nat(3), fc.constantFrom('stdout', 'stderr', 'note')), {
        maxLength: 40,
      }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ filter: fc.constantFrom('', 'x', '!x', '(', '字', '^$') }) },
  {
    weight: 1,
    arbitrary: fc.record({
      columns: fc.integer({ min: 40, max: 200 }),
      rows: fc.integer({ min: 5, max: 60 }),
    }),
  },
);

test('any keys, lines, filters and sizes: it draws, and following shows the newest line that is shown', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      const world = new World();
      let at = 0;
      for (const each of events) {
        if ('act' in each) world.act(each.act);
        else if ('lines' in each)
          world.come(
            each.lines.map(([words, index, stream]) =>
              line((at += 1), words, { source: `web/${index}`, stream: stream as 'stdout' }),
            ),
          );
        else if ('filter' in each) world.filter(each.filter);
        else {
          world.size = each;
          world.page = world.page.on({ kind: 'resized' }, world.context).page;
        }
        const frame = world.frame();
        expect(frame.characters).toHaveLength(world.size.columns * world.size.rows);
        expect(frameText(frame)).toMatch(/following|PAUSED/);
      }
    }),
    { numRuns: 150 },
  );
});
