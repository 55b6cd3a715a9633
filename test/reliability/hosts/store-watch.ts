/**
 * The history of the store from outside, by etcdctl: a watch on every member from the first revision, put together.
 * The first that tells of a revision counts, the others must tell the same.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { eventually, run } from '../../kit/e2e-cluster.ts';
import type { StoreChange, StoreHistory } from '../checker/evidence.ts';
import { addressOf } from './rig.ts';

export interface StoreFiles {
  readonly ca: string;
  readonly pair: string;
}

export interface StoreWatch {
  history(): StoreHistory;
  /** Waits until a change after `from` (a time) passes; when it was seen. Throws when none does in time. */
  until(
    what: string,
    withinMs: number,
    from: number,
    test: (change: StoreChange) => boolean,
  ): Promise<StoreChange>;
  /** Returns once everything that was written before the call has been seen. */
  caughtUp(): Promise<void>;
  stop(): Promise<void>;
}

interface WatchLine {
  readonly Events?: readonly {
    readonly type?: number;
    readonly kv: { readonly key: string; readonly value?: string; readonly mod_revision: number };
  }[];
  readonly CompactRevision?: number;
}

/** As options of etcdctl. */
export const storeOptions = (files: StoreFiles, servers: readonly string[]): string[] => [
  `--endpoints=${servers.map((server) => `https://${addressOf(server)}:7401`).join(',')}`,
  `--cacert=${files.ca}`,
  `--cert=${files.pair}`,
  `--key=${files.pair}`,
];

const catchUpWithinMs = 60_000;

export function watchStore(files: StoreFiles, servers: readonly string[], fromRevision = 1): StoreWatch {
  const revisions = new Map<number, { changes: StoreChange[]; said: string }>();
  const faults: string[] = [];
  const stop = new AbortController();
  const watching = servers.map((server) =>
    watchMember(files, server, fromRevision, stop.signal, (line) => {
      const byRevision = Map.groupBy(line.Events ?? [], ({ kv }) => kv.mod_revision);
      for (const [revision, events] of byRevision) {
        const said = JSON.stringify(events.map(({ type, kv }) => [type ?? 0, kv.key, kv.value]));
        const known = revisions.get(revision);
        if (known !== undefined && known.said !== said)
          faults.push(`revision ${revision}: ${server} tells otherwise`);
        if (known === undefined) revisions.set(revision, { said, changes: events.map(changeOf) });
      }
    }),
  );
  const changes = (): StoreChange[] =>
    [...revisions].sort(([a], [b]) => a - b).flatMap(([, { changes: ofRevision }]) => ofRevision);
  return {
    history: () => ({ changes: changes(), faults: [...faults, ...gaps([...revisions.keys()])] }),
    until(what, withinMs, from, test) {
      return eventually(what, withinMs, async () => {
        const found = changes().find((change) => change.seenAt >= from && test(change));
        if (found === undefined) throw new Error('the store shows no such change');
        return found;
      });
    },
    async caughtUp() {
      const value = String(Date.now());
      await eventually('the watches have caught up', catchUpWithinMs, async () => {
        const options = [...storeOptions(files, servers), '--command-timeout=3s'];
        const put = await run('etcdctl', [...options, 'put', '/skep-reliability/mark', value], {
          deadlineMs: 10_000,
        });
        if (put.code !== 0) throw new Error(put.stderr);
        await eventually('the mark is seen', 10_000, async () => {
          if (!changes().some((change) => change.value === value)) throw new Error('not yet');
        });
      });
    },
    async stop() {
      stop.abort();
      await Promise.all(watching);
    },
  };
}

/** Every revision writes below /skep, so that one that nobody told is a gap. */
function gaps(revisions: readonly number[]): string[] {
  const inOrder = revisions.toSorted((a, b) => a - b);
  return inOrder.flatMap((revision, at) => {
    const before = inOrder[at - 1] ?? revision - 1;
    return before === revision - 1 ? [] : [`nobody told of the revisions between ${before} and ${revision}`];
  });
}

function changeOf({ type, kv }: NonNullable<WatchLine['Events']>[number]): StoreChange {
  return {
    revision: kv.mod_revision,
    key: Buffer.from(kv.key, 'base64').toString(),
    value: type === 1 ? undefined : Buffer.from(kv.value ?? '', 'base64').toString(),
    seenAt: Date.now(),
  };
}

/** Begins again where it stopped when etcdctl ends, which it does when its member goes for long. */
async function watchMember(
  files: StoreFiles,
  server: string,
  fromRevision: number,
  signal: AbortSignal,
  take: (line: WatchLine) => void,
): Promise<void> {
  let next = fromRevision;
  while (!signal.aborted) {
    const options = [...storeOptions(files, [server]), '--keepalive-time=2s', '--keepalive-timeout=2s'];
    const child = spawn(
      'etcdctl',
      [...options, 'watch', '--prefix', '/skep', `--rev=${next}`, '-w', 'json'],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    const end = (): void => void child.kill('SIGKILL');
    signal.addEventListener('abort', end, { once: true });
    try {
      for await (const text of createInterface({ input: child.stdout })) {
        const line = JSON.parse(text) as WatchLine;
        // What this member has thrown away another watch has told, or it is missed in the end.
        next = Math.max(
          next,
          line.CompactRevision ?? 0,
          ...(line.Events ?? []).map(({ kv }) => kv.mod_revision + 1),
        );
        take(line);
      }
    } finally {
      signal.removeEventListener('abort', end);
      await ended(child);
    }
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exit;
}

/** The revision of the store now. */
export async function currentRevision(files: StoreFiles, servers: readonly string[]): Promise<number> {
  const words = [...storeOptions(files, servers), 'get', '/skep/v1/cluster', '-w', 'json'];
  const { stdout, stderr } = await run('etcdctl', words, { deadlineMs: 10_000 });
  if (stdout === '') throw new Error(stderr);
  return (JSON.parse(stdout) as { header: { revision: number } }).header.revision;
}
