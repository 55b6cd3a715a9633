/**
 * Is a port free, and if not, who has it? Asked by supervisor.ts before it starts etcd, so that the operator
 * reads a process's name instead of "address already in use".
 */
import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { listenerInode } from '../core/proc.ts';

/**
 * Throws `Unavailable` when something listens there (and names it when it can be known), `InvalidConfig`
 * when this host does not have the address or the port may not be used.
 */
export async function assertPortFree(url: string, field: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const server = createServer();
  try {
    server.listen({ host: hostname, port: Number(port), exclusive: true });
    await once(server, 'listening');
  } catch (cause) {
    throw await explain(hostname, Number(port), field, cause as NodeJS.ErrnoException);
  }
  server.close();
  await once(server, 'close');
}

async function explain(
  address: string,
  port: number,
  field: string,
  cause: NodeJS.ErrnoException,
): Promise<SkepError> {
  if (cause.code === 'EADDRINUSE') {
    const owner = await portOwner(address, port);
    return new SkepError('Unavailable', `port ${port} on ${address} is taken${owner ? ` by ${owner}` : ''}`, {
      field,
      hint: 'stop that process, or give this agent other etcd ports',
      cause,
    });
  }
  if (cause.code === 'EADDRNOTAVAIL') {
    return new SkepError('InvalidConfig', `${address} is not an address of this host`, {
      field,
      hint: '`ip address` shows what this host has',
      cause,
    });
  }
  return new SkepError('InvalidConfig', `cannot listen on ${address}:${port}: ${messageOf(cause)}`, {
    field,
    hint: 'choose an address and a port above 1023',
    cause,
  });
}

/** `nginx (pid 12)`; undefined when it is another user's, or ended meanwhile. */
async function portOwner(address: string, port: number): Promise<string | undefined> {
  const tables = await Promise.all(
    // There is no tcp6 on a host without IPv6.
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  );
  const inode = listenerInode(tables.join('\n'), address, port);
  if (inode === undefined) return undefined;
  for (const entry of await readdir('/proc')) {
    if (/^\d+$/.test(entry) && (await holds(entry, `socket:[${inode}]`))) {
      const name = (await readFile(`/proc/${entry}/comm`, 'utf8').catch(() => 'a process')).trim();
      return `${name} (pid ${entry})`;
    }
  }
  return undefined;
}

async function holds(pid: string, link: string): Promise<boolean> {
  try {
    const folder = `/proc/${pid}/fd`;
    const links = await Promise.all(
      (await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => '')),
    );
    return links.includes(link);
  } catch {
    // Ended, or not ours to look into: then its name stays unknown.
    return false;
  }
}
