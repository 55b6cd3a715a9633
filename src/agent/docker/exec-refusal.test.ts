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

const podman = (why: string): string => `Error: crun: ${why}\n`;

test.each([
  [
    podman(
      'executable file `x` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found',
    ),
    127,
    'stderr',
    127,
  ],
  [podman('open executable: Permission denied: OCI permission denied'), 126, 'stderr', 126],
  ['Error: of the command itself\n', 126, 'stdout', 126],
  [refused('executable file not found in $PATH'), 126, 'stderr', 127],
  [refused('stat /x: no such file or directory'), 127, 'stderr', 127],
  [refused('permission denied'), 126, 'stderr', 126],
  ['executable file not found', 126, 'stdout', 126],
  ['fine\n', 0, 'stdout', 0],
])('%j with status %i is %s and %i', async (text, status, stream, shown) => {
  expect(await through(text, status)).toEqual([stream, shown]);
});

test("what Podman adds of its own plumbing is left out, and nothing of a command's", async () => {
  const plumbing = 'Error: read unixpacket @->/proc/self/fd/13/attach: read: connection reset by peer\n';
  const refusal = podman('open executable: Permission denied: OCI permission denied');
  const shown = async (...texts: string[]): Promise<string> => {
    async function* output(): AsyncGenerator<Frame> {
      for (const text of texts) yield { stream: 'stderr', data: new TextEncoder().encode(text) };
    }
    let all = '';
    for await (const { data } of refusalReader().read(output())) all += new TextDecoder().decode(data);
    return all;
  };
  expect(await shown(refusal + plumbing)).toBe(refusal);
  expect(await shown(refusal, plumbing)).toBe(refusal);
  expect(await shown('mine\n', plumbing)).toBe(`mine\n${plumbing}`);
});
