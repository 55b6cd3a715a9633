/**
 * One self-contained file for each processor: install.sh, and behind it the program, a Node and an etcd.
 *
 *     npm run release -- [--arch x64|arm64]... [--out DIR] [--program DIR] [--fast]
 *
 * Signed with the Ed25519 key of the PEM file in SKEP_RELEASE_KEY, whose public half is then pinned in the script;
 * without one it is unsigned, and install.sh refuses it unless told otherwise. --program takes a program that
 * `npm run build` made, --fast compresses little. Beside each file come its .sha256 and, when signed, its .sig.
 */
import { execFileSync } from 'node:child_process';
import { createHash, type KeyObject, sign } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { releaseKey, wholeInstallScript } from './install-script.ts';
import { type Arch, fetchEtcd, fetchNode } from './release-parts.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

interface Flags {
  readonly out: string;
  readonly program: string | undefined;
  readonly isFast: boolean;
  readonly key: KeyObject | undefined;
}

function main(): void {
  const { values } = parseArgs({
    options: {
      arch: { type: 'string', multiple: true, default: [process.arch] },
      out: { type: 'string', default: join(root, 'dist-release') },
      program: { type: 'string' },
      fast: { type: 'boolean', default: false },
    },
  });
  const flags = { out: resolve(values.out), program: values.program, isFast: values.fast, key: releaseKey() };
  mkdirSync(flags.out, { recursive: true });
  for (const arch of values.arch) {
    if (arch !== 'x64' && arch !== 'arm64') throw new Error(`--arch is x64 or arm64, not ${arch}`);
    release(arch, flags);
  }
  if (flags.key === undefined) {
    console.log('Unsigned: SKEP_RELEASE_KEY names no key. install.sh takes it with --allow-unsigned only.');
  }
}

function release(arch: Arch, flags: Flags): void {
  // Beside what is made: a release is too big for a /tmp in memory.
  const work = mkdtempSync(join(flags.out, '.work-'));
  try {
    const folder = join(work, 'payload');
    const version = program(folder, flags);
    const node = fetchNode(root, arch, join(folder, 'node'), work);
    const etcd = fetchEtcd(arch, join(folder, 'etcd'), work);
    if (etcd === undefined) console.log(`linux-${arch}: no etcd in it; hosts then need one of their own`);
    const sums = writeSums(folder);
    const payload = archive(folder, join(work, 'payload.tgz'), flags.isFast);
    const about = { version, arch, node, etcd: etcd ?? 'none', sums };
    const file = join(flags.out, `skep-${version}-linux-${arch}.run`);
    write(file, headerOf(about, payload, flags.key), payload, flags.key);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The built program into the folder; its version. */
function program(folder: string, flags: Flags): string {
  if (flags.program === undefined) {
    execFileSync(process.execPath, [join(root, 'scripts/build.ts'), '--out', folder], { stdio: 'inherit' });
  } else {
    cpSync(flags.program, folder, { recursive: true });
  }
  const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return (manifest as { version: string }).version;
}

/** SHA256SUMS, of every file; the sum of that list. */
function writeSums(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
  const text = files.map((file) => `${sha256(readFileSync(join(folder, file)))}  ${file}\n`).join('');
  writeFileSync(join(folder, 'SHA256SUMS'), text);
  return sha256(text);
}

/** The same bytes for the same files. */
function archive(folder: string, file: string, isFast: boolean): Buffer {
  const tar =
    'tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=u+rw,go+rX,go-w -cf - -C "$1"';
  // Names without a leading "./": install.sh unpacks `packaging` by its name.
  const names = `${tar} $(ls -A "$1")`;
  execFileSync('sh', ['-c', `${names} | gzip -n ${isFast ? '-1' : '-9'} >"$2"`, 'sh', folder, file]);
  return readFileSync(file);
}

interface About {
  readonly version: string;
  readonly arch: Arch;
  readonly node: string;
  readonly etcd: string;
  readonly sums: string;
}

/** What the file says of itself, signed: packaging/install/release.sh reads it. */
function headerOf(about: About, payload: Buffer, key: KeyObject | undefined): string {
  const sum = sha256(payload);
  const lines = [
    '#skep-release 1',
    `#version ${about.version}`,
    `#release ${about.version}-${sum.slice(0, 12)}`,
    `#arch ${about.arch}`,
    `#node ${about.node}`,
    `#etcd ${about.etcd}`,
    `#payload-bytes ${payload.length}`,
    `#payload-sha256 ${sum}`,
    `#sums-sha256 ${about.sums}`,
    '',
  ].join('\n');
  return `${lines}#signature ${key === undefined ? 'none' : sign(null, Buffer.from(lines), key).toString('base64')}\n`;
}

function write(file: string, header: string, payload: Buffer, key: KeyObject | undefined): void {
  const script = wholeInstallScript(root, key).replace('#!/bin/sh\n', () => `#!/bin/sh\n${header}`);
  const bytes = Buffer.concat([Buffer.from(script), payload]);
  writeFileSync(file, bytes);
  chmodSync(file, 0o755);
  const name = relative(resolve(file, '..'), file);
  writeFileSync(`${file}.sha256`, `${sha256(bytes)}  ${name}\n`);
  rmSync(`${file}.sig`, { force: true });
  if (key !== undefined) writeFileSync(`${file}.sig`, sign(null, bytes, key));
  console.log(
    `${file}: ${(bytes.length / 1e6).toFixed(1)} MB${key === undefined ? ', unsigned' : ', signed'}`,
  );
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

main();
