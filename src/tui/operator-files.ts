/**
 * What the terminal UI keeps for its operator between runs: settings and the lines typed after `:`; keys.yaml, which it
 * only reads; and the files that Ctrl-S makes. All in the operator's own folders, by the XDG rules.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { viewKinds } from '../api/core/view-shapes.ts';
import { messageOf } from '../base/core/errors.ts';
import type { KeyChanges } from './core/keymap.ts';
import type { Settings } from './core/page.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const historyMax = 200;

const sortSchema = z.object({ column: z.string(), descending: z.boolean() });
const viewSchema = z.object({ columns: z.array(z.string()).optional(), sort: sortSchema.optional() });
const stateSchema = z.object({
  settings: z.object({
    theme: z.string().optional(),
    times: z.enum(['age', 'local', 'utc']).optional(),
    wide: z.boolean().optional(),
    views: z.partialRecord(z.enum(viewKinds), viewSchema).optional(),
  }),
  commandHistory: z.array(z.string()).max(historyMax),
});

/** What was kept, as far as it can be read. */
export interface Kept {
  readonly settings: { readonly [K in Exclude<keyof Settings, 'readOnly'>]?: Settings[K] | undefined };
  readonly commandHistory: readonly string[];
  /** Why nothing of it counts; '' when all is well, and when there is no file yet. */
  readonly problem: string;
}

export interface OperatorFiles {
  /** Never throws: a file that cannot be read is as one that is not there, and its `problem` says why. */
  load(): Promise<Kept>;
  /** Writes what is to be kept, one write at a time; what fails is told once. */
  keep(
    settings: Settings,
    commandHistory: readonly string[],
    onProblem: (text: string) => void,
  ): Promise<void>;
  /** Keys by action; `problem` says why the file counts for nothing. `parse` reads YAML. */
  keys(parse: (text: string) => unknown): Promise<{ readonly keys: KeyChanges; readonly problem: string }>;
  /** Writes a file of that name's stem in the folder of dumps; resolves with its path. */
  saveText(name: string, text: string): Promise<string>;
}

/** @param now milliseconds since the epoch: dumps carry the time in their names */
export function operatorFiles(env: Environment, now: () => number): OperatorFiles {
  const home = env['HOME'] ?? '/';
  const stateFolder = join(env['XDG_STATE_HOME'] || join(home, '.local/state'), 'skep');
  const statePath = join(stateFolder, 'ui.json');
  const keysPath = join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'skep/keys.yaml');
  let writing: Promise<void> | undefined;
  let next: string | undefined;
  let isTold = false;

  async function writeAll(onProblem: (text: string) => void): Promise<void> {
    while (next !== undefined) {
      const text = next;
      next = undefined;
      try {
        await mkdir(stateFolder, { recursive: true, mode: 0o700 });
        await writeFile(`${statePath}.new`, text, { mode: 0o600 });
        await rename(`${statePath}.new`, statePath);
      } catch (error) {
        if (!isTold) onProblem(`settings are not kept: ${messageOf(error)}`);
        isTold = true;
      }
    }
    writing = undefined;
  }

  return {
    async load() {
      const { text, problem } = await readIfThere(statePath);
      const nothing = { settings: {}, commandHistory: [] };
      if (text === '') return { ...nothing, problem };
      const read = stateSchema.safeParse(parseJson(text));
      if (read.success) return { ...read.data, problem: '' };
      return { ...nothing, problem: `${statePath}: ${problemOf(read.error)}; settings are as new` };
    },
    keep({ readOnly: _, ...settings }, commandHistory, onProblem) {
      next = JSON.stringify({ settings, commandHistory: commandHistory.slice(-historyMax) });
      writing ??= writeAll(onProblem);
      return writing;
    },
    async keys(parse) {
      const { text, problem } = await readIfThere(keysPath);
      if (text === '') return { keys: {}, problem };
      try {
        return { keys: keysSchema.parse(parse(text) ?? {}), problem: '' };
      } catch (error) {
        return { keys: {}, problem: `${keysPath}: ${problemOf(error)}; no key is changed` };
      }
    },
    async saveText(name, text) {
      const folder = join(stateFolder, 'dumps');
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const stem =
        name
          .replace(/[^a-zA-Z0-9._-]+/g, '-')
          .replace(/^[-.]+|-+$/g, '')
          .slice(0, 80) || 'page';
      const stamp = new Date(now()).toISOString().slice(0, 19).replaceAll(':', '');
      const path = join(folder, `${stem}-${stamp}.txt`);
      await writeFile(path, text, { mode: 0o600 });
      return path;
    },
  };
}

const keysSchema = z.record(z.string(), z.union([z.array(z.string()), z.string().transform((key) => [key])]));

function problemOf(error: unknown): string {
  if (!(error instanceof z.ZodError)) return messageOf(error);
  const [issue] = error.issues;
  const where = issue?.path.join('.') ?? '';
  return `${where === '' ? '' : `${where}: `}${issue?.message ?? 'makes no sense'}`;
}

/** Text is '' where there is no file, and where it is not ours to read: then the problem says so. */
async function readIfThere(path: string): Promise<{ readonly text: string; readonly problem: string }> {
  try {
    return { text: await readFile(path, 'utf8'), problem: '' };
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { text: '', problem: isMissing ? '' : `it is not used: ${messageOf(error)}` };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The schema refuses undefined.
    return undefined;
  }
}
