/** What somebody sends who means harm: values for JSON, pieces for paths and queries, and whole bodies. */
import { intBetween, type Rng } from '../../src/base/core/rng.ts';
import { pick } from './samples.ts';

const escape = '\u001b';
/** Text that a terminal would obey, or that hides or turns other text around. */
export const terminalTricks = [
  `${escape}[2J${escape}[1;1H`,
  `${escape}]0;owned\u0007`,
  `${escape}]8;;http://evil.example\u0007click${escape}]8;;\u0007`,
  `${escape}P+q544e${escape}\\`,
  `${escape}_Ga=T;AAAA${escape}\\`,
  '\u009b31m\u009d0;t\u009c',
  'a\rb\nc\u0008\u0000\u007f',
  'txt\u202eexe\u202c\u2066x\u2069\u200e\u200f\u061c',
  'a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg\u{e0041}\u180e',
  '\ud800 \udc00',
  '\u2028\u2029',
] as const;

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

const constants: readonly unknown[] = [
  null,
  true,
  '',
  -1,
  0,
  -0,
  1.5,
  2 ** 53,
  -(2 ** 63),
  1e308,
  '0',
  'null',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  {},
  [],
  [[]],
  { constructor: { prototype: { admin: true } } },
  { toString: 1, valueOf: null, hasOwnProperty: 2 },
  '${7*7}{{7*7}}%s%n$(id)`id`',
  "' OR 1=1 --",
  ...terminalTricks,
];

/** Any one of them; large ones are rare. */
export function hostileValue(rng: Rng): unknown {
  const chance = rng.next();
  if (chance < 0.85) return pick(rng, constants);
  if (chance < 0.9) return 'x'.repeat(intBetween(rng, 100, 20_000));
  if (chance < 0.93) return '\u0000'.repeat(intBetween(rng, 1, 200));
  if (chance < 0.96) return nested(intBetween(rng, 10, 2_000));
  if (chance < 0.98) return Array.from({ length: intBetween(rng, 100, 5_000) }, (_, i) => i);
  return Object.fromEntries(Array.from({ length: intBetween(rng, 50, 2_000) }, (_, i) => [`k${i}`, i]));
}

const pieces: readonly string[] = [
  '',
  '%00',
  '%zz',
  '%',
  '%c0%ae%c0%ae',
  '%ff%fe',
  '..',
  '.',
  '%2e%2e%2f%2e%2e%2f',
  'a%2fb',
  'a%0d%0aX-Evil:%201',
  '%1b%5b2J',
  '%e2%80%ae',
  '__proto__',
  'constructor',
  'NaN',
  'Infinity',
  '-1',
  '1e999',
  '99999999999999999999',
  '0x10',
  '*',
  ';rm -rf',
  ':guid',
  '%F0%9F%92%A9',
  '{}',
  '[]',
  'a'.repeat(129),
];

/** A piece of a path or a query, percent-encoded or not. */
export function hostilePiece(rng: Rng): string {
  if (rng.next() < 0.05) return 'a'.repeat(intBetween(rng, 200, 9_000));
  return pick(rng, pieces).replaceAll(' ', '%20');
}

const headers: readonly string[] = [
  'content-encoding: gzip',
  'content-encoding: br, gzip, deflate',
  'content-type: text/html',
  'content-type: multipart/form-data; boundary=x',
  'content-type: application/json; charset=utf-16',
  'content-type: ;;;',
  'accept: application/xml',
  'accept-encoding: gzip;q=1.0, *;q=0',
  'x-forwarded-for: 127.0.0.1',
  'x-http-method-override: DELETE',
  'x-real-ip: 127.0.0.1',
  'authorization: Basic cm9vdDpyb290',
  'cookie: admin=1',
  'skep-ticket: 0000',
  'origin: http://evil.example',
  'sec-fetch-site: cross-site',
  'range: bytes=0-1',
  'if-none-match: *',
  'expect: 100-continue',
  'expect: the-impossible',
  'host: evil.example:1\u0009',
  'accept-version: 9.9.9',
  'via: 1.1 x',
  'x: \u00ff\u00fe\u0080',
  'trailer: x',
  '__proto__: 1',
];

/** A whole header line. */
export const hostileHeader = (rng: Rng): string =>
  rng.next() < 0.03 ? `x-long: ${'y'.repeat(intBetween(rng, 1_000, 20_000))}` : pick(rng, headers);

const texts: readonly string[] = [
  '',
  'null',
  'true',
  '1e999',
  '"text"',
  '[]',
  '{',
  '{"a":NaN}',
  '{"a":Infinity}',
  '{"a":-}',
  "{'a':1}",
  '{"a":1,}',
  '\ufeff{}',
  '{}{}',
  '{} // comment',
  '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
  '{"__proto__":{"admin":true}}',
  '{"constructor":{"prototype":{"admin":true}}}',
  'a=1&b=2',
];

/** Bytes that take the place of a body. */
export function hostileBytes(rng: Rng): Buffer {
  const chance = rng.next();
  if (chance < 0.6) return Buffer.from(pick(rng, texts));
  if (chance < 0.75) return Buffer.from('['.repeat(intBetween(rng, 10, 100_000)));
  if (chance < 0.78) return Buffer.alloc(1_048_577 + intBetween(rng, 0, 1_000), 0x20);
  // The beginning of gzip, and bytes that are no UTF-8.
  if (chance < 0.85) return Buffer.from('1f8b0800000000000003abae0500afd0a1d2', 'hex');
  return Buffer.from(Array.from({ length: intBetween(rng, 1, 200) }, () => intBetween(rng, 0, 255)));
}
