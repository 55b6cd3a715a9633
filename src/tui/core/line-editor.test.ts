/** One line being typed: every key, whole characters, history with what was typed kept, and no control character. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyOf } from '../../../test/kit/page-driver.ts';
import { roleTheme } from '../../../test/kit/screen-text.ts';
import { driveTui } from '../../../test/kit/tui-app.ts';
import { now, viewData } from '../../../test/kit/tui-data.ts';
import { canvasOf, createFrame, frameText } from './frame.ts';
import { drawLine, type LineEditor, lineEditor, typeKey, typeText } from './line-editor.ts';
import { unicodeGlyphs } from './theme.ts';

const theme = roleTheme(unicodeGlyphs);
const press = (editor: LineEditor, ...names: string[]): LineEditor =>
  names.reduce((each, name) => typeKey(each, keyOf(name)) ?? each, editor);
const shown = ({ text, cursor }: LineEditor): string => `${text.slice(0, cursor)}|${text.slice(cursor)}`;

test.each([
  [['home', 'x'], 'x|one two three'],
  [['left', 'left', 'x'], 'one two thrx|ee'],
  [['ctrl-a', 'ctrl-k'], '|'],
  [['ctrl-u'], '|'],
  [['ctrl-w'], 'one two |'],
  [['ctrl-w', 'ctrl-w'], 'one |'],
  [['alt-b', 'alt-b'], 'one |two three'],
  [['home', 'alt-f', 'x'], 'onex| two three'],
  [['home', 'delete', 'ctrl-d'], '|e two three'],
  [['backspace', 'ctrl-h'], 'one two thr|'],
  [['ctrl-b', 'ctrl-f', 'ctrl-e'], 'one two three|'],
  [['space'], 'one two three |'],
])('%j', (keys, wanted) => expect(shown(press(lineEditor('one two three'), ...keys))).toBe(wanted));

test('takes whole characters, however they are made', () => {
  const editor = typeText(lineEditor(), 'a👩‍👩‍👧e\u0301');
  expect(editor.cursor).toBe(3);
  expect(press(editor, 'backspace', 'backspace').text).toBe('a');
});

test('a paste loses its line ends and controls, and is refused when it is too long', () => {
  expect(typeText(lineEditor(), 'rm -rf /\n\u001b[2Jx\u2028').text).toBe('rm -rf / [2Jx ');
  expect(typeText(lineEditor('a'), 'x'.repeat(3_000)).text).toBe('a');
});

test('what means nothing to it is left to others', () => {
  for (const name of ['enter', 'escape', 'tab', 'f5', 'pageup'])
    expect(typeKey(lineEditor('a'), keyOf(name))).toBeUndefined();
});

test('history: up and down, and what was being typed comes back', () => {
  const editor = press(lineEditor('', ['first', 'second']), 't', 'y');
  expect(press(editor, 'up').text).toBe('second');
  expect(press(editor, 'up', 'up', 'up').text).toBe('first');
  expect(press(editor, 'up', 'up', 'down', 'down', 'down').text).toBe('ty');
});

const line = fc
  .array(fc.constantFrom('a', ' ', 'é', 'メ', '🐝', '\u0301', '\u001b', '\u0007', '\u202e', '\ud800', '한'), {
    maxLength: 80,
  })
  .map((characters) => characters.join(''));

test('the cursor is always seen, and no control character is drawn', () => {
  fc.assert(
    fc.property(line, fc.nat(80), fc.integer({ min: 3, max: 30 }), (text, lefts, columns) => {
      const whole = lineEditor(text);
      const editor = { ...whole, cursor: Math.max(0, whole.cursor - lefts) };
      const frame = createFrame(columns, 1);
      drawLine(editor, canvasOf(frame), 1, 0, theme, 'ghost');
      expect(frame.cursor?.x).toBeGreaterThanOrEqual(1);
      expect(frame.cursor?.x).toBeLessThan(columns);
      expect(frameText(frame)).not.toMatch(/\p{Cc}/u);
    }),
  );
});

describe('the prompt', () => {
  const drive = () =>
    driveTui({
      size: { columns: 80, rows: 24 },
      now,
      rows: (kind) => viewData[kind].slice(0, 30),
      home: (pages) => pages.list({ kind: 'cells' }),
    });
  test('Escape brings the filter that held before', () => {
    const app = drive();
    app.press('/');
    app.type('rack-1');
    app.press('enter', '/', 'backspace', '2', 'escape');
    expect(app.model.stack.at(-1)?.page.filter).toBe('rack-1');
  });
  test('Backspace in an empty prompt leaves it', () => {
    const app = drive();
    app.press(':', 'backspace');
    expect(app.model.prompt).toBeUndefined();
  });
  test('a paste is text, never keys', () => {
    const app = drive();
    app.press(':');
    app.send({ kind: 'paste', text: 'quit\nq' });
    expect(app.model.prompt?.editor.text).toBe('quit q');
    expect(app.effects).toEqual([]);
  });
  test('without one, a paste does nothing at all', () => {
    const app = drive();
    app.send({ kind: 'paste', text: 'rq:quit\n' });
    expect([app.model.dialogs.length, app.model.stack.length, app.effects.length]).toEqual([0, 1, 0]);
  });
});
