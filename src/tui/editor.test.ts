import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { editorOf, editText } from './editor.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skep-editor-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** An editor of a few lines of shell; its last argument is the file. */
function editor(script: string): string {
  const path = join(folder, 'an editor');
  writeFileSync(path, `#!/bin/sh\nfor file; do :; done\n${script}\n`);
  chmodSync(path, 0o755);
  return `'${path}'`;
}

const leftOver = (): readonly string[] =>
  readdirSync(tmpdir()).filter((name) => name.startsWith('skep-edit-'));

test('the first editor that is set is taken', () => {
  expect(editorOf({})).toBe('vi');
  expect(editorOf({ EDITOR: 'nano', VISUAL: '' })).toBe('nano');
  expect(editorOf({ EDITOR: 'nano', VISUAL: 'code -w' })).toBe('code -w');
  expect(editorOf({ EDITOR: 'nano', VISUAL: 'code -w', SKEP_EDITOR: 'ed' })).toBe('ed');
});

test('what it saved comes back, and no file stays', async () => {
  const before = leftOver();
  expect(await editText(editor('echo "b: 2" >> "$file"'), 'a: 1\n', '.yaml')).toBe('a: 1\nb: 2\n');
  expect(leftOver()).toEqual(before);
});

test('the file has its suffix, and nobody else may read it', async () => {
  const text = await editText(editor('{ basename "$file"; stat -c %a "$file"; } > "$file"'), '', '.yaml');
  expect(text).toBe('edit.yaml\n600\n');
});

test('nothing saved is nothing changed', async () => {
  expect(await editText(editor('true'), 'a: 1\n', '.yaml')).toBeUndefined();
});

test('an editor may have arguments', async () => {
  expect(await editText(`${editor('echo "$1" > "$file"')} --wait`, '', '.txt')).toBe('--wait\n');
});

test('an editor that ends with an error, as :cq does, changes nothing', async () => {
  const edit = editText(editor('echo x > "$file"; exit 1'), '', '.txt');
  await expect(edit).rejects.toMatchObject({ code: 'Cancelled', message: expect.stringMatching(/status 1/) });
});

test('Ctrl-C is for the editor: what it saves after it counts', async () => {
  // The whole group hears it; here the shell that waits for the editor does.
  expect(await editText('kill -INT $$; printf saved >', 'a', '.txt')).toBe('saved');
});

test('an editor that is killed changes nothing', async () => {
  await expect(editText(editor('kill -9 $$'), '', '.txt')).rejects.toMatchObject({ code: 'Cancelled' });
});

test('an editor that is not there says what to do', async () => {
  const before = leftOver();
  await expect(editText(join(folder, 'none'), '', '.txt')).rejects.toMatchObject({
    code: 'InvalidConfig',
    hint: expect.stringMatching(/EDITOR/),
  });
  expect(leftOver()).toEqual(before);
});

test('an editor that takes the file away changes nothing', async () => {
  await expect(editText(editor('rm "$file"'), 'a', '.txt')).rejects.toMatchObject({ code: 'Cancelled' });
});
