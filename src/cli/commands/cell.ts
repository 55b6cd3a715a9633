/** `skep cell`: one host that runs containers, and what operators want of it. */
import { Command } from 'commander';
import { cellDrainCommand } from '../cell/drain.ts';
import { cellShellCommand } from '../cell/shell.ts';
import { cellShowCommand } from '../cell/show.ts';
import {
  cellCordonCommand,
  cellForgetCommand,
  cellUncordonCommand,
  cellUndrainCommand,
} from '../cell/specs.ts';
import type { Host } from '../io.ts';
import { cellListCommand } from './cells.ts';

const manual = `
Before maintenance: drain the cell, which starts everything elsewhere first, work on
the host, then undrain it. What has left does not come back by itself.

Example:
  $ skep cell drain host-4 --reason "disk swap"
  $ skep cell undrain host-4`;

export function cellCommand(host: Host): Command {
  return new Command('cell')
    .summary('look after one host: cordon it, drain it')
    .description('Shows cells and takes them out of service and back.')
    .usage('COMMAND [OPTIONS]')
    .addCommand(cellListCommand(host, 'ls'))
    .addCommand(cellShowCommand(host))
    .addCommand(cellCordonCommand(host))
    .addCommand(cellUncordonCommand(host))
    .addCommand(cellDrainCommand(host))
    .addCommand(cellUndrainCommand(host))
    .addCommand(cellForgetCommand(host))
    .addCommand(cellShellCommand(host))
    .addHelpText('after', manual);
}
