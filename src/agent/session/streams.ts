/**
 * Streams that a server asks this cell for. For each the cell dials one more socket to that server and serves the
 * frames of stream-frames.ts on it until either side ends: logs, exec and attach here, consoles, stats and
 * upgrades by the parts that keep them. Called on `open`.
 */
import { cellStreamPath, type StreamRequest } from '../../api/core/cell-protocol.ts';
import type { CellDoctor, Check } from '../../api/core/doctor-shapes.ts';
import type { InstanceDoing } from '../../api/core/instance-doing.ts';
import { controlSchema, packFrame, unpackFrame } from '../../api/core/stream-frames.ts';
import { type Clock, withDeadline } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Dial, Socket } from '../../base/socket.ts';
import type { Container } from '../core/container.ts';
import type { ProcessStream, Runtime } from '../runtime.ts';
import { type ServerRole, serveOrder } from '../server-role.ts';
import { drain, sendControl, sendData, sendError } from './send.ts';

const dialDeadlineMs = 5_000;
/** A process whose console has gone is asked to end, and killed after this. */
const hangUpGraceMs = 2_000;
/** The engine closes the log of a container a moment before it calls it ended. */
const endDeadlineMs = 2_000;
const endPollMs = 50;
/** More streams than this at once are refused. */
const maxStreams = 256;

export interface StreamsOptions {
  readonly runtime: Runtime;
  readonly dial: Dial;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly stats: StreamService<StatsRequest>;
  readonly consoles: StreamService<ConsoleRequest>;
  readonly upgrades: StreamService<UpgradeRequest>;
  /** Absent where this host can be no server. */
  readonly serverRole?: ServerRole | undefined;
  /** Looks at this host; absent where nobody composed a doctor. */
  readonly doctor?: (() => Promise<readonly Check[]>) | undefined;
  readonly cellId: string;
  find(query: StreamTarget, previous: boolean): Container | undefined;
  /** What is being done with an instance; undefined when nothing is known of it here. */
  tell(instanceGuid: string): InstanceDoing | undefined;
}

/** What serves the streams of some kinds until the client goes. Throws the SkepError that refuses the stream. */
export interface StreamService<R> {
  /** @param signal aborts when the socket ends, or the agent does */
  serve(socket: Socket, request: R, signal: AbortSignal): Promise<void>;
}

export type StatsRequest = Extract<StreamRequest, { kind: 'stats' }>;
export type UpgradeRequest = Extract<StreamRequest, { kind: 'upgrade' }>;
export type ConsoleRequest = Extract<StreamRequest, { kind: 'console' | 'consoles' }>;

/** Which container a stream is about: by instance guid or attempt, and of crashed ones also by index. */
export interface StreamTarget {
  readonly instanceGuid: string;
  readonly index?: { readonly guid: string; readonly index: number } | undefined;
}

export interface Streams {
  open(address: string, streamId: string, request: StreamRequest): void;
  readonly count: number;
}

export function serveStreams(options: StreamsOptions): Streams {
  const { clock, log, signal } = options;
  let count = 0;

  async function serve(address: string, streamId: string, request: StreamRequest): Promise<void> {
    const url = `ws://${address}${cellStreamPath}${encodeURIComponent(streamId)}`;
    const late = (): SkepError =>
      new SkepError('Unavailable', `server ${address} did not answer the stream's dial`);
    const socket = await withDeadline(clock, dialDeadlineMs, signal, late, (inner) =>
      options.dial(url, { signal: inner }),
    );
    const ending = new AbortController();
    const ended = AbortSignal.any([signal, ending.signal]);
    void socket.closed.then(() => ending.abort());
    try {
      if (count > maxStreams) throw new SkepError('Busy', `this cell serves ${maxStreams} streams already`);
      await serveKind(options, socket, request, ended);
    } catch (error) {
      await sendError(socket, error).catch(() => undefined);
    } finally {
      socket.close(1000, 'the stream has ended');
    }
  }

  return {
    open(address, streamId, request) {
      count += 1;
      serve(address, streamId, request)
        .catch((error: unknown) => log.warn('stream.failed', { server: address, reason: messageOf(error) }))
        .finally(() => {
          count -= 1;
        });
    },
    get count() {
      return count;
    },
  };
}

async function serveKind(
  options: StreamsOptions,
  socket: Socket,
  request: StreamRequest,
  signal: AbortSignal,
): Promise<void> {
  switch (request.kind) {
    case 'logs':
      return await serveLogs(options, socket, target(options, request), request, signal);
    case 'exec':
    case 'attach':
      return await serveProcess(options, socket, target(options, request), request, signal);
    case 'stats':
      return await options.stats.serve(socket, request, signal);
    case 'consoles':
      if (request.doing === true) return await serveDoing(options, socket, request.instanceGuid);
      return await options.consoles.serve(socket, request, signal);
    case 'console':
      return await options.consoles.serve(socket, request, signal);
    case 'upgrade':
      return await options.upgrades.serve(socket, request, signal);
    case 'serve':
      return await serveOrder(options.serverRole, options.log, socket, request);
    case 'doctor':
      return await serveDoctor(options, socket);
    case 'unknown':
      throw new SkepError('InvalidRequest', `cell ${options.cellId} does not know what it is asked for`, {
        hint: 'its release is older than that of the server: skep upgrade',
      });
  }
}

async function serveDoctor({ doctor, cellId }: StreamsOptions, socket: Socket): Promise<void> {
  if (doctor === undefined) throw new SkepError('Unavailable', `cell ${cellId} examines nothing`);
  await sendData(socket, { cellId, checks: [...(await doctor())] } satisfies CellDoctor);
}

