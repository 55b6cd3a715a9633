import { expect, test } from 'vitest';
import { hasProjectQuota, placementFacts } from './engine-info.ts';

const mounts = [
  '/dev/a / ext4 rw 0 0',
  '/dev/b /var/lib/docker xfs rw,relatime,prjquota 0 0',
  '/dev/c /var/lib/docker2 xfs rw,noquota 0 0',
  '/dev/d /data xfs rw,pquota,inode64 0 0',
  '/dev/e /data/ext ext4 rw,prjquota 0 0',
].join('\n');

test.each([
  ['/var/lib/docker', true],
  ['/var/lib/docker/x', true],
  ['/var/lib/docker2', false],
  ['/var/lib', false],
  ['/data/docker', true],
  ['/data/ext/docker', false],
])('whether %s lies on an xfs with project quotas: %s', (path, answer) => {
  expect(hasProjectQuota(mounts, path)).toBe(answer);
});

test('runtimes and volume drivers are told in order; an engine that says nothing of them has none', () => {
  const info = { Runtimes: { runsc: {}, runc: {} }, Plugins: { Volume: ['nfs', 'local'] } };
  expect(placementFacts(info)).toEqual({ runtimes: ['runc', 'runsc'], volumeDrivers: ['local', 'nfs'] });
  expect(placementFacts({ Runtimes: null, Plugins: { Volume: null } })).toEqual({
    runtimes: [],
    volumeDrivers: [],
  });
});
