/**
 * The two framings in which the engine streams: stdout and stderr in one connection, each chunk behind a
 * header of eight bytes; and JSON objects, one a line. Both read as they are asked for and bound what they hold.
 */
import { SkepError } from '../../base/core/errors.ts';

export interface Frame {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
}

const headerBytes = 8;
/** Docker writes at most 32 KiB a frame; Podman a whole log line. */
const maxFrameBytes = 16 * 1_048_576;
const maxJsonBytes = 1_048_576;

/** Splits a multiplexed stream into its frames. Throws `Internal` when it is not one. */
export async function* demultiplex(source: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  const buffer = new ByteQueue();
  for await (const chunk of source) {
    buffer.push(chunk);
    for (;;) {
      const header = buffer.peek(headerBytes);
      if (header === undefined) break;
      const length = frameLength(header);
      const frame = buffer.take(headerBytes + length);
      if (frame === undefined) break;
      // 0 is stdin echoed by a terminal, which people see as output too.
      yield { stream: header[0] === 2 ? 'stderr' : 'stdout', data: frame.subarray(headerBytes) };
    }
  }
}

function frameLength(header: Buffer): number {
  const length = header.readUInt32BE(4);
  if ((header[0] ?? 255) <= 2 && length <= maxFrameBytes) return length;
  throw new SkepError(
    'Internal',
    `the container engine sent a broken stream: header ${header.toString('hex')}`,
  );
}

/** Objects of a stream of JSON lines; blank lines are skipped. Throws on a line that is no JSON or endless. */
export async function* jsonLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of source) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maxJsonBytes)
      throw new SkepError('Internal', 'the container engine sent an endless line');
    for (const line of lines) if (line.trim() !== '') yield parse(line);
  }
  if (rest.trim() !== '') yield parse(rest);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (error) {
    throw new SkepError('Internal', `the container engine sent no JSON: ${line.slice(0, 200)}`, {
      cause: error,
    });
  }
}

/** Bytes in order of arrival, joined only when a piece spans chunks. */
class ByteQueue {
  #chunks: Buffer[] = [];
  #length = 0;

  push(chunk: Uint8Array): void {
    this.#chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.#length += chunk.byteLength;
  }

  peek(bytes: number): Buffer | undefined {
    if (this.#length < bytes) return undefined;
    return this.#joined(bytes).subarray(0, bytes);
  }

  take(bytes: number): Buffer | undefined {
    const head = this.peek(bytes);
    if (head === undefined) return undefined;
    const first = this.#joined(bytes);
    this.#chunks[0] = first.subarray(bytes);
    this.#length -= bytes;
    if (this.#chunks[0].byteLength === 0) this.#chunks.shift();
    return head;
  }

  /** The first chunk, made long enough. */
  #joined(bytes: number): Buffer {
    const first = this.#chunks[0];
    if (first !== undefined && first.byteLength >= bytes) return first;
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }
}
