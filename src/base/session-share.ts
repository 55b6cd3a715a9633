/**
 * A session's share of the processor. Linux divides the processor among sessions first and heeds niceness within each
 * (sched_autogroup), so a daemon in a session of its own, nice or not, gets no more than any terminal beside it.
 * Called for the agent (cli/run/priority.ts) and for the etcd that it starts (store/etcd/supervisor.ts).
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { statField } from './core/proc-stat.ts';

/**
 * Gives the session that this process leads the share of the process's own niceness. Does nothing where the kernel
 * knows no such thing, and for a process in somebody else's session. Throws the system's error when it may not.
 */
export function favourSession(pid: number): void {
  const file = `/proc/${pid}/autogroup`;
  if (!existsSync(file) || sessionOf(pid) !== pid) return;
  writeFileSync(file, String(getPriority(pid)));
}

function sessionOf(pid: number): number {
  return Number(statField(readFileSync(`/proc/${pid}/stat`, 'utf8'), 'session'));
}
