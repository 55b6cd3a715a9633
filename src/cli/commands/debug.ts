/** `skep debug`: what an engineer asks for with a report. */
import { Command } from 'commander';
import { debugStateCommand } from '../debug/state.ts';
import type { Host } from '../io.ts';

const manual = `
Example:
  $ skep debug state cluster.jsonl`;

export function debugCommand(host: Host): Command {
  return new Command('debug')
    .summary('what an engineer asks for with a report')
    .description('Writes down what an engineer asks for with a report.')
    .usage('COMMAND [OPTIONS]')
    .addCommand(debugStateCommand(host))
    .addHelpText('after', manual);
}
