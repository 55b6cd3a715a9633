import { totalmem } from 'node:os';
import { expect, test } from 'vitest';
import { systemClock } from '../../base/node/system-clock.ts';
import { fileSystemOf, hostFacts } from './host-facts.ts';

const disks = [
  { mount: '/var', size: 2 },
  { mount: '/', size: 1 },
  { mount: '/var/lib/docker', size: 3 },
];

test.each([
  ['/var/lib/docker', 3],
  ['/var/lib/docker/overlay2', 3],
  ['/var/lib/docker2', 2],
  ['/srv', 1],
])('%s lies on the file system of size %i', (path, size) => {
  expect(fileSystemOf(path, disks)?.size).toBe(size);
});

test('a path on no known file system is not guessed', () => {
  expect(fileSystemOf('/srv', [{ mount: '/var', size: 1 }])).toBeUndefined();
});

test('reads this host', async () => {
  const signal = new AbortController().signal;
  const facts = await hostFacts({ clock: systemClock }).facts({ signal });
  expect(facts.memoryMb).toBe(Math.floor(totalmem() / 1_048_576));
  expect(facts.diskMb).toBeGreaterThan(0);
  expect(facts.os).toBe(process.platform);
  expect(facts.arch).toBe(process.arch);
});

test('stops waiting when told', async () => {
  const reason = new Error('the agent stops');
  const facts = hostFacts({ clock: systemClock }).facts({ signal: AbortSignal.abort(reason) });
  await expect(facts).rejects.toBe(reason);
});
