/**
 * Golden screens of the dialogs over the page that they are opened from, in each state that an operator meets. After a
 * change: `npm run golden -- -u`, then read the difference.
 */
import { describe, test } from 'vitest';
import { stringify } from 'yaml';
import type { Size } from '../../src/tui/core/key.ts';
import type { Page } from '../../src/tui/core/page.ts';
import type { PageFactories } from '../../src/tui/core/pages.ts';
import type { Target } from '../../src/tui/core/subject.ts';
import { buildActual } from '../kit/builders.ts';
import { type DetailApp, driveDetails, goldenScreen, screenSizes } from '../kit/tui-details-app.ts';
import { lrpView, planThatDoesNot, planThatFits } from '../kit/tui-details-data.ts';

const web: Target = { subject: { kind: 'lrp', guid: 'web' }, values: { desired: 240, running: 238 } };
const api: Target = { subject: { kind: 'lrp', guid: 'api' }, values: { desired: 3, running: 3 } };
const host: Target = { subject: { kind: 'cell', id: 'host-08' }, values: { state: 'draining' } };
const instance: Target = { subject: { kind: 'instance', guid: 'web', index: 12 }, values: {} };
const ended: Target = { subject: { kind: 'task', guid: 'nightly-003' }, values: { state: 'FAILED' } };
const hostile: Target = {
  subject: { kind: 'lrp', guid: `evil\u001b[2J${'メ'.repeat(60)}` },
  values: { desired: 2, running: 2 },
};

/** The dialog over the list of what it is about. */
function over(kind: 'lrps' | 'cells' | 'instances' | 'tasks', dialog: (pages: PageFactories) => Page) {
  return (size: Size = screenSizes[0]): DetailApp => {
    const app = driveDetails((pages) => pages.list({ kind }), size);
    app.dialog(dialog);
    return app;
  };
}

const scale = over('lrps', (pages) => pages.scaleDialog([web]));
const drain = over('cells', (pages) => pages.drainDialog([host]));
const restart = over('lrps', (pages) => pages.restartDialog([web]));
const remove = over('lrps', (pages) => pages.deleteDialog([web]));

const typeCount = (app: DetailApp): void => {
  app.press('backspace', 'backspace', 'backspace');
  app.type('246');
};

describe.each([...screenSizes])('$columns by $rows', (size) => {
  const name = (text: string): string => `dialog-${text}-${size.columns}x${size.rows}`;
  test('a scale that fits', async () => {
    const app = scale(size);
    typeCount(app);
    // The first answers what was typed by then; it asks again for the rest.
    app.answer('plan', planThatFits);
    app.answer('plan', planThatFits);
    await goldenScreen(app, name('scale'));
  });
  test('a drain of which not all fits', async () => {
    const app = drain(size);
    app.answer('plan', planThatDoesNot);
    await goldenScreen(app, name('drain'));
  });
  test('a removal that wants the name', async () => {
    await goldenScreen(remove(size), name('remove'));
  });
});

describe('scale', () => {
  test('before the plan has come, and when there is none', async () => {
    const app = scale();
    typeCount(app);
    await goldenScreen(app, 'dialog-scale-asking');
    app.fail('plan', 'no server leads: nothing can be planned now');
    await goldenScreen(app, 'dialog-scale-no-plan');
  });
  test('with a number that makes no sense', async () => {
    const app = scale();
    app.type('x');
    await goldenScreen(app, 'dialog-scale-wrong');
  });
  test('of many: under way, then some failed', async () => {
    const app = over('lrps', (pages) => pages.scaleDialog([web, api, hostile], '+2'))();
    await goldenScreen(app, 'dialog-scale-many');
    app.press('enter', 'enter');
    app.answer('do0', { revision: 1 });
    await goldenScreen(app, 'dialog-scale-working');
    app.answer('do1', { revision: 1 });
    app.fail('do2', 'no server took the change');
    await goldenScreen(app, 'dialog-scale-failed');
  });
});

describe('what cannot be undone', () => {
  test('the name is typed, the button has the focus', async () => {
    const app = remove();
    app.type('web');
    app.press('enter');
    await goldenScreen(app, 'dialog-remove-typed');
  });
  test('a name that would draw over the screen', async () => {
    const app = over('lrps', (pages) => pages.deleteDialog([hostile]))();
    await goldenScreen(app, 'dialog-remove-hostile');
  });
  test('stop, an instance, a task', async () => {
    await goldenScreen(over('lrps', (pages) => pages.stopDialog([web]))(), 'dialog-stop');
    await goldenScreen(over('instances', (pages) => pages.deleteDialog([instance]))(), 'dialog-replace');
    await goldenScreen(over('tasks', (pages) => pages.deleteDialog([ended]))(), 'dialog-task');
  });
});

describe('cells', () => {
  test('a plan that is longer than the screen', async () => {
    const app = drain();
    app.answer('plan', planThatDoesNot);
    app.press('pagedown', 'pagedown', 'down', 'down', 'down');
    await goldenScreen(app, 'dialog-drain-scrolled');
  });
  test('cordon, and the end of a drain', async () => {
    await goldenScreen(over('cells', (pages) => pages.cordonDialog([host]))(), 'dialog-cordon');
    await goldenScreen(over('cells', (pages) => pages.uncordonDialog([host]))(), 'dialog-uncordon');
  });
});

describe('restart', () => {
  test('before, under way, stopped', async () => {
    const app = restart();
    await goldenScreen(app, 'dialog-restart');
    app.press('backspace', '3', 'enter', 'enter');
    const state = (index: number, change: object): void => {
      const rows = [buildActual({ guid: 'web', index, routable: false, ...change })];
      app.data(`web/${index}`, { kind: 'answer', value: { rows } });
    };
    for (const index of [0, 1, 2]) state(index, { state: 'RUNNING', cellId: 'host-02', instanceGuid: 'old' });
    state(0, { state: 'RUNNING', cellId: 'host-03', instanceGuid: 'new', routable: true });
    state(1, { state: 'CLAIMED', cellId: 'host-11', instanceGuid: 'new' });
    state(2, { state: 'RUNNING', cellId: 'host-06', instanceGuid: 'new', checkOutput: 'GET /ready: 503' });
    await goldenScreen(app, 'dialog-restart-working');
    app.data('web/1', { kind: 'broken', error: { code: 'Unavailable', message: 'no server answers' } });
    await goldenScreen(app, 'dialog-restart-waiting');
    app.failAs('web/3', 'Unauthorized', 'a viewer changes nothing');
    await goldenScreen(app, 'dialog-restart-stopped');
  });
});

describe('edit', () => {
  test('what differs, and a text that makes no sense', async () => {
    const edit = over('lrps', (pages) =>
      pages.editDialog({ ...web, subject: { kind: 'lrp', guid: 'payments-worker' } }),
    );
    const { instances, routes, annotation } = lrpView.desired;
    const changed = edit();
    changed.answer(
      'edit',
      stringify({ instances: instances + 2, routes, annotation: `${annotation}for Monday` }),
    );
    await goldenScreen(changed, 'dialog-edit');
    const broken = edit();
    broken.answer('edit', 'instances: [many');
    await goldenScreen(broken, 'dialog-edit-broken');
  });
});

describe.each(['mono', 'ascii'] as const)('in %s', (look) => {
  test('a drain of which not all fits', async () => {
    const app = drain();
    app.answer('plan', planThatDoesNot);
    await goldenScreen(app, `dialog-drain-${look}`, look);
  });
});
