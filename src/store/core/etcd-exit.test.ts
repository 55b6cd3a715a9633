import { expect, test } from 'vitest';
import { explainExit } from './etcd-exit.ts';

const exited = { code: 1, killedBy: undefined };
const fatal = (error: string): string =>
  [
    '{"level":"info","ts":"x","msg":"starting an etcd server","error":"no"}',
    `{"level":"fatal","ts":"x","caller":"y","msg":"discovery failed","error":"${error}","stacktrace":"go.etcd.io"}`,
  ].join('\n');

/** Real last words of etcd 3.4.23. */
test.each([
  ['listen tcp 127.0.0.1:7401: bind: address already in use', 'Unavailable', 'port of etcd is taken'],
  [
    'listen tcp 10.9.9.9:7401: bind: cannot assign requested address',
    'InvalidConfig',
    'not an address of this',
  ],
  [
    'couldn\'t find local name \\"a\\" in the initial cluster configuration',
    'InvalidConfig',
    'another cluster',
  ],
  [
    'cannot fetch cluster info from peer urls: could not retrieve cluster information',
    'Unavailable',
    'no other server',
  ],
  ['error validating peerURLs {ClusterID:x}: member count is unequal', 'InvalidConfig', 'another cluster'],
  ['member 5c76a90ae78bcee7 has already been bootstrapped', 'InvalidConfig', 'another cluster'],
  ['wal: max entry size limit exceeded', 'Unavailable', 'damaged'],
  ['walpb: crc mismatch', 'Unavailable', 'damaged'],
  ['cannot access data directory: open x/.touch: permission denied', 'InvalidConfig', 'may not write'],
  ['write x: no space left on device', 'Unavailable', 'disk of the data folder is full'],
])('explains %s', (error, code, says) => {
  const reason = explainExit(fatal(error), exited);
  expect(reason.code).toBe(code);
  expect(reason.message).toContain(says);
  expect(reason.message).toContain('exit 1');
  expect(reason.message).toContain(error.replaceAll('\\"', '"'));
  expect(reason.hint).not.toBe('');
});

test('takes a panic’s own line, not its stack', () => {
  const log =
    'panic: freepages: failed to get all reachable pages (page 3)\n\ngoroutine 1 [running]:\nmain.main()\n';
  const reason = explainExit(log, { code: 2, killedBy: undefined });
  expect(reason.message).toContain('damaged');
  expect(reason.message).toContain('page 3');
  expect(reason.message).not.toContain('goroutine');
});

test('passes on what it does not know', () => {
  expect(explainExit(fatal('the moon is full'), exited).message).toBe(
    'etcd ended (exit 1): the moon is full',
  );
});

test('tells of a kill without making up a complaint', () => {
  const log =
    '{"level":"info","ts":"x","msg":"serving"}\n{"level":"warn","ts":"x","msg":"slow","error":"x"}\n';
  const reason = explainExit(log, { code: undefined, killedBy: 'SIGKILL' });
  expect(reason.message).toBe('etcd ended (killed by SIGKILL)');
  expect(explainExit('', { code: undefined, killedBy: undefined }).message).toBe('etcd ended');
});

test('a removed member is told how to come back', () => {
  const log =
    '{"level":"warn","msg":"server error","error":"the member has been permanently removed from the cluster"}';
  const reason = explainExit(log, { code: 0, killedBy: undefined });
  expect(reason.code).toBe('InvalidConfig');
  expect(reason.hint).toContain('--server=false');
});
