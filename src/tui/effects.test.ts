import { expect, test } from 'vitest';
import { fakeClient } from '../../test/kit/fake-client.ts';
import { fakeTerminal } from '../../test/kit/fake-terminal.ts';
import { virtualClock } from '../../test/kit/virtual-clock.ts';
import { SkepError } from '../base/core/errors.ts';
import type { AppMessage, ShellEffect } from './core/app-model.ts';
import { call } from './core/page.ts';
import { type EffectsOptions, runPageEffect } from './effects.ts';

type PageEffect = Extract<ShellEffect, { page: string }>['effect'];

function world(change: Partial<EffectsOptions> = {}) {
  const clock = virtualClock();
  const terminal = fakeTerminal();
  const client = fakeClient({
    clock,
    address: 'host-01',
    answer: (route) => (route === 'getLrp' ? { spec: 'web' } : undefined),
  });
  const sent: AppMessage[] = [];
  let quits = 0;
  const options: EffectsOptions = {
    connection: { client, suspect: () => undefined, change: () => Promise.resolve() },
    terminal,
    signal: new AbortController().signal,
    editText: async (text) => `${text}, edited`,
    saveText: async (name) => `/dumps/${name}.txt`,
    fullConsole: () => Promise.resolve(),
    send: (message) => sent.push(message),
    switchContext: (name) => {
      throw new Error(`there is no context ${name}`);
    },
    quit: () => (quits += 1),
    ...change,
  };
  const run = async (effect: PageEffect): Promise<readonly AppMessage[]> => {
    runPageEffect(options, { page: 'p3', effect });
    await clock.settle();
    return sent;
  };
  return { run, terminal, sent, quits: () => quits };
}

test('a call is answered to the page that asked', async () => {
  const sent = await world().run(call('record', 'getLrp', { params: { guid: 'web' } }));
  expect(sent).toEqual([{ kind: 'answer', page: 'p3', id: 'record', value: { spec: 'web' } }]);
});

test('a context that cannot be read is told', async () => {
  const sent = await world().run({ do: 'context', name: 'staging' });
  expect(sent).toMatchObject([{ kind: 'flash', level: 'error', text: 'there is no context staging' }]);
});

test('a call that fails tells the page why', async () => {
  const sent = await world().run(call('record', 'getCell', { params: { id: 'x' } }));
  expect(sent).toMatchObject([
    { kind: 'failed', page: 'p3', id: 'record', error: { code: 'ResourceNotFound' } },
  ]);
});

test('the editor has the terminal while it runs, and what it saved goes to the page', async () => {
  const { run, terminal } = world();
  const sent = await run({ do: 'edit', id: 'spec', text: 'a: 1', suffix: '.yaml' });
  expect(terminal.said).toEqual(['lend']);
  expect(sent).toEqual([{ kind: 'answer', page: 'p3', id: 'spec', value: 'a: 1, edited' }]);
});

test('an editor that gives up changes nothing, and the page hears it', async () => {
  const { run } = world({ editText: () => Promise.reject(new SkepError('Cancelled', 'status 1')) });
  const sent = await run({ do: 'edit', id: 'spec', text: 'a: 1', suffix: '.yaml' });
  expect(sent).toMatchObject([{ kind: 'failed', id: 'spec', error: { code: 'Cancelled' } }]);
});

test('what is saved says where', async () => {
  const sent = await world().run({ do: 'save', id: 'save', name: 'cells', text: 'x' });
  expect(sent).toMatchObject([
    { kind: 'answer', value: '/dumps/cells.txt' },
    { kind: 'flash', level: 'info', text: 'saved as /dumps/cells.txt' },
  ]);
});

test('what cannot be saved says why', async () => {
  const { run } = world({ saveText: () => Promise.reject(new Error('read-only file system')) });
  const sent = await run({ do: 'save', id: 'save', name: 'cells', text: 'x' });
  expect(sent).toMatchObject([{ kind: 'flash', level: 'error', text: 'read-only file system' }]);
});

test('a copy says what was sent, and when it is too long', async () => {
  const { run, sent } = world();
  await run({ do: 'copy', text: 'web/0', what: 'web/0' });
  await run({ do: 'copy', text: 'x'.repeat(100_000), what: 'all' });
  expect(sent).toMatchObject([
    { level: 'info', text: "sent to your terminal's clipboard: web/0" },
    { level: 'warn', text: 'too long for a clipboard: save it' },
  ]);
});

test('a console over the whole screen that cannot be opened says why', async () => {
  const fullConsole = () =>
    Promise.reject(new SkepError('NotRunning', 'web/0 does not run', { hint: 'skep why web/0' }));
  const open = { target: 'web/0', kind: 'shell', full: true } as const;
  const sent = await world({ fullConsole }).run({ do: 'console', open });
  expect(sent).toEqual([
    { kind: 'flash', level: 'error', text: 'web/0 does not run', hint: 'skep why web/0' },
  ]);
});

test('suspending and leaving are done', async () => {
  const { run, terminal, quits } = world();
  await run({ do: 'suspend' });
  await run({ do: 'quit' });
  expect(terminal.said).toEqual(['suspend']);
  expect(quits()).toBe(1);
});
