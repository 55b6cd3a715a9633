/** Certificates of a UI that is open for long: renewed in their time, problems told when the screen is given back. */
import { expect, test } from 'vitest';
import { virtualClock } from '../../../test/kit/virtual-clock.ts';
import type { Context } from '../core/context.ts';
import { UiClients } from './ui-clients.ts';

const context = {
  v: 1,
  user: 'ada',
  servers: ['127.0.0.1:1'],
  ca: '',
  certificate: 'old',
  key: 'k',
} as unknown as Context;

function scene(renewAt: number) {
  const clock = virtualClock();
  const asked: string[] = [];
  const said: string[] = [];
  const due = { ...context, renewAt: clock.now() + renewAt };
  const io = {
    clock,
    contexts: { read: () => undefined },
    makeRequest: async (user: string) => {
      asked.push(user);
      throw new Error('no entropy');
    },
    stderr: { write: (text: string) => said.push(text) > 0 },
  };
  const clients = new UiClients(io as never, new AbortController().signal);
  clients.client({ servers: context.servers, tls: { current: () => ({}) } } as never, {
    name: 'prod',
    context: due,
  });
  return { clock, asked, said, clients };
}

test('is renewed when it is due, again after a failure, which is told at the end of the screen', async () => {
  const { clock, asked, said, clients } = scene(3_600_000);
  await clock.advance(3_000_000);
  expect(asked).toEqual([]);
  await clock.advance(1_800_000);
  expect(asked.length).toBeGreaterThan(1);
  expect(said).toEqual([]);
  clients.close();
  expect(said).toEqual([expect.stringContaining('context prod was not renewed: no entropy')]);
  expect(clock.pendingTimers).toBe(0);
});
