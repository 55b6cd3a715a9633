/** The container engine with its calls timed and counted: wraps whatever adapter the composition root built. */
import type { Clock } from '../base/clock.ts';
import type { Metrics } from '../base/core/metrics.ts';
import type { Runtime } from './runtime.ts';

export interface MeteredOptions {
  readonly runtime: Runtime;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** Method of the port → what it is called in metrics. Streams pass as they are: how long they last says nothing. */
const timedCalls: ReadonlyMap<PropertyKey, string> = new Map<keyof Runtime, string>([
  ['info', 'info'],
  ['list', 'list'],
  ['inspect', 'inspect'],
  ['ensureImage', 'pull'],
  ['create', 'create'],
  ['start', 'start'],
  ['stop', 'stop'],
  ['remove', 'remove'],
]);

type AnyMethod = (...args: readonly unknown[]) => unknown;

/** The same engine; what it throws passes unchanged. */
export function meteredRuntime({ runtime, metrics, clock }: MeteredOptions): Runtime {
  return new Proxy(runtime, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      const call = timedCalls.get(name);
      const method = member.bind(target) as AnyMethod;
      return call === undefined
        ? method
        : (...args: unknown[]) => timed(call, async () => await method(...args));
    },
  });

  async function timed<T>(call: string, work: () => Promise<T>): Promise<T> {
    const startedAt = clock.now();
    try {
      return await work();
    } catch (error) {
      metrics.count('skep_cell_engine_failures_total', { call });
      throw error;
    } finally {
      const seconds = Math.max(0, clock.now() - startedAt) / 1_000;
      metrics.observe('skep_cell_engine_call_duration_seconds', { call }, seconds);
    }
  }
}
