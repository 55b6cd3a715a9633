import { describe, expect, test } from 'vitest';
import { ascii, shell, theme, WorkspaceWorld } from '../../../test/kit/workspace-world.ts';
import { canvasOf, createFrame, frameText } from './frame.ts';
import { closePane, drawWorkspace, paneSizes, workspaceTick } from './workspace.ts';
import { paneCommands } from './workspace-keys.ts';
import { visibleTiles } from './workspace-tiles.ts';

describe('keys', () => {
  test('what is typed goes to the focused pane; the prefix twice sends it once', () => {
    const world = new WorkspaceWorld()
      .open(shell('web/0'))
      .open(shell('web/1'))
      .press('a', 'ctrl-]', 'ctrl-]');
    expect(world.inputs()).toEqual(['2:a', '2:\x1d']);
  });

  test('Escape and two seconds of nothing take the prefix back', () => {
    const world = new WorkspaceWorld().open(shell('web/0')).press('ctrl-]', 'escape', 'd');
    expect(world.inputs()).toEqual(['1:d']);
    world.press('ctrl-]');
    world.workspace = workspaceTick(world.workspace, 5_000);
    world.workspace = workspaceTick(world.workspace, 6_000);
    expect(world.workspace.mode.kind).toBe('prefix');
    world.workspace = workspaceTick(world.workspace, 7_000);
    expect(world.press('d').inputs()).toEqual(['1:d', '1:d']);
    expect(workspaceTick(world.workspace, 8_000)).toBe(world.workspace);
  });

  test('q goes back to the pages and keeps the panes', () => {
    const world = new WorkspaceWorld().open(shell('web/0')).press('ctrl-]', 'q');
    expect(world.left).toBe(true);
    expect(world.workspace.panes).toHaveLength(1);
  });

  test('an unknown key after the prefix is said, not sent', () => {
    const world = new WorkspaceWorld().open(shell('web/0')).press('ctrl-]', 'y');
    expect(world.inputs()).toEqual([]);
    expect(world.flashes()[0]).toContain('^] ? shows the keys');
  });

  test('detach closes the pane; the last one leaves nothing behind', () => {
    const world = new WorkspaceWorld().open(shell('web/0')).press('ctrl-]', 'd');
    expect(world.workspace.panes).toEqual([]);
    expect(world.flashes()[0]).toContain('stays for 10 minutes');
    expect(world.press('a').left).toBe(true);
  });

  test('ending a session asks, and the pane stays until it is over', () => {
    const world = new WorkspaceWorld().open(shell('web/0')).press('ctrl-]', 'x', 'k', 'n');
    expect(world.effects).toEqual([]);
    world.press('ctrl-]', 'x', 'y');
    expect(world.effects).toEqual([{ do: 'end', pane: '1' }]);
    expect(world.workspace.panes).toHaveLength(1);
  });

  test('what ended stays until Enter', () => {
    const world = new WorkspaceWorld().open(shell('web/0'));
    world.focused.state = 'ended';
    expect(world.press('l', 's').workspace.panes).toHaveLength(1);
    expect(world.inputs()).toEqual([]);
    expect(world.press('enter').workspace.panes).toHaveLength(0);
  });

  test('keys for a lost or watched pane are refused aloud', () => {
    const world = new WorkspaceWorld().open(shell('web/0'));
    world.focused.state = 'lost';
    world.press('a');
    world
      .open({ ...shell('web/1'), kind: 'attach' })
      .press('a')
      .paste('x');
    expect(world.effects.map((effect) => effect.do)).toEqual(['flash', 'flash', 'flash']);
  });

  test('r and s reach the shell; every command has help and keys of its own', () => {
    const world = new WorkspaceWorld().open(shell('web/0')).press('ctrl-]', 'r', 'ctrl-]', 's');
    expect(world.effects).toEqual([
      { do: 'reconnect', pane: '1' },
      { do: 'savePane', pane: '1' },
    ]);
    const keys = paneCommands.flatMap((command) => command.keys);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).not.toContain('escape');
  });
});

