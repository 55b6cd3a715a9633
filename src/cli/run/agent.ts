/**
 * The composition root of `skep agent`: reads the settings, holds the data folder, and runs a server, a cell
 * or both until a signal. Here, and in the files beside it, adapters are built.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { MetricPart } from '../../base/core/metric-catalogue.ts';
import { type MetricRegistry, metricRegistry } from '../../base/core/metric-registry.ts';
import type { Log } from '../../base/log.ts';
import { processMemory } from '../../base/node/heap-release.ts';
import { listenMetrics, type MetricsListener } from '../../base/node/metrics-listener.ts';
import { pinoLog } from '../../base/node/pino-log.ts';
import { readProcess } from '../../base/node/process-metrics.ts';
import { systemClock } from '../../base/node/system-clock.ts';
import { systemRng } from '../../base/node/system-rng.ts';
import type { AgentConfig } from '../core/agent-config.ts';
import { type ConfigOverrides, loadAgentConfig } from './agent-config-file.ts';
import { runCell } from './cell.ts';
import type { AgentContext, BaseContext } from './context.ts';
import { lockDataFolder, prepareDataFolder } from './data-folder.ts';
import { explainSwitch } from './explain.ts';
import { releaseWhenIdle } from './idle-memory.ts';
import { preparePki } from './pki.ts';
import { raisePriority } from './priority.ts';
import { type RestartNotice, restartNotice } from './restart-notice.ts';
import { serverHalf } from './server-half.ts';
import { watchStalls } from './stall-watch.ts';
import { version } from './version.ts';

/** Runs until SIGTERM or SIGINT; the exit status. */
export async function runAgent(configPath: string | undefined, flags: ConfigOverrides): Promise<number> {
  const stop = new AbortController();
  const restart = restartNotice();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    const end = (): void => stop.abort(new SkepError('Cancelled', `the agent got ${name}`));
    process.once(name, () => void restart.mayEnd().then(end));
  }
  let log: Log | undefined;
  try {
    const config = loadAgentConfig(configPath, flags);
    log = pinoLog(config.logLevel).with({ agent: config.name });
    const explain = explainSwitch({ config, log });
    const context = { config, log, clock: systemClock, rng: systemRng, version: version(), explain };
    const metrics = agentMetrics(config, context.version);
    try {
      await run({ ...context, metrics }, restart, stop.signal);
    } finally {
      await explain.close();
    }
    log.info('agent.stopped');
    return 0;
  } catch (error) {
    if (stop.signal.aborted && error === stop.signal.reason) return 0;
    return fail(error, log);
  } finally {
    restart.close();
  }
}

function agentMetrics({ serverSetting, cell }: AgentConfig, agentVersion: string): MetricRegistry {
  const parts = [
    'agent',
    ...(serverSetting !== false ? ['server'] : []),
    ...(cell.enabled ? ['cell'] : []),
  ] as MetricPart[];
  const metrics = metricRegistry(new Set(parts));
  readProcess(metrics, agentVersion);
  return metrics;
}

/** An operator sees the sentence and the remedy; the log gets the same with its code. */
function fail(error: unknown, log: Log | undefined): number {
  const known = error instanceof SkepError ? error : undefined;
  log?.error('agent.failed', { reason: messageOf(error), code: known?.code });
  process.stderr.write(`skep agent: ${messageOf(error)}\n`);
  if (known?.hint !== undefined) process.stderr.write(`  ${known.hint}\n`);
  if (known === undefined && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return known?.code === 'InvalidConfig' ? 2 : 1;
}

async function run(base: BaseContext, restart: RestartNotice, signal: AbortSignal): Promise<void> {
  const { config, log } = base;
  raisePriority(log);
  prepareDataFolder(config.dataDir);
  const lock = await lockDataFolder(config.dataDir);
  mkdirSync(dirname(config.socket), { recursive: true });
  mkdirSync(join(config.dataDir, 'etcd'), { recursive: true, mode: 0o700 });
  log.info('agent.starting', { version: base.version, server: config.server, address: config.address });
  const certificates = await preparePki(base, signal);
  const context: AgentContext = { ...base, certificates };
  const listener = await openMetrics(context);
  // One half that fails ends the other: an agent is whole or not there.
  const ending = new AbortController();
  const until = AbortSignal.any([signal, ending.signal]);
  const server = serverHalf(context, until);
  const cell = config.cell.enabled ? runCell(context, server, restart, until) : waitFor(until);
  const stalls = watchStalls(context.clock, log, until);
  const idle = releaseWhenIdle({ memory: processMemory, clock: context.clock, log, signal: until });
  try {
    await Promise.race([cell, server.failed]);
  } finally {
    ending.abort(new SkepError('Cancelled', 'the agent is ending'));
    await Promise.allSettled([cell, stalls, idle, server.stop()]);
    await listener?.close();
    lock.close();
  }
}

async function openMetrics({ config, metrics, log }: BaseContext): Promise<MetricsListener | undefined> {
  const [host, port] = config.metricsListen?.split(':') ?? [];
  if (host === undefined) return undefined;
  const listener = await listenMetrics({ host, port: Number(port), metrics, log });
  log.info('metrics.listening', { host, port: listener.port });
  return listener;
}

function waitFor(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
