import { appendFile, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { etcdLogPath, logSize, logTail, rotateLog } from './etcd-log-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skep-log-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('a log that is not there yet is empty', async () => {
  expect(await logSize(folder)).toBe(0);
  expect(await logTail(folder, 0)).toBe('');
  expect(await rotateLog(folder, 1)).toBe(false);
});

test('the tail begins where the present process began', async () => {
  await appendFile(etcdLogPath(folder), 'old words\n');
  const start = await logSize(folder);
  await appendFile(etcdLogPath(folder), 'new words\n');
  expect(await logTail(folder, start)).toBe('new words\n');
});

test('the tail of a long log is its end only', async () => {
  await appendFile(etcdLogPath(folder), `${'x'.repeat(100_000)}the end`);
  const tail = await logTail(folder, 0);
  expect(tail).toHaveLength(64 * 1024);
  expect(tail.endsWith('the end')).toBe(true);
});

test('a log that grew too large is moved aside under the writer’s feet', async () => {
  const writer = await open(etcdLogPath(folder), 'a');
  await writer.write('first words\n');
  expect(await rotateLog(folder, 100)).toBe(false);
  expect(await rotateLog(folder, 5)).toBe(true);
  await writer.write('second words\n');
  await writer.close();
  expect(await readFile(etcdLogPath(folder), 'utf8')).toBe('second words\n');
  expect(await readFile(`${etcdLogPath(folder)}.1`, 'utf8')).toBe('first words\n');
  expect(await logTail(folder, 1_000)).toBe('second words\n');
});
