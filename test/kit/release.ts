/**
 * Release files for tests: whole ones, of a program built once and given other versions, and tiny ones that are
 * refused before anybody unpacks them. Used by test/e2e/release.test.ts and upgrade.test.ts.
 */
import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyInstaller } from '../../scripts/install-script.ts';
import { archive, releaseBytes, writeSums } from '../../scripts/release-file.ts';
import { checkout } from './install.ts';
import { madeOnce, sharedFolder } from './made-once.ts';

export interface ReleaseFactory {
  readonly folder: string;
  /** A whole, signed release of this program under another version; its path. */
  whole(version: string): string;
  /** A signed file whose payload is nothing that could run; its path. */
  tiny(name: string, wishes?: TinyWishes): string;
  /** Signed, and its Node only says the version: for the role cli. */
  small(version: string): string;
  remove(): void;
}

export interface TinyWishes {
  readonly arch?: string;
  /** Somebody else's key signs it; null: nobody does. */
  readonly key?: KeyObject | null;
  /** After signing. */
  readonly damage?: (bytes: Buffer) => Buffer;
}

/** Builds what no other file of this run has built; everything of its own is removed by `remove`. */
export function releaseFactory(): ReleaseFactory {
  const folder = mkdtempSync(join(tmpdir(), 'skep-releases-'));
  const made = sharedFolder() ?? join(folder, 'made');
  mkdirSync(made, { recursive: true });
  const keyFile = join(madeOnce(made, 'key', writeKey), 'key.pem');
  const privateKey = createPrivateKey(readFileSync(keyFile));
  const env = { ...process.env, SKEP_RELEASE_KEY: keyFile };
  const script = (name: string, ...args: string[]): void => {
    execFileSync(process.execPath, [join(checkout, 'scripts', name), ...args], { env, stdio: 'pipe' });
  };
  const program = madeOnce(made, 'program', (to) => script('build.ts', '--out', to));
  return {
    folder,
    whole(version) {
      const release = madeOnce(made, `release-${version}`, (to) => {
        const copy = join(to, 'program');
        cpSync(program, copy, { recursive: true });
        const manifest = readFileSync(join(copy, 'package.json'), 'utf8');
        const changed = manifest.replace(/"version": ".*"/, `"version": "${version}"`);
        writeFileSync(join(copy, 'package.json'), changed);
        script('release.ts', '--fast', '--program', copy, '--out', to);
        rmSync(copy, { recursive: true });
      });
      cpSync(release, folder, { recursive: true });
      return join(folder, `skep-${version}-linux-${process.arch}.run`);
    },
    tiny(name, { arch = process.arch, key = privateKey, damage = (bytes: Buffer) => bytes } = {}) {
      const file = join(folder, name);
      const about = { version: '9.9.9', arch, node: '24.0.0', etcd: 'none' };
      const bytes = releaseBytes(
        checkout,
        about,
        Buffer.from('no archive at all'),
        'none',
        key ?? undefined,
        privateKey,
      );
      writeFileSync(file, damage(bytes));
      return file;
    },
    small(version) {
      const copy = join(folder, `small-${version}`);
      rmSync(copy, { recursive: true, force: true });
      mkdirSync(copy);
      copyInstaller(checkout, copy);
      writeFileSync(join(copy, 'package.json'), `{\n  "name": "skep",\n  "version": "${version}"\n}\n`);
      writeFileSync(join(copy, 'skep.mjs'), '');
      writeFileSync(join(copy, 'node'), `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
      const sums = writeSums(copy);
      const payload = archive(copy, join(folder, 'small.tgz'), 1);
      const about = { version, arch: process.arch, node: '24.0.0', etcd: 'none' };
      const file = join(folder, `small-${version}.run`);
      writeFileSync(file, releaseBytes(checkout, about, payload, sums, privateKey));
      return file;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function writeKey(folder: string): void {
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(join(folder, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), {
    mode: 0o600,
  });
}
