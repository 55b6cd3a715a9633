/** What `--grep` takes, and that no expression holds up the CLI. */
import { expect, test } from 'vitest';
import { printerOptionsOf } from './log-flags.ts';
import type { Session } from './session.ts';

const session = {
  io: { clock: { now: () => 0 }, offsetMinutes: () => 0 },
  colour: false,
  format: 'table',
} as unknown as Session;

const matcher = async (grep: string): Promise<(text: string) => boolean> =>
  (await printerOptionsOf(session, { grep, lines: 100, prefix: true })).matches;

test('capitals count, and it may be anywhere', async () => {
  const matches = await matcher('err[0-9]+ (a|b)');
  expect(['an err12 b', 'ERR12 b', 'err b'].map(matches)).toEqual([true, false, false]);
});

test('one that would take for ever is run in time that grows with the line', async () => {
  const matches = await matcher('(a+)+$');
  expect(matches(`${'a'.repeat(40_000)}b`)).toBe(false);
});

test.each(['(', '(a+)+\\1', 'a{900}b{900}(c*)*'])('%j is refused with what to do', async (grep) => {
  await expect(matcher(grep)).rejects.toMatchObject({
    code: 'InvalidRequest',
    field: '--grep',
    hint: expect.stringContaining('pipe into grep'),
  });
});
