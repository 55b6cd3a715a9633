/**
 * `skep doctor --bundle`: one archive for whoever is to find a fault. What is missing is said in it, never a reason to
 * fail. Everything goes through core/redact.ts with every value of every environment; no LRP or task is in it.
 */
import { execFile } from 'node:child_process';
import { open, writeFile } from 'node:fs/promises';
import { release, type } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { metricsPath } from '../../api/core/paths.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { redact } from '../core/redact.ts';
import { tarOf } from '../core/tar.ts';
import type { Session } from '../session.ts';
import { defaultConfigPath } from './agent-config-file.ts';
import type { Examination } from './examine.ts';

/** Of the end of each log. */
const tailBytes = 512 * 1024;
const journalLines = '3000';
const eventsMax = 2_000;
const programDeadlineMs = 10_000;
/** More different values than this would take minutes to look for in every log. */
const valuesMax = 20_000;

/** Writes a new file, 0600. @throws SkepError `InvalidRequest` when it exists or cannot be written */
export async function writeBundle(
  session: Session,
  examination: Examination,
  path: string,
): Promise<{ readonly files: number; readonly bytes: number }> {
  const values = await environmentValues(session);
  const texts = await gather(session, examination, values === undefined);
  const secrets = values ?? [];
  const files = [...texts].map(([name, text]) => ({
    name: `skep-report/${name}`,
    content: Buffer.from(redact(text, secrets)),
  }));
  const archive = gzipSync(tarOf(files, examination.at));
  try {
    await writeFile(path, archive, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new SkepError('InvalidRequest', `${path}: ${messageOf(error)}`, {
      field: '--bundle',
      cause: error,
    });
  }
  return { files: files.length, bytes: archive.length };
}

/** Every value of every environment; undefined when they cannot all be known: then free text is left out. */
async function environmentValues({ client, signal }: Session): Promise<readonly string[] | undefined> {
  const values = new Set<string>();
  try {
    for (let after: string | undefined; ; ) {
      const page = await client.call('listLrps', { query: after === undefined ? {} : { after } }, { signal });
      for (const { desired } of page.rows) for (const { value } of desired.env) values.add(value);
      if (values.size > valuesMax) return undefined;
      if (page.next === undefined) break;
      after = page.next;
    }
    for (let after: string | undefined; ; ) {
      const page = await client.call(
        'listTasks',
        { query: after === undefined ? {} : { after } },
        { signal },
      );
      for (const { env } of page.rows) for (const { value } of env) values.add(value);
      if (values.size > valuesMax) return undefined;
      if (page.next === undefined) return [...values];
      after = page.next;
    }
  } catch {
    // Nobody answers: that is mostly why there is a bundle, and examine has found it.
    signal.throwIfAborted();
    return await localValues();
  }
}

/** Those of this host's containers, by its engine: what its agent's log could repeat. */
async function localValues(): Promise<readonly string[] | undefined> {
  try {
    const ids = (await run('docker', ['ps', '-aq', '--filter', 'label=skep.cluster']))
      .split('\n')
      .filter(Boolean);
    if (ids.length === 0) return [];
    const lists = (await run('docker', ['inspect', '--format', '{{json .Config.Env}}', ...ids]))
      .split('\n')
      .filter(Boolean);
    const values = new Set(
      lists.flatMap((list) => (JSON.parse(list) as string[]).map((pair) => pair.replace(/^[^=]*=/, ''))),
    );
    return values.size > valuesMax ? undefined : [...values];
  } catch {
    // Then free text is left out, and the archive says so.
    return undefined;
  }
}

async function gather(
  session: Session,
  { at, groups, status, cells, config }: Examination,
  isUnsure: boolean,
): Promise<Map<string, string>> {
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  const files = new Map<string, string>();
  files.set('README.txt', readme(at, isUnsure));
  files.set('doctor.json', json({ at, groups }));
  files.set('versions.json', json(await versions(session)));
  if (status !== undefined) {
    files.set('status.json', json(status));
    files.set('cells.json', json(cells));
  }
  files.set('config.yaml', await attempt(() => tail(defaultConfigPath)));
  if (config !== undefined) files.set('config.json', json(config));
  files.set('metrics.txt', await attempt(() => metrics(session)));
  if (isUnsure) return files;
  files.set('events.json', await attempt(async () => json(await events(session))));
  files.set(
    'agent-journal.log',
    await attempt(() => run('journalctl', ['-u', 'skep', '-n', journalLines, '--no-pager', '-o', 'cat'])),
  );
  files.set('agent.log', await attempt(() => tail('/var/log/skep/agent.log')));
  if (config === undefined) return files;
  files.set('etcd.log', await attempt(() => tail(join(config.dataDir, 'etcd/etcd.log'))));
  files.set('explain.jsonl', await attempt(() => tail(join(config.dataDir, 'explain.jsonl'))));
  return files;
}

function readme(at: number, isUnsure: boolean): string {
  const left = isUnsure
    ? '\nThe environments of LRPs could not be read (or hold too many values), so logs and events,\nwhich might repeat a value of theirs, were left out.\n'
    : '';
  return `Made by "skep doctor --bundle" at ${new Date(at).toISOString()}.
No definition or environment of an LRP or task is in here. Values of environments, and what
is called a password, secret, token or key, were replaced by [removed] in every file.
${left}`;
}

/** Its text, or why there is none. */
async function attempt(work: () => Promise<string>): Promise<string> {
  try {
    return await work();
  } catch (error) {
    return `(not there: ${messageOf(error)})\n`;
  }
}

async function versions({ io }: Session): Promise<Readonly<Record<string, string>>> {
  const docker = await attempt(() => run('docker', ['version', '--format', '{{.Server.Version}}']));
  const etcd = await attempt(() => run('etcd', ['--version']));
  const system = await attempt(() => tail('/etc/os-release'));
  return { skep: io.version, node: process.version, kernel: `${type()} ${release()}`, docker, etcd, system };
}

async function metrics({ client, signal }: Session): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of client.download(metricsPath, { signal })) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

async function events({ client, signal }: Session): Promise<unknown> {
  return (await client.call('listEvents', { query: { limit: eventsMax } }, { signal })).rows;
}

/** The last of a file, from the beginning of a line. */
async function tail(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - tailBytes);
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(Math.min(size, tailBytes)),
      0,
      undefined,
      from,
    );
    const text = buffer.subarray(0, bytesRead).toString('utf8');
    return from === 0 ? text : text.slice(text.indexOf('\n') + 1);
  } finally {
    await file.close();
  }
}

function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { timeout: programDeadlineMs, maxBuffer: 16 * 1024 * 1024 };
    execFile(command, [...args], options, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
  });
}
