/** What dialogs show before they change anything, what they ask for, and what keeps a slip of the finger harmless. */
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { buildActual, buildDesired } from '../../../../test/kit/builders.ts';
import { drivePage } from '../../../../test/kit/page-driver.ts';
import type { Effect } from '../page.ts';
import type { Target } from '../subject.ts';
import { cordonDialog, uncordonDialog } from './cordon-dialog.ts';
import { deleteDialog } from './delete-dialog.ts';
import { deadlineOf, drainDialog } from './drain-dialog.ts';
import { editDialog } from './edit-dialog.ts';
import { restartDialog } from './restart-dialog.ts';
import { amountOf, scaleDialog } from './scale-dialog.ts';
import { stopDialog } from './stop-dialog.ts';

const lrp = (guid: string, desired: number): Target => ({
  subject: { kind: 'lrp', guid },
  values: { desired, running: desired },
});
const cell = (id: string, state = 'ready'): Target => ({ subject: { kind: 'cell', id }, values: { state } });
const calls = (effects: readonly Effect[]) => effects.filter((effect) => effect.do === 'call');
const shown = { kind: 'shown' } as const;

const plan = {
  summary: 'web gets 2 more instances; 1 finds no place',
  moves: [{ guid: 'web', index: 3, to: 'host-2' }],
  stops: [],
  unplaced: [
    {
      guid: 'web',
      index: 4,
      refusal: {
        message: 'no cell has enough memory',
        cells: 3,
        counts: { memory: 3 },
        nearest: { cellId: 'host-1', lacks: '128 MB' },
        change: 'memory 384 MB',
      },
    },
  ],
  tasks: 0,
};

describe('scale', () => {
  test.each([
    ['5', 3, 5],
    ['+2', 3, 5],
    ['-1', 3, 2],
    ['-9', 3, 0],
    ['x2', 3, 6],
    ['+2', undefined, undefined],
    ['seven', 3, undefined],
    ['1e3', 3, undefined],
  ])('%s of %s is %s', (text, now, wanted) => {
    expect(amountOf(text, now)).toBe(wanted);
  });

  test('begins with what there is, plans what is typed, and shows what would not fit before anything is done', () => {
    const driver = drivePage(scaleDialog([lrp('web', 3)]));
    driver.send(shown);
    expect(driver.effects).toEqual([]);
    driver.type('5');
    expect(calls(driver.effects)).toEqual([
      {
        do: 'call',
        id: 'plan',
        route: 'plan',
        input: { body: { kind: 'scale', guid: 'web', instances: 5 } },
        changes: false,
      },
    ]);
    driver.send({ kind: 'answer', id: 'plan', value: plan });
    expect(driver.screen()).toContain('web from 3 to 5');
    expect(driver.screen()).toContain(
      'no place for web/4: no cell has enough memory; nearest host-1 lacks 128 MB',
    );
    expect(driver.screen()).toContain('starts on host-2: web/3');
    expect(driver.screen()).toContain('Scale web on cluster test');
    expect(driver.screen()).toContain('skep scale web 5');
  });

  test.each([
    ['typed at once, takes the place of the number that is there', [], '+2', 5],
    ['a second digit is added to the first', [], '35', 35],
    ['after a key that moves, it is added', ['left', 'right'], '5', 35],
    ['after one that removes, what is typed is all', ['backspace'], '7', 7],
  ])('%s', (_what, first, text, instances) => {
    const driver = drivePage(scaleDialog([lrp('web', 3)]));
    driver.press(...first);
    driver.type(text);
    driver.press('enter');
    const bodies = calls(driver.press('enter')).map(({ input }) => input);
    expect(bodies).toMatchObject([{ body: { instances } }]);
  });

  test('asks for one plan at a time, and for the newest number when that has come', () => {
    const driver = drivePage(scaleDialog([lrp('web', 3)]));
    driver.press('ctrl-u');
    driver.type('500');
    expect(calls(driver.effects)).toHaveLength(1);
    driver.send({ kind: 'answer', id: 'plan', value: plan });
    expect(calls(driver.effects).at(-1)).toMatchObject({ input: { body: { instances: 500 } } });
  });

  test('Enter goes from the number to the button, and only the button changes something', () => {
    const driver = drivePage(scaleDialog([lrp('web', 3)], '+2'));
    expect(driver.press('enter').filter((effect) => effect.do === 'call' && effect.changes)).toEqual([]);
    expect(driver.press('enter')).toMatchObject([
      { route: 'updateLrp', input: { params: { guid: 'web' }, body: { instances: 5 } }, changes: true },
    ]);
    expect(driver.send({ kind: 'answer', id: 'do0', value: {} })).toMatchObject([
      { do: 'close' },
      { do: 'flash', level: 'info' },
    ]);
  });

  test('all that are marked, each from its own number', () => {
    const driver = drivePage(scaleDialog([lrp('web', 3), lrp('api', 10)], 'x2'));
    driver.press('enter');
    expect(driver.press('enter')).toMatchObject([
      { input: { params: { guid: 'web' }, body: { instances: 6 } } },
      { input: { params: { guid: 'api' }, body: { instances: 20 } } },
    ]);
    driver.send({ kind: 'answer', id: 'do0', value: {} });
    driver.send({
      kind: 'failed',
      id: 'do1',
      error: { code: 'ResourceNotFound', message: 'there is no LRP "api"' },
    });
    expect(driver.screen()).toContain('1 of 2 failed');
    expect(driver.screen()).toContain('there is no LRP "api"');
    expect(driver.press('enter')).toMatchObject([{ do: 'close' }]);
  });

  test('a number that makes no sense is said and changes nothing', () => {
    const driver = drivePage(scaleDialog([lrp('web', 3)], 'many'));
    driver.press('enter');
    expect(driver.press('enter')).toEqual([
      { do: 'flash', level: 'warn', text: 'instances: a number, or +2, -1, x2' },
    ]);
  });

  test('a paste of commands is text in the field, not keys', () => {
    const driver = drivePage(scaleDialog([lrp('web', 3)]));
    driver.send({ kind: 'paste', text: '\r\n\u001b[B\r\r' });
    expect(calls(driver.effects).filter((effect) => effect.changes)).toEqual([]);
  });

  test('Escape closes it and changes nothing', () => {
    expect(drivePage(scaleDialog([lrp('web', 3)])).press('escape')).toEqual([{ do: 'close' }]);
  });
});

