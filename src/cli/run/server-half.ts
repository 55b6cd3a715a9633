/**
 * The server half of an agent: begun with the agent where it is a server, begun when the leader asks this host to
 * become one, ended when the cluster has removed its member. The cell runs on through all of it. What it is now lies in
 * the data folder (serving-file.ts), so that a restart keeps it.
 */
import { accessSync, constants, statfsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { ServeRequest, ServerRole } from '../../agent/server-role.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { defaults } from '../../model/defaults.ts';
import { layDataAside } from '../../store/etcd/left-data.ts';
import type { AgentConfig } from '../core/agent-config.ts';
import type { AgentContext } from './context.ts';
import { joinAsServer } from './join-cluster.ts';
import type { ServerHandle } from './server.ts';
import { readServers, readServing, writeServers, writeServing } from './serving-file.ts';

/** What a server should find free on the disk of its data folder, in bytes: etcd's quota is of that size. */
const diskBytesMin = 2 * 2 ** 30;
/** Looking for etcd and the disk costs some system calls; a heartbeat asks every two seconds. */
const capabilityKeptMs = 30_000;
/** A trial that a restart interrupted gets at least so long. */
const trialLeastMs = 30_000;

export interface ServerHalf extends ServerRole {
  /** Rejects when the server cannot go on and takes the agent with it; never resolves. */
  readonly failed: Promise<never>;
  /** Whether it runs now. */
  readonly isRunning: boolean;
  /** Gives up leadership, closes the API, ends etcd. */
  stop(): Promise<void>;
}

export function serverHalf(context: AgentContext, signal: AbortSignal): ServerHalf {
  const half = new Half(context, signal);
  if (context.config.server) half.begin();
  return half;
}

class Half implements ServerHalf {
  readonly #context: AgentContext;
  readonly #signal: AbortSignal;
  readonly failed: Promise<never>;
  #fail: (error: unknown) => void = () => undefined;
  #handle: ServerHandle | undefined;
  /** From the moment that it was begun: its program is loaded first. */
  #isBegun = false;
  #ending: AbortController | undefined;
  /** The work around the handle that runs now: a start that is watched, or a stand-down. */
  #watching: Promise<void> = Promise.resolve();
  #isOrdered = false;
  #missing: { readonly reason: string | undefined; readonly at: number } | undefined;

  constructor(context: AgentContext, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
    this.failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    // Whoever races on it sees the error; without a race there is nobody to tell.
    this.failed.catch(() => undefined);
  }

  get isRunning(): boolean {
    return this.#isBegun;
  }

  capability(): ReturnType<ServerRole['capability']> {
    const reason = this.#whyNot();
    const is = this.isRunning || this.#isOrdered;
    return { can: reason === undefined, is, ...(reason === undefined ? {} : { reason }) };
  }

  #whyNot(): string | undefined {
    const now = this.#context.clock.now();
    if (this.#missing === undefined || now - this.#missing.at >= capabilityKeptMs)
      this.#missing = { reason: whatIsMissing(this.#context.config), at: now };
    return this.#missing.reason;
  }

  async serve({ token, servers, by }: ServeRequest): Promise<void> {
    if (this.isRunning || this.#isOrdered) return;
    const reason = whatIsMissing(this.#context.config);
    if (reason !== undefined) throw new SkepError('InvalidStateTransition', `it can be no server: ${reason}`);
    this.#isOrdered = true;
    try {
      await this.#becomeServer(token, servers, by);
    } finally {
      this.#isOrdered = false;
    }
  }

  async #becomeServer(token: string | undefined, servers: readonly string[], by: string): Promise<void> {
    const { config, certificates, clock, log } = this.#context;
    await this.#watching;
    if (certificates !== undefined) {
      if (token === undefined)
        throw new SkepError('InvalidRequest', 'this host uses TLS, and the order has no token');
      certificates.replace(
        await joinAsServer(this.#context, certificates.host, { token, servers }, this.#signal),
      );
    }
    const aside = layDataAside(join(config.dataDir, 'etcd'), clock.now());
    if (aside !== undefined) log.info('server.old_data_laid_aside', { aside });
    writeServers(config.dataDir, servers);
    writeServing(config.dataDir, {
      v: 1,
      serves: true,
      isTrial: true,
      reason: `ordered by ${by}`,
      at: clock.now(),
    });
    this.begin();
  }

  begin(): void {
    const { dataDir, join: known, address, ports } = this.#context.config;
    const own = `${address}:${ports.api}`;
    const learnt = readServers(dataDir).filter((one) => one !== own);
    const serving = readServing(dataDir);
    const joins = known.length > 0 || serving !== undefined;
    const servers = joins ? [...new Set([...learnt, ...known])] : [];
    const config = { ...this.#context.config, server: true, join: servers };
    const ending = new AbortController();
    this.#isBegun = true;
    this.#ending = ending;
    this.#watching = this.#run(config, ending, serving?.isTrial === true ? serving.at : undefined);
  }

  /** The server's program, which is most of the agent's, is loaded by hosts that serve: a cell is half as large. */
  async #run(config: AgentConfig, ending: AbortController, trialSince: number | undefined): Promise<void> {
    try {
      const { startServer } = await import('./server.ts');
      if (ending.signal.aborted) return;
      const until = AbortSignal.any([this.#signal, ending.signal]);
      this.#handle = startServer({ ...this.#context, config }, until);
    } catch (error) {
      return this.#fail(error);
    }
    await this.#watch(this.#handle, ending, trialSince);
  }

  /** @param trialSince when the host was ordered to be a server and has not been one yet */
  async #watch(handle: ServerHandle, ending: AbortController, trialSince: number | undefined): Promise<void> {
    try {
      if (trialSince !== undefined) await this.#untilTried(handle, trialSince);
      const reason = await Promise.race([handle.removed, handle.failed, untilAborted(ending.signal)]);
      await this.#standDown(handle, ending, reason);
    } catch (error) {
      if (this.#signal.aborted) return;
      if (trialSince !== undefined && readServing(this.#context.config.dataDir)?.isTrial === true)
        return await this.#standDown(handle, ending, messageOf(error));
      this.#fail(error);
    }
  }

  /** Throws why it did not become one. */
  async #untilTried(handle: ServerHandle, since: number): Promise<void> {
    const { clock, config, log } = this.#context;
    const leftMs = Math.max(since + defaults.serverStartDeadlineMs - clock.now(), trialLeastMs);
    const over = new AbortController();
    const late = clock.sleep(leftMs, AbortSignal.any([this.#signal, over.signal])).then(() => {
      throw new SkepError('Timeout', `it was no server after ${Math.round(leftMs / 1_000)} s`);
    });
    late.catch(() => undefined);
    const removed = handle.removed.then((reason) => {
      throw new SkepError('Cancelled', reason);
    });
    removed.catch(() => undefined);
    try {
      await Promise.race([handle.ready, handle.failed, removed, late]);
    } finally {
      over.abort();
    }
    writeServing(config.dataDir, { v: 1, serves: true, reason: 'it became a server', at: clock.now() });
    log.info('server.became_one', {});
  }

  /** Back to a cell only. Where no cell runs there is nothing left, and the agent ends as it did before. */
  async #standDown(handle: ServerHandle, ending: AbortController, reason: string): Promise<void> {
    const { config, certificates, clock, log } = this.#context;
    if (!config.cell.enabled) throw noServerHere(config, reason);
    log.warn('server.stands_down', { reason });
    writeServing(config.dataDir, { v: 1, serves: false, reason, at: clock.now() });
    ending.abort(new SkepError('Cancelled', `this host is no server any more: ${reason}`));
    await handle.stop();
    const aside = layDataAside(join(config.dataDir, 'etcd'), clock.now());
    certificates?.forgetStore();
    this.#handle = undefined;
    this.#isBegun = false;
    this.#ending = undefined;
    log.info('server.stood_down', { aside });
  }

  async stop(): Promise<void> {
    this.#ending?.abort(new SkepError('Cancelled', 'the agent is ending'));
    await this.#watching;
    await this.#handle?.stop();
  }
}

function noServerHere({ name, dataDir }: AgentConfig, reason: string): SkepError {
  return new SkepError('InvalidConfig', reason, {
    field: 'server',
    hint: `no cell runs here, so nothing is left to do; to join again: \`skep cert revoke ${name}\` on a server, move ${dataDir} away, and start with a new token`,
  });
}

/** Rejects with the reason: an agent that ends waits for nothing that will not come. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

/** Why this host can be no server, for an operator; undefined when it can. */
function whatIsMissing(config: AgentConfig): string | undefined {
  const { serverSetting, etcdEndpoints, etcdBinary, dataDir, address } = config;
  if (serverSetting === false) return 'its settings say "server: false"';
  if (etcdEndpoints.length > 0) return 'its cluster uses an etcd that is not ours';
  if (!isInstalled(etcdBinary ?? 'etcd')) return 'etcd is not installed there: apt-get install etcd-server';
  const others = [...config.join, ...readServers(dataDir)];
  if (address.startsWith('127.') && others.some((one) => !one.startsWith('127.')))
    return `its address is ${address}, which other hosts cannot reach: set "address"`;
  const { bavail, bsize } = statfsSync(dataDir);
  if (bavail * bsize < diskBytesMin)
    return `only ${Math.floor((bavail * bsize) / 2 ** 20)} MiB are free in ${dataDir}: a server needs ${diskBytesMin / 2 ** 20}`;
  return undefined;
}

function isInstalled(binary: string): boolean {
  const places = binary.includes('/')
    ? [binary]
    : (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, binary));
  return places.some((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
