/**
 * Keeps one etcd member running: starts it, adopts one that outlived its agent, restarts one that died, says
 * how it is, ends it in order. Built by the agent's composition root. Aborting the signal only stops the
 * supervision: etcd runs on, to be adopted by the next agent. `stop` ends etcd.
 */
import { access, constants, mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { backoffMs } from '../../base/core/backoff.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { Rng } from '../../base/core/rng.ts';
import type { Log } from '../../base/log.ts';
import { favourSession } from '../../base/session-share.ts';
import { defaults } from '../../model/defaults.ts';
import {
  argsThatDiffer,
  type EtcdMemberConfig,
  type EtcdTls,
  etcdArgs,
  etcdDataFolder,
} from '../core/etcd-args.ts';
import { explainExit } from '../core/etcd-exit.ts';
import type { StoreCredentials } from './credentials.ts';
import { logSize, logTail, rotateLog } from './etcd-log-file.ts';
import { type EtcdProcess, endEtcd, findEtcd, isAlive, spawnEtcd, waitForEnd } from './etcd-process.ts';
import { handOver } from './hand-over.ts';
import { type MemberStatusReader, memberStatus } from './member-status.ts';
import { isStillborn, markFirstStart, markServed, moveAside } from './never-served.ts';
import { assertPortFree } from './port-owner.ts';

export interface EtcdOptions extends EtcdMemberConfig {
  /** A path, or a name to look for in PATH. */
  readonly binary: string;
  /** Of its clients, with `tls`. */
  readonly credentials?: StoreCredentials | undefined;
  /** Of this member, where somebody else asks it too: its answers are shared, and the caller closes it. */
  readonly status?: MemberStatusReader;
  readonly clock: Clock;
  readonly log: Log;
  readonly rng: Rng;
  readonly signal: AbortSignal;
}

export interface EtcdHealth {
  /** `starting`: the process is there but does not serve yet, mostly for want of a quorum. */
  readonly state: 'starting' | 'running' | 'down';
  /** Why it is not running, for an operator; '' when it is. */
  readonly reason: string;
  /** The cluster has removed this member; it will never serve again. */
  readonly isRemoved?: boolean;
}

export interface EtcdSupervisor {
  readonly health: EtcdHealth;
  /** The process that lives now. */
  readonly pid: number | undefined;
  /**
   * Resolves once etcd answers and knows a leader. Throws the reason: at once what only an operator can
   * change (`InvalidConfig`), else `Unavailable` after `deadlineMs`.
   */
  ready(deadlineMs: number, signal: AbortSignal): Promise<void>;
  /**
   * Ends etcd in order and starts it with other files of trust, which it reads only when it starts. Resolves once it
   * answers again; throws `Unavailable` after `deadlineMs`, and goes on trying all the same.
   */
  restart(tls: EtcdTls, deadlineMs: number, signal: AbortSignal): Promise<void>;
  /** Hands over leadership, ends etcd (SIGTERM, 10 s, SIGKILL) and the supervision. Idempotent. */
  stop(): Promise<void>;
  /** Resolves when the supervision has ended. */
  readonly done: Promise<void>;
}

/**
 * Starts or adopts etcd and supervises it. Throws what is wrong with the first start: `InvalidConfig` for a
 * missing binary, a data folder that cannot be written or an address that is not ours, `Unavailable` for a
 * port that is taken. Everything later is retried and shown as health.
 */
export async function startEtcd(given: EtcdOptions): Promise<EtcdSupervisor> {
  const supervision = new Supervision({ ...given, dataDir: resolve(given.dataDir) });
  await supervision.begin();
  return supervision;
}

const restartBackoff = { firstMs: 500, maxMs: 30_000 };
/** A process that lived this long did start: its end is the first failure in a row. */
const steadyAfterMs = 60_000;
const rotateEveryMs = 30_000;

class Supervision implements EtcdSupervisor {
  #options: EtcdOptions;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  #health: EtcdHealth = { state: 'starting', reason: 'etcd has not been started yet' };
  #failure: SkepError | undefined;
  #process: EtcdProcess | undefined;
  /** Where in the log the words of the present process begin. */
  #logStart = 0;
  /** It has been noted that this member served. */
  #hasServed = false;
  /** What is in the data folder can never serve: it is moved aside before the next start. */
  #mustBeginAnew = false;
  /** Its end was asked for: no failure. */
  #isRestarting = false;
  #isRemoved = false;
  #stopping: Promise<void> | undefined;
  #done: Promise<void> = Promise.resolve();

  constructor(options: EtcdOptions) {
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#ending.signal]);
  }

  get health(): EtcdHealth {
    return this.#isRemoved ? { ...this.#health, isRemoved: true } : this.#health;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get done(): Promise<void> {
    return this.#done;
  }

  async begin(): Promise<void> {
    this.#options.signal.throwIfAborted();
    const first = await this.#obtain();
    this.#done = this.#supervise(first);
  }

  async ready(deadlineMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const until = clock.now() + deadlineMs;
    while (this.#health.state !== 'running') {
      this.#signal.throwIfAborted();
      const failure = this.#failure;
      if (failure?.code === 'InvalidConfig') throw failure;
      if (clock.now() >= until) {
        const reason = this.#health.reason;
        throw new SkepError('Unavailable', `etcd is not ready after ${deadlineMs} ms: ${reason}`, {
          hint: failure?.hint ?? 'start the other servers: etcd serves once a majority of them is up',
          cause: failure,
        });
      }
      await clock.sleep(20, signal);
    }
  }

  async restart(tls: EtcdTls, deadlineMs: number, signal: AbortSignal): Promise<void> {
    this.#options = { ...this.#options, tls };
    const living = this.#process;
    if (living !== undefined && isAlive(living)) {
      this.#isRestarting = true;
      this.#health = { state: 'starting', reason: 'etcd is started anew with other authorities' };
      await handOver(this.#options);
      await endEtcd(living, this.#options.clock);
      // What was found of it last must not be taken for the next one's health.
      if (this.#process === living) {
        this.#process = undefined;
        this.#health = { state: 'starting', reason: 'etcd is started anew with other authorities' };
      }
    }
    await this.ready(deadlineMs, signal);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  async #end(): Promise<void> {
    this.#ending.abort(new SkepError('Cancelled', 'etcd is being stopped'));
    await this.#done;
    const living = this.#process;
    if (!living) return;
    if (isAlive(living)) await handOver(this.#options);
    await endEtcd(living, this.#options.clock);
    this.#process = undefined;
    this.#health = { state: 'down', reason: 'stopped' };
    this.#options.log.info('etcd.stopped', { pid: living.pid });
  }

  /** The living etcd of our folder, or a new one. */
  async #obtain(): Promise<EtcdProcess> {
    const { binary, dataDir, clientUrl, peerUrl, log, clock } = this.#options;
    await prepareFolder(dataDir);
    const wanted = etcdArgs(this.#options);
    const living = await findEtcd(binary, dataDir);
    if (living) {
      const differ = argsThatDiffer(living.args, wanted);
      if (differ.length === 0) {
        log.info('etcd.adopted', { pid: living.pid });
        return this.#took(living);
      }
      log.warn('etcd.restarted_for_options', { pid: living.pid, options: differ });
      await endEtcd(living, clock);
    }
    if (this.#mustBeginAnew) await this.#beginAnew();
    await markFirstStart(this.#options);
    await assertPortFree(clientUrl, 'etcdClientPort');
    await assertPortFree(peerUrl, 'etcdPeerPort');
    this.#logStart = await logSize(dataDir);
    const started = await spawnEtcd(binary, dataDir, wanted);
    log.info('etcd.started', { pid: started.pid, clientUrl, peerUrl });
    this.#favour(started.pid);
    return this.#took(started);
  }

  /** It inherits the agent's niceness, which in a session of its own says nothing. */
  #favour(pid: number): void {
    try {
      favourSession(pid);
    } catch (error) {
      this.#options.log.info('etcd.priority_not_raised', { reason: messageOf(error) });
    }
  }

  async #beginAnew(): Promise<void> {
    const { dataDir, clock, log } = this.#options;
    const movedTo = await moveAside(dataDir, clock.now());
    await prepareFolder(dataDir);
    this.#mustBeginAnew = false;
    log.warn('etcd.begun_anew', {
      movedTo,
      reason: 'it was killed at its very first start and could never serve; nothing had been acknowledged',
    });
  }

  #took(process: EtcdProcess): EtcdProcess {
    this.#process = process;
    this.#health = { state: 'starting', reason: 'etcd was started and does not answer yet' };
    return process;
  }

  async #supervise(first: EtcdProcess): Promise<void> {
    const { clock, rng, log } = this.#options;
    let process: EtcdProcess | undefined = first;
    let failures = 0;
    while (!this.#signal.aborted) {
      const since = clock.now();
      const failure = process ? await this.#untilEnd(process) : this.#failure;
      if (this.#signal.aborted || failure === undefined) return;
      if (this.#isRestarting) {
        this.#isRestarting = false;
        log.info('etcd.restarts', { reason: 'it was asked to' });
        process = await this.#tryObtain();
        continue;
      }
      failures = clock.now() - since >= steadyAfterMs ? 1 : failures + 1;
      const waitMs = failures === 1 ? 0 : backoffMs(restartBackoff, failures - 1, rng);
      this.#failed(failure);
      log.error('etcd.down', { reason: failure.message, hint: failure.hint, waitMs });
      if (this.#isRemoved) return;
      if (!(await this.#pause(waitMs))) return;
      process = await this.#tryObtain();
    }
  }

  #failed(failure: SkepError): void {
    this.#process = undefined;
    this.#failure = failure;
    this.#health = { state: 'down', reason: failure.message };
  }

  async #tryObtain(): Promise<EtcdProcess | undefined> {
    try {
      return await this.#obtain();
    } catch (error) {
      this.#failure =
        error instanceof SkepError
          ? error
          : new SkepError('Internal', `etcd was not started: ${messageOf(error)}`, { cause: error });
      return undefined;
    }
  }

  /** Watches a process until it ends; undefined when the supervision ends first. */
  async #untilEnd(process: EtcdProcess): Promise<SkepError | undefined> {
    const ended = new AbortController();
    const watching = this.#watchHealth(AbortSignal.any([this.#signal, ended.signal]));
    try {
      const exit = await waitForEnd(process, this.#options.clock, this.#signal);
      const tail = await logTail(this.#options.dataDir, this.#logStart);
      const { code, message, hint, isRemoved = false } = explainExit(tail, exit);
      this.#isRemoved ||= isRemoved;
      return new SkepError(code, message, { hint });
    } catch (error) {
      if (this.#signal.aborted) return undefined;
      return new SkepError('Internal', `etcd cannot be watched: ${messageOf(error)}`, { cause: error });
    } finally {
      ended.abort();
      await watching;
    }
  }

  async #watchHealth(signal: AbortSignal): Promise<void> {
    const { clientUrl, credentials, clock } = this.#options;
    const shared = this.#options.status;
    const status = shared ?? memberStatus({ clientUrl, credentials, clock });
    let rotateAt = clock.now();
    const doubtAt = clock.now() + defaults.etcdFirstServiceMs;
    try {
      while (!signal.aborted) {
        await this.#probe(status, signal);
        if (this.#health.state !== 'running' && clock.now() >= doubtAt) await this.#endIfStillborn();
        if (clock.now() >= rotateAt) {
          rotateAt = clock.now() + rotateEveryMs;
          await this.#rotate();
        }
        await pause(clock, this.#health.state === 'running' ? defaults.etcdProbeMs : 50, signal);
      }
    } finally {
      if (shared === undefined) status.close();
    }
  }

  /** Its end is seen as any other, and the next start finds out why it was ended. */
  async #endIfStillborn(): Promise<void> {
    const living = this.#process;
    if (living === undefined || this.#mustBeginAnew) return;
    try {
      if (!(await isStillborn(this.#options, this.#logStart))) return;
      this.#mustBeginAnew = true;
      this.#options.log.warn('etcd.never_served', { pid: living.pid });
      await endEtcd(living, this.#options.clock);
    } catch (error) {
      this.#options.log.warn('etcd.not_repaired', { pid: living.pid, reason: messageOf(error) });
    }
  }

  async #probe(status: MemberStatusReader, signal: AbortSignal): Promise<void> {
    let next: EtcdHealth;
    try {
      // What was heard of the process before says nothing of one that starts.
      const maxAgeMs = this.#health.state === 'running' ? defaults.etcdProbeMs : 0;
      const { leaderId } = await status.read(signal, maxAgeMs);
      if (leaderId !== '0' && !this.#hasServed) {
        await markServed(this.#options.dataDir);
        this.#hasServed = true;
      }
      next =
        leaderId === '0'
          ? { state: 'starting', reason: 'no leader: fewer than half of the servers can be reached' }
          : { state: 'running', reason: '' };
    } catch (error) {
      next = { state: 'starting', reason: `etcd runs but does not serve yet: ${messageOf(error)}` };
    }
    if (signal.aborted) return;
    if (next.state === 'running') this.#failure = undefined;
    if (next.state !== this.#health.state) {
      this.#options.log.info('etcd.health', { state: next.state, reason: next.reason });
    }
    this.#health = next;
  }

  async #rotate(): Promise<void> {
    try {
      if (await rotateLog(this.#options.dataDir, defaults.etcdLogMaxBytes)) this.#logStart = 0;
    } catch (error) {
      // A full disk must not end the supervision; the log only grows meanwhile.
      this.#options.log.warn('etcd.log_not_rotated', { reason: messageOf(error) });
    }
  }

  #pause(ms: number): Promise<boolean> {
    return pause(this.#options.clock, ms, this.#signal);
  }
}

/** Sleeps; false when the signal ended it. */
async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    if (ms > 0) await clock.sleep(ms, signal);
    return !signal.aborted;
  } catch {
    return false;
  }
}

/** Makes the folders (for the agent's user only). Throws `InvalidConfig` when they cannot be written. */
async function prepareFolder(dataDir: string): Promise<void> {
  try {
    await mkdir(etcdDataFolder(dataDir), { recursive: true, mode: 0o700 });
    await access(dataDir, constants.W_OK | constants.X_OK);
    await access(etcdDataFolder(dataDir), constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new SkepError(
      'InvalidConfig',
      `etcd's data folder ${dataDir} cannot be written: ${messageOf(cause)}`,
      {
        field: 'dataDir',
        hint: 'make it a folder that the user of the agent may write, on a file system that is not read-only',
        cause,
      },
    );
  }
}
