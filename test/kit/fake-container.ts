/**
 * A container of the engine in memory (fake-runtime.ts): what its image scripts it to do, what is known of it, and
 * how a probe of a port ends.
 */
import { httpFailure, type ProbeResult, type Prober, tcpFailure } from '../../src/agent/prober.ts';
import type { Container, ContainerSpec, LogLine } from '../../src/agent/runtime.ts';
import type { SkepError } from '../../src/base/core/errors.ts';
import type { FakeProcessOptions } from './fake-process.ts';

/** What an image does. Without any of it: runs for ever and ends with 0 on SIGTERM. */
export interface ImageScript {
  /** Ends by itself after `afterMs`. */
  readonly exits?: { readonly afterMs: number; readonly code: number; readonly oom?: boolean };
  readonly ignoresSigterm?: boolean;
  readonly exitCodeOnSigterm?: number;
  readonly pullMs?: number;
  /** The pull fails with this. */
  readonly pullError?: SkepError;
  readonly createMs?: number;
  readonly startMs?: number;
  readonly createError?: SkepError;
  readonly startError?: SkepError;
  /** Written when it starts. */
  readonly writes?: readonly string[];
  /** Files that readFile finds. */
  readonly files?: Readonly<Record<string, string>>;
  /** What it answers on a port, `sinceStartMs` after its start: an HTTP status, or nothing (refused). */
  readonly answers?: (port: number, sinceStartMs: number) => number | undefined;
  /** The exit status of a command check or exec, and what it writes. */
  readonly execs?: (args: readonly string[], sinceStartMs: number) => FakeProcessOptions['outcome'];
}

export interface FakeContainer {
  readonly id: string;
  readonly spec: ContainerSpec;
  state: Container['state'];
  exitCode: number | undefined;
  oomKilled: boolean;
  startedAt: number | undefined;
  finishedAt: number | undefined;
  pid: number;
  ipAddress: string;
  /** How often it was started. */
  starts: number;
  readonly log: LogLine[];
}

/** One that was created and never started. */
export const newContainer = (id: string, spec: ContainerSpec): FakeContainer => ({
  id,
  spec,
  state: 'created',
  exitCode: undefined,
  oomKilled: false,
  startedAt: undefined,
  finishedAt: undefined,
  pid: 0,
  ipAddress: '',
  starts: 0,
  log: [],
});

/** It runs from `at` on, with an address and a process of its own, and writes these lines. */
export function runFrom(container: FakeContainer, at: number, lines: readonly string[]): void {
  const number = Number(container.id.slice(1));
  Object.assign(container, {
    state: 'running',
    startedAt: at,
    finishedAt: undefined,
    exitCode: undefined,
    pid: 1_000 + number,
    ipAddress: `172.17.${number >> 8}.${number & 255}`,
  });
  container.starts += 1;
  for (const text of lines) container.log.push({ at, stream: 'stdout', text });
}

/** What the agent sees of it. */
export function viewOf(container: FakeContainer): Container {
  const { spec, log: _log, starts: _starts, ...rest } = container;
  return { ...rest, identity: spec.identity, ports: spec.ports };
}

/** How a check ends where the port answers with this HTTP status; undefined: nobody listens there. */
export function probed(
  check: Parameters<Prober['probe']>[0],
  address: string,
  status: number | undefined,
): ProbeResult {
  if (check.kind === 'tcp') {
    if (status !== undefined) return { ok: true };
    return { ok: false, output: tcpFailure(address, check.port, 'connection refused') };
  }
  if (status === 200) return { ok: true };
  const cause = status === undefined ? 'connection refused' : `received status code ${status}`;
  return { ok: false, output: httpFailure(check.path, check.port, cause) };
}
