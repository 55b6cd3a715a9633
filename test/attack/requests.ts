/** One spoiled request to a target: valid input with something changed, as the bytes that are sent. Called by fuzz.ts. */
import { intBetween, type Rng } from '../../src/base/core/rng.ts';
import { hostileHeader, hostilePiece } from './hostile.ts';
import { bytesOf, mutateValue } from './mutate.ts';
import { type KnownStrings, pick, sampleOf } from './samples.ts';
import type { Target } from './targets.ts';

export interface SpoiledRequest {
  readonly method: string;
  readonly bytes: Buffer;
  /** What was changed, for the report. */
  readonly changed: readonly string[];
  /** After it the connection may hold half a request. */
  readonly breaksFraming: boolean;
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'PROPFIND', 'BREW'];
const parts = ['path', 'query', 'body', 'headers', 'method', 'framing', 'nothing'] as const;
const weights: Readonly<Record<(typeof parts)[number], number>> = {
  path: 0.25,
  query: 0.25,
  body: 0.6,
  headers: 0.15,
  method: 0.03,
  framing: 0.01,
  nothing: 0,
};

/** The same for the same seed. */
export function spoiledRequest(target: Target, rng: Rng, known: KnownStrings): SpoiledRequest {
  const changed = parts.filter((part) => rng.next() < weights[part]);
  const has = (part: (typeof parts)[number]): boolean => changed.includes(part);
  const method = has('method') ? pick(rng, methods) : target.method;
  const path = pathOf(target, rng, known, has('path'));
  const query = queryOf(target, rng, known, has('query'));
  const body = bodyOf(target, rng, known, has('body'));
  const lines = [`${method} ${path}${query} HTTP/1.1`, 'host: skep'];
  if (target.isSocket) lines.push(...upgradeLines(rng, has('headers')));
  if (has('headers')) for (let i = intBetween(rng, 1, 4); i > 0; i--) lines.push(hostileHeader(rng));
  if (has('framing')) return { ...broken(lines, body, rng), method, changed };
  if (body.length > 0 || rng.next() < 0.5) lines.push(`content-length: ${body.length}`);
  return { method, bytes: joined(lines, body), changed, breaksFraming: false };
}

const joined = (lines: readonly string[], body: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);

function pathOf(target: Target, rng: Rng, known: KnownStrings, isSpoiled: boolean): string {
  const values = (target.params === undefined ? {} : sampleOf(target.params, rng, known)) as object;
  const filled = Object.entries(values).reduce(
    (path, [name, value]) => path.replace(`:${name}`, encodeURIComponent(String(value))),
    target.path,
  );
  if (!isSpoiled) return filled;
  const segments = filled.split('/');
  const chance = rng.next();
  if (chance < 0.1) segments.push(hostilePiece(rng));
  else if (chance < 0.15) segments.splice(1, 0, '');
  else
    segments[chance < 0.85 ? segments.length - 1 : intBetween(rng, 1, segments.length - 1)] =
      hostilePiece(rng);
  return segments.join('/');
}

function queryOf(target: Target, rng: Rng, known: KnownStrings, isSpoiled: boolean): string {
  const values = (target.query === undefined ? {} : sampleOf(target.query, rng, known)) as object;
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => `${name}=${encodeURIComponent(asText(one))}`),
  );
  if (isSpoiled) {
    const name = pick(rng, [...Object.keys(values), 'extra', '__proto__', 'a[b]', 'limit', '%00']);
    pairs.push(`${name}=${hostilePiece(rng)}`);
    if (rng.next() < 0.1) pairs.push(...Array.from({ length: 200 }, (_, i) => `k${i}=1`));
  }
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function bodyOf(target: Target, rng: Rng, known: KnownStrings, isSpoiled: boolean): Buffer {
  if (target.body === undefined)
    return isSpoiled && rng.next() < 0.1 ? bytesOf({ a: 1 }, rng) : Buffer.alloc(0);
  const value = sampleOf(target.body, rng, known);
  return isSpoiled ? bytesOf(mutateValue(value, rng), rng) : Buffer.from(JSON.stringify(value));
}

function upgradeLines(rng: Rng, isSpoiled: boolean): string[] {
  const lines = [
    'connection: upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
  ];
  if (isSpoiled) {
    const at = intBetween(rng, 0, lines.length - 1);
    const name = lines[at]?.split(':')[0] ?? '';
    lines[at] = `${name}: ${pick(rng, ['', 'h2c', '99', 'keep-alive', 'x'.repeat(300)])}`;
  }
  return lines;
}

/** Requests whose end cannot be told, or is told twice. */
function broken(
  lines: readonly string[],
  body: Buffer,
  rng: Rng,
): Pick<SpoiledRequest, 'bytes' | 'breaksFraming'> {
  const more = [...lines, 'connection: close'];
  const [first = '', ...rest] = more;
  const length = `content-length: ${body.length}`;
  const bytes = pick(rng, [
    (): Buffer => joined([...more, length, 'transfer-encoding: chunked'], body),
    (): Buffer => joined([...more, length, 'content-length: 5'], body),
    (): Buffer => joined([...more, 'content-length: -1'], body),
    (): Buffer => joined([...more, 'content-length: 99999999999'], body),
    (): Buffer => joined([...more, 'transfer-encoding: chunked'], Buffer.from('zz\r\n')),
    (): Buffer => joined([...more, 'transfer-encoding: gzip'], body),
    (): Buffer => Buffer.from(`${more.join('\n')}\n\n`),
    (): Buffer => joined([first.replace('HTTP/1.1', 'HTTP/9.9'), ...rest], body),
    (): Buffer => joined([first.replace('HTTP/1.1', ''), ...rest], body),
    (): Buffer => joined([...more, ' folded: header', 'no colon', 'spa ce: 1'], body),
    (): Buffer => joined([...more, 'x: \u0000\u0001'], body),
    (): Buffer => Buffer.from(Array.from({ length: 100 }, () => intBetween(rng, 0, 255))),
  ])();
  return { bytes, breaksFraming: true };
}
