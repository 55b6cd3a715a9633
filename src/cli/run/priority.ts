/**
 * Keeps the agent, and the etcd that it starts, alive and heard on a host that is busy with its workloads: a
 * cell that gets no time to send its heartbeat is taken for lost. Workloads do not inherit it, because the
 * container engine starts them.
 */
import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { messageOf } from '../../base/core/errors.ts';
import type { Log } from '../../base/log.ts';
import { favourSession } from '../../base/session-share.ts';

const niceness = -10;
/** As systemd's unit says: nearly last to be killed when memory runs out. */
const oomScore = -900;

/** All need rights that an agent may lack; it then works as well as the host lets it, and says so. */
export function raisePriority(log: Log): void {
  const attempts: [string, () => void][] = [
    ['nice', () => setPriority(niceness)],
    ['autogroup', () => favourSession(process.pid)],
    ['oom_score_adj', () => writeFileSync('/proc/self/oom_score_adj', String(oomScore))],
  ];
  for (const [what, attempt] of attempts) {
    try {
      attempt();
    } catch (error) {
      log.info('agent.priority_not_raised', { what, reason: messageOf(error) });
    }
  }
}
