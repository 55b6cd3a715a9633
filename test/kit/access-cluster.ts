/**
 * A server with TLS, and one operator's terminal with contexts of its own: for tests of the verbs about access. A
 * test makes its own, so that no user, context or change of the authorities is left for the next one.
 */
import { onTestFinished } from 'vitest';
import type { ContextFiles } from '../../src/cli/io.ts';
import { runCli } from './cli-run.ts';
import { startTlsServer, type TlsServer } from './tls-server.ts';

export interface AccessCluster {
  readonly server: TlsServer;
  /** The contexts by name, as their files say. */
  readonly contexts: Map<string, string>;
  /** Those that commands wrote elsewhere, by path. */
  readonly written: ReadonlyMap<string, string>;
  /** Which context was chosen last. */
  current(): string | undefined;
  /** Runs `skep`, with `isLocal` over the server's socket, else with a context. */
  skep(args: readonly string[], isLocal?: boolean, env?: Readonly<Record<string, string>>): Promise<CliEnd>;
  /** Writes a record, and waits until the server has it in its copy. */
  put(key: string, value: object): Promise<void>;
}

export interface CliEnd {
  /** The exit status. */
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Ends with the test that calls it. */
export async function accessCluster(): Promise<AccessCluster> {
  const server = await startTlsServer();
  onTestFinished(() => server.close());
  const { signal } = new AbortController();
  const kept = new Map<string, string>();
  const written = new Map<string, string>();
  const contexts = contextsIn(kept);
  const cluster: AccessCluster = {
    server,
    contexts: kept,
    written,
    current: () => contexts.current,
    async skep(args, isLocal = false, env = {}) {
      const socket = isLocal ? { server: server.socketPath } : {};
      const cli = runCli(args, { contexts, written, env, ...socket });
      const code = await cli.code;
      return { code, out: cli.out.text, err: cli.err.text };
    },
    async put(key, value) {
      const puts = [{ key, value: JSON.stringify(value) }];
      const [outcome] = await server.bbs.commit([{ compare: [], puts }], { signal });
      if (!outcome?.committed) throw new Error(`the store did not take ${key}`);
      await server.replica.waitFor(outcome.revision, 5_000, signal);
    },
  };
  const { address: apiAddress } = server.listening;
  const startedAt = server.clock.now();
  const record = { v: 1, server: 'host-a', apiAddress, memberId: 'm', version: '1', startedAt };
  await cluster.put('/skep/v1/server/host-a', record);
  return cluster;
}

/** Files of contexts that are in memory. */
export function contextsIn(kept: Map<string, string>, chosen?: string): ContextFiles {
  let current = chosen;
  return {
    list: () => [...kept.keys()].sort(),
    read: (name) => kept.get(name),
    write: (name, text) => void kept.set(name, text),
    remove: (name) => void kept.delete(name),
    get current() {
      return current;
    },
    use(name) {
      current = name;
    },
  };
}
