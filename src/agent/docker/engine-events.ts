/** The engine's events about one cell's containers. Reconnecting is the caller's: it lists after each time. */
import { SkepError } from '../../base/core/errors.ts';
import type { ContainerIdentity, RuntimeEvent } from '../runtime.ts';
import { identityOf, ownerFilter } from './container-labels.ts';
import { engineHint } from './docker-errors.ts';
import type { Engine } from './engine.ts';
import { addressText } from './engine-address.ts';
import { jsonLines } from './frames.ts';

/** The engine's words for what matters here. */
const kinds: Readonly<Record<string, RuntimeEvent['kind']>> = {
  start: 'started',
  die: 'died',
  died: 'died',
  oom: 'oom',
  destroy: 'gone',
  remove: 'gone',
};

interface EngineEvent {
  readonly Action?: string;
  readonly status?: string;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Record<string, string> };
}

/**
 * Calls back on every event until the signal aborts, then returns. What happened between this call and the
 * connection is told too, so that a list taken after calling it misses nothing.
 * @throws Unavailable when the engine goes or ends the stream
 */
export async function followEvents(
  engine: Engine,
  owner: { readonly clusterId: string; readonly cellId: string; readonly signal: AbortSignal },
  onEvent: (event: RuntimeEvent) => void,
): Promise<void> {
  const { signal } = owner;
  const what = 'follow the events of the container engine';
  const since = (engine.clock.now() / 1_000).toFixed(3);
  const filters = JSON.stringify({
    type: ['container'],
    event: Object.keys(kinds),
    label: ownerFilter(owner),
  });
  const stream = await engine.openStream({ what, signal }, '/events', { since, filters });
  const stop = (): void => void stream.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const line of jsonLines(stream)) {
      const event = eventFrom(line as EngineEvent);
      if (event !== undefined && isOf(event.identity, owner) && !signal.aborted) onEvent(event);
    }
  } catch (error) {
    if (!signal.aborted) throw engine.translate(error, what);
  } finally {
    signal.removeEventListener('abort', stop);
    stream.destroy();
  }
  if (signal.aborted) return;
  throw new SkepError('Unavailable', `cannot ${what}: it ended the connection`, {
    hint: engineHint('see whether it runs: systemctl status docker', addressText(engine.address)),
  });
}

/** Docker's filter wants every label that it names, Podman's (seen with 4.3) any one of them. */
function isOf(
  { clusterId, cellId }: ContainerIdentity,
  owner: { clusterId: string; cellId: string },
): boolean {
  return clusterId === owner.clusterId && cellId === owner.cellId;
}

function eventFrom(event: EngineEvent): RuntimeEvent | undefined {
  const kind = kinds[event.Action ?? event.status ?? ''];
  const identity = identityOf(event.Actor?.Attributes ?? {});
  const id = event.Actor?.ID;
  return kind && identity && id ? { kind, id, identity } : undefined;
}
