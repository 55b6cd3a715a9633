/**
 * The whole terminal UI, its pages, dialogs and panes, under random keys, commands, pastes, resizes, late and broken
 * data. Whatever comes: no exception, and every frame is exactly as large as the terminal, holds nothing that a terminal
 * would obey, no half of a wide character, and its cursor is inside. What fails says its seed and the last steps.
 */
import { describe, expect, test } from 'vitest';
import { intBetween, type Rng, seededRng } from '../../src/base/core/rng.ts';
import type { Millis } from '../../src/model/ids.ts';
import { actionIds, actions } from '../../src/tui/core/actions.ts';
import { wantsOf } from '../../src/tui/core/app.ts';
import { commands } from '../../src/tui/core/command-table.ts';
import type { Frame } from '../../src/tui/core/frame.ts';
import { pageKinds } from '../../src/tui/core/page-kind.ts';
import { paletteOf, themeNames } from '../../src/tui/core/palettes.ts';
import { widthOf } from '../../src/tui/core/text.ts';
import { asciiGlyphs, type Theme, themeOf, unicodeGlyphs } from '../../src/tui/core/theme.ts';
import type { PaneScreen } from '../../src/tui/core/workspace.ts';
import { keyOf } from '../kit/page-driver.ts';
import { driveTui, type TuiApp } from '../kit/tui-app.ts';
import { clusterStatus, now, viewData } from '../kit/tui-data.ts';
import { detailData, planThatDoesNot, planThatFits } from '../kit/tui-details-data.ts';

const stepsEach = 2_500;
const rowsMax = 300;

const pick = <T>(rng: Rng, all: readonly T[]): T => {
  const one = all[intBetween(rng, 0, all.length - 1)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
};

const boundKeys = [...new Set(actionIds.flatMap((id) => actions[id].keys))];
const otherKeys = [
  'tab',
  'shift-tab',
  'backspace',
  'delete',
  'enter',
  'space',
  'f5',
  'alt-x',
  'ctrl-a',
  'ctrl-u',
];
const letters = Array.from('abcxyz0189!"$%&/()=?+-*.,:;<>|~#é語🐝');
const names = [
  'web',
  'web/0',
  'payments-worker',
  'payments-worker/18',
  'host-05',
  'task:nightly-001',
  'nowhere',
  '',
];
const words = commands.flatMap((command) => command.names);
const pastes = [
  'web',
  'a\nb\nc',
  '\u001b[31mred\u001b]0;title\u0007',
  '\u202eabc\u0000\u009b2J',
  'メール🐝👩‍👩‍👧'.repeat(50),
  'x'.repeat(5_000),
];
const sizes = [
  [20, 5],
  [21, 6],
  [40, 10],
  [80, 24],
  [120, 40],
  [200, 60],
  [300, 100],
  [300, 5],
  [20, 100],
] as const;
const themes: readonly Theme[] = [
  ...themeNames.map((name) => themeOf(name, paletteOf(name, 256), unicodeGlyphs)),
  themeOf('mono', paletteOf('mono', 0), asciiGlyphs),
];

/** A pane in which the program has written hostile text. */
class Screen implements PaneScreen {
  readonly state = 'open';
  readonly cell = 'host-05';
  readonly title = 'sh \u001b[31m';
  readonly message = '';
  readonly rang = false;
  readonly size = { columns: 80, rows: 24 };
  readonly firstLine = 0;
  readonly topLine = 500;
  readonly draw: PaneScreen['draw'] = (canvas, { theme, focused }) => {
    for (let y = 0; y < canvas.rows; y += 1)
      canvas.text(0, y, `$ line ${y} メール \u001b[2J`, theme.attr('text'));
    if (focused) canvas.cursor(canvas.columns - 1, canvas.rows - 1);
  };
  readonly find: PaneScreen['find'] = (search, from) => (search === 'x' ? undefined : from);
}

class World {
  readonly rng: Rng;
  readonly app: TuiApp;
  readonly #steps: string[] = [];
  readonly #screen = new Screen();
  #now: number = now;
  #answered = 0;
  theme: Theme = themes[0] as Theme;

  constructor(seed: number) {
    this.rng = seededRng(seed);
    this.app = driveTui({
      size: { columns: 80, rows: 24 },
      now,
      rows: (kind) => viewData[kind].slice(0, rowsMax),
      home: (pages) => pages.list({ kind: 'lrps' }),
      screens: () => this.#screen,
    });
    this.app.send({ kind: 'status', status: clusterStatus, skewMs: 0 });
  }

  get last(): string {
    return this.#steps.slice(-40).join(' ');
  }

  #key(name: string): void {
    this.app.send({ kind: 'key', key: keyOf(name) });
  }

  #type(text: string): void {
    for (const character of text) this.#key(character === ' ' ? 'space' : character);
  }

  step(): void {
    const { rng } = this;
    const chance = rng.next();
    if (chance < 0.5) this.#do(pick(rng, boundKeys), (key) => this.#key(key));
    else if (chance < 0.6) this.#do(pick(rng, otherKeys), (key) => this.#key(key));
    else if (chance < 0.7) this.#do(pick(rng, letters), (key) => this.#key(key));
    else if (chance < 0.78)
      this.#do(`:${pick(rng, words)} ${pick(rng, names)}`, (line) => {
        this.#type(line);
        this.#key('enter');
      });
    else if (chance < 0.81)
      this.#do(pick(rng, pastes), (text) => this.app.send({ kind: 'paste', text }), 'paste');
    else if (chance < 0.86)
      this.#do(pick(rng, sizes), ([columns, rows]) =>
        this.app.send({ kind: 'resize', size: { columns, rows } }),
      );
    else if (chance < 0.9) this.#tick();
    else if (chance < 0.92) this.#break();
    else if (chance < 0.95) this.#leave();
    else if (chance < 0.952) this.#drainPage();
    else this.#feed();
    this.#answer();
  }

  #do<T>(what: T, run: (what: T) => void, name = ''): void {
    this.#steps.push(`${name}${JSON.stringify(what).slice(0, 60)}`);
    run(what);
  }

  /** Out of whatever has the keys: most of them lead further in. */
  #leave(): void {
    this.#steps.push('leave');
    for (const name of ['escape', 'escape', 'escape', ...(this.app.model.inPanes ? ['ctrl-]', 'q'] : [])])
      this.#key(name);
  }

  /** Two steps away from anything that is likely. */
  #drainPage(): void {
    this.#leave();
    this.#type(':cell host-05');
    for (const name of ['enter', 'R']) this.#key(name);
  }

  #tick(): void {
    this.#now += intBetween(this.rng, 1, 5_000);
    this.theme = pick(this.rng, themes);
    this.#steps.push('tick');
    this.app.send({ kind: 'tick', now: this.#now as Millis });
  }

  #break(): void {
    this.#steps.push('break');
    const error = { code: 'Unavailable', message: 'no \u001b[31mserver' } as const;
    for (const { page, want } of wantsOf(this.app.model))
      this.app.send({ kind: 'data', page, want: want.id, data: { kind: 'broken', error } });
    const state = pick(this.rng, ['connecting', 'connected', 'lost'] as const);
    const since = this.#now as Millis;
    this.app.send({ kind: 'connection', connection: { server: 'host-02', state, since, reason: 'gone' } });
  }

  #feed(): void {
    this.#steps.push('feed');
    this.app.feed();
    for (const { page, want } of wantsOf(this.app.model))
      for (const data of detailData(want).slice(-20))
        this.app.send({ kind: 'data', page, want: want.id, data });
  }

  /** What the shell would say to what it was asked for; some of it late, some of it refused. */
  #answer(): void {
    if (this.rng.next() < 0.3) return;
    const { effects } = this.app;
    const due = effects.slice(this.#answered);
    this.#answered = effects.length;
    for (const each of due) {
      if (!('effect' in each) || !('id' in each.effect)) continue;
      const { page, effect } = each;
      const { id } = effect;
      const isRefused = this.rng.next() < 0.2;
      const error = { code: 'Unavailable', message: 'it is \u0007away', hint: 'try again' } as const;
      if (isRefused) this.app.send({ kind: 'failed', page, id, error });
      else if (effect.do === 'edit') this.app.send({ kind: 'answer', page, id, value: 'instances: 7\n' });
      else if (effect.do === 'save') this.app.send({ kind: 'answer', page, id, value: '/dumps/x.txt' });
      else if (effect.do === 'call' && effect.route === 'plan')
        this.app.send({ kind: 'answer', page, id, value: pick(this.rng, [planThatFits, planThatDoesNot]) });
      else this.app.send({ kind: 'failed', page, id, error });
    }
  }
}

