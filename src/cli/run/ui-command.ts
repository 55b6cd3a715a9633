/** `skep ui`, and `skep` alone: the terminal UI. A composition root: the only place where its parts are put together. */
import { Command } from 'commander';
import { SkepError } from '../../base/core/errors.ts';
import { actionIds } from '../../tui/core/actions.ts';
import { keymapOf } from '../../tui/core/keymap.ts';
import { themeNames } from '../../tui/core/palettes.ts';
import { operatorFiles } from '../../tui/operator-files.ts';
import { choiceOption, withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { openSession, type Session } from '../session.ts';

interface Flags {
  readonly readOnly?: boolean;
  readonly theme?: string;
  readonly printKeymap?: boolean;
  readonly plain?: string | true;
  readonly watch?: boolean;
}

const manual = `
The keys are those of k9s; ? shows all of them. :quit or Ctrl-C leaves; consoles that
are open stay on their cells for ten minutes.

Files:
  ~/.config/skep/keys.yaml      keys by action: "describe: [d, f3]"; --print-keymap lists them
  ~/.local/state/skep/ui.json   theme, columns and commands typed before
  ~/.local/state/skep/dumps/    what Ctrl-S saved

Examples:
  $ skep
  $ skep ui --read-only
  $ skep ui --plain='instances web /state:CRASHED'
  $ skep ui --plain=cells --watch`;

export function uiCommand(host: Host): Command {
  const command = new Command('ui')
    .summary('open the terminal UI (skep alone does)')
    .description('Opens the terminal UI.')
    .option('--read-only', 'change nothing; :ro switches it')
    .addOption(choiceOption('--theme <name>', 'colours', themeNames))
    .option('--plain [view]', 'print a view as plain lines, for screen readers; as typed after ":" (pulses)')
    .option('--watch', 'with --plain: go on and say what changes in the list, a line each')
    .option('--print-keymap', 'print keys.yaml as it is now, and end')
    .addHelpText('after', manual)
    .action((flags: Flags) =>
      openSession(host, command, (session) => open(session, flags), {
        forwardsInterrupt: flags.plain === undefined,
      }),
    );
  return withGlobals(command);
}

async function open(session: Session, flags: Flags): Promise<number> {
  const { io } = session;
  if (flags.plain !== undefined) return await plain(session, flags);
  if (flags.watch === true)
    throw new SkepError('InvalidRequest', '--watch goes with --plain', { hint: 'the UI itself always does' });
  const files = operatorFiles(io.env, () => io.clock.now());
  const { parse, stringify } = await import('../yaml.ts');
  const { keys, problem } = await files.keys(parse);
  const keyed = keymapOf(keys);
  const problems = [problem, ...keyed.problems].filter((text) => text !== '');
  if (flags.printKeymap === true) {
    for (const text of problems) session.warn(text);
    session.print(
      stringify(Object.fromEntries(actionIds.map((id) => [id, keyed.keymap.keysOf(id)]))).trimEnd(),
    );
    return 0;
  }
  const { runUi } = await import('./ui.ts');
  return await runUi({
    session,
    readOnly: flags.readOnly === true,
    theme: flags.theme,
    files,
    keymap: keyed.keymap,
    yaml: { parse, stringify },
    problems,
  });
}

async function plain(session: Session, { plain: view, watch }: Flags): Promise<number> {
  const { parse, stringify } = await import('../yaml.ts');
  const { runPlain } = await import('./ui-plain.ts');
  return await runPlain({
    session,
    view: typeof view === 'string' ? view : 'pulses',
    watch: watch === true,
    yaml: { parse, stringify },
  });
}
