import { expect, test } from 'vitest';
import { SkepError } from '../../base/core/errors.ts';
import { engineError } from './docker-errors.ts';

const answer = (statusCode: number, message: string) =>
  Object.assign(new Error('…'), { statusCode, json: { message } });
const broken = (code: string) => Object.assign(new Error(`connect ${code} /x.sock`), { code });

test.each([
  [broken('ENOENT'), 'Unavailable', 'no container engine answers at /x.sock'],
  [broken('ECONNREFUSED'), 'Unavailable', 'no container engine answers at /x.sock'],
  [broken('EACCES'), 'Unavailable', 'socket /x.sock may not be opened by this user'],
  [broken('ECONNRESET'), 'Unavailable', 'connection to the container engine at /x.sock failed'],
  [broken('ERR_STREAM_PREMATURE_CLOSE'), 'Unavailable', 'failed: connect ERR_STREAM_PREMATURE_CLOSE'],
  [answer(404, 'No such container: abc'), 'ResourceNotFound', 'No such container: abc'],
  [
    answer(404, 'no container with name or ID "abc" found: no such container'),
    'ResourceNotFound',
    'no such container',
  ],
  [answer(404, 'No such image: nginx:9'), 'ResourceNotFound', 'No such image: nginx:9'],
  [
    answer(409, 'Conflict. The container name "/skep-a-0-x" is already in use by container "9f".'),
    'ResourceExists',
    'already in use by container "9f"',
  ],
  [answer(409, 'Container 9f is not running'), 'NotRunning', 'Container 9f is not running'],
  [
    answer(409, 'can only create exec sessions on running containers: container state improper'),
    'NotRunning',
    'cannot x: can only',
  ],
  [answer(409, 'removal of container 9f is already in progress'), 'ResourceConflict', 'already in progress'],
  [
    answer(
      500,
      'driver failed programming external connectivity on endpoint skep-a-0-x (a0b1c2): Bind for 127.0.0.1:8080 failed: port is already allocated',
    ),
    'ResourceConflict',
    'cannot x: a host port is taken: Bind for 127.0.0.1:8080 failed: port is already allocated',
  ],
  [
    answer(500, 'Error starting userland proxy: listen tcp4 127.0.0.1:80: bind: address already in use'),
    'ResourceConflict',
    'a host port is taken: Error starting userland proxy',
  ],
  [
    answer(
      400,
      'failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "nope": executable file not found in $PATH: unknown',
    ),
    'InvalidRequest',
    'cannot x: the command cannot be run in this image: exec: "nope": executable file not found in $PATH',
  ],
  [
    answer(
      400,
      'failed to create task for container: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "/x": permission denied: unknown',
    ),
    'InvalidRequest',
    'cannot x: the command cannot be run in this image: exec: "/x": permission denied',
  ],
  [
    answer(
      500,
      'crun: executable file `nope` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found',
    ),
    'InvalidRequest',
    'cannot x: the command cannot be run in this image: executable file `nope` not found in $PATH',
  ],
  [
    answer(500, 'crun: open executable: Permission denied: OCI permission denied'),
    'InvalidRequest',
    'cannot x: the command cannot be run in this image: open executable: Permission denied',
  ],
  [
    answer(
      404,
      "pull access denied for a/b, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    ),
    'ResourceNotFound',
    'pull access denied for a/b',
  ],
  [
    answer(404, 'manifest for a:b not found: manifest unknown: manifest unknown'),
    'ResourceNotFound',
    'manifest for a:b',
  ],
  [answer(500, 'Get "https://r/v2/": dial tcp: lookup r: no such host'), 'Unavailable', 'no such host'],
  [answer(500, 'toomanyrequests: You have reached your pull rate limit.'), 'Unavailable', 'rate limit'],
  [answer(500, 'write /x: no space left on device'), 'InsufficientResources', 'no space left on device'],
  [
    answer(500, 'unable to find user bob: no matching entries in passwd file'),
    'InvalidRequest',
    'unable to find user bob',
  ],
  [answer(400, 'Minimum memory limit allowed is 6MB'), 'InvalidRequest', 'Minimum memory limit'],
  [answer(500, 'something new'), 'Internal', 'cannot x: something new'],
  [answer(418, 'something newer'), 'Internal', 'cannot x: something newer'],
  [new TypeError('x is not a function'), 'Internal', 'x is not a function'],
  ['text', 'Internal', 'cannot x: text'],
])('%s is %s', (error, code, message) => {
  const translated = engineError(error, 'x', '/x.sock');
  expect(translated.code).toBe(code);
  expect(translated.message).toContain(message);
  expect(translated.cause).toBe(error);
});

test('an answer without a parsed body is read from the message', () => {
  const error = Object.assign(new Error('(HTTP code 404) no such container - No such container: 9f '), {
    statusCode: 404,
    json: null,
  });
  expect(engineError(error, 'x', '/x.sock').message).toBe('cannot x: No such container: 9f');
});

test('an error of ours stays as it is', () => {
  const error = new SkepError('TooLarge', 'over the limit');
  expect(engineError(error, 'x', '/x.sock')).toBe(error);
});

test.each([
  [broken('ENOENT'), 'systemctl enable --now podman.socket'],
  [broken('EACCES'), 'run the agent as root'],
  [broken('ECONNRESET'), 'systemctl status podman; journalctl -u podman'],
  [answer(500, 'toomanyrequests: limit'), 'podman login'],
])('%s has a hint with the commands of Podman where that listens', (error, words) => {
  const { hint } = engineError(error, 'x', '/run/podman/podman.sock');
  expect(hint).toContain(words);
  expect(hint).not.toContain('docker');
});
