/** The hosts that test/rig/rig.sh makes, from TypeScript. Used by everything in this folder. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CliResult, run } from '../../kit/e2e-cluster.ts';

const script = fileURLToPath(new URL('../../rig/rig.sh', import.meta.url));

export const rigName = 'rel';
/** That of the README's examples: its commands are typed as they stand. */
const network = '10.0.0';
export const rigFolder = `/var/tmp/skep-rig/${rigName}`;

export const addressOf = (host: string): string => `${network}.1${host.slice(1)}`;
/** Where the run itself is. */
export const clientAddress = `${network}.3`;
export const clientNetwork = `/run/netns/${rigName}-client`;

const env: NodeJS.ProcessEnv = { ...process.env, RIG: rigName, RIG_NET: network, RIG_DIR: rigFolder };

/** Runs a command of the rig. Never throws for an exit status. */
export function tryRig(words: readonly string[], deadlineMs = 120_000): Promise<CliResult> {
  return run('bash', [script, ...words], { env, deadlineMs });
}

/** The same; throws when it fails. */
export async function rig(...words: readonly string[]): Promise<string> {
  const result = await tryRig(words);
  if (result.code === 0) return result.stdout;
  throw new Error(`rig.sh ${words.join(' ')} ended with ${result.code}: ${result.stderr.slice(-1_000)}`);
}

/** A shell command in a host, in /root. Never throws for an exit status. */
export function shell(host: string, command: string, deadlineMs = 180_000): Promise<CliResult> {
  return tryRig(['exec', host, 'sh', '-c', `cd /root; ${command}`], deadlineMs);
}

/** The same; throws when it fails. */
export async function must(host: string, command: string): Promise<string> {
  const result = await shell(host, command);
  if (result.code === 0) return result.stdout;
  throw new Error(
    `${host}# ${command}: status ${result.code}\n${result.stdout.slice(-1_500)}${result.stderr.slice(-1_500)}`,
  );
}

/** The root folder of a host as this machine sees it; undefined while the host is off. */
export function rootOf(host: string): string | undefined {
  try {
    const [pid] = readFileSync(join(rigFolder, 'hosts', host, 'init.pid'), 'utf8').split(' ');
    return pid === undefined || pid === '' ? undefined : `/proc/${pid}/root`;
  } catch {
    // No pid file: it is off.
    return undefined;
  }
}
