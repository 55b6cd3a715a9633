/** The keys: none means two things on a page, changes that make no sense are refused. */
import { describe, expect, test } from 'vitest';
import { actionIds, actions } from './actions.ts';
import { clashOf, keymapOf } from './keymap.ts';
import { pageKinds } from './page-kind.ts';

test('no key of the defaults means two things on one page', () => {
  const keys = new Map(actionIds.map((id) => [id, actions[id].keys as readonly string[]]));
  expect(actionIds.map((id) => clashOf(keys, id)).filter((clash) => clash !== undefined)).toEqual([]);
});

test('every default key does its action on each of its pages', () => {
  const { keymap } = keymapOf();
  for (const id of actionIds) {
    for (const page of actions[id].pages ?? [])
      for (const key of actions[id].keys)
        expect([key, page, keymap.actionOf(page, key)]).toEqual([key, page, id]);
  }
});

test('keys that every k9s user has in the fingers', () => {
  const { keymap } = keymapOf();
  const at = (page: (typeof pageKinds)[number], key: string) => keymap.actionOf(page, key);
  expect(at('cells', 'c')).toBe('cordon');
  expect(at('cells', 'Y')).toBe('copyCell');
  expect(at('instances', 'c')).toBe('copy');
  expect(at('lrps', 's')).toBe('scale');
  expect(at('instances', 's')).toBe('shell');
  expect(at('instances', 'ctrl-d')).toBe('delete');
  for (const page of pageKinds) expect(at(page, ':')).toBe('command');
});

describe('changes of the operator', () => {
  test('hold, and unbind', () => {
    const { keymap, problems } = keymapOf({ scale: ['f5'], redraw: [] });
    expect(problems).toEqual([]);
    expect(keymap.actionOf('lrps', 'f5')).toBe('scale');
    expect(keymap.actionOf('lrps', 's')).toBeUndefined();
    expect(keymap.keysOf('redraw')).toEqual([]);
  });
  test('are refused with the reason when they make no sense; the default stays', () => {
    const { keymap, problems } = keymapOf({ scael: ['x'], scale: ['l'] });
    expect(problems[0]).toContain('scael');
    expect(problems[1]).toBe('scale: l is the key of logs on the page lrps');
    expect(keymap.actionOf('lrps', 's')).toBe('scale');
  });
  test('may move the prefix of the consoles, to a key that no program is typed to with', () => {
    expect(keymapOf({ panes: ['ctrl-^', 'f9'] }).keymap.keysOf('panes')).toEqual(['ctrl-^', 'f9']);
    for (const panes of [[], ['p'], ['f9'], ['ctrl-m'], ['ctrl-left']]) {
      const { keymap, problems } = keymapOf({ panes });
      expect(problems).toEqual([expect.stringContaining('panes: its first key is the prefix in consoles')]);
      expect(keymap.keysOf('panes')).toEqual(['ctrl-]']);
    }
  });
});
