import { expect, test } from 'vitest';
import { backupName, isBackupName, nextBackupAt, outdatedBackups } from './backup-retention.ts';

const hourMs = 60 * 60_000;
const policy = { everyMs: hourMs, newest: 24, days: 7 };
const start = Date.UTC(2026, 0, 1);

/** Hourly backups and their removal, as the keeper does it. */
function keptAfter(hours: number): number[] {
  let kept: { name: string; at: number }[] = [];
  for (let hour = 0; hour < hours; hour++) {
    const at = start + hour * hourMs;
    kept.push({ name: backupName(at, hour), at });
    const gone = new Set(outdatedBackups(kept, policy, at));
    kept = kept.filter(({ name }) => !gone.has(name));
  }
  return kept.map(({ at }) => (at - start) / hourMs);
}

test('the newest 24 and the last of each of seven days stay', () => {
  const hours = keptAfter(20 * 24);
  const last = 20 * 24 - 1;
  expect(hours.slice(-24)).toEqual(Array.from({ length: 24 }, (_, n) => last - 23 + n));
  const older = hours.slice(0, -24);
  expect(older).toEqual([6, 5, 4, 3, 2, 1].map((days) => last - days * 24));
});

test('what is much too old goes, the newest never', () => {
  const old = { name: 'a', at: start };
  const older = { name: 'b', at: start - 1 };
  const later = start + 60 * 24 * hourMs;
  expect(outdatedBackups([old, older], policy, later)).toEqual(['b']);
});

test('one a period, at a minute of the server itself', () => {
  const minutes = ['host-a', 'host-b', 'host-c'].map((server) => {
    const at = nextBackupAt(start + 1, policy, server);
    expect(nextBackupAt(at, policy, server)).toBe(at + hourMs);
    expect(nextBackupAt(at - 1, policy, server)).toBe(at);
    return Math.floor(((at - start) % hourMs) / 60_000);
  });
  expect(new Set(minutes).size).toBe(3);
  expect(nextBackupAt(undefined, policy, 'host-a')).toBe(0);
});

test('names tell time and revision, and nothing else is one', () => {
  expect(backupName(Date.UTC(2026, 10, 21, 22, 40), 1234)).toBe('2026-11-21T224000Z-r1234.skep-backup');
  expect(isBackupName('2026-11-21T224000Z-r1234.skep-backup')).toBe(true);
  for (const name of [
    '../2026-11-21T224000Z-r1.skep-backup',
    'x',
    '2026-11-21T224000Z-r1.skep-backup.partial',
  ]) {
    expect(isBackupName(name)).toBe(false);
  }
});
