/** Whatever is pressed, opened and closed: what holds of the panes, their tabs and their tiles. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shell, WorkspaceWorld } from '../../../test/kit/workspace-world.ts';
import type { Rect } from './frame.ts';
import { closePane, workspaceTick } from './workspace.ts';
import { paneCommands } from './workspace-keys.ts';
import { panesOf } from './workspace-layout.ts';
import { visibleTiles } from './workspace-tiles.ts';

const names = fc.constantFrom(
  'ctrl-]',
  'escape',
  'enter',
  'a',
  'y',
  'n',
  ...paneCommands.flatMap(({ keys }) => keys),
  '/',
  'pageup',
);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant('key' as const), names) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('command' as const), names) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('open' as const), fc.constantFrom('a/0', 'b/1')) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('close' as const), fc.nat(20)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('tick' as const), fc.nat(5)) },
);

function covers(area: Rect, tiles: readonly Rect[]): boolean {
  const seen = new Uint8Array(area.columns * area.rows);
  for (const { x, y, columns, rows } of tiles)
    for (let row = y; row < y + rows; row += 1)
      for (let column = x; column < x + columns; column += 1) {
        if (column >= area.columns || row >= area.rows) return false;
        seen[row * area.columns + column] = (seen[row * area.columns + column] ?? 0) + 1;
      }
  return seen.every((count) => count === 1);
}

test('any keys and any sizes: every pane is in one tab, the focus exists, tiles cover the area exactly', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 40, max: 220 }),
      fc.integer({ min: 10, max: 70 }),
      (steps, columns, rows) => {
        const world = new WorkspaceWorld().open(shell('web/0'));
        for (const [kind, what] of steps) {
          if (kind === 'key') world.press(String(what));
          else if (kind === 'command') world.press('ctrl-]', String(what));
          else if (kind === 'open') world.open(shell(String(what)));
          else if (kind === 'close') world.workspace = closePane(world.workspace, String(what));
          else world.workspace = workspaceTick(world.workspace, Number(what) * 1_000);
          const { workspace } = world;
          const inTabs = workspace.tabs.flatMap(({ layout }) => panesOf(layout));
          expect([...inTabs].sort()).toEqual(workspace.panes.map(({ id }) => id).sort());
          if (workspace.panes.length === 0) break;
          const tab = workspace.tabs[workspace.tab];
          expect(tab && panesOf(tab.layout)).toContain(tab?.focus);
          for (const id of tab?.typeToAll ?? []) expect(inTabs).toContain(id);
          const tiles = visibleTiles(workspace, { columns, rows });
          expect(tiles.has(tab?.focus ?? '')).toBe(true);
          expect(
            covers(
              { x: 0, y: 0, columns, rows: rows - 1 },
              [...tiles.values()].map(({ outer }) => outer),
            ),
          ).toBe(true);
          for (const { inner } of tiles.values()) {
            expect(inner.columns).toBeGreaterThanOrEqual(10);
            expect(inner.rows).toBeGreaterThanOrEqual(2);
          }
        }
        expect(world.text(columns, rows).split('\n')).toHaveLength(rows);
      },
    ),
    { numRuns: 150 },
  );
});