describe('panes on the screen', () => {
  test('splits divide to the right and below, and arrows find the neighbours', () => {
    const world = new WorkspaceWorld().open(shell('web/0')).press('ctrl-]', '|', 'ctrl-]', '-');
    expect(world.focus).toBe('3');
    expect(world.press('ctrl-]', 'up').focus).toBe('2');
    expect(world.press('ctrl-]', 'left').focus).toBe('1');
    expect(world.press('ctrl-]', 'left').focus).toBe('1');
    expect(world.press('ctrl-]', 'o').focus).toBe('2');
    expect(paneSizes(world.workspace, { columns: 80, rows: 25 })).toEqual(
      new Map([
        ['1', { columns: 38, rows: 22 }],
        ['2', { columns: 38, rows: 10 }],
        ['3', { columns: 38, rows: 10 }],
      ]),
    );
  });

  test('a border moves, again without the prefix, and the next key is typed', () => {
    const world = new WorkspaceWorld().open(shell('web/0')).press('ctrl-]', '|', 'ctrl-]', 'H', 'H', 'x');
    expect(paneSizes(world.workspace, { columns: 100, rows: 24 }).get('1')).toEqual({
      columns: 38,
      rows: 21,
    });
    expect(world.inputs()).toEqual(['2:x']);
  });

  test('zoom shows one pane without a frame; splitting ends it', () => {
    const world = new WorkspaceWorld().open(shell('web/0')).open(shell('web/1')).press('ctrl-]', 'z');
    expect(paneSizes(world.workspace, { columns: 80, rows: 24 })).toEqual(
      new Map([['2', { columns: 80, rows: 22 }]]),
    );
    expect(world.text()).toContain('1 hidden: zoomed');
    expect(visibleTiles(world.press('ctrl-]', '-').workspace, { columns: 80, rows: 24 }).size).toBe(3);
  });

  test('a pane that is too small is not divided', () => {
    const world = new WorkspaceWorld().open(shell('web/0'));
    world.focused.size = { columns: 15, rows: 5 };
    world.press('ctrl-]', '|', 'ctrl-]', '-');
    expect(world.workspace.panes).toHaveLength(1);
    expect(world.flashes()).toHaveLength(2);
  });

  test('tabs: new, next, by number; from the pages a fifth pane opens one', () => {
    const world = new WorkspaceWorld().open(shell('web/0')).press('ctrl-]', 'c');
    expect(world.workspace.tab).toBe(1);
    expect(world.press('ctrl-]', 'n').workspace.tab).toBe(0);
    expect(world.press('ctrl-]', 'p').workspace.tab).toBe(1);
    expect(world.press('ctrl-]', '1').workspace.tab).toBe(0);
    expect(world.press('ctrl-]', '9').flashes()[0]).toContain('no tab 9');
    for (let i = 0; i < 4; i += 1) world.open(shell('a/0'));
    expect(world.workspace.tabs).toHaveLength(3);
  });

  test('more panes than may be are refused with a notice', () => {
    const world = new WorkspaceWorld();
    for (let i = 0; i < 60; i += 1) world.open(shell(`web/${i}`));
    expect(world.workspace.panes).toHaveLength(48);
    expect(world.text()).toContain('48 consoles are open');
    expect(world.press('a').workspace.mode.kind).toBe('type');
  });
});

test('a shell on a host is marked in red, and another of the same is one too', () => {
  const world = new WorkspaceWorld()
    .open({ target: 'host-a', host: true, kind: 'shell' })
    .press('ctrl-]', '-');
  expect(world.workspace.panes.map(({ request }) => request.host)).toEqual([true, true]);
  const frame = createFrame(80, 24);
  drawWorkspace(world.workspace, canvasOf(frame), { theme, screens: world.screens });
  expect(frameText(frame)).toMatch(/ host {2}host-a /);
  expect(frame.attrs.filter((attr) => attr === theme.attr('badgeDanger'))).toHaveLength(2 * ' host '.length);
});

