import { expect, test } from 'vitest';
import { type HostProbe, hostChecks } from './host-doctor.ts';

const well: HostProbe = {
  dataDir: '/var/lib/skep',
  engine: {
    found: { name: 'docker 24.0.7', driver: 'overlay2', liveRestore: true, cgroupVersion: '2', warnings: [] },
  },
  disk: { found: { freeMb: 50_000, totalMb: 100_000 } },
  fsyncMs: { found: [0.4, 0.5, 0.6, 9] },
  openFiles: { found: 1_048_576 },
  memory: { found: { availableMb: 8_000, totalMb: 16_000 } },
  kernel: {
    found: {
      release: '6.1.0',
      overlay: true,
      forwarding: true,
      controllers: ['cpu', 'memory', 'pids', 'io'],
    },
  },
  unit: { found: { active: 'active', enabled: 'enabled', restarts: 0 } },
  clockSynchronised: { found: true },
};
const engine = 'found' in well.engine ? well.engine.found : undefined;
if (engine === undefined) throw new Error('the example has an engine');
const kernel = 'found' in well.kernel ? well.kernel.found : undefined;
if (kernel === undefined) throw new Error('the example has a kernel');

/** What is not ok: id → verdict. */
function findings(change: Partial<HostProbe>): Record<string, string> {
  const checks = hostChecks({ ...well, ...change });
  for (const { verdict, remedy, id } of checks) {
    if (verdict === 'ok') expect(remedy, id).toBeUndefined();
    if (verdict === 'warn' || verdict === 'bad') expect(remedy, id).toMatch(/\w/);
  }
  return Object.fromEntries(
    checks.filter(({ verdict }) => verdict !== 'ok').map(({ id, verdict }) => [id, verdict]),
  );
}

test('a host that is well has no finding, and no remedy', () => {
  expect(findings({})).toEqual({});
});

test.each<[string, Partial<HostProbe>, Record<string, string>]>([
  ['no engine', { engine: { missing: 'ECONNREFUSED' } }, { engine: 'bad' }],
  ['an old engine', { engine: { found: { ...engine, name: 'docker 19.03.1' } } }, { engine: 'warn' }],
  [
    'an engine that ends with its containers',
    { engine: { found: { ...engine, liveRestore: false } } },
    { 'engine.live-restore': 'warn' },
  ],
  [
    'podman has no daemon to restart',
    { engine: { found: { ...engine, name: 'podman 4.3.1', liveRestore: false } } },
    {},
  ],
  [
    'podman, which is silent about lack of memory there',
    { engine: { found: { ...engine, name: 'podman 4.3.1', cgroupVersion: '1' } } },
    { 'engine.cgroups': 'warn' },
  ],
  ['an old podman', { engine: { found: { ...engine, name: 'podman 3.4.4' } } }, { engine: 'warn' }],
  ['a slow driver', { engine: { found: { ...engine, driver: 'vfs' } } }, { 'engine.driver': 'warn' }],
  [
    'no limits',
    { engine: { found: { ...engine, warnings: ['WARNING: No memory limit support'] } } },
    { 'engine.limits': 'warn' },
  ],
  ['a disk that fills', { disk: { found: { freeMb: 5_000, totalMb: 100_000 } } }, { 'disk.space': 'warn' }],
  [
    'a small disk, half empty',
    { disk: { found: { freeMb: 500, totalMb: 1_000 } } },
    { 'disk.space': 'warn' },
  ],
  ['a full disk', { disk: { found: { freeMb: 100, totalMb: 100_000 } } }, { 'disk.space': 'bad' }],
  ['a slow disk', { fsyncMs: { found: [20, 21, 22] } }, { 'disk.fsync': 'warn' }],
  ['a disk that is no use', { fsyncMs: { found: [200, 210, 220] } }, { 'disk.fsync': 'bad' }],
  ['few files', { openFiles: { found: 1_024 } }, { 'files.open': 'warn' }],
  ['no memory', { memory: { found: { availableMb: 100, totalMb: 16_000 } } }, { memory: 'bad' }],
  [
    'no controllers',
    { kernel: { found: { ...kernel, controllers: ['cpu'] } } },
    { 'kernel.controllers': 'bad' },
  ],
  ['no forwarding', { kernel: { found: { ...kernel, forwarding: false } } }, { 'kernel.forwarding': 'bad' }],
  ['a clock of its own', { clockSynchronised: { found: false } }, { 'clock.synchronised': 'warn' }],
  [
    'a failed unit',
    { unit: { found: { active: 'failed', enabled: 'enabled', restarts: 5 } } },
    { unit: 'bad' },
  ],
  [
    'gone after a reboot',
    { unit: { found: { active: 'active', enabled: 'disabled', restarts: 0 } } },
    { unit: 'warn' },
  ],
  ['no systemd', { unit: { found: undefined } }, {}],
  [
    'what cannot be asked is no fault',
    { clockSynchronised: { missing: 'no timedatectl' } },
    { 'clock.synchronised': 'unknown' },
  ],
])('%s', (_what, change, wanted) => {
  expect(findings(change)).toEqual(wanted);
});

test.each<[string, Partial<HostProbe>, string]>([
  [
    'away',
    { engine: { missing: 'the container engine: connect ENOENT /run/podman/podman.sock' } },
    'podman.socket',
  ],
  ['slow', { engine: { found: { ...engine, name: 'podman 4.3.1', driver: 'vfs' } } }, 'storage.conf'],
])('a Podman that is %s has a remedy of its own', (_, change, words) => {
  const remedies = hostChecks({ ...well, ...change }).map(({ remedy }) => remedy ?? '');
  expect(remedies.join()).toContain(words);
  expect(remedies.join()).not.toContain('docker');
});
