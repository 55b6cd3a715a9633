/**
 * What facts of a host mean for Skep: verdicts and remedies. Pure; host/host-probe.ts finds the facts. Used by
 * `skep doctor`, also while the agent is down, and by every server for `GET /v1/doctor`.
 */
import { atLeast, atMost, type Check, check } from '../../api/core/doctor-shapes.ts';

/** A fact, or why it could not be had. */
export type Found<T> = { readonly found: T } | { readonly missing: string };

export interface EngineFacts {
  /** `docker 20.10.24`. */
  readonly name: string;
  readonly driver: string;
  readonly liveRestore: boolean;
  /** `1` or `2`. */
  readonly cgroupVersion: string;
  /** What the engine itself warns of: limits that this kernel cannot set. */
  readonly warnings: readonly string[];
}

export interface HostProbe {
  readonly dataDir: string;
  readonly engine: Found<EngineFacts>;
  readonly disk: Found<{ readonly freeMb: number; readonly totalMb: number }>;
  /** How long each of some small writes took until it was durable. */
  readonly fsyncMs: Found<readonly number[]>;
  /** The soft limit of the agent, or of this process where no agent runs. */
  readonly openFiles: Found<number>;
  readonly memory: Found<{ readonly availableMb: number; readonly totalMb: number }>;
  readonly kernel: Found<{
    readonly release: string;
    readonly overlay: boolean;
    readonly forwarding: boolean;
    readonly controllers: readonly string[];
  }>;
  /** Undefined where systemd does not run, or knows no such unit. */
  readonly unit: Found<
    { readonly active: string; readonly enabled: string; readonly restarts: number } | undefined
  >;
  /** Whether the kernel counts this host's clock as synchronised. */
  readonly clockSynchronised: Found<boolean>;
}

/** One check for each question, in the order in which an operator would ask them. */
export function hostChecks(probe: HostProbe): Check[] {
  return [
    ...engineChecks(probe.engine),
    diskSpace(probe),
    diskLatency(probe),
    memoryCheck(probe.memory),
    openFilesCheck(probe.openFiles),
    ...kernelChecks(probe.kernel),
    clockCheck(probe.clockSynchronised),
    unitCheck(probe.unit),
  ];
}

function asked<T>(id: string, fact: Found<T>, verdict: (found: T) => Check): Check {
  return 'found' in fact ? verdict(fact.found) : check(id, 'unknown', fact.missing);
}

const goodDrivers: readonly string[] = ['overlay2', 'overlayfs', 'overlay', 'btrfs', 'zfs'];
/** What Skep was tried with: docs/installing.md. */
const oldest: Readonly<Record<string, readonly [major: number, minor: number]>> = {
  docker: [20, 10],
  podman: [4, 3],
};

function engineChecks(engine: Found<EngineFacts>): Check[] {
  if ('missing' in engine) {
    return [
      check(
        'engine',
        'bad',
        engine.missing,
        engine.missing.includes('podman.sock')
          ? 'systemctl enable --now podman.socket'
          : 'systemctl start docker   # none yet? apt-get install docker.io',
      ),
    ];
  }
  const { name, driver, liveRestore, cgroupVersion, warnings } = engine.found;
  const podman = name.startsWith('podman');
  const driverVerdict = goodDrivers.includes(driver) ? 'ok' : 'warn';
  const checks = [
    check(
      'engine',
      isOld(name) ? 'warn' : 'ok',
      name,
      'upgrade the container engine: Docker to 20.10 or later, Podman to 4.3 or later',
    ),
    check(
      'engine.driver',
      driverVerdict,
      driver,
      podman
        ? 'set driver = "overlay" in /etc/containers/storage.conf, then: podman system reset   # removes every container'
        : 'set "storage-driver": "overlay2" in /etc/docker/daemon.json',
    ),
    podman && cgroupVersion === '1'
      ? check(
          'engine.cgroups',
          'warn',
          'version 1: Podman does not tell there that a container ran out of memory, only status 137',
          'boot with: systemd.unified_cgroup_hierarchy=1   (GRUB_CMDLINE_LINUX in /etc/default/grub)',
        )
      : check('engine.cgroups', 'ok', `version ${cgroupVersion}`),
  ];
  if (!podman) {
    checks.push(
      check(
        'engine.live-restore',
        liveRestore ? 'ok' : 'warn',
        liveRestore ? 'on' : 'off: a restart of the engine stops every container of this host',
        'set "live-restore": true in /etc/docker/daemon.json, then: systemctl reload docker',
      ),
    );
  }
  const limits = warnings.filter((text) => /No (memory|pids|cpu)/i.test(text));
  if (limits.length > 0) {
    const remedy =
      'boot with: cgroup_enable=memory swapaccount=1   (GRUB_CMDLINE_LINUX in /etc/default/grub)';
    checks.push(
      check('engine.limits', 'warn', limits.map((text) => text.replace(/^WARNING: /, '')).join('; '), remedy),
    );
  }
  return checks;
}

function isOld(name: string): boolean {
  const [, kind = '', major, minor] = /^(\w+) (\d+)\.(\d+)/.exec(name) ?? [];
  if (major === undefined) return false;
  const [oldMajor, oldMinor] = oldest[kind] ?? [0, 0];
  return Number(major) < oldMajor || (Number(major) === oldMajor && Number(minor) < oldMinor);
}

