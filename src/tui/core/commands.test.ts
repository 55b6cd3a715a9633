/** The language after `:`: every word, short words, mistakes, and what a line could become. */
import { describe, expect, test } from 'vitest';
import { driveTui, type TuiApp } from '../../../test/kit/tui-app.ts';
import { now, viewData } from '../../../test/kit/tui-data.ts';
import { actionIds, actions } from './actions.ts';
import { commands } from './command-table.ts';
import { completeCommand } from './commands.ts';
import { frameText } from './frame.ts';
import type { ListRequest } from './pages.ts';

const drive = (kind: ListRequest['kind'] = 'cells', readOnly = false): TuiApp =>
  driveTui({
    size: { columns: 80, rows: 24 },
    now,
    rows: (each) => viewData[each].slice(0, 40),
    home: (pages) => pages.list({ kind }),
    settings: { readOnly },
  });
const run = (line: string, kind: ListRequest['kind'] = 'cells', readOnly = false): TuiApp => {
  const app = drive(kind, readOnly);
  app.press(':');
  app.type(line);
  app.press('enter');
  return app;
};
const top = ({ model }: TuiApp) => model.stack.at(-1)?.page;

test.each([
  ['cells', 'cells', 'cells'],
  ['c', 'cells', 'cells'],
  [':lrps', 'lrps', 'LRPs'],
  ['l', 'lrps', 'LRPs'],
  ['inst web', 'instances', 'instances of web'],
  ['instances cell=host-02', 'instances', 'instances on host-02'],
  ['inst host-02', 'instances', 'instances on host-02'],
  ['inst cell:host-99', 'instances', 'instances on host-99'],
  ['i', 'instances', 'instances'],
  ['po web', 'instances', 'instances of web'],
  ['t', 'tasks', 'tasks'],
  ['routes web', 'routes', 'routes of web'],
  ['events web/2', 'events', 'events of web/2'],
  ['brain', 'brain', 'brain'],
  ['INSTA web', 'instances', 'instances of web'],
])(':%s opens %s', (line, kind, title) => {
  expect([top(run(line))?.kind, top(run(line))?.title]).toEqual([kind, title]);
});

test.each([
  ['lrps /web (a|b)', 'web (a|b)'],
  ['inst web /!RUN', '!RUN'],
  ['events /-l a=b & x', '-l a=b & x'],
])(':%s opens with its filter', (line, filter) => expect(top(run(line))?.filter).toBe(filter));

test.each([
  ['scale web 5', 'Scale web'],
  ['drain host-02', 'Drain host-02'],
  ['cordon host-02 host-03', 'cell'],
  ['stop web', 'web'],
  ['delete web/2', 'web/2'],
])(':%s opens a dialog', (line, title) => {
  const { model } = run(line);
  expect(model.dialogs).toHaveLength(1);
  expect(model.dialogs[0]?.page.title.toLowerCase()).toContain(title.toLowerCase());
});

test.each([
  ['celsl', 'there is no command "celsl"', 'did you mean "cells"?'],
  ['s', '"s" may be', 'one letter more'],
  ['cells host-1 nonsense', 'does not take "nonsense"', 'filter begins with /'],
  ['theme drak', 'there is no theme "drak"', 'did you mean dark?'],
  ['delete web web/2', 'different kinds', 'one kind at a time'],
])(':%s is answered with what is wrong', (line, text, hint) => {
  const { flash, stack } = run(line).model;
  expect(flash?.text).toContain(text);
  expect(flash?.hint).toContain(hint);
  expect(stack).toHaveLength(1);
});

test('a name puts the cursor there, and one that is not there is told', () => {
  const app = run('cells host-05');
  app.press('enter');
  expect(top(app)?.title).toBe('instances on host-05');
  expect(run('cells host-99').model.flash?.text).toBe('host-99 is not among the cells');
  expect(top(run('inst web/2'))?.kind).toBe('instance');
});

