import { expect, test } from 'vitest';
import { listenerInode, parseCmdline, parseStat } from './proc.ts';

const fields = (state: string, start: number): string =>
  `${state} 1 9 9 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 9 0 ${start} 11000 900`;

test('stat: the start time, whatever the name holds', () => {
  expect(parseStat(`9 (etcd) ${fields('S', 12345)}`)).toEqual({ startTime: 12345, dead: false });
  expect(parseStat(`9 (a) b (c d) ${fields('R', 7)}`)).toEqual({ startTime: 7, dead: false });
});

test('stat: a zombie is dead', () => {
  expect(parseStat(`9 (etcd) ${fields('Z', 1)}`)?.dead).toBe(true);
});

test('stat: other text is none', () => {
  expect(parseStat('')).toBeUndefined();
  expect(parseStat('9 (etcd) S 1')).toBeUndefined();
});

test('cmdline: words with spaces stay whole', () => {
  expect(parseCmdline('/usr/bin/etcd\0--name=a b\0--x\0')).toEqual(['/usr/bin/etcd', '--name=a b', '--x']);
});

const table = [
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
  '   0: 0100007F:1CE9 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0 100 0 0 10 0',
  '   1: 0100007F:1CE9 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4243 1 0 20 4 30 10 -1',
  '   2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4244 1 0 100 0 0 10 0',
  '',
].join('\n');

test('tcp: finds who listens, on the address or on all', () => {
  expect(listenerInode(table, '127.0.0.1', 7401)).toBe('4242');
  expect(listenerInode(table, '127.0.0.2', 80)).toBe('4244');
});

test('tcp: a listener on all of IPv6 has the port of every address', () => {
  const all =
    '   0: 00000000000000000000000000000000:1CE9 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 77 1';
  expect(listenerInode(all, '127.0.0.3', 7401)).toBe('77');
});

test('tcp: neither another address nor a connection is a listener', () => {
  expect(listenerInode(table, '127.0.0.2', 7401)).toBeUndefined();
  expect(listenerInode(table, '127.0.0.1', 40000)).toBeUndefined();
});
