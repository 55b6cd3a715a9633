import { describe, expect, test } from 'vitest';
import { addressText, findEngine } from './engine-address.ts';

describe('without an address', () => {
  test.each([
    ['both engines', ['/var/run/docker.sock', '/run/podman/podman.sock'], '/var/run/docker.sock'],
    ['Podman alone', ['/run/podman/podman.sock'], '/run/podman/podman.sock'],
    ['none', [], '/var/run/docker.sock'],
  ])('and with %s', (_, there, path) => {
    const surroundings = { environment: {}, exists: (candidate: string) => there.includes(candidate) };
    expect(findEngine(undefined, surroundings)).toEqual({ kind: 'socket', path });
  });
});

test('DOCKER_HOST counts where the settings name none, for whoever asks', () => {
  const surroundings = { environment: { DOCKER_HOST: 'unix:///run/env.sock' }, exists: () => true };
  expect(findEngine(undefined, surroundings)).toEqual({ kind: 'socket', path: '/run/env.sock' });
  expect(findEngine('unix:///run/file.sock', surroundings)).toEqual({
    kind: 'socket',
    path: '/run/file.sock',
  });
});

test.each([
  ['unix:///run/x.sock', '/run/x.sock'],
  ['tcp://127.0.0.1:2375', 'tcp://127.0.0.1:2375'],
  ['tcp://engine.local', 'tcp://engine.local:2375'],
  ['tcp://[::1]:99', 'tcp://::1:99'],
])('%s is understood', (dockerHost, text) => {
  expect(addressText(findEngine(dockerHost))).toBe(text);
});

test.each(['ssh://host', 'npipe:////./pipe/x', 'unix://', 'unix://relative', 'localhost', 'tcp://a:b'])(
  '%s is refused',
  (dockerHost) => {
    expect(() => findEngine(dockerHost)).toThrow(
      expect.objectContaining({ code: 'InvalidConfig', message: expect.stringContaining(dockerHost) }),
    );
  },
);
