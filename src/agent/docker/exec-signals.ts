/**
 * Signals for a process that exec started. The engine has no call for it: the process is signalled by its number on
 * this host, once its control group has shown that the number still belongs to that container. Used by exec.ts.
 */
import { readdir, readFile } from 'node:fs/promises';
import type Docker from 'dockerode';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { statField } from '../../base/core/proc-stat.ts';
import type { Engine } from './engine.ts';
import { hasStarted, inspectUntil } from './exec-inspect.ts';

export interface ExecSignaller {
  /**
   * Signals the process; one that has ended is let be. SIGKILL to one with a terminal goes to everything that its
   * terminal's session holds, also when the process itself has ended since it was last signalled.
   * @throws InvalidRequest for a signal that there is not; Unavailable when this host cannot see the process
   */
  send(signalName: string): Promise<void>;
}

export function execSignaller(
  engine: Engine,
  exec: Docker.Exec,
  { id, tty }: { readonly id: string; readonly tty: boolean },
): ExecSignaller {
  const { signal } = new AbortController();
  let leader = 0;
  return {
    async send(signalName) {
      if (leader > 0 && tty && signalName === 'SIGKILL') {
        for (const pid of await sessionMembers(leader, id)) signalPid(pid, signalName);
        return;
      }
      const { Pid: pid, Running: running } = await inspectUntil(engine, exec, signal, hasStarted);
      if (!running || pid <= 0) return;
      if (!(await isInContainer(pid, id))) return refuseIfRunning(engine, exec, signalName);
      leader = pid;
      const pids = tty && signalName === 'SIGKILL' ? await sessionMembers(pid, id) : [pid];
      for (const member of pids) signalPid(member, signalName);
    },
  };
}

/** Signals what exec started in this container and is still there; used for processes that nobody reads any more. */
export async function signalSession(leader: number, id: string, signalName: NodeJS.Signals): Promise<void> {
  for (const pid of await sessionMembers(leader, id)) signalPid(pid, signalName);
}

function signalPid(pid: number, signalName: string): void {
  try {
    process.kill(pid, signalName as NodeJS.Signals);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ESRCH') return;
    throw new SkepError('InvalidRequest', `cannot send ${signalName} to the command: ${messageOf(error)}`, {
      hint: 'name a signal such as SIGTERM',
      cause: error,
    });
  }
}

/**
 * The processes whose session `leader` began (setsid(2)), in this container. The kernel gives no other process that
 * number while one of them lives.
 */
async function sessionMembers(leader: number, id: string): Promise<number[]> {
  const members: number[] = [];
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || (await sessionOf(pid)) !== leader) continue;
    if (await isInContainer(pid, id)) members.push(pid);
  }
  return members;
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

/** A process that cannot be seen has ended, or lives where this host's process numbers mean nothing. */
async function refuseIfRunning(engine: Engine, exec: Docker.Exec, signalName: string): Promise<void> {
  const { signal } = new AbortController();
  const { Running: running } = await inspectUntil(engine, exec, signal, () => true);
  if (!running) return;
  throw new SkepError(
    'Unavailable',
    `cannot send ${signalName} to the command: this host cannot see its process`,
    {
      hint: "run the agent on the engine's own host, outside of any container",
    },
  );
}

/** False also when the process has just ended, or the engine runs on another host. */
export async function isInContainer(pid: number, id: string): Promise<boolean> {
  try {
    return (await readFile(`/proc/${pid}/cgroup`, 'utf8')).includes(id);
  } catch {
    return false;
  }
}
