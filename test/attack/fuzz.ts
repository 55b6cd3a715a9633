/**
 * Fuzzes a real server over TLS: each request is answered or refused in the words of the catalogue, nothing is changed
 * by who may not, nothing is reported as unforeseen, and who asks properly is answered all the while. The same seed
 * sends the same requests. Used by fuzz.test.ts with a few, by `npm run fuzz` with many.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { staleHeader } from '../../src/api/core/paths.ts';
import { errorCatalogue, isErrorCode } from '../../src/base/core/errors.ts';
import { type Rng, seededRng } from '../../src/base/core/rng.ts';
import { mayDo } from '../../src/model/rights.ts';
import { type RawAnswer, type RawHttp, rawHttp } from '../kit/raw-http.ts';
import { type FuzzCaller, type FuzzServer, startFuzzServer } from './fuzz-server.ts';
import { Lines } from './lines.ts';
import { type SpoiledRequest, spoiledRequest } from './requests.ts';
import type { Target } from './targets.ts';

export interface FuzzOptions {
  readonly seed: number;
  /** Requests to each target. */
  readonly count: number;
  readonly targets: readonly Target[];
  readonly print?: ((line: string) => void) | undefined;
}

export interface FuzzResult {
  readonly requests: number;
  /** How many answers had each status; 0: the connection was ended without one. */
  readonly statuses: ReadonlyMap<number, number>;
  readonly failures: readonly string[];
  readonly slowestMs: number;
  /** Which request that was. */
  readonly slowest: string;
  readonly heapGrowthMb: number;
}

/** Of requests to a target, those of callers that may not. */
const refusedShare = 0.3;
const goodEvery = 100;
const failuresMax = 20;
/** Beyond it a request was waited for, not worked on. */
const answerDeadlineMs = 8_000;
const refusalMaxBytes = 32_768;
/** Of who may not; what is no HTTP or has too long headers is refused before anybody asks who sent it. */
const refusals = [401, 403, 400, 413];

export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const server = await startFuzzServer();
  const run = new FuzzRun(server, options);
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown): void => void rejections.push(reason);
  process.on('unhandledRejection', onRejection);
  try {
    for (const target of options.targets) {
      if (run.failures.length < failuresMax) await run.attack(target);
    }
    for (const reason of rejections) run.failures.push(`unhandled rejection: ${String(reason)}`);
    return run.result();
  } finally {
    process.off('unhandledRejection', onRejection);
    run.close();
    await server.close();
  }
}

class FuzzRun {
  readonly failures: string[] = [];
  readonly #fuzzed: FuzzServer;
  readonly #options: FuzzOptions;
  readonly #statuses = new Map<number, number>();
  readonly #lines = new Lines();
  #requests = 0;
  #slowestMs = 0;
  #slowest = '';
  #heapFirst: number | undefined;
  #heapLast = 0;

  constructor(fuzzed: FuzzServer, options: FuzzOptions) {
    this.#fuzzed = fuzzed;
    this.#options = options;
  }

