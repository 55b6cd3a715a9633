/** `skep cert rotate-ca`: other authorities for the whole cluster, in steps that refuse nobody who is in order. */
import { Command } from 'commander';
import type { Rotation } from '../../api/core/auth-shapes.ts';
import { escapeLines } from '../core/escape.ts';
import { formatDuration } from '../core/format.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { isData, openSession, printData, type Session } from '../session.ts';

const manual = `
start    makes new authorities. Every host learns to trust them beside the old ones
         (servers restart their etcd for it, one at a time), then everything is
         signed by the new ones: hosts renew at once, contexts when they are used.
status   says how far it is, and who is waited for.
finish   drops the old authorities: what they signed is refused from then on, join
         tokens from before go. Refused while a host still needs them.
abort    goes back to the old authorities.

Containers run on all the time. Backups from before hold the old authorities: make
one afterwards with 'skep backup save'.

Examples:
  $ skep cert rotate-ca start
  $ skep cert rotate-ca status
  $ skep cert rotate-ca finish`;

export function rotateCommand(host: Host): Command {
  return new Command('rotate-ca')
    .summary('change the authorities of the cluster')
    .description('Changes the authorities that sign every certificate of the cluster.')
    .usage('COMMAND [OPTIONS]')
    .addCommand(startCommand(host))
    .addCommand(statusCommand(host))
    .addCommand(finishCommand(host))
    .addCommand(abortCommand(host))
    .addHelpText('after', manual);
}

function startCommand(host: Host): Command {
  const command = new Command('start')
    .summary('make new authorities and let every host trust them')
    .description('Makes new authorities and lets every host trust them beside the old ones.')
    .action(() =>
      openSession(host, command, async ({ client, signal, note }) => {
        await client.call('startRotation', {}, { signal });
        note(
          'New authorities are made; hosts learn to trust them. How far it is: skep cert rotate-ca status',
        );
        return undefined;
      }),
    );
  return withGlobals(command);
}

function statusCommand(host: Host): Command {
  const command = new Command('status')
    .summary('say how far it is and who is waited for')
    .description('Says how far the change of the authorities is, and who is waited for.')
    .action(() =>
      openSession(host, command, async (session) => {
        const rotation = await session.client.call('getRotation', {}, { signal: session.signal });
        if (isData(session)) await printData(session, rotation);
        else for (const line of standing(rotation, session.io.clock.now())) session.print(line);
        return undefined;
      }),
    );
  return withGlobals(command);
}

function finishCommand(host: Host): Command {
  const command = new Command('finish')
    .summary('drop the old authorities')
    .description('Drops the authorities that are being replaced: what they signed is refused from then on.')
    .option('--force', 'although hosts still use them: those must join again with a token')
    .action((flags: { force?: boolean }) =>
      openSession(host, command, async (session) => {
        await warnUsers(session);
        const body = { force: flags.force === true };
        const { tokens } = await session.client.call('finishRotation', { body }, { signal: session.signal });
        const gone = tokens.length === 0 ? '' : ` Join tokens that went with them: ${tokens.join(', ')}.`;
        session.note(`The old authorities count no more.${gone} Make a backup now: skep backup save`);
        return undefined;
      }),
    );
  return withGlobals(command);
}

/** Users are not waited for: nobody knows whether they will ever come. */
async function warnUsers({ client, signal, warn }: Session): Promise<void> {
  const { users } = await client.call('getRotation', {}, { signal });
  if (users.length === 0) return;
  warn(`skep: these have not renewed and need a new context (skep user add): ${listed(users)}`);
}

function abortCommand(host: Host): Command {
  const command = new Command('abort')
    .summary('go back to the old authorities')
    .description('Gives the change up. Once the new authorities have signed, `finish` drops them afterwards.')
    .action(() =>
      openSession(host, command, async ({ client, signal, note }) => {
        await client.call('abortRotation', {}, { signal });
        note('The change is given up. How far it is: skep cert rotate-ca status');
        return undefined;
      }),
    );
  return withGlobals(command);
}

const phases: Readonly<Record<Rotation['phase'], string>> = {
  spread: 'hosts learn to trust the new authorities beside the old ones',
  reissue: 'everything is signed by the new authorities; the old ones count on',
  retire: 'the old authorities count no more; servers let go of them',
  steady: 'no change of the authorities is under way',
};

const shownMax = 10;

function listed(names: readonly string[]): string {
  const more = names.length > shownMax ? ` and ${names.length - shownMax} more` : '';
  return escapeLines(names.slice(0, shownMax).join(', ')) + more;
}

/** In lines for a person. */
function standing(rotation: Rotation, now: number): string[] {
  const { phase, isBack, at, startedAt, startedBy, authority, waitsFor, away, users, tokens, next } =
    rotation;
  const lines = [`Authority:  ${authority.slice(0, 32)}`];
  const since = at === undefined ? '' : `, for ${formatDuration(Math.max(0, now - at))}`;
  lines.push(
    `Phase:      ${phase}: ${isBack && phase === 'reissue' ? 'it is given up: everything is signed by the old authorities again' : phases[phase]}${since}`,
  );
  if (phase === 'steady') return lines;
  if (startedAt !== undefined)
    lines.push(`Started:    ${new Date(startedAt).toISOString()} by ${escapeLines(startedBy ?? '')}`);
  if (waitsFor.length > 0) lines.push(`Waits for:  ${listed(waitsFor)}`);
  if (away.length > 0)
    lines.push(`Away:       ${listed(away)} (not waited for; they join again if they miss it)`);
  if (users.length > 0) lines.push(`Users:      ${listed(users)} have not renewed: their next command does`);
  if (tokens.length > 0) lines.push(`Tokens:     ${listed(tokens)} end with the other authority`);
  lines.push(`Next:       ${nextText(next, phase)}`);
  return lines;
}

function nextText(next: Rotation['next'], phase: Rotation['phase']): string {
  if (next === 'finish') return 'skep cert rotate-ca finish';
  if (next === 'wait') return 'goes on by itself when those have confirmed';
  return phase === 'reissue' ? 'skep cert rotate-ca finish' : 'goes on by itself';
}
