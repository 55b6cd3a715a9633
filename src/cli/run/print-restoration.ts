/** What a restore did and what is to be done next, for an operator. */

import { inspectBackup, readBackup } from '../../store/backup-file.ts';
import { decode } from '../../store/core/codec.ts';
import { parseKey } from '../../store/core/keys.ts';
import type { AgentConfig } from '../core/agent-config.ts';
import { escapeText } from '../core/escape.ts';
import { formatAge, plural } from '../core/format.ts';
import { printData, type Session } from '../session.ts';
import { rejoinLines } from './rejoin-lines.ts';
import type { Restoration } from './restore.ts';

export async function printRestoration(
  session: Session,
  config: AgentConfig,
  done: Restoration,
): Promise<void> {
  const { backup, records, skipped, movedTo, restored } = done;
  const others = (await serversIn(backup.path)).filter((name) => name !== config.name);
  if (session.format !== 'table') {
    const { header, path } = backup;
    return await printData(session, { file: path, header, records, skipped, movedTo, restored, others });
  }
  const age = formatAge(backup.header.at, restored.at);
  session.print(
    `${plural(records, 'record')} restored; the state is ${age} old (revision ${backup.header.revision}).`,
  );
  for (const { key, reason } of skipped) session.print(`left out: ${escapeText(`${key}: ${reason}`)}`);
  if (movedTo !== undefined) session.print(`The store that was there: ${movedTo}`);
  const until = new Date(restored.keepUntil).toISOString();
  session.print(`Containers that the state is too old to know run on until ${until}: skep events`);
  for (const line of rejoinLines({ config, others })) session.print(line);
}

/** The servers of the cluster when the backup was made. */
async function serversIn(path: string): Promise<string[]> {
  const found: string[] = [];
  for await (const portion of readBackup(await inspectBackup(path))) {
    for (const { key, value } of portion) {
      const parsed = parseKey(key);
      if (parsed?.kind === 'server' && decode('server', value).ok) found.push(parsed.server);
    }
  }
  return found;
}
