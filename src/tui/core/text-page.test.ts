/** Pages of text: what their feeds bring, how they scroll, wrap, search and filter. */
import { describe, expect, test } from 'vitest';
import { drivePage } from '../../../test/kit/page-driver.ts';
import { poll } from './page.ts';
import { type TextLine, textPage } from './text-page.ts';

const size = { columns: 40, rows: 5 };
const wants = [poll('lrp', 'getLrp', { params: { guid: 'web' as never } }, 1_000)];

function text(lines: readonly TextLine[], at = size) {
  const page = textPage({ crumb: 'c', title: 't', wants, lines: () => lines, command: () => 'skep why web' });
  const driver = drivePage(page, { size: at });
  const act = (...actions: readonly string[]) => {
    for (const action of actions) driver.send({ kind: 'action', action: action as 'up' });
    return driver.screen().split('\n');
  };
  return { ...driver, driver, act };
}

const many = (count: number): readonly TextLine[] =>
  Array.from({ length: count }, (_, i) => ({ text: `line ${i}${i % 10 === 7 ? ' Seven' : ''}` }));

describe('scrolling', () => {
  test('stops at both ends, and says how much is below', () => {
    const { act } = text(many(30));
    expect(act('up')[0]).toBe(' line 0');
    expect(act()[4]).toMatch(/25 more/);
    expect(act('down', 'down')[0]).toBe(' line 2');
    expect(act('bottom')[4]).toBe(' line 29');
    expect(act('down')[4]).toBe(' line 29');
    expect(act('pageUp')[0]).toBe(' line 21');
    expect(act('top')[0]).toBe(' line 0');
  });
  test('sideways ends where the longest line does', () => {
    const { act } = text([{ text: `${'x'.repeat(60)}END` }]);
    expect(act('right')[0]).toMatch(/^ x+…$/);
    for (let i = 0; i < 20; i += 1) act('right');
    expect(act()[0]).toMatch(/END/);
    expect(act('wrap')[1]).toMatch(/END/);
  });
});

describe('finding', () => {
  test('what was typed is highlighted and gone to, n and N go round', () => {
    const { driver, act } = text(many(30));
    driver.send({ kind: 'filter', text: 'seven' });
    expect(act()[0]).toBe(' line 7 Seven');
    expect(act('nextMatch')[0]).toBe(' line 17 Seven');
    expect(act('nextMatch', 'nextMatch')[0]).toBe(' line 7 Seven');
    expect(act('previousMatch')[0]).toBe(' line 27 Seven');
  });
  test('lines that do not match can be hidden; Escape shows them again, then leaves', () => {
    const { driver, act } = text(many(30));
    driver.send({ kind: 'filter', text: 'seven' });
    expect(act('highlight').filter((line) => line !== '')).toEqual([
      ' line 7 Seven',
      ' line 17 Seven',
      ' line 27 Seven',
    ]);
    driver.send({ kind: 'filter', text: 'nothing like it' });
    expect(act()[0]).toBe(' no line matches');
    act('escape');
    expect(driver.page.filter).toBe('');
    expect(driver.send({ kind: 'action', action: 'escape' })).toEqual([{ do: 'back' }]);
  });
  test('a match in the name of a field counts', () => {
    const { driver, act } = text([...many(9), { key: 'image', text: 'busybox' }]);
    driver.send({ kind: 'filter', text: 'IMAGE' });
    expect(act('highlight')[0]).toMatch(/^ image: +busybox$/);
  });
});

describe('what it draws', () => {
  test('long values are wrapped beside their name, tables are cut', () => {
    const { act } = text([
      { key: 'a'.repeat(60), text: 'one two three four' },
      { text: `${'col '.repeat(30)}`, table: true },
    ]);
    const [first = '', second = '', third = ''] = act();
    expect(first).toMatch(/^ a+…: +one two three$/);
    expect(second).toMatch(/^ +four$/);
    expect(third).toMatch(/…$/);
  });
  test('escapes of a workload are text, whatever their length', () => {
    const hostile = `\u001b[2J\u001b]52;c;AAAA\u0007${'メ'.repeat(10_000)}`;
    const { act } = text([{ key: hostile, text: hostile }]);
    expect(act('down', 'right').join('\n')).not.toContain('\u001b');
  });
  test('before the first answer it says so', () => {
    const { driver, act } = text([]);
    expect(act()[0]).toBe(' asking the cluster');
    driver.send({ kind: 'data', want: 'lrp', data: { kind: 'answer', value: {} } });
    expect(act()[0]).toBe(' nothing is known of it');
  });
  test('a copy is the whole text, wherever it is scrolled to', () => {
    const { driver, act } = text(many(30));
    act('bottom');
    const [copy] = driver.send({ kind: 'action', action: 'copy' });
    expect(copy).toMatchObject({ do: 'copy', what: 't' });
    expect(copy?.do === 'copy' && copy.text.split('\n')).toHaveLength(30);
  });
});

test('a feed that broke says why until it answers again; events come once', () => {
  const page = textPage({
    crumb: 'c',
    title: 't',
    wants,
    lines: ({ answers, problems }) => [
      { text: `${(answers['events'] as readonly unknown[] | undefined)?.length ?? 0} events` },
      ...Object.values(problems).map((problem) => ({ text: problem })),
    ],
    command: () => '',
  });
  const driver = drivePage(page, { size });
  const event = { v: 1, id: 'e1', at: 5, type: 'lrp.changed', subject: 'web', message: 'm' } as const;
  const happens = { kind: 'data', want: 'events', data: { kind: 'events', events: [event] } } as const;
  driver.send(happens);
  driver.send(happens);
  expect(driver.screen()).toContain('1 events');
  const error = { code: 'Unavailable', message: 'no server answers', hint: 'skep status' } as const;
  driver.send({ kind: 'data', want: 'events', data: { kind: 'broken', error } });
  expect(driver.screen()).toContain('no server answers: skep status');
  driver.send(happens);
  expect(driver.screen()).not.toContain('no server');
});
