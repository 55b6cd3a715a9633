/** `skep brain`: what operators set of the part that places and heals. */
import { Command } from 'commander';
import { confirmLossCommand } from '../brain/confirm-loss.ts';
import { brainSettingsCommand } from '../brain/settings.ts';
import type { Host } from '../io.ts';

const manual = `
Example:
  $ skep brain settings maxStarting=200
  $ skep brain confirm-loss`;

export function brainCommand(host: Host): Command {
  return new Command('brain')
    .summary('settings of placement and healing; confirm losses')
    .description('Shows and changes how the cluster places and heals.')
    .usage('COMMAND [OPTIONS]')
    .addCommand(brainSettingsCommand(host))
    .addCommand(confirmLossCommand(host))
    .addHelpText('after', manual);
}
