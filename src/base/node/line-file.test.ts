import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Log, silentLog } from '../log.ts';
import { type LineFileOptions, lineFile } from './line-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skep-lines-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (change: Partial<LineFileOptions> = {}) =>
  lineFile({
    path: join(folder, 'x.jsonl'),
    maxBytes: 1_000,
    pendingMaxChars: 10_000,
    droppedLine: (count) => `dropped ${count}`,
    log: silentLog,
    ...change,
  });
const linesOf = (name = 'x.jsonl'): string[] =>
  readFileSync(join(folder, name), 'utf8').trimEnd().split('\n');

describe('a file of lines', () => {
  test('does not exist before the first line, and then is for its owner alone', async () => {
    const file = open();
    await file.flush();
    expect(existsSync(join(folder, 'x.jsonl'))).toBe(false);
    file.write('one');
    file.write('two');
    await file.flush();
    expect(linesOf()).toEqual(['one', 'two']);
    expect(statSync(join(folder, 'x.jsonl')).mode & 0o777).toBe(0o600);
  });

  test('goes on where it ended before', async () => {
    for (const line of ['before', 'after']) {
      const file = open();
      file.write(line);
      await file.flush();
    }
    expect(linesOf()).toEqual(['before', 'after']);
  });

  test('two files hold the newest lines, neither above its bound', async () => {
    const file = open();
    for (let n = 0; n < 100; n++) {
      file.write(`line ${String(n).padStart(40, '0')}`);
      await file.flush();
    }
    for (const name of ['x.jsonl', 'x.jsonl.1']) {
      expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(1_000);
    }
    expect(linesOf().at(-1)).toMatch(/99$/);
    expect([...linesOf('x.jsonl.1'), ...linesOf()].length).toBeGreaterThan(20);
  });

  test('drops what does not fit in memory, and says how much in its place', async () => {
    const file = open({ pendingMaxChars: 30 });
    for (let n = 0; n < 8; n++) file.write(`line ${n} 34567`);
    await file.flush();
    file.write('later');
    await file.flush();
    expect(linesOf()).toEqual(['line 0 34567', 'line 1 34567', 'dropped 6', 'later']);
  });

  test('a folder that is gone stops nobody: it is told once, and counted when it is back', async () => {
    const told: string[] = [];
    const log: Log = { ...silentLog, warn: (event) => void told.push(event) };
    const file = open({ path: join(folder, 'sub', 'x.jsonl'), log });
    for (const line of ['a', 'b']) {
      file.write(line);
      await file.flush();
    }
    expect(told.filter((event) => event === 'lines.not_written')).toHaveLength(1);
    mkdirSync(join(folder, 'sub'));
    chmodSync(join(folder, 'sub'), 0o700);
    file.write('c');
    await file.flush();
    const lines = linesOf('sub/x.jsonl');
    expect(lines.at(-1)).toBe('c');
    expect(lines.slice(0, -1).join()).toMatch(/dropped/);
  });
});
