/**
 * What the operator's terminal can do, from the environment alone: terminals are never asked, since an answer may come
 * late and be taken for keys. Says so, and what to use instead, where the terminal UI cannot run at all.
 */
import type { TerminalFeatures } from '../terminal.ts';

export interface TerminalProfile extends TerminalFeatures {
  /** The description that blessed brings along: the system's own may be in a format it cannot read (5.2). */
  readonly terminal: 'linux' | 'xterm' | 'xterm-256color';
  /** Multiplexers between here and the operator: what is meant for the outermost terminal is wrapped for them. */
  readonly multiplexer: 'tmux' | 'screen' | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface TerminalStreams {
  readonly input: { readonly isTTY?: boolean | undefined };
  readonly output: { readonly isTTY?: boolean | undefined };
}

const instead =
  "use the commands: 'skep ps', 'skep cells', 'skep events', 'skep logs -f'; 'skep --help' lists them all";

/** Why the terminal UI cannot run here and what to use instead; undefined when it can. */
export function refusal(env: Environment, { input, output }: TerminalStreams): string | undefined {
  if (output.isTTY !== true) return `the terminal UI needs a terminal, and the output is none: ${instead}`;
  if (input.isTTY !== true) return `the terminal UI needs a terminal, and the input is none: ${instead}`;
  const term = env['TERM'] ?? '';
  if (term === '') return `TERM is not set, so it is not known how to draw: set TERM, or ${instead}`;
  if (/^(dumb|unknown|emacs)\b/.test(term))
    return `the terminal (TERM=${escaped(term)}) cannot place its cursor: ${instead}`;
  return undefined;
}

export function profileOf(env: Environment): TerminalProfile {
  const term = env['TERM'] ?? '';
  return {
    terminal: term.startsWith('linux') ? 'linux' : /^vt\d/.test(term) ? 'xterm' : 'xterm-256color',
    colours: coloursOf(env, term),
    unicode: /utf-?8/i.test(env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''),
    remote: Boolean(env['SSH_TTY'] || env['SSH_CONNECTION'] || env['MOSH_CONNECTION']),
    multiplexer: env['TMUX'] ? 'tmux' : env['STY'] ? 'screen' : undefined,
  };
}

/** Terminals that draw 256 colours whatever their name says. */
const capable =
  /256|direct|truecolor|kitty|ghostty|alacritty|foot|wezterm|iterm|konsole|gnome|vte|contour|rio/i;

function coloursOf(env: Environment, term: string): TerminalFeatures['colours'] {
  // https://no-color.org: set to anything but the empty string.
  if (env['NO_COLOR']) return 0;
  if (/^vt\d/.test(term) || /-m(ono)?$/.test(term)) return 0;
  if (term.startsWith('linux')) return /16color/.test(term) ? 16 : 8;
  if (env['COLORTERM'] || capable.test(term)) return 256;
  // What tmux and xterm call themselves without `-256color` has the bright eight too; of the rest it is not known.
  return /^(xterm|tmux|rxvt)/.test(term) || /16color/.test(term) ? 16 : 8;
}

const escaped = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 40);
