/**
 * Gives the terminal back when this process is killed without a word (SIGKILL, out of memory): a shell of one megabyte
 * in a session of its own waits for the end of a pipe that only we hold. A parent process that starts the program again
 * as its child would do the same for a second Node: 45 ms and 42 MB more at every start (docs/adr/0012).
 */
import { spawn, spawnSync } from 'node:child_process';

export interface Keeper {
  /** The terminal is ours, in raw mode: it is to be restored when we are gone. */
  holds(): void;
  /** It is as it was found. */
  released(): void;
}

/** Ends what was cut off, then all that `painter.enter` and a console may have switched on. */
const restore =
  '\\030\\033[m\\017\\033[?1000l\\033[?1002l\\033[?1003l\\033[?1006l\\033[?2004l\\033[?1l\\033>\\033[r\\033[?1049l\\033[?25h\\n';
const words = 'skep was killed; the terminal is as it was before. Enter shows the prompt.';

/**
 * $1 is how the terminal was found. A shell that has its prompt back already has set modes of its own: they are left
 * alone, which is why they are compared with those that we had.
 */
const script = `
exec 3<&1
held=
while read -r word; do
  case $word in held) held=$(stty -g <&3) ;; *) held= ;; esac
done
[ -n "$held" ] || exit 0
[ "$(stty -g <&3)" != "$held" ] || stty "$1" <&3
printf '${restore}${words}\\n'
`;

/** @param fd a descriptor of the terminal, not in raw mode yet */
export function startKeeper(fd: number): Keeper {
  const found = spawnSync('stty', ['-g'], { stdio: [fd, 'pipe', 'ignore'], encoding: 'utf8' });
  // Without stty there is nothing to keep; every other way to end restores the terminal without it.
  if (found.status !== 0) return keepsNothing;
  const child = spawn('/bin/sh', ['-c', script, 'skep-keeper', found.stdout.trim()], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', fd, 'ignore'],
  });
  const { stdin } = child;
  if (stdin === null) return keepsNothing;
  const tell = (word: string): void => void stdin.write(`${word}\n`);
  // It may have been killed itself; the terminal is restored without it unless we are as well.
  child.on('error', () => undefined);
  stdin.on('error', () => undefined);
  child.unref();
  (stdin as unknown as { unref(): void }).unref();
  return { holds: () => tell('held'), released: () => tell('released') };
}

const keepsNothing: Keeper = { holds: () => undefined, released: () => undefined };
