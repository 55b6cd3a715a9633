/** The processes of a terminal's session, from /proc. Used by pty-shell.ts to end what a shell began. */
import { readdir, readFile } from 'node:fs/promises';
import { statField } from '../../base/core/proc-stat.ts';

/**
 * The processes whose session `leader` began (setsid(2)). The kernel gives no other process that number while one of
 * them lives; a process that has it although the leader was waited for is a stranger, and so is its session.
 */
export async function sessionMembers(leader: number, hasLeaderEnded: boolean): Promise<number[]> {
  const members: number[] = [];
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (Number.isInteger(pid) && (await sessionOf(pid)) === leader) members.push(pid);
  }
  return hasLeaderEnded && members.includes(leader) ? [] : members;
}

async function sessionOf(pid: number): Promise<number | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return Number(statField(stat, 'session'));
  } catch {
    // It has just ended.
    return undefined;
  }
}
