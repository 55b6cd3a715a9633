import { describe, expect, test } from 'vitest';
import { parseCheck } from './check-flag.ts';
import {
  parseCpuMilli,
  parseDurationMs,
  parseEnvFile,
  parseEnvVar,
  parseFixedPort,
  parseLabel,
  parseMebibytes,
  parseSince,
  parseWhole,
} from './quantity.ts';

describe('durations', () => {
  test.each([
    ['0', 0],
    ['500ms', 500],
    ['90s', 90_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
  ])('%s', (text, ms) => expect(parseDurationMs('--timeout', text)).toBe(ms));

  test.each(['', '5', '-5s', '5 s', 's', '5x', '5s5', '1e3s', '99999999999999d'])('refuses %j', (text) => {
    expect(() => parseDurationMs('--timeout', text)).toThrow(
      `--timeout: ${JSON.stringify(text)} is not a duration`,
    );
  });
});

describe('sizes', () => {
  test.each([
    ['0', 0],
    ['256', 256],
    ['256M', 256],
    ['256mb', 256],
    ['1.5G', 1536],
    ['1GiB', 1024],
    ['1t', 1_048_576],
  ])('%s', (text, mb) => expect(parseMebibytes('-m', text)).toBe(mb));

  test.each(['', '-1', '12potatoes', '1.5', '1k', 'G', '1e3'])('refuses %j', (text) => {
    expect(() => parseMebibytes('-m', text)).toThrow(`-m: ${JSON.stringify(text)} is not a size`);
  });
});

describe('whole numbers', () => {
  test('within the range', () => expect(parseWhole('-n', '100000', 0, 100_000)).toBe(100_000));
  test.each(['-1', '100001', '1.5', 'lots', '', '0x10', '1e3', ' 1', '99999999999999999999'])(
    'refuses %j',
    (text) => {
      expect(() => parseWhole('-n', text, 0, 100_000)).toThrow('a whole number from 0 to 100000');
    },
  );
});

test.each([
  ['0.5', 500],
  ['2', 2000],
  ['0.001', 1],
])('cores: %s', (text, milli) => expect(parseCpuMilli('--cpus', text)).toBe(milli));
test.each(['-1', '0.0001', 'half', '1025'])('cores: refuses %j', (text) => {
  expect(() => parseCpuMilli('--cpus', text)).toThrow('a number of cores');
});

describe('variables', () => {
  test('keep everything after the first "="', () => {
    expect(parseEnvVar('A=b=c ', {})).toEqual({ name: 'A', value: 'b=c ' });
    expect(parseEnvVar('A=', {})).toEqual({ name: 'A', value: '' });
  });
  test('alone take their value from here', () => {
    expect(parseEnvVar('HOME', { HOME: '/root' })).toEqual({ name: 'HOME', value: '/root' });
    expect(() => parseEnvVar('NOPE', {})).toThrow('there is no variable NOPE');
  });
  test.each(['=x', 'a b=c'])('refuse %j', (text) =>
    expect(() => parseEnvVar(text, {})).toThrow('NAME=VALUE'),
  );
  test('in a file: comments and empty lines do not count, a wrong line is named', () => {
    expect(parseEnvFile('f', '# x\n\nA=1\r\nB=a b\n')).toEqual([
      { name: 'A', value: '1' },
      { name: 'B', value: 'a b' },
    ]);
    expect(() => parseEnvFile('f', 'A=1\noops\n')).toThrow('f:2: "oops"');
  });
  test('labels', () => {
    expect(parseLabel('a=b=c')).toEqual(['a', 'b=c']);
    expect(() => parseLabel('a')).toThrow('--label');
  });
});

describe('checks', () => {
  test.each([
    ['tcp:8080', { kind: 'tcp', port: 8080 }],
    ['http:80', { kind: 'http', port: 80, path: '/' }],
    ['http:80/a/b?c=d:e', { kind: 'http', port: 80, path: '/a/b?c=d:e' }],
    ['cmd:test -f /ready', { kind: 'command', args: ['sh', '-c', 'test -f /ready'] }],
  ])('%s', (text, check) => expect(parseCheck('--check', text)).toEqual(check));
  test.each(['', 'tcp', 'tcp:', 'udp:1', 'tcp:0', 'tcp:65536', 'http:/ping', 'cmd:'])(
    'refuses %j',
    (text) => {
      expect(() => parseCheck('--check', text)).toThrow('--check');
    },
  );
});

test('times: ago, ISO and since 1970', () => {
  const now = 1_700_000_000_000;
  expect(parseSince('--since', '15m', now)).toBe(now - 900_000);
  expect(parseSince('--since', '2023-11-14T22:13:20Z', now)).toBe(now);
  expect(parseSince('--since', '1700000000', now)).toBe(now);
  expect(() => parseSince('--since', 'yesterday', now)).toThrow('--since: "yesterday" is not a time');
});

test('a fixed port names the container and the host', () => {
  expect(parseFixedPort('8080:80')).toEqual({ containerPort: 8_080, hostPort: 80 });
  for (const wrong of ['80', '80:', '0:80', '80:65536', '1:2:3', 'a:b'])
    expect(() => parseFixedPort(wrong)).toThrow('--host-port');
});