describe('what cannot be undone', () => {
  test('to remove an LRP of several instances its name is typed first', () => {
    const driver = drivePage(deleteDialog([lrp('web', 3)]));
    driver.press('enter');
    expect(driver.press('enter')).toMatchObject([{ do: 'flash', text: 'type web to confirm' }]);
    driver.press('shift-tab', 'shift-tab');
    driver.type('web');
    driver.press('enter');
    expect(driver.press('enter')).toMatchObject([
      { route: 'removeLrp', input: { params: { guid: 'web' } }, changes: true },
    ]);
  });

  test('without anything to type, Cancel has the focus', () => {
    const driver = drivePage(
      deleteDialog([{ subject: { kind: 'instance', guid: 'web', index: 2 }, values: {} }]),
    );
    expect(driver.screen()).toContain('[ Cancel ]');
    expect(driver.press('enter')).toEqual([{ do: 'close' }]);
    driver.press('right');
    expect(driver.press('enter')).toMatchObject([
      { route: 'retireInstance', input: { params: { guid: 'web', index: 2 } } },
    ]);
  });

  test('a running task is cancelled, one that has ended is deleted', () => {
    const task = (state: string): Target => ({ subject: { kind: 'task', guid: 'job' }, values: { state } });
    const running = drivePage(deleteDialog([task('RUNNING')]));
    running.press('right');
    expect(running.press('enter')).toMatchObject([{ route: 'cancelTask' }]);
    const ended = drivePage(deleteDialog([task('FAILED')]));
    ended.press('right');
    expect(ended.press('enter')).toMatchObject([{ route: 'deleteTask' }]);
  });

  test('several LRPs are stopped after their number was typed', () => {
    const driver = drivePage(stopDialog([lrp('web', 3), lrp('api', 1)]));
    driver.type('2');
    driver.press('enter');
    expect(driver.press('enter')).toMatchObject([
      { input: { params: { guid: 'web' }, body: { instances: 0 } } },
      { input: { params: { guid: 'api' }, body: { instances: 0 } } },
    ]);
  });
});

