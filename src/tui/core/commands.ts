/**
 * The language after `:`. Finds what a line means, by any unambiguous beginning of a word, and what it could become.
 * Pure; the composition of the UI gives both functions to app.ts.
 */
import { didYouMean } from '../../api/core/nearest.ts';
import type { AppModel, AppParts } from './app-model.ts';
import type { Command } from './command.ts';
import { commands } from './command-table.ts';
import type { Effect } from './page.ts';
import type { PageFactories } from './pages.ts';

/** More are not offered: nobody goes through them with Tab. */
const completionsMax = 100;

interface Line {
  readonly word: string;
  readonly words: readonly string[];
  readonly filter: string | undefined;
}

/** `:inst web /(5|6)` : the filter goes from the first word that begins with `/` to the end. */
function parseLine(text: string): Line {
  const [, before = '', filter] = /^(.*?)(?:(?:^|\s)\/(.*))?$/s.exec(text.trim()) ?? [];
  const [word = '', ...words] = before.trim().split(/\s+/);
  return { word: word.replace(/^:/, '').toLowerCase(), words, filter };
}

/** The command that a word means, or those that it may mean. */
function commandNamed(word: string): Command | readonly Command[] {
  const exact = commands.find(({ names }) => names.includes(word));
  if (exact !== undefined) return exact;
  const begun = commands.filter(({ names }) => names.some((name) => name.startsWith(word)));
  const [first] = begun;
  return begun.length === 1 && first !== undefined ? first : begun;
}

const isOne = (found: Command | readonly Command[]): found is Command => 'run' in found;
const nameOf = ({ names }: Command): string => names[0] ?? '';

export function commandLanguage(pages: PageFactories): Pick<AppParts, 'runCommand' | 'completeCommand'> {
  return {
    runCommand: (line, model) => runCommand(line, model, pages),
    completeCommand,
  };
}

function runCommand(text: string, model: AppModel, pages: PageFactories): readonly Effect[] {
  const { word, words, filter } = parseLine(text);
  if (word === '') return filter === undefined ? [] : warn('a filter alone is typed after /');
  const found = commandNamed(word);
  if (isOne(found)) return found.run({ words, filter, model, pages });
  if (found.length > 0)
    return warn(`"${word}" may be ${found.map(nameOf).join(', ')}`, 'type one letter more');
  const known = commands.flatMap(({ names }) => names);
  return warn(
    `there is no command "${word}"`,
    didYouMean(word, known) ?? '":help" lists the keys, Tab the commands',
  );
}

const warn = (text: string, hint?: string): readonly Effect[] => [{ do: 'flash', level: 'warn', text, hint }];

/** Whole lines that the typed one could become, most likely first: lines typed before, commands, then names. */
export function completeCommand(text: string, model: AppModel): readonly string[] {
  const typed = text.trimStart();
  const before = [...model.commandHistory].reverse().filter((line) => typed !== '' && line.startsWith(typed));
  const found = typed.includes(' ') ? completeName(typed, model) : completeWord(typed);
  return [...new Set([...before, ...found])].filter((line) => line !== typed).slice(0, completionsMax);
}

function completeWord(typed: string): readonly string[] {
  const word = typed.toLowerCase();
  const begun = commands.map(nameOf).filter((name) => name.startsWith(word));
  // Short names are offered only where nothing else begins so: they are typed, not read.
  if (begun.length > 0 || word === '') return begun;
  return commands.flatMap(({ names }) => names.filter((name) => name.startsWith(word)));
}

function completeName(typed: string, model: AppModel): readonly string[] {
  const at = typed.lastIndexOf(' ') + 1;
  const [head, last] = [typed.slice(0, at), typed.slice(at)];
  const found = commandNamed(parseLine(head).word);
  if (!isOne(found) || last.startsWith('/')) return [];
  const isFirst = head.trim().split(/\s+/).length === 1;
  const names =
    found.choices?.(model) ?? model.stack.toReversed().flatMap(({ page }) => page.names?.() ?? []);
  const shown = isFirst || found.choices === undefined ? names : [];
  return shown.filter((name) => name.startsWith(last) && !/\s/.test(name)).map((name) => head + name);
}
