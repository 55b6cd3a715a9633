import { describe, expect, test } from 'vitest';
import { addressText, findEngine } from './engine-address.ts';

describe('without an address', () => {
  test.each([
    ['both engines', ['/var/run/docker.sock', '/run/podman/podman.sock'], '/var/run/docker.sock'],
    ['Podman alone', ['/run/podman/podman.sock'], '/run/podman/podman.sock'],
    ['none', [], '/var/run/docker.sock'],
  ])('and with %s', (_, there, path) => {
    expect(findEngine(undefined, (candidate) => there.includes(candidate))).toEqual({ kind: 'socket', path });
  });
});

test.each([
  ['unix:///run/x.sock', '/run/x.sock'],
  ['tcp://127.0.0.1:2375', 'tcp://127.0.0.1:2375'],
  ['tcp://engine.local', 'tcp://engine.local:2375'],
  ['tcp://[::1]:99', 'tcp://::1:99'],
])('%s is understood', (dockerHost, text) => {
  expect(addressText(findEngine(dockerHost, () => true))).toBe(text);
});

test.each(['ssh://host', 'npipe:////./pipe/x', 'unix://', 'unix://relative', 'localhost', 'tcp://a:b'])(
  '%s is refused',
  (dockerHost) => {
    expect(() => findEngine(dockerHost)).toThrow(
      expect.objectContaining({ code: 'InvalidConfig', message: expect.stringContaining(dockerHost) }),
    );
  },
);