describe('cells', () => {
  test.each([
    ['90s', 90_000],
    ['15m', 900_000],
    ['2h', 7_200_000],
    ['none', null],
    ['soon', undefined],
    ['31d', undefined],
    ['', undefined],
  ])('the deadline %s', (text, ms) => {
    expect(deadlineOf(text)).toBe(ms);
  });

  test('a drain shows beforehand what would not fit, and then begins with what was typed', () => {
    const driver = drivePage(drainDialog([cell('host-4')]));
    driver.send(shown);
    expect(calls(driver.effects)).toMatchObject([{ input: { body: { kind: 'drain', cells: ['host-4'] } } }]);
    driver.send({ kind: 'answer', id: 'plan', value: plan });
    expect(driver.screen()).toContain('no place for web/4');
    driver.type("Bob's disk");
    driver.press('enter', 'ctrl-u');
    driver.type('10m');
    driver.press('enter', 'enter');
    expect(driver.screen()).toContain('skep cell drain host-4 --deadline 10m --anyway --reason');
    expect(driver.press('enter')).toMatchObject([
      {
        route: 'drainCell',
        input: {
          params: { id: 'host-4' },
          body: { reason: "Bob's disk", deadlineMs: 600_000, anyway: true, alongside: [] },
        },
      },
    ]);
  });

  test('what fits is drained without "anyway", and a reason does not ask for the plan again', () => {
    const driver = drivePage(drainDialog([cell('host-4')]));
    driver.send(shown);
    driver.send({ kind: 'answer', id: 'plan', value: { ...plan, unplaced: [] } });
    driver.type('fan');
    expect(calls(driver.effects)).toHaveLength(1);
    expect(driver.screen()).toContain('starts on host-2');
    driver.press('enter', 'enter', 'enter');
    expect(driver.press('enter')).toMatchObject([{ route: 'drainCell', input: { body: { reason: 'fan' } } }]);
    expect(JSON.stringify(driver.effects.at(-1))).not.toContain('anyway');
  });

  test('cells drained together know of each other', () => {
    const driver = drivePage(drainDialog([cell('a'), cell('b')]));
    driver.press('up', 'up', 'up');
    driver.type('2');
    driver.press('enter');
    expect(driver.press('enter')).toMatchObject([
      { input: { params: { id: 'a' }, body: { alongside: ['b'] } } },
      { input: { params: { id: 'b' }, body: { alongside: ['a'] } } },
    ]);
  });

  test('cordon takes a reason; the end of a drain is an undrain', () => {
    const driver = drivePage(cordonDialog([cell('a')]));
    driver.type('fan');
    driver.press('enter');
    expect(driver.press('enter')).toMatchObject([
      { route: 'cordonCell', input: { body: { reason: 'fan' } } },
    ]);
    const end = drivePage(uncordonDialog([cell('a', 'draining'), cell('b', 'cordoned')]));
    expect(end.page.command({} as never)).toBe('skep cell undrain a && skep cell uncordon b');
    end.press('right');
    expect(end.press('enter')).toMatchObject([{ route: 'undrainCell' }, { route: 'uncordonCell' }]);
  });
});