async function serveDoing({ tell, cellId }: StreamsOptions, socket: Socket, guid = ''): Promise<void> {
  const doing = tell(guid);
  if (doing === undefined) {
    throw new SkepError('ResourceNotFound', `cell ${cellId} has not heard of this instance`);
  }
  await sendData(socket, doing);
}

function target(options: StreamsOptions, request: LogsRequest | ProcessRequest): Container {
  const previous = request.kind === 'logs' && request.previous;
  const index = request.kind === 'logs' ? request.instance : undefined;
  const container = options.find({ instanceGuid: request.instanceGuid, index }, previous);
  if (container === undefined) {
    const what = previous
      ? 'no earlier container of this instance is kept here'
      : 'its container does not exist';
    throw new SkepError(previous ? 'ResourceNotFound' : 'NotRunning', what, {
      hint: previous
        ? 'only the newest crashed container of an index is kept, for a while'
        : 'see "skep why"',
    });
  }
  if (request.kind !== 'logs' && container.state !== 'running') {
    throw new SkepError('NotRunning', 'its container does not run', {
      hint: 'see "skep why" for the reason',
    });
  }
  return container;
}

type LogsRequest = Extract<StreamRequest, { kind: 'logs' }>;
type ProcessRequest = Extract<StreamRequest, { kind: 'exec' | 'attach' }>;

async function serveLogs(
  options: StreamsOptions,
  socket: Socket,
  container: Container,
  request: LogsRequest,
  signal: AbortSignal,
): Promise<void> {
  await sendControl(socket, { kind: 'opened' });
  const { follow, tail, since } = request;
  const encoder = new TextEncoder();
  void drain(socket);
  for await (const line of options.runtime.logs(container.id, { follow, tail, since, signal })) {
    const frame = JSON.stringify({ at: line.at, text: line.text });
    await socket.send(packFrame(line.stream, encoder.encode(frame)));
  }
  const code = follow && !signal.aborted ? await endOf(options, container.id, signal) : undefined;
  await sendControl(socket, code === undefined ? { kind: 'exit' } : { kind: 'exit', code });
}

/** How a container ended whose log has; undefined when it was removed, or the engine does not say it in time. */
async function endOf(
  { runtime, clock }: StreamsOptions,
  id: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  for (const giveUpAt = clock.now() + endDeadlineMs; ; ) {
    const container = await runtime.inspect(id, { signal });
    if (container === undefined || container.state === 'exited') return container?.exitCode;
    if (clock.now() >= giveUpAt) return undefined;
    await clock.sleep(endPollMs, signal);
  }
}

async function serveProcess(
  options: StreamsOptions,
  socket: Socket,
  container: Container,
  request: ProcessRequest,
  signal: AbortSignal,
): Promise<void> {
  const life = new AbortController();
  const process =
    request.kind === 'exec'
      ? await options.runtime.exec(container.id, { ...execOptions(request), signal: life.signal })
      : await options.runtime.attach(container.id, { stdin: request.stdin, signal: life.signal });
  let hasEnded = false;
  try {
    await sendControl(socket, { kind: 'opened' });
    pumpInput(socket, process).catch((error: unknown) =>
      options.log.debug('stream.input_ended', { reason: messageOf(error) }),
    );
    hasEnded = await Promise.race([pumpOutput(socket, process), aborted(signal).then(() => false)]);
    if (!hasEnded) return;
    const code = await process.exitCode;
    await sendControl(socket, code === undefined ? { kind: 'exit' } : { kind: 'exit', code });
  } finally {
    if (!hasEnded && request.kind === 'exec') await hangUp(options, process);
    life.abort();
  }
}

function execOptions(request: Extract<StreamRequest, { kind: 'exec' }>) {
  const { args, tty, stdin, user, size } = request;
  return { args, tty, stdin, user, size };
}

/** True once everything that the process wrote has been sent. */
async function pumpOutput(socket: Socket, process: ProcessStream): Promise<boolean> {
  for await (const { stream, data } of process.output) await socket.send(packFrame(stream, data));
  return true;
}

/** What the client sends, in order: the next frame is read once the process has taken the one before. */
async function pumpInput(socket: Socket, process: ProcessStream): Promise<void> {
  for await (const data of socket.messages) {
    const frame = typeof data === 'string' ? undefined : unpackFrame(data);
    if (frame?.channel === 'stdin') await process.write(frame.payload);
    if (frame?.channel === 'control') await control(process, frame.payload);
  }
}

async function control(process: ProcessStream, payload: Uint8Array): Promise<void> {
  const message = controlSchema.parse(JSON.parse(new TextDecoder().decode(payload)));
  if (message.kind === 'resize') await process.resize(message.size);
  if (message.kind === 'signal') await process.kill(message.name);
  if (message.kind === 'endInput') process.endInput();
}

/** Nobody listens any more: SIGHUP, as a lost terminal sends, then SIGKILL. */
async function hangUp(options: StreamsOptions, process: ProcessStream): Promise<void> {
  const ended = process.exitCode.then(
    () => undefined,
    () => undefined,
  );
  try {
    await process.kill('SIGHUP');
    const patience = new AbortController();
    await Promise.race([
      ended,
      options.clock.sleep(hangUpGraceMs, patience.signal).then(() => process.kill('SIGKILL')),
    ]);
    patience.abort();
  } catch (error) {
    options.log.debug('stream.hang_up_failed', { reason: messageOf(error) });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
