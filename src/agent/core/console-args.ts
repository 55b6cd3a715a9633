/**
 * What is run in a container for a console, as a list of tries: the next one counts when the engine could not start
 * the one before, because a container need not have the program. Used by console-session.ts.
 */

/**
 * The size of a terminal comes a moment after the start with engines before Docker 23; a program that asks at once
 * would find none. So a shell waits until there is a size, where there is `stty` to ask, for at most two seconds.
 */
const untilSized = [
  'n=0',
  // Busybox fails, others say "0 0", when there is no size.
  'sized() { case "$(stty size 2>/dev/null)" in "" | "0 0") return 1 ;; esac; }',
  'command -v stty >/dev/null 2>&1 && until [ "$n" -ge 100 ] || sized; do',
  'n=$((n+1)); sleep 0.02 2>/dev/null || sleep 1',
  'done',
].join('\n');

const loginShell = [
  'for shell in bash ash; do',
  'command -v "$shell" >/dev/null 2>&1 && exec "$shell" -l',
  'done',
  'exec sh -l',
].join('\n');

/** @param args the command asked for; none means a login shell */
export function consoleTries(args: readonly string[]): readonly (readonly string[])[] {
  if (args.length > 0) return [['sh', '-c', `${untilSized}\nexec "$@"`, 'sh', ...args], args];
  return [
    ['sh', '-c', `${untilSized}\n${loginShell}`],
    ['bash', '-l'],
    ['ash', '-l'],
    ['busybox', 'sh', '-l'],
  ];
}
