/** The installer of a host, with a script in place of install.sh. Without systemd: the agents of tests have none. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../base/node/system-clock.ts';
import type { Installer } from '../installer.ts';
import { releaseInstaller } from './release-installer.ts';

const signal = new AbortController().signal;

function made(body: string): { installer: Installer; folder: string } {
  const root = mkdtempSync(join(tmpdir(), 'skep-installer-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const script = join(root, 'install.sh');
  writeFileSync(script, body);
  const folder = join(root, 'upgrade');
  const installer = releaseInstaller({ script, folder, clock: systemClock });
  if (installer === undefined) throw new Error('there is an install.sh');
  return { installer, folder };
}

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

const sumOf = (text: string): string => createHash('sha256').update(text).digest('hex');

it('is none where there is no install.sh', () => {
  expect(
    releaseInstaller({ script: '/nonexistent', folder: '/nonexistent', clock: systemClock }),
  ).toBeUndefined();
});

it('runs the script on the file that came, reports its last lines, and keeps the file no longer', async () => {
  const { installer, folder } = made('echo "$@"; cat "$2"; echo; exit 4');
  await installer.receive(chunks('hel', 'lo'), { bytes: 5, sha256: sumOf('hello') });
  const report = await installer.run('install', signal);
  const file = join(folder, 'incoming.run');
  expect(report).toEqual({ code: 4, lines: [`--from-file ${file} --yes`, 'hello'] });
  expect(existsSync(file)).toBe(false);
  expect(await installer.last(signal)).toEqual(report);
});

it('keeps nothing of a file that is not the one announced', async () => {
  const { installer, folder } = made('exit 0');
  const cases = [
    { bytes: 5, sha256: sumOf('other') },
    { bytes: 9, sha256: sumOf('hello') },
    { bytes: 3, sha256: sumOf('hello') },
  ];
  for (const announced of cases) {
    await expect(installer.receive(chunks('hello'), announced)).rejects.toMatchObject({
      code: 'InvalidRequest',
    });
    expect(existsSync(join(folder, 'incoming.run'))).toBe(false);
  }
});

it('hands on only what says where the installation is, not what was once asked for', async () => {
  process.env['SKEP_INSTALL_DEMO'] = '1';
  process.env['SKEP_INSTALL_ROOT'] = '/r';
  onTestFinished(() => {
    delete process.env['SKEP_INSTALL_DEMO'];
    delete process.env['SKEP_INSTALL_ROOT'];
  });
  const { installer } = made('env | grep SKEP_');
  expect((await installer.run('rollback', signal)).lines).toEqual(['SKEP_INSTALL_ROOT=/r']);
});

it('says that nothing was ever run', async () => {
  const { installer, folder } = made('exit 0');
  await expect(installer.last(signal)).rejects.toMatchObject({ code: 'ResourceNotFound' });
  await installer.run('check', signal);
  expect(readFileSync(join(folder, 'status'), 'utf8')).toBe('0\n');
});
