import { expect, test } from 'vitest';
import { refusalReader } from './exec-refusal.ts';
import type { Frame } from './frames.ts';

const refused = (why: string): string =>
  `OCI runtime exec failed: exec failed: unable to start container process: exec: "x": ${why}: unknown\r\n`;

async function through(text: string, status: number): Promise<[string, number | undefined]> {
  const reader = refusalReader();
  async function* output(): AsyncGenerator<Frame> {
    yield { stream: 'stdout', data: new TextEncoder().encode(text) };
  }
  const streams: string[] = [];
  for await (const frame of reader.read(output())) streams.push(frame.stream);
  return [streams.join(), reader.statusOf(status)];
}

test.each([
  [refused('executable file not found in $PATH'), 126, 'stderr', 127],
  [refused('stat /x: no such file or directory'), 127, 'stderr', 127],
  [refused('permission denied'), 126, 'stderr', 126],
  ['executable file not found', 126, 'stdout', 126],
  ['fine\n', 0, 'stdout', 0],
])('%j with status %i is %s and %i', async (text, status, stream, shown) => {
  expect(await through(text, status)).toEqual([stream, shown]);
});
