/**
 * One self-contained file for each processor: install.sh, and behind it the program, a Node and an etcd.
 *
 *     npm run release -- [--arch x64|arm64]... [--out DIR] [--program DIR] [--fast]
 *
 * Signed with the Ed25519 key of the PEM file in SKEP_RELEASE_KEY, whose public half is then pinned in the script;
 * without one it is unsigned, and install.sh refuses it unless told otherwise. --program takes a program that
 * `npm run build` made, --fast compresses little. Beside each file come its .sha256 and, when signed, its .sig.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import type { KeyObject } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { releaseKey } from './install-script.ts';
import { archive, releaseBytes, writeRelease, writeSums } from './release-file.ts';
import { type Arch, fetchEtcd, fetchNode, fetchPty } from './release-parts.ts';

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
  preflight(flags.key !== undefined);
  mkdirSync(flags.out, { recursive: true });
  for (const arch of values.arch) {
    if (arch !== 'x64' && arch !== 'arm64') throw new Error(`--arch is x64 or arm64, not ${arch}`);
    release(arch, flags);
  }
  if (flags.key === undefined) {
    console.log('Unsigned: SKEP_RELEASE_KEY names no key. install.sh takes it with --allow-unsigned only.');
  }
}

/** What is wanted here, before anything is built. @throws Error that names every command that is missing */
function preflight(isSigned: boolean): void {
  const version = (command: string, word: string): string | undefined =>
    spawnSync(command, [word], { encoding: 'utf8' }).stdout?.split('\n')[0];
  const missing = ['tar', 'gzip'].filter((command) => version(command, '--version') === undefined);
  if (missing.length > 0) throw new Error(`missing here: ${missing.join(', ')} (apt-get install tar gzip)`);
  const openssl = version('openssl', 'version');
  if (isSigned && !/^OpenSSL ([3-9]|[1-9]\d)/.test(openssl ?? '')) {
    console.log(
      `A host without Skep checks the signature with OpenSSL 3 or later; here is ${openssl ?? 'none'}: ` +
        'install.sh would refuse the file on this machine (apt-get install openssl).',
    );
  }
}

function release(arch: Arch, flags: Flags): void {
  // Beside what is made: a release is too big for a /tmp in memory.
  const work = mkdtempSync(join(flags.out, '.work-'));
  try {
    const folder = join(work, 'payload');
    const version = program(folder, flags);
    const node = fetchNode(root, arch, join(folder, 'node'), work);
    fetchPty(root, arch, folder, work);
    const etcd = fetchEtcd(arch, join(folder, 'etcd'), work);
    if (etcd === undefined) console.log(`linux-${arch}: no etcd in it; hosts then need one of their own`);
    const sums = writeSums(folder);
    const payload = archive(folder, join(work, 'payload.tgz'), flags.isFast ? 1 : 9);
    const about = { version, arch, node, etcd: etcd ?? 'none' };
    const file = join(flags.out, `skep-${version}-linux-${arch}.run`);
    const bytes = releaseBytes(root, about, payload, sums, flags.key);
    writeRelease(file, bytes, flags.key);
    const how = flags.key === undefined ? 'unsigned' : 'signed';
    console.log(`${file}: ${(bytes.length / 1e6).toFixed(1)} MB, ${how}`);
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

main();
