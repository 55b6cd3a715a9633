/** What a member leaves on the disk when its host is no server any more. Used by cli/run/server-half.ts. */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { etcdDataFolder } from '../core/etcd-args.ts';

const prefix = 'data.left-';

/**
 * Lays etcd's data aside, so that the next member begins with none, and keeps only the newest of such folders.
 * @returns where they are now; undefined when there were none
 */
export function layDataAside(etcdFolder: string, now: number): string | undefined {
  const data = etcdDataFolder(etcdFolder);
  if (!existsSync(data)) return undefined;
  for (const name of readdirSync(etcdFolder)) {
    if (name.startsWith(prefix)) rmSync(join(etcdFolder, name), { recursive: true, force: true });
  }
  const aside = join(etcdFolder, `${prefix}${now}`);
  renameSync(data, aside);
  return aside;
}
