/** Contexts as files: `~/.config/skep/contexts/NAME.json` (0600), and the name of the one in use in `current`. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ContextFiles } from '../io.ts';

const ending = '.json';

export function contextFiles(env: Readonly<Record<string, string | undefined>>): ContextFiles {
  const base = env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config');
  const folder = join(base, 'skep', 'contexts');
  const currentFile = join(base, 'skep', 'current-context');
  const fileOf = (name: string): string => join(folder, `${name}${ending}`);

  return {
    list() {
      try {
        const names = readdirSync(folder).filter((name) => name.endsWith(ending));
        return names.map((name) => name.slice(0, -ending.length)).sort();
      } catch (error) {
        if (isMissing(error)) return [];
        throw error;
      }
    },
    read: (name) => textOf(fileOf(name)),
    write(name, text) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      replace(fileOf(name), text);
    },
    remove: (name) => rmSync(fileOf(name), { force: true }),
    get current() {
      return textOf(currentFile)?.trim() || undefined;
    },
    use(name) {
      if (name === undefined) return rmSync(currentFile, { force: true });
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      replace(currentFile, `${name}\n`);
    },
  };
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function replace(file: string, text: string): void {
  // Two commands may renew the same context at the same moment.
  const next = `${file}.${process.pid}.new`;
  writeFileSync(next, text, { mode: 0o600, flush: true });
  renameSync(next, file);
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