function diskSpace({ disk, dataDir }: HostProbe): Check {
  return asked('disk.space', disk, ({ freeMb, totalMb }) => {
    const share = (freeMb / Math.max(1, totalMb)) * 100;
    const bySize = atLeast(freeMb, { warn: 2_048, bad: 256 });
    const byShare = atLeast(share, { warn: 10, bad: 2 });
    const worst = [bySize, byShare].includes('bad')
      ? 'bad'
      : bySize === 'ok' && byShare === 'ok'
        ? 'ok'
        : 'warn';
    const value = `${freeMb} of ${totalMb} MiB are free on the disk of ${dataDir}`;
    return check(
      'disk.space',
      worst,
      value,
      `du -xh --max-depth=2 ${dataDir} | sort -h | tail; docker system prune`,
    );
  });
}

/** etcd's own advice: 99 of 100 within 10 ms. Above a tenth of a second elections begin. */
function diskLatency({ fsyncMs, dataDir }: HostProbe): Check {
  return asked('disk.fsync', fsyncMs, (times) => {
    const sorted = [...times].sort((a, b) => a - b);
    const slowest = sorted.at(-1) ?? 0;
    const middle = sorted[Math.floor(sorted.length / 2)] ?? 0;
    const value = `${middle.toFixed(1)} ms a write, ${slowest.toFixed(1)} ms the slowest of ${sorted.length}, in ${dataDir}`;
    const verdict = atMost(middle, { warn: 10, bad: 100 });
    return check(
      'disk.fsync',
      verdict,
      value,
      'put the data folder on a faster disk: dataDir in /etc/skep/agent.yaml',
    );
  });
}

function memoryCheck(memory: HostProbe['memory']): Check {
  return asked('memory', memory, ({ availableMb, totalMb }) => {
    const verdict = atLeast((availableMb / Math.max(1, totalMb)) * 100, { warn: 10, bad: 3 });
    const value = `${availableMb} of ${totalMb} MiB are available`;
    return check(
      'memory',
      verdict,
      value,
      'skep top   # who uses it; skep cell cordon HOST keeps new work away',
    );
  });
}

function openFilesCheck(openFiles: HostProbe['openFiles']): Check {
  return asked('files.open', openFiles, (limit) => {
    const verdict = atLeast(limit, { warn: 16_384, bad: 1_024 });
    const remedy = 'set LimitNOFILE=1048576 in the unit: systemctl edit skep, then: systemctl restart skep';
    const value = limit >= 2 ** 31 ? 'no limit' : `at most ${limit} open files`;
    return check('files.open', verdict, value, remedy);
  });
}

const neededControllers = ['memory', 'pids', 'cpu'] as const;

function kernelChecks(kernel: HostProbe['kernel']): Check[] {
  if ('missing' in kernel) return [check('kernel', 'unknown', kernel.missing)];
  const { release, overlay, forwarding, controllers } = kernel.found;
  const lacking = neededControllers.filter((name) => !controllers.includes(name));
  return [
    check(
      'kernel',
      overlay ? 'ok' : 'warn',
      overlay ? release : `${release}, without overlayfs`,
      'modprobe overlay',
    ),
    check(
      'kernel.controllers',
      lacking.length === 0 ? 'ok' : 'bad',
      lacking.length === 0 ? neededControllers.join(', ') : `cannot limit ${lacking.join(', ')}`,
      'boot with: cgroup_enable=memory   (GRUB_CMDLINE_LINUX in /etc/default/grub)',
    ),
    check(
      'kernel.forwarding',
      forwarding ? 'ok' : 'bad',
      forwarding ? 'on' : 'off: ports of containers cannot be reached',
      'sysctl -w net.ipv4.ip_forward=1   # and for ever: echo net.ipv4.ip_forward=1 > /etc/sysctl.d/60-skep.conf',
    ),
  ];
}

function clockCheck(synchronised: HostProbe['clockSynchronised']): Check {
  return asked('clock.synchronised', synchronised, (is) =>
    check(
      'clock.synchronised',
      is ? 'ok' : 'warn',
      is ? 'the kernel is told the time' : 'nobody sets this clock',
      'apt-get install chrony   # or: timedatectl set-ntp true',
    ),
  );
}

function unitCheck(unit: HostProbe['unit']): Check {
  return asked('unit', unit, (state) => {
    if (state === undefined) return check('unit', 'ok', 'not a unit of systemd here');
    const { active, enabled, restarts } = state;
    const value = `${active}, ${enabled}, restarted ${restarts} times by systemd`;
    if (active === 'failed')
      return check('unit', 'bad', value, 'journalctl -u skep -n 50; systemctl restart skep');
    if (active !== 'active') return check('unit', 'warn', value, 'systemctl start skep');
    if (enabled !== 'enabled')
      return check('unit', 'warn', value, 'systemctl enable skep   # else it is gone after a reboot');
    return check('unit', restarts > 3 ? 'warn' : 'ok', value, 'journalctl -u skep -p warning -n 100');
  });
}
