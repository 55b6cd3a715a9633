/** What raw-http.ts waits for before it puts pieces together. */
import { expect, test } from 'vitest';
import { neededOf } from './raw-http.ts';

test('an answer is waited for whole, behind interim ones too', () => {
  const interim = 'HTTP/1.1 100 Continue\r\n\r\n';
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n';
  expect(neededOf(Buffer.from(`${head}abc`))).toBe(head.length + 1_000);
  expect(neededOf(Buffer.from(`${interim}${head}abc`))).toBe(interim.length + head.length + 1_000);
  expect(neededOf(Buffer.from(interim))).toBeGreaterThan(interim.length);
  const upgrade = 'HTTP/1.1 101 Switching Protocols\r\n\r\n';
  expect(neededOf(Buffer.from(upgrade))).toBe(upgrade.length);
});