/** What is wrong with a frame; '' when nothing is. */
function wrong(frame: Frame, { columns, rows }: { columns: number; rows: number }): string {
  if (frame.columns !== columns || frame.rows !== rows) return `it is ${frame.columns} by ${frame.rows}`;
  const { characters, attrs, cursor } = frame;
  if (characters.length !== columns * rows || attrs.length !== columns * rows) return 'it has too few cells';
  if (/\p{Cc}|\p{Bidi_Control}|[\u2028\u2029]/u.test(characters.join('')))
    return 'it has a control character';
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? '';
    const isSecond = character === '';
    const isWide = (characters[at + 1] ?? ' ') === '' && (at + 1) % columns !== 0;
    if (isSecond && (at % columns === 0 || (characters[at - 1] ?? '') === ''))
      return `half a character at ${at}`;
    if (!isSecond && (character.length > 1 || character > '~') && widthOf(character) !== (isWide ? 2 : 1))
      return `${JSON.stringify(character)} has another width at ${at}`;
    if (isWide && character <= '~') return `${JSON.stringify(character)} takes two cells at ${at}`;
  }
  const isInside =
    cursor === undefined || (cursor.x >= 0 && cursor.x < columns && cursor.y >= 0 && cursor.y < rows);
  return isInside ? '' : `its cursor is at ${cursor?.x},${cursor?.y}`;
}

describe('random keys, pastes, resizes and data', () => {
  const kinds = new Set<string>();
  test.each([1, 2, 3, 4])(
    'seed %i: no exception, no broken frame',
    (seed) => {
      const world = new World(seed);
      for (let at = 0; at < stepsEach; at += 1) {
        try {
          world.step();
          const { model } = world.app;
          for (const { page } of [...model.stack.slice(-1), ...model.dialogs]) kinds.add(page.kind);
          if (model.inPanes) kinds.add('panes');
          const problem = wrong(world.app.draw(world.theme), model.size);
          if (problem !== '') throw new Error(problem);
        } catch (error) {
          throw new Error(`seed ${seed}, step ${at}: ${world.last}`, { cause: error });
        }
      }
    },
    240_000,
  );

  test('have been on every kind of page', () => {
    expect([...kinds].sort()).toEqual([...pageKinds, 'panes'].sort());
  });
});
