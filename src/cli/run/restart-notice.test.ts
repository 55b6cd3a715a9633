/** An agent that was told of its restart ends only when its cell is known to stay; one that was not, at once. */
import { afterEach, expect, it } from 'vitest';
import { type RestartNotice, restartNotice } from './restart-notice.ts';

let notice: RestartNotice | undefined;
afterEach(() => notice?.close());

/** A cell whose servers answer when told to, and the steps of what happens. */
function world() {
  const steps: string[] = [];
  const known = Promise.withResolvers<void>();
  notice = restartNotice();
  notice.concerns({
    async stayFor(ttlMs) {
      steps.push(`stay ${ttlMs}`);
      await known.promise;
      steps.push('known');
    },
  });
  const ended = (): Promise<number> | undefined => notice?.mayEnd().then(() => steps.push('ended'));
  return { steps, known, ended };
}

it('ends when the servers know that the cell stays', async () => {
  const { steps, known, ended } = world();
  process.emit('SIGURG', 'SIGURG');
  const ending = ended();
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(steps).toEqual(['stay 90000']);
  known.resolve();
  await ending;
  expect(steps).toEqual(['stay 90000', 'known', 'ended']);
});

it('heeds a notice that comes with the signal to end, after it', async () => {
  const { steps, known, ended } = world();
  const ending = ended();
  process.emit('SIGURG', 'SIGURG');
  known.resolve();
  await ending;
  expect(steps).toEqual(['stay 90000', 'known', 'ended']);
});

it('ends at once when nobody told of a restart', async () => {
  const { steps, ended } = world();
  await ended();
  expect(steps).toEqual(['ended']);
});

it('lets an agent end that has no cell, and one that is told no more', async () => {
  notice = restartNotice();
  process.emit('SIGURG', 'SIGURG');
  await notice.mayEnd();
  notice.close();
  expect(process.listenerCount('SIGURG')).toBe(0);
});
