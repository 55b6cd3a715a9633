import { describe, expect, test } from 'vitest';
import type { ContainerSpec } from '../runtime.ts';
import { identityOf } from './container-labels.ts';
import { createOptions, type EngineAbility } from './container-spec.ts';

const plain: ContainerSpec = {
  identity: { clusterId: 'c', cellId: 'cell.1', kind: 'lrp', guid: 'web', index: 2, instanceGuid: 'abc' },
  image: 'nginx:1.27',
  args: [],
  env: [],
  dir: undefined,
  user: undefined,
  memoryMb: 128,
  diskMb: 512,
  cpuWeight: 100,
  cpuMilli: 0,
  maxPids: 1_024,
  privileged: false,
  ports: [],
  hostAddress: '127.0.0.1',
};
const ability: EngineAbility = { cpus: 4, canLimitDisk: false };
const hostConfig = (changes: Partial<ContainerSpec>, can: Partial<EngineAbility> = {}) =>
  createOptions({ ...plain, ...changes }, { ...ability, ...can }).HostConfig!;

describe('identity', () => {
  test('goes into the labels and comes back', () => {
    expect(identityOf(createOptions(plain, ability).Labels!)).toEqual(plain.identity);
  });

  test('may say of which definition it is', () => {
    const identity = { ...plain.identity, definition: 'e1/1' };
    expect(identityOf(createOptions({ ...plain, identity }, ability).Labels!)).toEqual(identity);
  });

  test.each(['skep.cluster', 'skep.cell', 'skep.kind', 'skep.guid', 'skep.index', 'skep.instance'])(
    'without %s is none',
    (label) => {
      const labels = createOptions(plain, ability).Labels!;
      expect(identityOf({ ...labels, [label]: undefined })).toBeUndefined();
      expect(identityOf({ ...labels, [label]: '' })).toBeUndefined();
    },
  );

  test.each([
    ['skep.kind', 'pod'],
    ['skep.index', '-1'],
    ['skep.index', '1.5'],
  ])('with %s=%s is none', (label, value) => {
    expect(identityOf({ ...createOptions(plain, ability).Labels, [label]: value })).toBeUndefined();
  });

  test('makes the name, so that a second container of it is refused', () => {
    expect(createOptions(plain, ability).name).toBe('skep-web-2-abc');
  });
});

describe('limits', () => {
  test('[diego 195-196] of 0 are none', () => {
    const limits = hostConfig({ memoryMb: 0, maxPids: 0, cpuMilli: 0, diskMb: 0 }, { canLimitDisk: true });
    for (const name of ['Memory', 'MemorySwap', 'NanoCpus', 'StorageOpt']) {
      expect(limits).not.toHaveProperty(name);
    }
    // Said: left out, Podman would set one of its own.
    expect(limits).toMatchObject({ PidsLimit: 0 });
  });

  test('of memory allow no swap', () => {
    expect(hostConfig({ memoryMb: 2 })).toMatchObject({ Memory: 2_097_152, MemorySwap: 2_097_152 });
  });

  test.each([
    [100, 1_024],
    [50, 512],
    [1, 10],
  ])('a weight of %i is %i shares', (cpuWeight, shares) => {
    expect(hostConfig({ cpuWeight }).CpuShares).toBe(shares);
  });

  test.each([
    [250, 250_000_000],
    [1, 10_000_000],
    [9_000, 4_000_000_000],
  ])('%i thousandths of a core are a quota of %i, within what the engine takes', (cpuMilli, nano) => {
    expect(hostConfig({ cpuMilli }).NanoCpus).toBe(nano);
  });

  test('[diego 189, 196] of disk are set where the engine can hold them', () => {
    expect(hostConfig({ diskMb: 512 }, { canLimitDisk: true }).StorageOpt).toEqual({ size: '512M' });
    expect(hostConfig({ diskMb: 512 }, { canLimitDisk: false })).not.toHaveProperty('StorageOpt');
  });
});

describe('rights', () => {
  test('are dropped unless asked for', () => {
    const rights = hostConfig({});
    expect(rights.CapDrop).toEqual(['ALL']);
    expect(rights.CapAdd).not.toEqual(expect.arrayContaining(['NET_RAW']));
    expect(rights.SecurityOpt).toEqual(['no-new-privileges']);
    expect(rights).not.toHaveProperty('Privileged');
  });

  test('are all there for a privileged container', () => {
    const rights = hostConfig({ privileged: true });
    expect(rights.Privileged).toBe(true);
    expect(rights).not.toHaveProperty('CapDrop');
    expect(rights).not.toHaveProperty('SecurityOpt');
  });
});

test('ports are exposed and bound on the host address', () => {
  const ports = [
    { containerPort: 80, hostPort: 20_000 },
    { containerPort: 443, hostPort: 20_001 },
  ];
  const options = createOptions({ ...plain, ports, hostAddress: '10.0.0.1' }, ability);
  expect(options.ExposedPorts).toEqual({ '80/tcp': {}, '443/tcp': {} });
  expect(options.HostConfig?.PortBindings).toEqual({
    '80/tcp': [{ HostIp: '10.0.0.1', HostPort: '20000' }],
    '443/tcp': [{ HostIp: '10.0.0.1', HostPort: '20001' }],
  });
});

test("an empty command leaves the image's own", () => {
  expect(createOptions(plain, ability)).not.toHaveProperty('Cmd');
  expect(createOptions({ ...plain, args: ['a', 'b'] }, ability).Cmd).toEqual(['a', 'b']);
});

test('[diego 8] of a name in the environment the last value counts', () => {
  const env = [
    { name: 'A', value: '1' },
    { name: 'B', value: '2' },
    { name: 'A', value: '3=x' },
  ];
  expect(createOptions({ ...plain, env }, ability).Env).toEqual(['A=3=x', 'B=2']);
});

test('the OCI runtime is the engine’s own choice unless one is asked for', () => {
  expect(hostConfig({})).not.toHaveProperty('Runtime');
  expect(hostConfig({ runtime: 'runsc' }).Runtime).toBe('runsc');
});
