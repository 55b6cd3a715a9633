import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { madeOnce } from './made-once.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skep-made-once-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Another process that wants the same; it writes its name into what it makes, and says whose it got. */
function other(name: string): Promise<string> {
  const kit = new URL('made-once.ts', import.meta.url).href;
  const program = `
    import { readFileSync, writeFileSync } from 'node:fs';
    import { madeOnce } from ${JSON.stringify(kit)};
    const path = madeOnce(${JSON.stringify(folder)}, 'it', (to) => writeFileSync(to + '/maker', '${name}'));
    console.log(readFileSync(path + '/maker', 'utf8'));`;
  return new Promise((resolve, reject) => {
    const flags = ['--input-type=module', '-e', program];
    execFile(process.execPath, flags, (error, out) => (error ? reject(error) : resolve(out.trim())));
  });
}

describe('what is made once', () => {
  test('is made by one of those that want it, and is the same for all', async () => {
    const makers = await Promise.all(['one', 'two', 'three'].map(other));
    expect(new Set(makers).size).toBe(1);
    expect(readdirSync(folder)).toEqual(['it']);
  });

  test('is made by the next when the first one fails, of which nothing is left', () => {
    const fail = (to: string): void => {
      writeFileSync(join(to, 'half'), '');
      throw new Error('no room');
    };
    expect(() => madeOnce(folder, 'it', fail)).toThrow('no room');
    expect(readdirSync(folder)).toEqual([]);
    const path = madeOnce(folder, 'it', (to) => writeFileSync(join(to, 'whole'), 'all'));
    expect(readFileSync(join(path, 'whole'), 'utf8')).toBe('all');
    expect(readdirSync(path)).toEqual(['whole']);
  });
});
