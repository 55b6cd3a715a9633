/**
 * What the cluster has said of this host, kept in its data folder so that a restart keeps it: whether it is a server
 * (`serving.json`), and where the servers are (`servers.json`), for the day on which those in the settings are gone.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { Log } from '../../base/log.ts';
import type { AgentConfig } from '../core/agent-config.ts';

const servingSchema = z.object({
  v: z.literal(1),
  serves: z.boolean(),
  /** It was told to become one and has not been one yet. */
  isTrial: z.boolean().optional(),
  /** Why, and since when: for who reads the file. */
  reason: z.string(),
  at: z.number(),
});
export type Serving = z.infer<typeof servingSchema>;

const serversSchema = z.object({ v: z.literal(1), servers: z.array(z.string()).max(64) });

const servingPath = (dataDir: string): string => join(dataDir, 'serving.json');
const serversPath = (dataDir: string): string => join(dataDir, 'servers.json');

/** Throws `InvalidConfig` when there is a file that cannot be read: whether this is a server is not guessed. */
export function readServing(dataDir: string): Serving | undefined {
  return read(servingPath(dataDir), servingSchema);
}

export function writeServing(dataDir: string, serving: Serving): void {
  write(servingPath(dataDir), serving);
}

export function readServers(dataDir: string): readonly string[] {
  return read(serversPath(dataDir), serversSchema)?.servers ?? [];
}

export function writeServers(dataDir: string, servers: readonly string[]): void {
  write(serversPath(dataDir), { v: 1, servers: [...servers] });
}

/** Notes where the servers are whenever that has changed. A disk that takes nothing is worth a line in the log. */
export function rememberServers(dataDir: string, log: Log): (servers: readonly string[]) => void {
  let known = readServers(dataDir).join();
  return (servers) => {
    if (servers.length === 0 || servers.join() === known) return;
    try {
      writeServers(dataDir, servers);
      known = servers.join();
    } catch (error) {
      log.warn('cell.servers_not_remembered', { reason: messageOf(error) });
    }
  };
}

/**
 * The settings with what the cluster has said since. `server: false` is the operator's last word. Servers that were
 * learnt come after those of the settings; this host is not asked to let itself in.
 */
export function asTold(config: AgentConfig): AgentConfig {
  const serving = config.serverSetting === false ? undefined : readServing(config.dataDir);
  const own = `${config.address}:${config.ports.api}`;
  const learnt = readServers(config.dataDir).filter((address) => address !== own);
  // A founder that was never told anything keeps no server to join: an empty list is what makes it found.
  const joins = config.join.length > 0 || serving !== undefined;
  return {
    ...config,
    server: serving?.serves ?? config.server,
    join: joins ? [...new Set([...config.join, ...learnt])] : config.join,
  };
}

function read<S extends z.ZodType>(path: string, schema: S): z.output<S> | undefined {
  if (!existsSync(path)) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // Told below, as any other content that is none.
    json = undefined;
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new SkepError('InvalidConfig', `${path} cannot be read`, {
    hint: 'remove it; then the setting "server" counts, and the servers of "join" are asked',
  });
}

/** In one step, so that a crash leaves the old or the new. */
function write(path: string, content: unknown): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
