/** `skep brain confirm-loss`: the storm guard lets replacements through. */
import { Command } from 'commander';
import { defaults } from '../../model/defaults.ts';
import { formatDuration } from '../core/format.ts';
import { parseDurationMs } from '../core/quantity.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { openSession } from '../session.ts';

const manual = `
When more than half of a zone, and at least three cells, vanish at once, a network is
the likelier reason than so many dead hosts: their instances are kept as suspect and
nothing replaces them until they return. This says that they will not: everything on
lost cells is replaced now, and for the time given also on those lost meanwhile.

Examples:
  $ skep brain confirm-loss
  $ skep brain confirm-loss --for 1h`;

export function confirmLossCommand(host: Host): Command {
  const command = new Command('confirm-loss')
    .summary('replace what vanished at once')
    .description('Replaces what the storm guard holds back: the lost cells will not return.')
    .option(
      '--for <duration>',
      'how long further losses count as confirmed',
      (text) => parseDurationMs('--for', text),
      defaults.stormConfirmMs,
    )
    .addHelpText('after', manual)
    .action((flags: { for: number }) =>
      openSession(host, command, async ({ client, signal, note }) => {
        const body = { stormConfirmForMs: flags.for };
        await client.call('updateSettings', { body }, { signal });
        note(`Losses count as confirmed for ${formatDuration(flags.for)}: skep status shows what is left.`);
        return undefined;
      }),
    );
  return withGlobals(command);
}
