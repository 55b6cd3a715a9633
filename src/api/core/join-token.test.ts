import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRng } from '../../base/core/rng.ts';
import { formatToken, newTokenId, newTokenSecret, parseToken } from './join-token.ts';

test('what is written is read again', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.integer(), (pin, seed) => {
      const rng = seededRng(seed);
      const token = { pin, id: newTokenId(rng), secret: newTokenSecret(rng) };
      expect(parseToken(`${formatToken(token)}\n`)).toEqual({ ...token, pin: Uint8Array.from(pin) });
    }),
  );
});

test.each(['', 'SKEP1', 'SKEP2-a-b-c', `SKEP1-${'a'.repeat(51)}-abcdefgh-${'x'.repeat(26)}`])(
  'refuses %j without repeating it',
  (text) => {
    expect(() => parseToken(text)).toThrow(/^this is no join token$/);
  },
);
