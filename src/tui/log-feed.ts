/**
 * The output that a logs page wants, in order and in batches: of one instance, of all that an LRP has and will have, of
 * a task. Goes on over lost connections and moves with the UI to another server; nothing comes twice. Used by feeds.ts.
 */
import { type LogQuery, type LogReader, readLog } from '../api/client/log-source.ts';
import { describeEnd, reasonBeside } from '../api/core/log-end.ts';
import { LogMerge } from '../api/core/log-merge.ts';
import type { LogFrame } from '../api/core/stream-frames.ts';
import { type Clock, pause, type Timer } from '../base/clock.ts';
import { messageOf, SkepError } from '../base/core/errors.ts';
import type { ActualLrp } from '../model/actual-lrp.ts';
import type { TaskGuid } from '../model/ids.ts';
import { instanceName } from '../model/instance-name.ts';
import type { Task } from '../model/task.ts';
import type { ClusterConnection } from './connection.ts';
import { mayHaveWritten, standingNote } from './core/log-notes.ts';
import type { LogRequest } from './core/log-request.ts';
import type { LogLine } from './core/page.ts';

/** Instances that are read at once. */
const streamsMax = 50;
/** Batches come no faster than people and screens can take them. */
const batchEveryMs = 100;
const batchMaxLines = 5_000;
/** So much may wait for the page; then the cells are read no further. */
const waitingMaxLines = 10_000;
const waitingMaxBytes = 16 * 1024 * 1024;
/** Instances without a container that are told of, one by one. */
const silentMax = 10;
const lastWordsLines = 20;
/** Between two tries to follow which instances there are. */
const rewatchMs = 1_000;

export interface LogFeedOptions {
  readonly connection: ClusterConnection;
  readonly clock: Clock;
  readonly request: LogRequest;
  readonly signal: AbortSignal;
}

/** Ends when the signal aborts. Never throws: what fails is a line of the stream `note`. */
export async function* openLogs(options: LogFeedOptions): AsyncGenerator<readonly LogLine[]> {
  const feed = new LogFeed(options);
  feed.start();
  try {
    yield* feed.batches();
  } finally {
    feed.stop();
  }
}

interface Source {
  readonly name: string;
  readonly cell: string;
  /** Unique among those that are read: the instance's guid, or the task's. */
  readonly id: string;
}

/** `lastWords`: the end of what the container wrote that crashed, while there is no other. */
type ReadKind = 'instance' | 'task' | 'previous' | 'lastWords';

class LogFeed {
  readonly #options: LogFeedOptions;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #reader: LogReader;
  readonly #merge = new LogMerge();
  readonly #sources = new Map<string, Source>();
  /** By instance guid: what there is now, by the last word of the server. */
  #current = new Map<string, ActualLrp>();
  #crashReasons = new Map<string, string | undefined>();
  /** The task that is read, if it is one, as it was last seen. */
  #task: Task | undefined;
  readonly #seen = new Set<string>();
  #reading = 0;
  #isFirst = true;
  /** Those that were there when it began: of them only what was asked for is read. */
  #atFirst: ReadonlySet<string> = new Set();
  #left = 0;
  #out: LogLine[] = [];
  #outBytes = 0;
  #timer: Timer | undefined;
  #arrived: (() => void) | undefined;
  #room: (() => void)[] = [];

