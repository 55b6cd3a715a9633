/** Which instance `exec` and `attach` mean when only a name is given. */
import { instanceName } from '../model/instance-name.ts';
import { parseTarget } from './core/target.ts';
import { findLrp, listInstances } from './lookup.ts';
import type { Session } from './session.ts';

/** `NAME/INDEX` with the index given, else the lowest that runs, else 0: the server then says why not. */
export async function pickInstance(session: Session, text: string): Promise<string> {
  const target = parseTarget(text);
  const { guid } = (await findLrp(session, target.name)).desired;
  if (target.index !== undefined) return instanceName(guid, target.index);
  const instances = await listInstances(session, guid);
  const running = instances.find((lrp) => lrp.state === 'RUNNING' && lrp.presence === 'ORDINARY');
  return instanceName(guid, running?.index ?? instances[0]?.index ?? 0);
}
