import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../base/node/system-clock.ts';
import { hostFacts } from './host-facts.ts';

const signal = new AbortController().signal;

/** As `df` has it, which rounds up to whole MiB. */
const dfMb = (path: string): number =>
  Number(execFileSync('df', ['-m', '--output=size', path], { encoding: 'utf8' }).split('\n')[1]);

test('reads this host', async () => {
  const facts = await hostFacts({ clock: systemClock, containersPath: '/' }).facts({ signal });
  expect(facts.memoryMb).toBe(Math.floor(totalmem() / 1_048_576));
  expect([facts.diskMb, facts.diskMb + 1]).toContain(dfMb('/'));
  expect(facts.os).toBe(process.platform);
  expect(facts.arch).toBe(process.arch);
});

test('a folder that does not exist lies where the nearest one above it does', async () => {
  const { diskMb } = await hostFacts({ clock: systemClock, containersPath: '/dev/shm/none/at/all' }).facts({
    signal,
  });
  expect([diskMb, diskMb + 1]).toContain(dfMb('/dev/shm'));
});

test('what is no folder is not guessed', async () => {
  const folder = mkdtempSync('/tmp/skep-facts-');
  try {
    writeFileSync(join(folder, 'file'), '');
    const facts = hostFacts({ clock: systemClock, containersPath: join(folder, 'file/in') }).facts({
      signal,
    });
    await expect(facts).rejects.toMatchObject({ code: 'Unavailable', hint: expect.stringContaining('df ') });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('stops waiting when told', async () => {
  const reason = new Error('the agent stops');
  const facts = hostFacts({ clock: systemClock }).facts({ signal: AbortSignal.abort(reason) });
  await expect(facts).rejects.toBe(reason);
});
