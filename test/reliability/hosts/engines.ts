/**
 * What the Docker daemon of each host tells, from outside: containers that start and end, as they do, and those that
 * run now. Survives a daemon and a host that go and come back.
 */
import { type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningContainer } from '../checker/agreement.ts';
import type { EngineEvent } from '../checker/evidence.ts';
import { rootOf } from './rig.ts';

export interface Engines {
  /** In the order in which they were told; of each host in order of time. */
  readonly events: readonly EngineEvent[];
  /** LRP containers that run on the hosts that are up; throws when an engine does not answer. */
  running(): Promise<RunningContainer[]>;
  stop(): Promise<void>;
}

interface DockerEvent {
  readonly Action: string;
  readonly timeNano: number;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}

const answerWithinMs = 10_000;

/** Follows the engines of the hosts until stopped. */
export function followEngines(hosts: readonly string[]): Engines {
  const events: EngineEvent[] = [];
  const seen = new Set<string>();
  const stop = new AbortController();
  const take = (host: string, event: DockerEvent): void => {
    const { ID: containerId, Attributes: labels } = event.Actor;
    const guid = labels['skep.guid'];
    // The daemon tells again what it told before a stream broke.
    const id = `${containerId} ${event.Action} ${event.timeNano}`;
    if (guid === undefined || seen.has(id) || (event.Action !== 'start' && event.Action !== 'die')) return;
    seen.add(id);
    events.push({
      host,
      at: event.timeNano / 1e6,
      action: event.Action,
      containerId,
      kind: labels['skep.kind'] === 'task' ? 'task' : 'lrp',
      guid,
      index: Number(labels['skep.index'] ?? 0),
      instanceGuid: labels['skep.instance'] ?? '',
    });
  };
  const following = hosts.map((host) => follow(host, stop.signal, (event) => take(host, event)));
  return {
    events,
    async running() {
      const lists = await Promise.all(hosts.filter((host) => rootOf(host) !== undefined).map(runningOn));
      return lists.flat();
    },
    async stop() {
      stop.abort();
      await Promise.all(following);
    },
  };
}

async function follow(host: string, signal: AbortSignal, take: (event: DockerEvent) => void): Promise<void> {
  let since = Math.floor(Date.now() / 1_000);
  while (!signal.aborted) {
    try {
      const filters = encodeURIComponent(JSON.stringify({ type: ['container'], label: ['skep.guid'] }));
      const answer = await ask(host, `/events?since=${since}&filters=${filters}`, signal);
      for await (const line of linesOf(answer)) {
        const event = JSON.parse(line) as DockerEvent;
        since = Math.floor(event.timeNano / 1e9);
        take(event);
      }
    } catch (error) {
      // The host or its daemon is away; what it tells once it is back begins where it stopped.
      if (signal.aborted) return;
      if (error instanceof SyntaxError) throw error;
    }
    await sleep(100);
  }
}

async function* linesOf(answer: IncomingMessage): AsyncIterable<string> {
  let rest = '';
  for await (const chunk of answer) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
  }
}

async function runningOn(host: string): Promise<RunningContainer[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: ['skep.kind=lrp'] }));
  const path = `/containers/json?filters=${filters}`;
  const answer = await ask(host, path, AbortSignal.timeout(answerWithinMs));
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  const rows = JSON.parse(text) as { Id: string; Labels: Record<string, string> }[];
  return rows.map(({ Id, Labels }) => ({
    host,
    containerId: Id,
    guid: Labels['skep.guid'] ?? '',
    index: Number(Labels['skep.index']),
  }));
}

function ask(host: string, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  const root = rootOf(host);
  if (root === undefined) return Promise.reject(new Error(`${host} is off`));
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: `${root}/run/docker.sock`, path, signal }, resolve);
    asked.on('error', reject);
    asked.end();
  });
}
