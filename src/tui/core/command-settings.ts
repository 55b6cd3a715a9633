/** Commands that change how the UI looks and behaves, and where it is: `:theme dark`, `:set times utc`, `:ctx prod`. Part of command-table.ts. */
import { didYouMean, nearest } from '../../api/core/nearest.ts';
import type { Command, CommandInput } from './command.ts';
import { contextDialog } from './context-dialog.ts';
import type { Effect, Settings } from './page.ts';
import { themeNames } from './palettes.ts';

const flash = (level: 'info' | 'warn', text: string, hint?: string): readonly Effect[] => [
  { do: 'flash', level, text, hint },
];
const set = (change: Partial<Settings>): readonly Effect[] => [{ do: 'setting', change }];

const themes: readonly string[] = themeNames;
const times = ['age', 'local', 'utc'] as const;

function setTheme(name: string | undefined, { theme }: Settings): readonly Effect[] {
  if (name === undefined) return flash('info', `theme ${theme}`, `there are ${themes.join(', ')}`);
  if (themes.includes(name)) return set({ theme: name });
  const near = nearest(name, themes);
  return flash(
    'warn',
    `there is no theme "${name}"`,
    near === undefined ? themes.join(', ') : `did you mean ${near}?`,
  );
}

const onOff = (word: string | undefined): boolean | undefined =>
  word === 'on' || word === 'yes' ? true : word === 'off' || word === 'no' ? false : undefined;

function setSetting({ words: [name, value], model: { settings } }: CommandInput): readonly Effect[] {
  const isOn = onOff(value);
  switch (name) {
    case undefined: {
      const { readOnly, theme, times: written, wide } = settings;
      const say = (on: boolean): string => (on ? 'on' : 'off');
      return flash('info', `theme ${theme}, times ${written}, wide ${say(wide)}, readonly ${say(readOnly)}`);
    }
    case 'theme':
      return setTheme(value, settings);
    case 'times': {
      const found = times.find((each) => each === value);
      return found === undefined ? flash('warn', `times are ${times.join(', ')}`) : set({ times: found });
    }
    case 'wide':
      return isOn === undefined ? flash('warn', 'wide is on or off') : set({ wide: isOn });
    case 'readonly':
      return isOn === undefined ? flash('warn', 'readonly is on or off') : set({ readOnly: isOn });
    default:
      return flash('warn', `there is no setting "${name}"`, 'theme, times, wide, readonly');
  }
}

export const settingCommands: readonly Command[] = [
  {
    names: ['theme', 'skin'],
    takes: '[NAME]',
    help: 'Other colours',
    choices: () => themes,
    run: ({ words: [name], model }) => setTheme(name, model.settings),
  },
  {
    names: ['set'],
    takes: '[theme | times | wide | readonly] [VALUE]',
    help: 'Show or change a setting',
    choices: () => ['theme', 'times', 'wide', 'readonly'],
    run: setSetting,
  },
  {
    names: ['ctx', 'context'],
    takes: '[NAME]',
    help: 'Which cluster this is, and which there are; with a name to that one',
    choices: ({ contexts }) => contexts,
    run: goToContext,
  },
];

function goToContext({ words: [name], model }: CommandInput): readonly Effect[] {
  const { context, contexts, connection, workspace } = model;
  const others = contexts.filter((each) => each !== context);
  const hint =
    others.length === 0 ? '`skep ctx add FILE` adds another' : `":ctx NAME" goes to ${others.join(', ')}`;
  if (name === undefined) return flash('info', `cluster ${context}, by server ${connection.server}`, hint);
  if (name === context) return flash('info', `this is ${context}`, hint);
  if (!contexts.includes(name))
    return flash('warn', `there is no context "${name}"`, didYouMean(name, contexts) ?? hint);
  const consoles = workspace.panes.length;
  if (consoles === 0) return [{ do: 'context', name }];
  return [{ do: 'dialog', dialog: contextDialog({ name, from: context, consoles }) }];
}
