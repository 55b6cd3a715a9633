/**
 * `npm run reliability -- [ROW…] [--seed N] [--keep] [--out FILE]`: makes five hosts, sets up three servers and two
 * cells on them by the commands of the README, plays the rows of the fault list, and prints what was measured as
 * Markdown. Removes everything it made, unless told to keep it for the next run. Status 1 when a row fell short.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release as kernel, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { releaseFactory } from '../kit/release.ts';
import { hosts, openCluster, prepareHost, servers } from './hosts/cluster.ts';
import { followEngines } from './hosts/engines.ts';
import { countMarks } from './hosts/marks.ts';
import { clientNetwork, rig, rigFolder, rigName, rootOf, tryRig } from './hosts/rig.ts';
import { currentRevision, watchStore } from './hosts/store-watch.ts';
import type { Lab } from './row.ts';
import { rows, setUp } from './rows/all.ts';
import { type Played, play } from './session.ts';
import { isGood, markdown } from './table.ts';

const here = fileURLToPath(import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const nextVersion = manifest.version.replace(/\d+$/, (patch) => String(Number(patch) + 1));
const releaseFolder = join(rigFolder, 'releases');
const releases = [manifest.version, nextVersion].map((version) =>
  join(releaseFolder, `skep-${version}-linux-${process.arch}.run`),
) as [string, string];

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
    out: { type: 'string' },
    list: { type: 'boolean', default: false },
    /** Given by the outer half to the inner one, which runs in the network of the rig's client. */
    inside: { type: 'boolean', default: false },
  },
});

/** The machine's load average before each row: a figure is worth as much as what else was to be done. */
const loads: number[] = [];

/** Makes the hosts, then runs the other half where it reaches them; whatever happens, they go. */
async function outside(): Promise<number> {
  const checked = await tryRig(['check']);
  if (checked.code !== 0) {
    process.stderr.write(checked.stderr);
    return 2;
  }
  let child: ChildProcess | undefined;
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => child?.kill(name));
  try {
    if (!existsSync(releases[1])) {
      await rig('down');
      await rig('up', String(hosts.length));
      weighHosts();
      makeReleases();
    }
    const words = [`--net=${clientNetwork}`, process.execPath, here, '--inside', ...process.argv.slice(2)];
    child = spawn('nsenter', words, { stdio: 'inherit' });
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    if (!flags.keep) await rig('down');
  }
}

/**
 * Five hosts are more than one process. Their control group has the weight of one unless told, and then a busy machine
 * starves them beyond what any lease bears, which no rack of hosts does.
 */
function weighHosts(): void {
  const file = `/sys/fs/cgroup/cpu/${rigName}/cpu.shares`;
  if (existsSync(file)) writeFileSync(file, String(hosts.length * 4 * 1_024));
}

/** The release of this checkout, and the same with the next number. */
function makeReleases(): void {
  process.stderr.write('making two releases\n');
  const factory = releaseFactory();
  try {
    mkdirSync(releaseFolder, { recursive: true });
    for (const [at, version] of [manifest.version, nextVersion].entries()) {
      cpSync(factory.whole(version), releases[at] as string);
    }
  } finally {
    factory.remove();
  }
}

async function inside(): Promise<number> {
  const seed = Number(flags.seed);
  const wanted = positionals.length === 0 ? rows : rows.filter(({ id }) => positionals.includes(String(id)));
  const folder = mkdtempSync(join(tmpdir(), 'skep-reliability-'));
  const played: Played[] = [];
  try {
    const isNew = !existsSync(join(rootOf('h5') ?? '/nowhere', 'usr/local/bin/skep'));
    if (isNew) {
      for (const host of hosts) prepareHost(host, releases[0]);
      loads.push(loadavg()[0] ?? 0);
      played.push(await setUp(releases[0]));
      if (played.some(({ failure }) => failure !== undefined)) return report(played, seed);
    }
    const cluster = await openCluster(folder);
    const from = isNew ? 1 : (await currentRevision(cluster.store, servers)) + 1;
    const lab: Lab = {
      cluster,
      releases,
      store: watchStore(cluster.store, servers, from),
      engines: followEngines(hosts),
      marks: await countMarks(),
    };
    try {
      for (const row of wanted) {
        loads.push(loadavg()[0] ?? 0);
        played.push(await play(lab, row, seed));
        // A run takes half an hour: what is known by then is not lost with the rest.
        if (flags.out !== undefined) writeFileSync(flags.out, reportText(played, seed));
      }
    } finally {
      lab.marks.stop();
      await Promise.all([lab.store.stop(), lab.engines.stop()]);
    }
    return report(played, seed);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function reportText(played: readonly Played[], seed: number): string {
  const [cpu] = cpus();
  const load = `load ${Math.min(...loads).toFixed(0)} to ${Math.max(...loads).toFixed(0)}`;
  const on = `${cpus().length} cores (${cpu?.model ?? 'unknown'}), kernel ${kernel()}, five hosts in namespaces of one machine, ${load}`;
  return markdown(played, `Seed ${seed}, ${new Date().toISOString().slice(0, 16)} UTC, ${on}.`);
}

function report(played: readonly Played[], seed: number): number {
  const text = reportText(played, seed);
  process.stdout.write(text);
  if (flags.out !== undefined) writeFileSync(flags.out, text);
  return played.every(isGood) ? 0 : 1;
}

if (flags.list) {
  for (const { id, fault } of rows) process.stdout.write(`${String(id).padStart(2)}  ${fault}\n`);
} else {
  process.exitCode = flags.inside ? await inside() : await outside();
}
