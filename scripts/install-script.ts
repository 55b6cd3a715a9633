/**
 * install.sh as one file: its parts in the place where a checkout loads them, and the public key that releases must
 * be signed with. Used by build.ts, which puts it beside the program, and by release.ts, whose files begin with it.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const begin = '  # parts: begin';
const end = '  # parts: end';
const unpinned = "PINNED_KEY=''";

/** What a release takes from packaging/: templates and the demo; the parts of install.sh are in install.sh. */
const templates = ['agent.yaml', 'skep.service', 'skep.openrc', 'demo-image.sh', 'demo-serve.sh'];

/** The private key that SKEP_RELEASE_KEY names (a PEM file, Ed25519). @throws Error when it is no such key */
export function releaseKey(): KeyObject | undefined {
  const file = process.env['SKEP_RELEASE_KEY'];
  if (file === undefined || file === '') return undefined;
  const key = createPrivateKey(readFileSync(file));
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new Error(`SKEP_RELEASE_KEY: ${file} holds a key of type ${key.asymmetricKeyType}, not ed25519`);
}

/** The whole script. @throws Error when install.sh no longer has the lines that this replaces */
export function wholeInstallScript(root: string, key: KeyObject | undefined): string {
  const text = readFileSync(join(root, 'install.sh'), 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  const names = /for part in ([a-z ]+); do/.exec(text.slice(from, to))?.[1];
  if (from < 0 || to < from || names === undefined || !text.includes(unpinned)) {
    throw new Error('install.sh no longer looks as scripts/install-script.ts expects');
  }
  const parts = names.split(' ').map((name) => partOf(root, name));
  return (text.slice(0, from) + parts.join('\n') + text.slice(to)).replace(unpinned, () => pinned(key));
}

function partOf(root: string, name: string): string {
  const text = readFileSync(join(root, 'packaging/install', `${name}.sh`), 'utf8');
  return text.replace(/^# shellcheck shell=.*\n/, '');
}

function pinned(key: KeyObject | undefined): string {
  if (key === undefined) return unpinned;
  const der = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return `PINNED_KEY='${der.toString('base64')}'`;
}

/** Puts the script and its templates beside the program. */
export function copyInstaller(root: string, out: string): void {
  writeFileSync(join(out, 'install.sh'), wholeInstallScript(root, releaseKey()), { mode: 0o755 });
  for (const name of templates) {
    cpSync(join(root, 'packaging', name), join(out, 'packaging', name), { recursive: true });
  }
}