describe('restart', () => {
  const answerOf = (instanceGuid: string, state: 'RUNNING' | 'CLAIMED', routable: boolean) => ({
    kind: 'answer' as const,
    value: { rows: [buildActual({ instanceGuid, state, routable })] },
  });

  function begun(count: number) {
    const start = drivePage(restartDialog([lrp('web', count)]));
    start.press('enter');
    const dialog = start.press('enter').find((effect) => effect.do === 'dialog');
    if (dialog?.do !== 'dialog') throw new Error('the restart has no progress');
    return drivePage(dialog.dialog);
  }

  test('the next instance goes only when the one before runs again and is ready', () => {
    const driver = begun(2);
    driver.send(shown);
    expect(driver.page.wants).toMatchObject([{ id: 'web/0', route: 'listInstances' }]);
    expect(
      driver.send({ kind: 'data', want: 'web/0', data: answerOf('one', 'RUNNING', true) }),
    ).toMatchObject([{ route: 'retireInstance', input: { params: { guid: 'web', index: 0 } } }]);
    driver.send({ kind: 'data', want: 'web/0', data: answerOf('one', 'RUNNING', true) });
    driver.send({ kind: 'data', want: 'web/0', data: answerOf('two', 'CLAIMED', false) });
    driver.send({ kind: 'data', want: 'web/0', data: answerOf('two', 'RUNNING', false) });
    expect(driver.page.wants).toMatchObject([{ id: 'web/0' }]);
    driver.send({ kind: 'data', want: 'web/0', data: answerOf('two', 'RUNNING', true) });
    expect(driver.page.wants).toMatchObject([{ id: 'web/1' }]);
    expect(driver.screen()).toContain('1 of 2');
  });

  test('it stops at the first that cannot be stopped, and says which', () => {
    const driver = begun(3);
    driver.send(shown);
    driver.send({ kind: 'data', want: 'web/0', data: answerOf('one', 'RUNNING', true) });
    const error = { code: 'Unauthorized', message: 'a viewer changes nothing' } as const;
    driver.send({ kind: 'failed', id: 'web/0', error });
    expect(driver.page.wants).toEqual([]);
    expect(driver.screen()).toContain('web/0: a viewer changes nothing');
  });

  test('closing it leaves the rest and says so', () => {
    const driver = begun(3);
    driver.send(shown);
    expect(driver.press('escape')).toMatchObject([
      { do: 'close' },
      { text: '0 of 3 restarted; the rest is left as it is' },
    ]);
  });
});

describe('edit', () => {
  const begin = () => {
    const driver = drivePage(editDialog(lrp('web', 3), { parse, stringify }));
    const desired = buildDesired({ guid: 'web', instances: 3 });
    const [edit] = driver.send({ kind: 'data', want: 'lrp', data: { kind: 'answer', value: { desired } } });
    if (edit?.do !== 'edit') throw new Error('the editor was not opened');
    return { driver, text: edit.text };
  };

  test('what was changed is shown and made after a yes', () => {
    const { driver, text } = begin();
    driver.send({ kind: 'answer', id: 'edit', value: text.replace('instances: 3', 'instances: 4') });
    expect(driver.screen()).toContain('- instances: 3');
    expect(driver.screen()).toContain('+ instances: 4');
    driver.press('right');
    expect(driver.press('enter')).toMatchObject([
      { route: 'updateLrp', input: { params: { guid: 'web' }, body: { instances: 4 } } },
    ]);
  });

  test('a text that makes no sense is kept for the next try', () => {
    const { driver, text } = begin();
    const broken = text.replace('instances: 3', 'instances: many');
    driver.send({ kind: 'answer', id: 'edit', value: broken });
    expect(driver.screen()).toContain('instances:');
    expect(driver.press('enter')).toMatchObject([{ do: 'edit', text: broken }]);
  });

  test.each([
    [
      'image: nginx:2\nmemory: 9\n',
      'image, memory cannot be changed here: instances, routes and annotation can',
    ],
    ['', 'this is not a list of fields such as "instances: 3"'],
    ['- a\n', 'this is not a list of fields such as "instances: 3"'],
    ['a: [1,\n  b: }', 'this is not YAML'],
  ])('%j: what is wrong with it, and what may be done', (added, said) => {
    const { driver } = begin();
    driver.send({ kind: 'answer', id: 'edit', value: added });
    expect(driver.screen().replaceAll(/[\s│]+/g, ' ')).toContain(said);
  });

  test('nothing changed is nothing done', () => {
    const { driver, text } = begin();
    expect(driver.send({ kind: 'answer', id: 'edit', value: text })).toMatchObject([
      { do: 'close' },
      { text: 'nothing was changed' },
    ]);
  });
});
