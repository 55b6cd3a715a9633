/** A text in the operator's own editor. The terminal is lent to it by the caller (terminal.ts `lend`). */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SkepError } from '../base/core/errors.ts';

/** Which editor, in the order that git and kubectl have: the first that is set. May have arguments: `code -w`. */
export function editorOf(env: Readonly<Record<string, string | undefined>>): string {
  return env['SKEP_EDITOR'] || env['VISUAL'] || env['EDITOR'] || 'vi';
}

/**
 * The text as it was saved; undefined when it is as it was. Throws `InvalidConfig` when the editor cannot be started,
 * `Cancelled` when it ends with an error, as `:cq` does.
 */
export async function editText(editor: string, text: string, suffix: string): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'skep-edit-'));
  const path = join(folder, `edit${suffix}`);
  try {
    await writeFile(path, text, { mode: 0o600 });
    await runEditor(editor, path);
    const saved = await readSaved(editor, path);
    return saved === text ? undefined : saved;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readSaved(editor: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new SkepError('Cancelled', `the editor "${editor}" left no file: nothing was changed`, {
      cause: error,
    });
  }
}

function runEditor(editor: string, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // A shell takes the editor apart as the operator wrote it; the path is an argument and not part of the line.
    // It does not end by Ctrl-C, as an editor does not: then only the editor's own end counts.
    const line = `trap : INT QUIT; ${editor} "$1"`;
    const child = spawn('/bin/sh', ['-c', line, 'sh', path], { stdio: 'inherit' });
    child.on('error', (error) => reject(unusable(editor, error.message)));
    child.on('exit', (code, signal) => {
      if (code === 0) resolve();
      else if (code === 127 || code === 126) reject(unusable(editor, 'it cannot be started'));
      else
        reject(
          new SkepError(
            'Cancelled',
            `the editor ended with ${signal ?? `status ${code}`}: nothing was changed`,
          ),
        );
    });
  });
}

const unusable = (editor: string, reason: string): SkepError =>
  new SkepError('InvalidConfig', `the editor "${editor}": ${reason}`, {
    hint: 'set EDITOR to one that is installed',
  });