  constructor(options: LogFeedOptions) {
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal]);
    const { connection, clock } = options;
    this.#reader = {
      get client() {
        return connection.client;
      },
      clock,
      signal: this.#signal,
    };
    this.#signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  stop(): void {
    this.#stop.abort();
    this.#timer?.cancel();
  }

  async *batches(): AsyncGenerator<readonly LogLine[]> {
    const { clock } = this.#options;
    while (!this.#signal.aborted) {
      if (this.#out.length === 0) await new Promise<void>((resolve) => (this.#arrived = resolve));
      if (this.#signal.aborted) return;
      const lines = this.#out.splice(0, batchMaxLines);
      for (const { text } of lines) this.#outBytes -= text.length;
      for (const resume of this.#room.splice(0)) resume();
      if (lines.length > 0) yield lines;
      // Aborted: the loop ends.
      await pause(clock, batchEveryMs, this.#signal);
    }
  }

  #wake(): void {
    this.#arrived?.();
    this.#arrived = undefined;
    for (const resume of this.#room.splice(0)) resume();
  }

  start(): void {
    const { target, previous } = this.#options.request;
    if ('task' in target) void this.#readTask(target.task);
    else if (previous) void this.#readPrevious(target);
    else void this.#follow(target);
  }

  // Which instances there are.

  async #follow(target: Exclude<LogRequest['target'], { task: string }>): Promise<void> {
    const { connection } = this.#options;
    const { guid, index } = partsOf(target);
    let wasLost = false;
    while (!this.#signal.aborted) {
      try {
        const rows = new Map<string, ActualLrp>();
        const watch = connection.client.watch({ kind: 'instances', guid }, { signal: this.#signal });
        for await (const message of watch) {
          if (message.type === 'stale') continue;
          if (wasLost) this.#note('-- connected again --');
          wasLost = false;
          if (message.type === 'snapshot') rows.clear();
          for (const { key, row } of message.rows) {
            if (row === undefined || row === null) rows.delete(key);
            else rows.set(key, row as ActualLrp);
          }
          this.#known([...rows.values()].filter((row) => index === undefined || row.index === index));
        }
      } catch (error) {
        if (this.#signal.aborted) return;
        if (!(error instanceof SkepError) || !error.retryable) return this.#note(`-- ${messageOf(error)} --`);
        if (!wasLost) this.#note(`-- ${error.message}; trying again --`);
        wasLost = true;
        connection.suspect();
      }
      await connection.change(rewatchMs, this.#signal);
    }
  }

  #known(instances: readonly ActualLrp[]): void {
    this.#current = new Map(
      instances.flatMap((each) => (each.instanceGuid === undefined ? [] : [[each.instanceGuid, each]])),
    );
    this.#crashReasons = new Map(
      instances.map((each) => [instanceName(each.guid, each.index), each.crashReason]),
    );
    if (this.#isFirst && instances.length === 0) void this.#tellNone();
    if (this.#isFirst) this.#atFirst = new Set(this.#current.keys());
    if (this.#isFirst) this.#tellSilent(instances.filter((each) => each.instanceGuid === undefined));
    this.#joinNew();
    this.#isFirst = false;
  }

  /** Nothing to read: a name that does not exist is a slip, and nothing is ever going to come. */
  async #tellNone(): Promise<void> {
    const { request, connection } = this.#options;
    if ('task' in request.target) return;
    const { guid } = partsOf(request.target);
    const isUnknown = await connection.client
      .call('getLrp', { params: { guid } }, { signal: this.#signal })
      .then(
        () => false,
        (error: unknown) => error instanceof SkepError && error.code === 'ResourceNotFound',
      );
    if (isUnknown) this.#note(`-- there is no LRP "${guid}": ":lrps" lists them --`);
    else this.#note('-- no instance has a container: lines come when one does --');
  }

  /** Those that have no container: how they are, and of one that crashed its last words. */
  #tellSilent(silent: readonly ActualLrp[]): void {
    const told = [...silent].sort((a, b) => a.index - b.index).slice(0, silentMax);
    for (const instance of told) this.#note(standingNote(instance));
    if (silent.length > told.length)
      this.#note(`-- ${silent.length - told.length} more instances have no container --`);
    const crashed = told.filter((each) => each.presence === 'ORDINARY' && mayHaveWritten(each));
    if (crashed.length === 0) return;
    this.#note(`-- the last lines before the crash, ":logs -p" has all --`);
    for (const { guid, index, cellId } of crashed) {
      const name = instanceName(guid, index);
      void this.#read({ name, cell: cellId ?? '', id: name }, 'lastWords');
    }
  }

  /** Those of the lowest index first; the others when there is room. */
  #joinNew(): void {
    const waiting = [...this.#current.values()]
      .filter(({ instanceGuid }) => instanceGuid !== undefined && !this.#seen.has(instanceGuid))
      .sort((a, b) => a.index - b.index);
    for (const { guid, index, cellId, instanceGuid } of waiting.splice(0, streamsMax - this.#reading)) {
      const source = { name: instanceName(guid, index), cell: cellId ?? '', id: instanceGuid ?? '' };
      this.#seen.add(source.id);
      if (!this.#isFirst) this.#note(`-- ${source.name} on ${source.cell} joined --`);
      void this.#read(source, 'instance');
    }
    for (const id of this.#seen) if (!this.#current.has(id) && !this.#sources.has(id)) this.#seen.delete(id);
    if (waiting.length > 0 && waiting.length !== this.#left)
      this.#note(
        `-- ${this.#reading} instances are read, ${waiting.length} more are not: open one of them to see it --`,
      );
    this.#left = waiting.length;
  }

  async #readTask(guid: string): Promise<void> {
    await this.#lookAtTask(guid);
    if (this.#signal.aborted) return;
    if (this.#task?.state === 'PENDING') this.#note(`-- ${guid} has not been started yet --`);
    await this.#read({ name: guid, cell: this.#task?.cellId ?? '', id: guid }, 'task');
  }

  /** Whether it is worth waiting for more: a task that has ended says nothing new. */
  async #lookAtTask(guid: string): Promise<void> {
    const params = { guid: guid as TaskGuid };
    try {
      this.#task = await this.#options.connection.client.call(
        'getTask',
        { params },
        { signal: this.#signal },
      );
    } catch (error) {
      // While no server answers the task is as it was; one that is gone is waited for no longer.
      if (error instanceof SkepError && error.code === 'ResourceNotFound') this.#task = undefined;
    }
  }

  #isTaskOpen(guid: string): boolean {
    void this.#lookAtTask(guid);
    return this.#task?.state === 'PENDING' || this.#task?.state === 'RUNNING';
  }

  async #readPrevious(target: Exclude<LogRequest['target'], { task: string }>): Promise<void> {
    const { guid, index } = partsOf(target);
    const query = { guid, ...(index === undefined ? {} : { index }) };
    try {
      const { rows } = await this.#options.connection.client.call(
        'listInstances',
        { query },
        { signal: this.#signal },
      );
      const crashed = rows.filter(({ presence }) => presence === 'ORDINARY').slice(0, streamsMax);
      for (const row of crashed) {
        const name = instanceName(row.guid, row.index);
        void this.#read({ name, cell: row.cellId ?? '', id: name }, 'previous');
      }
      if (rows.length === 0) this.#note(`-- there is no instance of ${guid} --`);
    } catch (error) {
      if (!this.#signal.aborted) this.#note(`-- ${messageOf(error)} --`);
    }
  }

  // What they write.

  /** Never rejects: what happens to one log is told, and the others go on. */
  async #read(source: Source, kind: ReadKind): Promise<void> {
    const { clock } = this.#options;
    const [task, previous] = [kind === 'task', kind === 'previous' || kind === 'lastWords'];
    this.#reading += 1;
    this.#sources.set(source.id, source);
    this.#merge.add(source.id, clock.now());
    const isCurrent = (): boolean => (task ? this.#isTaskOpen(source.id) : this.#current.has(source.id));
    const listener = {
      opened: () => {
        this.#merge.opened(source.id, clock.now());
        this.#flush();
      },
      line: (frame: LogFrame, channel: 'stdout' | 'stderr') => this.#push(source.id, frame, channel),
    };
    let last: string;
    try {
      const code = await readLog(this.#reader, this.#query(source, kind), listener, isCurrent);
      const reason = reasonBeside(code, this.#crashReasons.get(source.name));
      last = previous
        ? `-- end of what ${source.name} wrote before --`
        : describeEnd(source.name, source.cell || 'its cell', code, reason);
    } catch (error) {
      last =
        task || isCurrent() || previous
          ? `-- ${source.name}: ${messageOf(error)} --`
          : describeEnd(source.name, source.cell, undefined, this.#crashReasons.get(source.name));
    }
    this.#reading -= 1;
    if (this.#signal.aborted) return;
    // In its place among the lines: after the last one of its own.
    this.#merge.push({ stream: source.id, at: clock.now(), channel: 'note', text: last }, clock.now());
    this.#merge.end(source.id);
    this.#flush();
    this.#joinNew();
  }

  #query(source: Source, kind: ReadKind): LogQuery {
    const { tail, since } = this.#options.request;
    const task = kind === 'task';
    if (kind === 'lastWords') {
      const last = Math.min(tail, lastWordsLines);
      return { target: source.name, task, follow: false, previous: true, tail: last, since: undefined };
    }
    const previous = kind === 'previous';
    // What joins later is read from its beginning.
    const wasThere = task || previous || this.#atFirst.has(source.id);
    const range = wasThere ? { tail, since } : { tail: undefined, since: undefined };
    return { target: source.name, task, follow: !previous, previous, ...range };
  }

  async #push(stream: string, frame: LogFrame, channel: 'stdout' | 'stderr'): Promise<void> {
    this.#merge.push({ stream, channel, ...frame }, this.#options.clock.now());
    this.#flush();
    while (!this.#signal.aborted && (this.#merge.isFull(stream) || this.#isFull()))
      await new Promise<void>((resolve) => this.#room.push(resolve));
  }

  #isFull(): boolean {
    return this.#out.length >= waitingMaxLines || this.#outBytes >= waitingMaxBytes;
  }

  #flush(): void {
    const { clock } = this.#options;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#signal.aborted) return;
    const { lines, stalled, againAt } = this.#merge.take(clock.now());
    for (const { stream, at, channel, text } of lines) {
      const source = this.#sources.get(stream);
      this.#emit({ at, source: source?.name ?? '', cell: source?.cell ?? '', stream: channel, text });
      if (channel === 'note') this.#sources.delete(stream);
    }
    for (const stream of stalled)
      this.#note(
        `-- ${this.#sources.get(stream)?.name ?? stream} has not answered for 10 s: its lines may come out of order --`,
      );
    if (againAt !== undefined)
      this.#timer = clock.after(Math.max(1, againAt - clock.now()), () => this.#flush());
    if (!this.#isFull()) for (const resume of this.#room.splice(0)) resume();
  }

  #note(text: string): void {
    this.#emit({ at: this.#options.clock.now(), source: '', cell: '', stream: 'note', text });
  }

  #emit(line: LogLine): void {
    this.#out.push(line);
    this.#outBytes += line.text.length;
    this.#arrived?.();
    this.#arrived = undefined;
  }
}

function partsOf(target: { readonly lrp: string } | { readonly instance: string }): {
  guid: string;
  index: number | undefined;
} {
  if ('lrp' in target) return { guid: target.lrp, index: undefined };
  const slash = target.instance.lastIndexOf('/');
  return { guid: target.instance.slice(0, slash), index: Number(target.instance.slice(slash + 1)) };
}
