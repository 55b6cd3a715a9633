import { describe, expect, it } from 'vitest';
import { parseReleaseHeader } from './release-header.ts';
import { orderUpgrade, type UpgradeHost, type UpgradeWish } from './upgrade-order.ts';

const host = (name: string, version = '1', arch = 'x64'): UpgradeHost => ({ name, version, arch });
const wish: UpgradeWish = { version: '2', arches: new Set(['x64']), isRollback: false, cellsAtOnce: 2 };
const hosts = ['s1', 's2', 's3', 'c1', 'c2', 'c3'].map((name) => host(name));
const servers = ['s1', 's2', 's3'];

describe('the order of an upgrade', () => {
  it('begins with cells, so many at a time, and ends with the leader, servers one by one', () => {
    const order = orderUpgrade(hosts, servers, 's1', wish);
    expect(order.steps).toEqual([['c1', 'c2'], ['c3'], ['s2'], ['s3'], ['s1']]);
  });

  it('never takes two servers together, however many cells go at once', () => {
    const { steps } = orderUpgrade(hosts, servers, undefined, { ...wish, cellsAtOnce: 100 });
    for (const step of steps) expect(step.filter((name) => servers.includes(name)).length).toBeLessThan(2);
    expect(steps.flat().sort()).toEqual(hosts.map(({ name }) => name).sort());
  });

  it('goes on where it was stopped: who has the version is left alone', () => {
    const half = [host('c1', '2'), host('c2'), host('s1', '2')];
    const order = orderUpgrade(half, ['s1'], 's1', wish);
    expect(order).toMatchObject({ steps: [['c2']], done: ['c1', 's1'] });
  });

  it('takes back only those that run the version', () => {
    const half = [host('c1', '2'), host('c2'), host('s1', '2', 'arm64')];
    const order = orderUpgrade(half, ['s1'], 's1', { ...wish, isRollback: true });
    expect(order.steps).toEqual([['c1'], ['s1']]);
  });

  it('names the hosts that it cannot upgrade', () => {
    const order = orderUpgrade([host('c1', '1', 'arm64')], ['s9'], 's9', wish);
    expect(order).toMatchObject({ steps: [], foreign: [{ name: 'c1' }], unreachable: ['s9'] });
  });
});

describe('the first lines of a release file', () => {
  const good = '#!/bin/sh\n#skep-release 1\n#version 0.2.0\n#release 0.2.0-abc\n#arch x64\n#node 24\n';

  it('say version, release and processor', () => {
    expect(parseReleaseHeader(good)).toEqual({ version: '0.2.0', release: '0.2.0-abc', arch: 'x64' });
  });

  it('are none in another file, another format, or with text that is no name', () => {
    expect(parseReleaseHeader('#!/bin/sh\necho\n')).toBeUndefined();
    expect(parseReleaseHeader(good.replace('release 1', 'release 2'))).toBeUndefined();
    expect(parseReleaseHeader(good.replace('0.2.0\n', '../../x\n'))).toBeUndefined();
  });
});