test('read-only mode refuses what changes something', () => {
  const { model } = run('drain host-02', 'cells', true);
  expect(model.dialogs).toHaveLength(0);
  expect(model.flash?.text).toContain('read-only');
});

test('settings and actions by name', () => {
  expect(run('theme mono').model.settings.theme).toBe('mono');
  expect(run('set times utc').model.settings.times).toBe('utc');
  expect(run('ro').model.settings.readOnly).toBe(true);
  expect(run('q').effects.map((each) => 'effect' in each && each.effect.do)).toContain('quit');
  expect(top(run('messages'))?.kind).toBe('messages');
  expect(run('ctx').model.flash).toMatchObject({
    text: expect.stringContaining('cluster prod'),
    hint: '":ctx NAME" goes to staging',
  });
});

describe('another context', () => {
  const asked = ({ effects }: TuiApp) => effects.flatMap((each) => ('effect' in each ? [each.effect] : []));
  test('is gone to by its name; one that there is not, and this one, are told', () => {
    expect(asked(run('ctx staging'))).toContainEqual({ do: 'context', name: 'staging' });
    expect(run('ctx stagin').model.flash).toMatchObject({ text: 'there is no context "stagin"' });
    expect(asked(run('ctx prod'))).toEqual([]);
    expect(completeCommand('ctx s', run('cells').model)).toEqual(['ctx staging']);
  });
  test('while consoles are open it asks, with Cancel focused', () => {
    const app = drive();
    const command = (line: string) => {
      app.press(':');
      app.type(line);
      app.press('enter');
    };
    command('shell web/0');
    app.press('ctrl-]', 'q');
    command('ctx staging');
    expect(frameText(app.draw())).toContain('[ Cancel ]');
    expect(frameText(app.draw())).toContain('its session stays');
    app.press('enter');
    expect(app.model.dialogs).toEqual([]);
    expect(asked(app)).toEqual([]);
    command('ctx staging');
    app.press('right', 'enter');
    expect(asked(app)).toContainEqual({ do: 'context', name: 'staging' });
  });
});

test('a name without a kind is what the pages know it as', () => {
  expect(top(run('cell host-02'))?.kind).toBe('cell');
  const { model } = run('drain host-02', 'cells');
  expect(model.dialogs[0]?.page.title).toContain('host-02');
});

test('every action that has a word can be typed, and no word means two things', () => {
  const words = commands.flatMap(({ names }) => names);
  expect(new Set(words).size).toBe(words.length);
  for (const id of actionIds) {
    const { command } = actions[id];
    if (command !== undefined) expect(words).toContain(command);
  }
});

describe('completion', () => {
  const complete = (line: string, kind: ListRequest['kind'] = 'cells') =>
    completeCommand(line, drive(kind).model);
  test('of words, then of names that the page knows', () => {
    expect(complete('ce')).toEqual(['cells', 'cell']);
    expect(complete('drain host-0').slice(0, 2)).toEqual(['drain host-01', 'drain host-02']);
    expect(complete('theme m')).toContain('theme mono');
    expect(complete('nothing-like-it')).toEqual([]);
    expect(complete('cells /ho')).toEqual([]);
  });
  test('the ghost is taken with Right, Tab goes through all', () => {
    const app = drive();
    app.press(':');
    app.type('drain host-0');
    expect(app.model.prompt?.ghost).toBe('1');
    app.press('right');
    expect(app.model.prompt?.editor.text).toBe('drain host-01');
    app.press('backspace', 'tab', 'tab');
    expect(app.model.prompt?.editor.text).toBe('drain host-02');
    app.press('shift-tab');
    expect(app.model.prompt?.editor.text).toBe('drain host-01');
  });
  test('a line typed before comes first', () => {
    const app = drive();
    app.press(':');
    app.type('inst web');
    app.press('enter', ':');
    app.type('i');
    expect(app.model.prompt?.ghost).toBe('nst web');
  });
});
