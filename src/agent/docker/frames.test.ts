import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { demultiplex, type Frame, jsonLines } from './frames.ts';

const header = (stream: number, length: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes[0] = stream;
  bytes.writeUInt32BE(length, 4);
  return bytes;
};

/** Bytes in pieces of the given lengths, over and over. */
async function* inPieces(bytes: Uint8Array, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, piece = 0; at < bytes.length; piece++) {
    const length = lengths[piece % lengths.length] ?? bytes.length;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

const pieces = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });

describe('demultiplex', () => {
  const frames = fc.array(
    fc.record({
      stream: fc.constantFrom('stdout' as const, 'stderr' as const),
      data: fc.uint8Array({ maxLength: 90 }),
    }),
  );

  test('gives back the frames, however the bytes arrive', async () => {
    await fc.assert(
      fc.asyncProperty(frames, pieces, async (sent, lengths) => {
        const bytes = Buffer.concat(
          sent.flatMap(({ stream, data }) => [header(stream === 'stderr' ? 2 : 1, data.length), data]),
        );
        const got: Frame[] = await all(demultiplex(inPieces(bytes, lengths)));
        expect(got.map(({ stream, data }) => [stream, [...data]])).toEqual(
          sent.map(({ stream, data }) => [stream, [...data]]),
        );
      }),
      { seed: 7 },
    );
  });

  test.each([
    ['a stream of another kind', Buffer.from('plain text of a terminal')],
    ['a frame without end', header(1, 2 ** 31)],
  ])('refuses %s', async (_, bytes) => {
    await expect(all(demultiplex(inPieces(bytes, [3])))).rejects.toMatchObject({ code: 'Internal' });
  });
});

describe('jsonLines', () => {
  test('gives back the objects, however the bytes arrive', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.json()), pieces, async (texts, lengths) => {
        const bytes = Buffer.from(texts.map((text) => `${text}\r\n`).join('\n'));
        expect(await all(jsonLines(inPieces(bytes, lengths)))).toEqual(texts.map((text) => JSON.parse(text)));
      }),
      { seed: 7 },
    );
  });

  test('takes a last line without its end', async () => {
    expect(await all(jsonLines(inPieces(Buffer.from('{"a":1}\n{"a":2}'), [4])))).toEqual([
      { a: 1 },
      { a: 2 },
    ]);
  });

  test.each([
    ['what is no JSON', '<html>\n'],
    ['a line without end', 'x'.repeat(1_048_577)],
  ])('refuses %s', async (_, text) => {
    await expect(all(jsonLines(inPieces(Buffer.from(text), [65_536])))).rejects.toMatchObject({
      code: 'Internal',
    });
  });
});
