/**
 * Golden screens of the pages that show one thing: pulses, cell, instance, task, tree, describe, records, why, drain.
 * Drawn from fixed data. After a change: `npm run golden -- -u`, then read the difference.
 */
import { describe, test } from 'vitest';
import type { Size } from '../../src/tui/core/key.ts';
import type { Page } from '../../src/tui/core/page.ts';
import type { PageFactories } from '../../src/tui/core/pages.ts';
import { clusterStatus } from '../kit/tui-data.ts';
import { type DetailApp, driveDetails, goldenScreen, screenSizes } from '../kit/tui-details-app.ts';

const worker = { kind: 'lrp', guid: 'payments-worker' } as const;
const instance = (index: number) => ({ ...worker, kind: 'instance', index }) as const;

const pages: Readonly<Record<string, (pages: PageFactories) => Page>> = {
  pulses: (all) => all.pulses(),
  cell: (all) => all.cell('host-05'),
  'cell-draining': (all) => all.cell('host-08'),
  instance: (all) => all.instance(instance(0)),
  'instance-crashed': (all) => all.instance(instance(18)),
  'instance-unplaced': (all) => all.instance(instance(36)),
  'instance-unready': (all) => all.instance(instance(4)),
  task: (all) => all.task('nightly-003'),
  tree: (all) => all.tree(),
  'tree-lrp': (all) => all.tree(worker),
  'tree-cell': (all) => all.tree({ kind: 'cell', id: 'host-05' }),
  'describe-lrp': (all) => all.describe(worker),
  'describe-cell': (all) => all.describe({ kind: 'cell', id: 'host-08' }),
  'describe-instance': (all) => all.describe(instance(18)),
  yaml: (all) => all.raw(worker),
  'why-lrp': (all) => all.why(worker),
  'why-instance': (all) => all.why(instance(0)),
  'why-cell': (all) => all.why({ kind: 'cell', id: 'host-04' }),
  drain: (all) => all.drainProgress('host-08'),
};
const names = Object.keys(pages);
const open = (name: string, size: Size = screenSizes[0]): DetailApp =>
  driveDetails(pages[name] ?? ((all) => all.pulses()), size);

describe.each([...screenSizes])('$columns by $rows', (size) => {
  test.each(names)('%s', async (name) => {
    await goldenScreen(open(name, size), `detail-${name}-${size.columns}x${size.rows}`);
  });
});

describe.each(['mono', 'ascii'] as const)('in %s', (look) => {
  test.each(['pulses', 'cell-draining', 'instance', 'tree', 'drain'])('%s', async (name) => {
    await goldenScreen(open(name), `detail-${name}-${look}`, look);
  });
});

describe('what goes wrong', () => {
  test('feeds that broke: what was shown stays, the reason is said', async () => {
    for (const name of ['pulses', 'cell', 'instance', 'describe-lrp', 'tree']) {
      const app = open(name);
      app.breakFeeds('no server answers');
      await goldenScreen(app, `detail-${name}-broken`);
    }
  });
  test('a cluster of which nothing is known yet', async () => {
    for (const name of ['pulses', 'cell', 'instance', 'tree']) {
      const app = driveDetails(pages[name] ?? ((all) => all.pulses()), screenSizes[0], { silent: true });
      await goldenScreen(app, `detail-${name}-asking`);
    }
  });
  test('a cluster where nothing is wrong, and one without a leader', async () => {
    const calm = open('pulses');
    const servers = clusterStatus.servers.map((server) => ({ ...server, health: 'follower' as const }));
    calm.status({ ...clusterStatus, problems: [], servers });
    await goldenScreen(calm, 'detail-pulses-calm');
    const { leader: _gone, ...leaderless } = clusterStatus;
    calm.status({ ...leaderless, problems: Array.from({ length: 30 }, (_, i) => `cell host-${i} is lost`) });
    await goldenScreen(calm, 'detail-pulses-storm');
  });
});

describe('with keys', () => {
  test('a shell on a host: hinted at where the cell has it, said why not where it has not', async () => {
    const lets = driveDetails((all) => all.cell('host-12'), screenSizes[1]);
    await goldenScreen(lets, 'detail-cell-host-shell');
    const refuses = open('cell', screenSizes[1]);
    refuses.press('s');
    await goldenScreen(refuses, 'detail-cell-no-host-shell');
  });
  test('a tree with a branch unfolded', async () => {
    const app = open('tree');
    app.press('down', 'down', 'space', 'down', 'down');
    await goldenScreen(app, 'detail-tree-unfolded');
  });
  test('a text that is searched, then filtered', async () => {
    const app = open('describe-lrp');
    app.press('/');
    app.type('instances');
    app.press('enter');
    await goldenScreen(app, 'detail-text-search');
    app.press('tab');
    await goldenScreen(app, 'detail-text-filter');
  });
  test('an instance scrolled to its history', async () => {
    const app = open('instance-crashed');
    app.press('G');
    await goldenScreen(app, 'detail-instance-end');
  });
  test('records as JSON', async () => {
    const app = open('yaml');
    app.press('y');
    await goldenScreen(app, 'detail-json');
  });
});