describe('type-to-all', () => {
  test('asks, says to how many, sends to all that are open, and is seen', () => {
    const world = new WorkspaceWorld().open(shell('web/0')).open(shell('web/1')).open(shell('web/2'));
    world.screens('1').state = 'lost';
    world.press('ctrl-]', '=');
    expect(world.text()).toContain('all 2 open panes');
    world.press('y', 'a').paste('b');
    expect(world.inputs()).toEqual(['2+3:a']);
    expect(world.effects.at(-1)).toEqual({ do: 'paste', panes: ['2', '3'], text: 'b' });
    expect(world.text()).toContain('TYPE-TO-ALL');
    const frame = createFrame(80, 24);
    drawWorkspace(world.workspace, canvasOf(frame), { theme, screens: world.screens });
    expect(frame.attrs.filter((attr) => attr === theme.attr('danger')).length).toBeGreaterThan(50);
    expect(world.press('ctrl-]', '=', 'c').inputs().at(-1)).toBe('3:c');
  });

  test('a pane that comes later is not among them, one that goes is not either', () => {
    const world = new WorkspaceWorld().open(shell('web/0')).open(shell('web/1')).press('ctrl-]', '=', 'y');
    world.open(shell('web/2')).press('a');
    expect(world.inputs()).toEqual(['3:a']);
    world.workspace = closePane(world.workspace, '1');
    expect(world.press('ctrl-]', 'up', 'b').inputs().at(-1)).toBe('2:b');
  });
});

describe('scroll mode', () => {
  test('moves within what is kept, and a search goes on at the other end', () => {
    const world = new WorkspaceWorld().open(shell('web/0')).press('ctrl-]', '[');
    const top = (): number | undefined => (world.text(), world.focused.drawn?.top);
    expect(top()).toBe(1_000);
    expect((world.press('up', 'k', 'pageup'), top())).toBe(977);
    expect((world.press('g'), top())).toBe(100);
    expect((world.press('/', 'x', 'enter'), top())).toBe(250);
    expect(world.focused.drawn?.search).toBe('x');
    expect((world.press('n', 'n', 'n'), top())).toBe(250);
    expect(world.flashes().at(-1)).toContain('other end');
    expect((world.press('N'), top())).toBe(990);
    expect((world.press('/', 'n', 'o', 't', 'h', 'i', 'n', 'g', 'enter'), world.flashes().at(-1))).toContain(
      'not there',
    );
    expect((world.press('q', 'x'), world.inputs())).toEqual(['1:x']);
    expect(world.focused.drawn?.focused ?? false).toBe(false);
  });

  test('a paste into the search is typed there', () => {
    const world = new WorkspaceWorld()
      .open(shell('web/0'))
      .press('ctrl-]', '[', '/')
      .paste('needle\n')
      .press('enter');
    expect(world.workspace.mode).toMatchObject({ kind: 'scroll', search: 'needle ' });
    expect(world.paste('x').effects.at(-1)).toMatchObject({ do: 'flash' });
  });
});

test('a key that is read in the help and typed with its prefix reaches no program', () => {
  const world = new WorkspaceWorld().open(shell('web/0')).press('ctrl-]', '?', 'ctrl-]', 'q');
  expect(world.inputs()).toEqual([]);
  expect(world.left).toBe(true);
});

test('help lists every key, at 40x10 a part of them', () => {
  const world = new WorkspaceWorld().open(shell('web/0')).press('ctrl-]', '?');
  expect(world.text(80, 30)).toContain('detach');
  expect(world.text(80, 30)).toContain('send ^] to the program');
  expect(world.press('down', 'down').text(40, 10).split('\n')).toHaveLength(10);
  expect(world.press('a').workspace.mode.kind).toBe('type');
  expect(world.inputs()).toEqual([]);
});

test('why a pane is not open is said in it, at 40x10 and in ASCII too', () => {
  const world = new WorkspaceWorld()
    .open(shell('web/0'))
    .open(shell('web/1'))
    .open(shell('web/2'))
    .open(shell('web/3'));
  world.focused.state = 'ended';
  world.focused.message = 'exited 137: out of memory';
  const text = world.text(40, 10, ascii);
  expect(text).toMatch(/^[\x20-\x7e\n]*$/);
  expect(text).toContain('exited 137');
  expect(world.text(80, 24)).toContain('Enter closes, ^] r begins anew');
});
