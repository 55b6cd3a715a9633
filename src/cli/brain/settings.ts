/** `skep brain settings`: shows them, or changes those that are named. */
import { Command } from 'commander';
import { didYouMean } from '../../api/core/nearest.ts';
import { SkepError } from '../../base/core/errors.ts';
import { wrongValue } from '../core/quantity.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { isData, openSession, printData, type Session } from '../session.ts';

const kinds = {
  maxStarting: 'number',
  maxStartingPerCell: 'number',
  startingWeight: 'number',
  binPackWeight: 'number',
  preemption: 'boolean',
  autoRebalance: 'boolean',
} as const;
type Name = keyof typeof kinds;

const manual = `
  maxStarting         containers that may be starting at one time; 0: no limit
  maxStartingPerCell  the same for one cell
  startingWeight      how much a starting container counts against its cell
  binPackWeight       how much full cells are preferred; 0: off
  preemption          whether higher priorities displace strictly lower ones
  autoRebalance       whether the cells are evened without being asked

Examples:
  $ skep brain settings
  $ skep brain settings maxStarting=200 preemption=true`;

export function brainSettingsCommand(host: Host): Command {
  const command = new Command('settings')
    .summary('show or change the settings of the brain')
    .description('Shows the settings of the brain, or changes those that are named.')
    .argument('[settings...]', 'NAME=VALUE')
    .addHelpText('after', manual)
    .action((changes: string[]) => openSession(host, command, (session) => settings(session, changes)));
  return withGlobals(command);
}

async function settings(session: Session, changes: readonly string[]): Promise<undefined> {
  const { client, signal } = session;
  const body = Object.fromEntries(changes.map(parseChange));
  const now =
    changes.length === 0
      ? await client.call('getSettings', {}, { signal })
      : (await client.call('updateSettings', { body }, { signal })).settings;
  if (isData(session)) await printData(session, now);
  else for (const name of Object.keys(kinds) as Name[]) session.print(`${name.padEnd(20)}${now[name]}`);
}

function parseChange(text: string): readonly [Name, number | boolean] {
  const at = text.indexOf('=');
  const name = text.slice(0, at === -1 ? undefined : at);
  const value = text.slice(at + 1);
  if (!Object.hasOwn(kinds, name)) {
    const names = Object.keys(kinds);
    const hint = didYouMean(name, names) ?? `there are: ${names.join(', ')}`;
    throw new SkepError('InvalidRequest', `there is no setting "${name}"`, { hint });
  }
  if (at === -1) throw wrongValue(name, text, 'NAME=VALUE');
  if (kinds[name as Name] === 'number') {
    if (!/^\d{1,9}(\.\d{1,6})?$/.test(value)) throw wrongValue(name, value, 'a number of 0 or more');
    return [name as Name, Number(value)];
  }
  if (value !== 'true' && value !== 'false') throw wrongValue(name, value, 'true or false');
  return [name as Name, value === 'true'];
}
