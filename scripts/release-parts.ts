/**
 * What a release brings beside the program, for either processor: the pinned Node and pseudo-terminals, from the npm
 * packages that ship their binaries, and etcd, from Debian's package. Used by release.ts.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../src/base/core/errors.ts';

export type Arch = 'x64' | 'arm64';

const debianArch = { x64: 'amd64', arm64: 'arm64' } as const;

/** The Node that package.json pins, to the path; its version. @throws Error when npm cannot fetch it */
export function fetchNode(root: string, arch: Arch, path: string, work: string): string {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/node/package.json'), 'utf8')) as {
    version: string;
  };
  if (arch === process.arch) {
    copyFileSync(join(root, 'node_modules/node/bin/node'), path);
  } else {
    unpackFromNpm(`node-linux-${arch}@${version}`, 'bin/node', work);
    copyFileSync(join(work, 'package/bin/node'), path);
  }
  chmodSync(path, 0o755);
  return version;
}

/** Pseudo-terminals for that processor, instead of those for this one, which the built program has beside it. */
export function fetchPty(root: string, arch: Arch, folder: string, work: string): void {
  if (arch === process.arch) return;
  const { version } = JSON.parse(
    readFileSync(join(root, 'node_modules/@lydell/node-pty/package.json'), 'utf8'),
  ) as { version: string };
  rmSync(join(folder, `pty-linux-${process.arch}.node`), { force: true });
  unpackFromNpm(`@lydell/node-pty-linux-${arch}@${version}`, 'pty.node', work);
  copyFileSync(join(work, 'package/pty.node'), join(folder, `pty-linux-${arch}.node`));
}

/** One file of an npm package, to `package/` in the folder `work`. @throws Error when npm cannot fetch it */
function unpackFromNpm(name: string, file: string, work: string): void {
  const to = mkdtempSync(join(work, 'npm-'));
  execFileSync('npm', ['pack', '--silent', '--pack-destination', to, name], { cwd: work, stdio: 'pipe' });
  const [archive] = readdirSync(to).filter((entry) => entry.endsWith('.tgz'));
  if (archive === undefined) throw new Error(`npm pack ${name} brought nothing`);
  execFileSync('tar', ['-xzf', join(to, archive), '-C', work, `package/${file}`]);
}

/** etcd, to the path; its version, or undefined when apt-get cannot bring it and this machine has none of that kind. */
export function fetchEtcd(arch: Arch, path: string, work: string): string | undefined {
  try {
    const file = downloadPackage('etcd-server', arch, work);
    execFileSync('dpkg-deb', ['-x', file, join(work, 'etcd')]);
    copyFileSync(join(work, 'etcd/usr/bin/etcd'), path);
    chmodSync(path, 0o755);
    const version = execFileSync('dpkg-deb', ['-f', file, 'Version'], { encoding: 'utf8' });
    return version.trim().replace(/-.*/, '');
  } catch (error) {
    console.log(
      `linux-${arch}: apt-get brought no etcd: ${messageOf(error).split('\n').slice(0, 3).join(' ')}`,
    );
    return arch === process.arch ? etcdOfThisMachine(path) : undefined;
  }
}

/** With lists of its own for another processor, so that this machine's apt stays as it is. */
function downloadPackage(name: string, arch: Arch, work: string): string {
  const folder = join(work, 'apt');
  const debian = debianArch[arch];
  for (const sub of ['lists/partial', 'cache/archives/partial', 'download']) {
    mkdirSync(join(folder, sub), { recursive: true });
  }
  writeFileSync(join(folder, 'status'), '');
  // Downloads as whoever runs this: apt's own user may not write here.
  const own = ['APT::Sandbox::User=root', `APT::Architecture=${debian}`, `APT::Architectures=${debian}`];
  const places = [
    `Dir::State=${folder}`,
    `Dir::State::lists=${folder}/lists`,
    `Dir::State::status=${folder}/status`,
    `Dir::Cache=${folder}/cache`,
  ];
  const foreign = arch === process.arch ? [] : [...own, ...places];
  const options = foreign.flatMap((option) => ['-o', option]);
  const run = { cwd: join(folder, 'download'), stdio: 'pipe' } as const;
  if (foreign.length > 0) execFileSync('apt-get', [...options, '-q', 'update'], run);
  execFileSync('apt-get', [...options, '-q', 'download', `${name}:${debian}`], run);
  const [file] = readdirSync(run.cwd);
  if (file === undefined) throw new Error(`apt-get download ${name} brought nothing`);
  return join(run.cwd, file);
}

function etcdOfThisMachine(path: string): string | undefined {
  try {
    const version = execFileSync('etcd', ['--version'], { encoding: 'utf8' });
    const from = execFileSync('sh', ['-c', 'command -v etcd'], { encoding: 'utf8' }).trim();
    copyFileSync(from, path);
    chmodSync(path, 0o755);
    return /etcd Version: (\S+)/.exec(version)?.[1];
  } catch {
    // There is none: the caller says so.
    return undefined;
  }
}
