/**
 * HTTP as bytes over one TLS connection, for tests that say what no client says: each request gets the answer that
 * comes back, however the request was spoiled.
 */
import { connect, type TLSSocket } from 'node:tls';
import type { TlsSource } from '../../src/base/certificates.ts';

export interface RawAnswer {
  readonly status: number;
  /** Names in small letters. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface RawHttp {
  readonly isOpen: boolean;
  /**
   * Sends the bytes and resolves with the next answer; undefined when the server ends the connection without one, or
   * says nothing within the deadline.
   * @param hasBody false for answers to HEAD
   */
  ask(bytes: Uint8Array | string, hasBody?: boolean): Promise<RawAnswer | undefined>;
  /**
   * Whether the server ended the connection without a byte in answer to what was asked last, and only after the time
   * for which it had said that it would keep it unused: the request met a connection that was being closed, nobody
   * has read it, and it may be sent again on another one (RFC 9110 9.2.2, RFC 9112 9.5).
   */
  readonly endedUnused: boolean;
  close(): void;
}

const deadlineMs = 10_000;

/** Opens a connection as `holder`. */
export async function rawHttp(address: string, holder: TlsSource): Promise<RawHttp> {
  const [host = '', port = ''] = address.split(':');
  const { ca, certificate, key } = holder.current();
  const socket = await new Promise<TLSSocket>((resolve, reject) => {
    const own = certificate === undefined ? {} : { cert: certificate, key };
    const checkServerIdentity = (): undefined => undefined;
    const opening = connect({ host, port: Number(port), ca, ...own, checkServerIdentity }, () =>
      resolve(opening),
    );
    opening.once('error', reject);
  });
  let received: Buffer = Buffer.alloc(0);
  // Put together when enough is there: answers of many megabytes come in thousands of pieces.
  let pieces: Buffer[] = [];
  let waiting = 0;
  let needed = 0;
  const gather = (): void => {
    if (received.length + waiting < needed) return;
    received = Buffer.concat([received, ...pieces]);
    pieces = [];
    waiting = 0;
    needed = neededOf(received);
  };
  let isOpen = true;
  let askedAt = 0;
  // Never, until the server says how long. It counts from its answer, which comes later than this does.
  let keptUntil = Number.POSITIVE_INFINITY;
  let endedAt = 0;
  let wake = (): void => undefined;
  socket.on('error', () => undefined);
  socket.on('data', (data: Buffer) => {
    pieces.push(data);
    waiting += data.length;
    wake();
  });
  socket.on('close', () => {
    isOpen = false;
    endedAt = performance.now();
    wake();
  });

  return {
    get isOpen() {
      return isOpen;
    },
    get endedUnused() {
      return !isOpen && received.length + waiting === 0 && endedAt >= keptUntil;
    },
    ask(bytes, hasBody = true) {
      askedAt = performance.now();
      socket.write(bytes);
      return new Promise((resolve) => {
        const finish = (answer: RawAnswer | undefined): void => {
          clearTimeout(timer);
          wake = () => undefined;
          resolve(answer);
        };
        const timer = setTimeout(() => finish(undefined), deadlineMs);
        wake = () => {
          gather();
          const [answer, length] = parseAnswer(received, hasBody) ?? [];
          if (answer !== undefined) {
            received = received.subarray(length);
            needed = 0;
            keptUntil = askedAt + keptForMs(answer);
            finish(answer);
          } else if (!isOpen) finish(undefined);
        };
        wake();
      });
    },
    close: () => void socket.destroy(),
  };
}

/** How long the server keeps the connection for more, by its own word; for ever when it gives none. */
function keptForMs({ headers }: RawAnswer): number {
  const seconds = /\btimeout=(\d+)/.exec(headers.get('keep-alive') ?? '')?.[1];
  return seconds === undefined ? Number.POSITIVE_INFINITY : Number(seconds) * 1_000;
}

/**
 * How many bytes the first answer has with the interim ones before it, as far as its head tells. A caller that put an
 * answer of many megabytes together again for each piece took as long as a server that does not answer.
 */
export function neededOf(bytes: Buffer): number {
  const end = bytes.indexOf('\r\n\r\n');
  const head = end < 0 ? '' : bytes.subarray(0, end).toString('latin1');
  const from = end + 4;
  if (isInterim(statusOf(head))) return from + neededOf(bytes.subarray(from));
  return from + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
}

const statusOf = (head: string): number => Number(head.split(' ', 2)[1]);

/** 101 is the last that is said in HTTP. */
const isInterim = (status: number): boolean => status >= 100 && status < 200 && status !== 101;

/** The first whole answer and its length; interim answers (100) are skipped. */
function parseAnswer(bytes: Buffer, hasBody: boolean): [RawAnswer, number] | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const status = statusOf(first);
  const from = end + 4;
  if (isInterim(status)) {
    const later = parseAnswer(bytes.subarray(from), hasBody);
    return later && [later[0], later[1] + from];
  }
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  if (!hasBody || status === 101 || status === 204) return [{ status, headers, body: '' }, from];
  if (headers.get('transfer-encoding') === 'chunked') {
    const chunks = unchunk(bytes, from);
    return chunks && [{ status, headers, body: chunks.body.toString('utf8') }, chunks.end];
  }
  const length = Number(headers.get('content-length') ?? 0);
  if (bytes.length < from + length) return undefined;
  return [{ status, headers, body: bytes.subarray(from, from + length).toString('utf8') }, from + length];
}

function unchunk(bytes: Buffer, from: number): { readonly body: Buffer; readonly end: number } | undefined {
  const parts: Buffer[] = [];
  for (let at = from; ; ) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(bytes.subarray(at, line).toString('latin1'), 16);
    const next = line + 2 + size + 2;
    if (bytes.length < next) return undefined;
    if (size === 0) return { body: Buffer.concat(parts), end: next };
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = next;
  }
}
