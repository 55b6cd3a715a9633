/**
 * A release file, written: install.sh, the lines that say what the file is, and the archive. Used by release.ts, and
 * by the tests for files that are wrong on purpose. packaging/install/release.sh reads what this writes.
 */
import { execFileSync } from 'node:child_process';
import { createHash, type KeyObject, sign } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { wholeInstallScript } from './install-script.ts';

export interface About {
  readonly version: string;
  readonly arch: string;
  readonly node: string;
  /** `none`: hosts need one of their own. */
  readonly etcd: string;
}

/** SHA256SUMS in the folder, of every file there; the sum of that list. */
export function writeSums(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
  const text = files.map((file) => `${sha256(readFileSync(join(folder, file)))}  ${file}\n`).join('');
  writeFileSync(join(folder, 'SHA256SUMS'), text);
  return sha256(text);
}

/** The same bytes for the same files. @param level gzip's, 1 to 9 */
export function archive(folder: string, file: string, level: number): Buffer {
  const tar =
    'tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=u+rw,go+rX,go-w -cf - -C "$1"';
  // Names without a leading "./": install.sh unpacks `packaging` by its name.
  const names = `${tar} $(ls -A "$1")`;
  execFileSync('sh', ['-c', `${names} | gzip -n -${level} >"$2"`, 'sh', folder, file]);
  return readFileSync(file);
}

/** The whole file. @param sums what writeSums returned; @param key undefined: unsigned */
export function releaseBytes(
  root: string,
  about: About,
  payload: Buffer,
  sums: string,
  key: KeyObject | undefined,
  pinnedKey = key,
): Buffer {
  const sum = sha256(payload);
  const signed = [
    '#skep-release 1',
    `#version ${about.version}`,
    `#release ${about.version}-${sum.slice(0, 12)}`,
    `#arch ${about.arch}`,
    `#node ${about.node}`,
    `#etcd ${about.etcd}`,
    `#payload-bytes ${payload.length}`,
    `#payload-sha256 ${sum}`,
    `#sums-sha256 ${sums}`,
    '',
  ].join('\n');
  const signature = key === undefined ? 'none' : sign(null, Buffer.from(signed), key).toString('base64');
  const header = `#!/bin/sh\n${signed}#signature ${signature}\n`;
  const script = wholeInstallScript(root, pinnedKey).replace('#!/bin/sh\n', () => header);
  return Buffer.concat([Buffer.from(script), payload]);
}

/** Writes it, with its .sha256 and, when there is a key, its .sig beside it. */
export function writeRelease(file: string, bytes: Buffer, key: KeyObject | undefined): void {
  writeFileSync(file, bytes);
  chmodSync(file, 0o755);
  writeFileSync(`${file}.sha256`, `${sha256(bytes)}  ${basename(file)}\n`);
  rmSync(`${file}.sig`, { force: true });
  if (key !== undefined) writeFileSync(`${file}.sig`, sign(null, bytes, key));
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
