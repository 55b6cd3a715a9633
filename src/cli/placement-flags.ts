/** The flags that say where something may run: shared by `run` and `task run`. */
import type { Command } from 'commander';
import { SkepError } from '../base/core/errors.ts';
import { parseFixedPort, parseWhole } from './core/quantity.ts';
import { collect } from './spec-flags.ts';

export interface PlacementFlags {
  readonly os?: string;
  readonly arch?: string;
  readonly tag?: readonly string[];
  readonly runtime?: string;
  readonly volumeDriver?: readonly string[];
  readonly sameCellAs?: string;
  readonly notWith?: readonly string[];
}

/** Those that make sense only where there are several instances, or one that comes back. */
export interface LrpPlacementFlags extends PlacementFlags {
  readonly sticky?: boolean;
  readonly spreadBy?: string;
  readonly maxPerCell?: number;
  readonly priority?: number;
  readonly hostPort?: readonly string[];
}

export function withPlacementFlags(command: Command): Command {
  return command
    .option('--os <name>', 'only on cells with this operating system, such as linux')
    .option('--arch <name>', 'only on cells with this processor: x64, arm64')
    .option('--tag <tag>', 'only on cells with this placement tag; may be repeated', collect)
    .option('--runtime <name>', 'only on cells with this OCI runtime, and by it')
    .option('--volume-driver <name>', 'only on cells with this volume driver; may be repeated', collect)
    .option('--same-cell-as <name>', 'only on cells that run an instance of this LRP')
    .option('--not-with <name>', 'never on a cell that runs this LRP; may be repeated', collect);
}

export function withLrpPlacementFlags(command: Command): Command {
  return withPlacementFlags(command)
    .option('--sticky', 'each instance goes back to the cell that it ran on last')
    .option('--spread-by <label>', 'spread over the values of this cell label before zones')
    .option('--max-per-cell <n>', 'at most this many instances on one cell', (text) =>
      parseWhole('--max-per-cell', text, 1, 10_000),
    )
    .option('--priority <n>', '-1000 to 1000, higher is placed first (default: 0)', (text) =>
      parseWhole('--priority', text, -1_000, 1_000),
    )
    .option('--host-port <container:host>', 'insist on this port of the host; may be repeated', collect);
}

/** The rules that these flags give; undefined when there are none. */
function rulesOf(flags: LrpPlacementFlags): Readonly<Record<string, unknown>> | undefined {
  const given = {
    os: flags.os,
    arch: flags.arch,
    tags: flags.tag,
    runtime: flags.runtime,
    volumeDrivers: flags.volumeDriver,
    sameCellAs: flags.sameCellAs,
    notWith: flags.notWith,
    sticky: flags.sticky,
    spreadBy: flags.spreadBy,
    maxPerCell: flags.maxPerCell,
  };
  const rules = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return Object.keys(rules).length === 0 ? undefined : rules;
}

/** What of the body of a new task these flags make. */
export function placementOf(flags: PlacementFlags) {
  const placement = rulesOf(flags);
  return placement === undefined ? {} : { placement };
}

/**
 * What of the body of a new LRP these flags make.
 * @param ports those of `-p`. Throws `InvalidRequest` for a pair that is the other way round, as Docker's is: it would
 *   publish a port that nothing listens on.
 */
export function lrpPlacementOf(flags: LrpPlacementFlags, ports: readonly number[]) {
  for (const text of flags.hostPort ?? []) requireOrder(text, ports);
  return {
    ...placementOf(flags),
    ...(flags.priority === undefined ? {} : { priority: flags.priority }),
    ...(flags.hostPort === undefined ? {} : { fixedPorts: flags.hostPort.map(parseFixedPort) }),
  };
}

function requireOrder(text: string, ports: readonly number[]): void {
  const { containerPort, hostPort } = parseFixedPort(text);
  if (ports.includes(containerPort) || !ports.includes(hostPort)) return;
  throw new SkepError(
    'InvalidRequest',
    `--host-port: it is CONTAINER:HOST, and -p has ${hostPort} as a port of the container`,
    {
      field: '--host-port',
      hint: `the other way round than Docker's: --host-port ${hostPort}:${containerPort}`,
    },
  );
}
