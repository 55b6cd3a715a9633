/**
 * Release files for tests: whole ones, of a program built once and given other versions, and tiny ones that are
 * refused before anybody unpacks them. Used by test/e2e/release.test.ts and upgrade.test.ts.
 */
import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wholeInstallScript } from '../../scripts/install-script.ts';
import { checkout } from './install.ts';

export interface ReleaseFactory {
  readonly folder: string;
  /** A whole, signed release of this program under another version; its path. */
  whole(version: string): string;
  /** A signed file whose payload is nothing that could run; its path. */
  tiny(name: string, wishes?: TinyWishes): string;
  remove(): void;
}

export interface TinyWishes {
  readonly arch?: string;
  /** Somebody else's key signs it; null: nobody does. */
  readonly key?: KeyObject | null;
  /** After signing. */
  readonly damage?: (bytes: Buffer) => Buffer;
}

/** Builds the program once; everything is removed by `remove`. */
export function releaseFactory(): ReleaseFactory {
  const folder = mkdtempSync(join(tmpdir(), 'skep-releases-'));
  const { privateKey } = generateKeyPairSync('ed25519');
  const keyFile = join(folder, 'key.pem');
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const env = { ...process.env, SKEP_RELEASE_KEY: keyFile };
  const script = (name: string, ...args: string[]): void => {
    execFileSync(process.execPath, [join(checkout, 'scripts', name), ...args], { env, stdio: 'pipe' });
  };
  const program = join(folder, 'program');
  script('build.ts', '--out', program);
  return {
    folder,
    whole(version) {
      const copy = join(folder, `program-${version}`);
      cpSync(program, copy, { recursive: true });
      const manifest = readFileSync(join(copy, 'package.json'), 'utf8');
      writeFileSync(
        join(copy, 'package.json'),
        manifest.replace(/"version": ".*"/, `"version": "${version}"`),
      );
      script('release.ts', '--fast', '--program', copy, '--out', folder);
      rmSync(copy, { recursive: true });
      return join(folder, `skep-${version}-linux-${process.arch}.run`);
    },
    tiny(name, wishes = {}) {
      const file = join(folder, name);
      writeFileSync(file, tinyRelease(privateKey, wishes));
      return file;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function tinyRelease(own: KeyObject, { arch = process.arch, key = own, damage }: TinyWishes): Buffer {
  const payload = Buffer.from('no archive at all');
  const sum = createHash('sha256').update(payload).digest('hex');
  const signed = [
    '#skep-release 1',
    '#version 9.9.9',
    `#release 9.9.9-${sum.slice(0, 12)}`,
    `#arch ${arch}`,
    '#node 24.0.0',
    '#etcd none',
    `#payload-bytes ${payload.length}`,
    `#payload-sha256 ${sum}`,
    `#sums-sha256 ${sum}`,
    '',
  ].join('\n');
  const signature = key === null ? 'none' : sign(null, Buffer.from(signed), key).toString('base64');
  const header = `#!/bin/sh\n${signed}#signature ${signature}\n`;
  const script = wholeInstallScript(checkout, own).replace('#!/bin/sh\n', () => header);
  const bytes = Buffer.concat([Buffer.from(script), payload]);
  return damage === undefined ? bytes : damage(bytes);
}
