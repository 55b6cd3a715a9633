import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { operatorFiles } from './operator-files.ts';

let home: string;
const settings = { readOnly: true, theme: 'light', times: 'utc', wide: true } as const;
const at = Date.UTC(2026, 10, 21, 12, 0, 5);
const parse = (text: string): unknown => JSON.parse(text);
const open = (env: Readonly<Record<string, string>> = {}) => operatorFiles({ HOME: home, ...env }, () => at);
const silent = (text: string): void => {
  throw new Error(`a problem was told: ${text}`);
};

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'skep-files-'));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

function write(path: string, text: string): void {
  mkdirSync(join(home, path, '..'), { recursive: true });
  writeFileSync(join(home, path), text);
}

test('nothing is there at first, and that is no problem', async () => {
  expect(await open().load()).toEqual({ settings: {}, commandHistory: [], problem: '' });
  expect(await open().keys(parse)).toEqual({ keys: {}, problem: '' });
});

test('what is kept is found again, but for read-only mode', async () => {
  await open().keep(settings, [':cells', ':lrps'], silent);
  expect(await open().load()).toEqual({
    settings: { theme: 'light', times: 'utc', wide: true },
    commandHistory: [':cells', ':lrps'],
    problem: '',
  });
  expect(statSync(join(home, '.local/state/skep/ui.json')).mode & 0o777).toBe(0o600);
});

test('the newest of many is kept, and of a long history the end', async () => {
  const files = open();
  const lines = Array.from({ length: 500 }, (_, index) => `scale web ${index}`);
  const writes = Array.from({ length: 20 }, (_, index) =>
    files.keep({ ...settings, wide: index === 19 }, lines.slice(0, 481 + index), silent),
  );
  await Promise.all(writes);
  const kept = await files.load();
  expect(kept.settings.wide).toBe(true);
  expect(kept.commandHistory).toHaveLength(200);
  expect(kept.commandHistory.at(-1)).toBe('scale web 499');
  expect(readdirSync(join(home, '.local/state/skep'))).toEqual(['ui.json']);
});

test('XDG folders go before the home', async () => {
  const state = join(home, 'state');
  await open({ XDG_STATE_HOME: state }).keep(settings, [], silent);
  expect(readdirSync(join(state, 'skep'))).toEqual(['ui.json']);
  write('config/skep/keys.yaml', '{"describe": "f3"}');
  const { keys } = await open({ XDG_CONFIG_HOME: join(home, 'config') }).keys(parse);
  expect(keys).toEqual({ describe: ['f3'] });
});

test.each([
  ['cut off', '{"settings": {"the'],
  ['of another program', '[1, 2]'],
  ['of a later version', '{"settings": {"times": "sidereal"}, "commandHistory": []}'],
])('a state file %s counts for nothing, and that is said', async (_, text) => {
  write('.local/state/skep/ui.json', text);
  const kept = await open().load();
  expect(kept).toMatchObject({ settings: {}, commandHistory: [] });
  expect(kept.problem).toContain('ui.json');
});

test('files that cannot be read say so', async () => {
  mkdirSync(join(home, '.local/state/skep/ui.json'), { recursive: true });
  mkdirSync(join(home, '.config/skep/keys.yaml'), { recursive: true });
  expect((await open().load()).problem).toMatch(/EISDIR/);
  expect((await open().keys(parse)).problem).toMatch(/EISDIR/);
});

test('keys that make no sense change none, and it is said where', async () => {
  write('.config/skep/keys.yaml', '{"describe": 3}');
  const { keys, problem } = await open().keys(parse);
  expect(keys).toEqual({});
  expect(problem).toMatch(/keys\.yaml: describe: .*no key is changed/);
});

test('a home that cannot be written is said once, and saving a page says it each time', async () => {
  write('.local', 'a file where a folder should be');
  const told: string[] = [];
  const files = open();
  for (let times = 0; times < 3; times += 1) await files.keep(settings, [], (text) => told.push(text));
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/^settings are not kept: /);
  await expect(files.saveText('cells', 'x')).rejects.toThrow(/ENOTDIR/);
});

test('a page is saved under a name that is one, whatever it is called', async () => {
  const files = open();
  const path = await files.saveText('../../logs(web) \u001b[31m', 'lines\n');
  expect(path).toBe(join(home, '.local/state/skep/dumps/logs-web-31m-2026-11-21T120005.txt'));
  expect(readFileSync(path, 'utf8')).toBe('lines\n');
  expect(await files.saveText('…', '')).toMatch(/page-2026/);
});
