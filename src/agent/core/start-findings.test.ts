/** What a crash reason says of a container that never became healthy; tables as Linux writes them. */
import { expect, test } from 'vitest';
import type { Container } from './container.ts';
import { parseListening, withFindings } from './start-findings.ts';

const header =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const rest = '00000000:00000000 00:00000000 00000000     0        0 8140432 1 0000000000000000 100 0 0 10 0';
const row = (local: string, state: string): string => `   0: ${local} 00000000:0000 ${state} ${rest}`;

test('only what listens counts, each once, by port; loopback alone is said', () => {
  const v4 = [header, row('00000000:1F90', '0A'), row('0100007F:0BB8', '0A'), row('050011AC:1F90', '01')];
  const any = '00000000000000000000000000000000';
  const v6 = [header, row(`${any}:1F90`, '0A'), row(`${any.slice(0, -8)}01000000:0050`, '0A')];
  expect(parseListening(v4.join('\n'), v6.join('\n'))).toEqual(['[::1]:80', '127.0.0.1:3000', '8080']);
  expect(parseListening(`${header}\n`, '')).toEqual([]);
});

test('says what the process does and where it listens', () => {
  const container = { pid: 17, ipAddress: '172.17.0.5' } as Container;
  const told = (state: string, listens: string[]): string =>
    withFindings('never', container, { name: 'httpd', state, listens });
  expect(told('S', ['127.0.0.1:3000', '8080'])).toBe(
    'never; at 172.17.0.5 process 17 (httpd) waits, listening at: 127.0.0.1:3000, 8080',
  );
  expect(told('T', [])).toBe(
    'never; at 172.17.0.5 process 17 (httpd) is stopped by a signal, nothing listens',
  );
  expect(told('X', [])).toContain('(httpd) is in state X, nothing listens');
  expect(withFindings('never', container, 'gone')).toBe(
    'never; the engine says that it runs, but there is no process 17',
  );
  expect(withFindings('never', container, undefined)).toBe('never');
});
