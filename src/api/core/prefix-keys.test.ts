import { expect, test } from 'vitest';
import { PrefixKeys } from './prefix-keys.ts';

/** `{action}` for actions, the rest as typed. */
function shown(chunks: readonly string[]): string {
  const keys = new PrefixKeys();
  const pieces = chunks.flatMap((chunk) => keys.take(new TextEncoder().encode(chunk)));
  return pieces
    .map((piece) => (piece.kind === 'input' ? new TextDecoder().decode(piece.bytes) : `{${piece.action}}`))
    .join('');
}

test('the prefix may be another key', () => {
  const keys = new PrefixKeys(0x1e);
  const typed = new TextEncoder().encode('\u001dd\u001ed');
  expect(keys.take(typed).map(({ kind }) => kind)).toEqual(['input', 'action']);
});

test.each([
  ['plain', 'plain'],
  ['ab\u001ddcd', 'ab{detach}cd'],
  ['\u001dx', '{close}'],
  ['\u001d?', '{help}'],
  ['\u001dq rest', '{unknown} rest'],
  ['a\u001d\u001db', 'a\u001db'],
  ['\u001d\u001d\u001dd', '\u001d{detach}'],
  ['é\u001ddü', 'é{detach}ü'],
])('%j is %j, however it is split', (typed, expected) => {
  expect(shown([typed])).toBe(expected);
  expect(shown(Array.from(typed))).toBe(expected);
});
