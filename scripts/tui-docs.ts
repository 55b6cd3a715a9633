/**
 * Writes or checks the tables of docs/tui.md: keys and commands of the terminal UI, made of the same tables that the UI
 * itself uses. What stands around them is written by hand.
 *
 *     node scripts/tui-docs.ts            says whether they are up to date
 *     node scripts/tui-docs.ts --write    writes them
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ActionId, actionIds, actions } from '../src/tui/core/actions.ts';
import { commands } from '../src/tui/core/command-table.ts';
import { type ActionGroup, groupOf } from '../src/tui/core/help-page.ts';
import { keyTitle } from '../src/tui/core/key-names.ts';
import { paneCommands } from '../src/tui/core/workspace-keys.ts';
import { root } from '../test/repo/sources.ts';

export const tuiDocument = 'docs/tui.md';

const headings: Readonly<Record<ActionGroup, string>> = {
  everywhere: 'Everywhere',
  moving: 'Moving',
  table: 'In lists',
  'this page': 'On what the page is about',
};
const order: readonly ActionGroup[] = ['everywhere', 'moving', 'table', 'this page'];

const cell = (text: string): string => text.replace(/\|/g, '\\|');
const code = (text: string): string => (text.includes('`') ? `\`\` ${text} \`\`` : `\`${cell(text)}\``);
const table = (titles: readonly string[], rows: readonly (readonly string[])[]): string =>
  [titles, titles.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** Beyond this many an action is one of every page. */
const pagesListed = 15;
const pagesText = (pages: readonly string[]): string =>
  pages.length > pagesListed ? 'wherever there are rows' : [...new Set(pages)].join(', ');

function keysTable(group: ActionGroup): string {
  const ids = actionIds.filter((id) => groupOf(id) === group);
  const isHere = group === 'this page';
  const row = (id: ActionId): readonly string[] => {
    const { keys, help, pages = [] } = actions[id];
    const { command } = actions[id];
    const shown = keys.map((key) => code(keyTitle(key))).join(' ') || (command ? code(`:${command}`) : '–');
    const changes = actions[id].changes === true ? ' ✎' : '';
    return [shown, ...(isHere ? [pagesText(pages)] : []), cell(help) + changes, code(id)];
  };
  return table(['Key', ...(isHere ? ['Pages'] : []), 'Does', 'Action'], ids.map(row));
}

const keysText = (): string =>
  order.map((group) => `### ${headings[group]}\n\n${keysTable(group)}`).join('\n\n');

function commandsText(): string {
  const rows = commands.map(({ names: [name = '', ...short], takes, help }) => [
    code(`:${name}${takes === '' ? '' : ` ${takes}`}`),
    short.map((each) => code(`:${each}`)).join(' '),
    cell(help),
  ]);
  return table(['Command', 'Also', 'Does'], rows);
}

const panesText = (): string =>
  table(
    ['Keys after `Ctrl-]`', 'Does'],
    paneCommands.map(({ keys, help }) => [keys.map((key) => code(keyTitle(key))).join(' '), cell(help)]),
  );

const generated: Readonly<Record<string, () => string>> = {
  keys: keysText,
  commands: commandsText,
  panes: panesText,
};

/** The document with its tables as they are now. Throws when a place for one is missing. */
export function renderTuiDocument(document: string): string {
  return Object.entries(generated).reduce((text, [name, make]) => {
    const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`${tuiDocument} has no place "${begin} … ${end}"`);
    return `${text.slice(0, from + begin.length)}\n\n${make()}\n\n${text.slice(to)}`;
  }, document);
}

export const readTuiDocument = (): string => readFileSync(join(root, tuiDocument), 'utf8');

function main(args: readonly string[]): number {
  const before = readTuiDocument();
  const after = renderTuiDocument(before);
  const isWritten = args.includes('--write') && before !== after;
  if (isWritten) writeFileSync(join(root, tuiDocument), after);
  const state =
    before === after ? 'is up to date' : isWritten ? 'was written' : 'is out of date: add --write';
  console.log(`${tuiDocument} ${state}: ${actionIds.length} actions, ${commands.length} commands`);
  return before === after || isWritten ? 0 : 1;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
