import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { favourSession } from './session-share.ts';

const isKnown = existsSync('/proc/self/autogroup');

async function sleeper(detached: boolean): Promise<number> {
  const child = spawn('sleep', ['60'], { detached, stdio: 'ignore' });
  await once(child, 'spawn');
  onTestFinished(() => void child.kill('SIGKILL'));
  return child.pid as number;
}
const shareOf = (pid: number): string => readFileSync(`/proc/${pid}/autogroup`, 'utf8').trim();

test.skipIf(!isKnown)('a session gets the share of the niceness of who leads it', async () => {
  const pid = await sleeper(true);
  setPriority(pid, 3);
  favourSession(pid);
  expect(shareOf(pid)).toMatch(/nice 3$/);
});

test.skipIf(!isKnown)('a process in the session of another changes nothing', async () => {
  const pid = await sleeper(false);
  const before = shareOf(pid);
  setPriority(pid, 3);
  favourSession(pid);
  expect(shareOf(pid)).toBe(before);
});
