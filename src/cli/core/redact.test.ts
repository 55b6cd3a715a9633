import fc from 'fast-check';
import { expect, test } from 'vitest';
import { redact } from './redact.ts';
import { tarOf } from './tar.ts';

test('every value goes, as it is and as JSON spells it, also inside JSON inside JSON', () => {
  const value = 'hun"ter\\2\n';
  const log = JSON.stringify({ msg: `exec failed: ${value}`, inner: JSON.stringify({ value }) });
  const text = redact(`${value} ${log}`, [value]);
  expect(text).not.toContain('hun');
  expect(JSON.parse(text.slice(text.indexOf('{')))).toMatchObject({ msg: 'exec failed: [removed]' });
});

test('one value that is part of another leaves nothing of it', () => {
  expect(redact('key=abcdef-ghijkl', ['abcdef', 'abcdef-ghijkl'])).toBe('key=[removed]');
});

test.each([
  ['password: hunter2', 'password: [removed]'],
  ['{"token":"a.b\\"c","n":1}', '{"token":[removed],"n":1}'],
  ['API_KEY=xyz next', 'API_KEY=[removed] next'],
  ['Authorization: Bearer abc.def', 'Authorization: [removed]'],
  ['amqp://user:pa55@host/v', 'amqp://[removed]@host/v'],
  ['mode: 1, count=true, 8080', 'mode: 1, count=true, 8080'],
])('%s', (text, wanted) => {
  expect(redact(text, ['1', 'true', '8080'])).toBe(wanted);
});

test('no value of four characters or more ever remains', () => {
  const value = fc.string({ minLength: 4, maxLength: 30 }).filter((text) => !/^\d+$/.test(text));
  const values = fc.array(value, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(values, fc.string(), (secrets, around) => {
      const text = redact(around + secrets.join(around) + JSON.stringify(secrets), secrets);
      // A value that is itself a part of what is put in its place proves nothing.
      for (const secret of secrets) {
        if (!'[removed][removed]'.includes(secret))
          expect(text.replaceAll('[removed]', '\u0000')).not.toContain(secret);
      }
    }),
  );
});

test('an archive is in blocks, with a checksum that tar believes', () => {
  const content = new TextEncoder().encode('x'.repeat(600));
  const tar = tarOf([{ name: 'a/b.txt', content }], 1_700_000_000_000);
  expect(tar.length).toBe(512 + 1_024 + 1_024);
  const header = tar.slice(0, 512);
  const said = Number.parseInt(new TextDecoder().decode(header.slice(148, 154)), 8);
  header.fill(32, 148, 156);
  expect(said).toBe(header.reduce((sum, byte) => sum + byte, 0));
});
