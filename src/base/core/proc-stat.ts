/** The fields of Linux's /proc/PID/stat, proc(5). Used by whoever reads that file, for etcd, containers and shells. */

/** Where proc(5) counts them. */
const places = { state: 3, session: 6, startTime: 22 } as const;

/**
 * One field of the text; '' when the text has no such field. The second, the process's name in parentheses, may hold
 * anything, also spaces and parentheses, so the others are counted from its end.
 */
export function statField(stat: string, field: keyof typeof places): string {
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return afterName[places[field] - 3] ?? '';
}