  /** First those who may not, then those who may. */
  async attack(target: Target): Promise<void> {
    const { callers, server } = this.#fuzzed;
    await this.#fuzzed.reset();
    const allowed = callers.filter(({ roles }) => mayDo(roles, target.right));
    const refused = callers.filter((caller) => !allowed.includes(caller));
    const { count, seed } = this.#options;
    const rng = seededRng(seed ^ hashOf(target.name));
    const refusedCount = refused.length === 0 ? 0 : Math.ceil(count * refusedShare);
    const before = server.bbs.store.revision;
    for (let i = 0; i < refusedCount; i++)
      await this.#send(target, refused[i % refused.length], false, rng, i);
    if (server.bbs.store.revision !== before)
      this.#fail(target, 'a caller without the right changed the state');
    for (let i = refusedCount; i < count; i++)
      await this.#send(target, allowed[i % allowed.length], true, rng, i);
    for (const error of this.#fuzzed.errors.slice(0, 3)) this.#fail(target, `the log says ${error}`);
    (this.#fuzzed.errors as string[]).length = 0;
    this.#measureHeap();
    this.#options.print?.(
      `${target.name}: ${count} requests, heap ${Math.round(this.#heapLast / 1_048_576)} MiB`,
    );
  }

  result(): FuzzResult {
    return {
      requests: this.#requests,
      statuses: this.#statuses,
      failures: this.failures,
      slowestMs: this.#slowestMs,
      slowest: this.#slowest,
      heapGrowthMb: Math.round((this.#heapLast - (this.#heapFirst ?? 0)) / 1_048_576),
    };
  }

  close(): void {
    this.#lines.close();
  }

  async #send(
    target: Target,
    caller: FuzzCaller | undefined,
    may: boolean,
    rng: Rng,
    n: number,
  ): Promise<void> {
    if (caller === undefined || this.failures.length >= failuresMax) return;
    // A token may be tried ten times a minute.
    if (target.name === 'join') await this.#fuzzed.server.clock.advance(10_000);
    const request = spoiledRequest(target, rng, this.#fuzzed.known);
    const startedAt = performance.now();
    const answer = await this.#ask(caller, request);
    this.#requests += 1;
    const tookMs = performance.now() - startedAt;
    if (tookMs > this.#slowestMs)
      [this.#slowestMs, this.#slowest] = [tookMs, `request ${n} to ${target.name}`];
    const status = answer?.status ?? 0;
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
    const wrong = complaint(target, request, answer, may, tookMs);
    if (wrong !== undefined) this.#fail(target, `${wrong}\n${describe(n, caller, request, answer)}`);
    if (this.#requests % goodEvery === 0) await this.#askProperly(target);
  }

  /** The connections of the callers are used again, as clients do. */
  async #ask(caller: FuzzCaller, request: SpoiledRequest): Promise<RawAnswer | undefined> {
    const { server } = this.#fuzzed;
    const nobody = { current: () => ({ ca: server.authorities.cluster.certificate }) };
    const open = (): Promise<RawHttp> => rawHttp(server.listening.address, caller.holder ?? nobody);
    return await this.#lines.ask(caller.name, open, request);
  }

  /** Somebody who does nothing wrong is served as ever. */
  async #askProperly(target: Target): Promise<void> {
    const { server, callers } = this.#fuzzed;
    const viewer = callers.find(({ name }) => name === 'the-viewer')?.holder;
    try {
      const limits = { signal: AbortSignal.timeout(answerDeadlineMs) };
      await server.client(viewer).call('status', {}, limits);
    } catch (error) {
      this.#fail(target, `a proper request was not answered: ${String(error)}`);
    }
  }

  #fail(target: Target, what: string): void {
    this.failures.push(`${target.name} (seed ${this.#options.seed}): ${what}`);
  }

  #measureHeap(): void {
    setFlagsFromString('--expose_gc');
    (runInNewContext('gc') as () => void)();
    this.#heapLast = process.memoryUsage().heapUsed;
    this.#heapFirst ??= this.#heapLast;
  }
}

/** What is wrong with an answer; undefined when nothing is. */
function complaint(
  target: Target,
  request: SpoiledRequest,
  answer: RawAnswer | undefined,
  may: boolean,
  tookMs: number,
): string | undefined {
  if (tookMs > answerDeadlineMs) return `it took ${Math.round(tookMs)} ms`;
  if (answer === undefined)
    return request.breaksFraming ? undefined : 'the connection was ended without an answer';
  const isSame = !['path', 'method', 'framing'].some((part) => request.changed.includes(part));
  if (!may && isSame && !(target.isSocket ? [...refusals, 404] : refusals).includes(answer.status))
    return 'it was allowed';
  if (answer.status < 400) return undefined;
  if (answer.headers.get(staleHeader) !== undefined) return 'the copy of the state went stale';
  if (request.method === 'HEAD') return answer.status === 500 ? 'it failed' : undefined;
  return refusalComplaint(answer);
}

function refusalComplaint({ status, headers, body }: RawAnswer): string | undefined {
  if (!headers.get('content-type')?.startsWith('application/json')) return 'the refusal is not JSON';
  if (body.length > refusalMaxBytes) return `the refusal has ${body.length} characters`;
  let error: { code?: unknown; message?: unknown };
  try {
    ({ error } = JSON.parse(body) as { error: typeof error });
  } catch {
    return 'the refusal is not JSON';
  }
  if (!isErrorCode(error.code)) return 'its code is not in the catalogue';
  if (error.code === 'Internal') return 'it failed unforeseen';
  if (typeof error.message !== 'string' || error.message.length < 5) return 'it has no reason';
  if (status !== 405 && status !== errorCatalogue[error.code].status)
    return 'its status is not that of its code';
  return undefined;
}

function describe(
  n: number,
  caller: FuzzCaller,
  request: SpoiledRequest,
  answer: RawAnswer | undefined,
): string {
  const sent = JSON.stringify(request.bytes.subarray(0, 1_500).toString('latin1'));
  const got =
    answer === undefined ? 'nothing' : `${answer.status} ${JSON.stringify(answer.body.slice(0, 300))}`;
  return `  request ${n} of ${caller.name}, changed ${request.changed.join(', ')}: ${sent}\n  answer: ${got}`;
}

/** FNV-1a, so that the requests to one target do not depend on which others there are. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return hash >>> 0;
}
