/**
 * Processes that an earlier agent started by exec and did not live to end: the engine lets them run, and nobody can
 * read them any more. Known by a variable of their environment. Called when an agent starts.
 */
import { readFile } from 'node:fs/promises';
import { SkepError } from '../../base/core/errors.ts';
import type { Runtime } from '../runtime.ts';
import type { Engine } from './engine.ts';
import { isInContainer, signalSession } from './exec-signals.ts';

/** What a shell gets to save its history. */
const hangUpGraceMs = 1_000;

type Options = Parameters<Runtime['endExecs']>[1];

/** How many there were. A container that has gone has none. */
export async function endLeftExecs(engine: Engine, id: string, options: Options): Promise<number> {
  const { signal } = options;
  const leaders: number[] = [];
  for (const pid of await execPids(engine, id, signal)) {
    const value = await valueOf(pid, options.variable);
    const isLeft = value !== undefined && options.matches(value);
    if (isLeft && (await isInContainer(pid, id))) leaders.push(pid);
  }
  if (leaders.length === 0) return 0;
  for (const leader of leaders) await signalSession(leader, id, 'SIGHUP');
  await engine.clock.sleep(hangUpGraceMs, signal);
  for (const leader of leaders) await signalSession(leader, id, 'SIGKILL');
  return leaders.length;
}

async function execPids(engine: Engine, id: string, signal: AbortSignal): Promise<number[]> {
  const what = `look for commands in container ${id.slice(0, 12)}`;
  try {
    return await engine.call({ what, signal }, async (docker, abortSignal) => {
      const info = await docker.getContainer(id).inspect({ abortSignal });
      const ids = (info as { ExecIDs?: string[] | null }).ExecIDs ?? [];
      const execs = await Promise.all(ids.map((exec) => docker.getExec(exec).inspect({ abortSignal })));
      return execs.filter(({ Running, Pid }) => Running && Pid > 0).map(({ Pid }) => Pid);
    });
  } catch (error) {
    if (error instanceof SkepError && error.code === 'ResourceNotFound') return [];
    throw error;
  }
}

/** A variable that a process was started with; undefined also when it has just ended, or runs on another host. */
async function valueOf(pid: number, variable: string): Promise<string | undefined> {
  try {
    const environment = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
    const line = environment.find((one) => one.startsWith(`${variable}=`));
    return line?.slice(variable.length + 1);
  } catch {
    return undefined;
  }
}
