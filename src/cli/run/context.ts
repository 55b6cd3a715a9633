/** What the parts of an agent are built with. Made by agent.ts; adapters are built beside it. */
import type { MetricRegistry } from '../../base/core/metric-registry.ts';
import type { Log } from '../../base/log.ts';
import type { systemClock } from '../../base/node/system-clock.ts';
import type { systemRng } from '../../base/node/system-rng.ts';
import type { ExplainSink } from '../../scheduler/decision-trace.ts';
import type { AgentConfig } from '../core/agent-config.ts';
import type { HostCertificates } from './host-certificates.ts';

/** What an agent is built with before it knows who it is. */
export interface BaseContext {
  readonly config: AgentConfig;
  readonly log: Log;
  readonly clock: typeof systemClock;
  readonly rng: typeof systemRng;
  readonly version: string;
  readonly explain: ExplainSink;
  readonly metrics: MetricRegistry;
}

/** What every part of an agent is built with. */
export interface AgentContext extends BaseContext {
  /** Undefined without TLS. */
  readonly certificates: HostCertificates | undefined;
}
