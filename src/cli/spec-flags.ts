/** The flags that say what runs and with which limits: shared by `run` and `task run`. */
import type { Command } from 'commander';
import { messageOf, SkepError } from '../base/core/errors.ts';
import type { EnvVar } from '../model/workload.ts';
import {
  parseCpuMilli,
  parseEnvFile,
  parseEnvVar,
  parseLabel,
  parseMebibytes,
  parseWhole,
} from './core/quantity.ts';
import type { Io } from './io.ts';

export interface SpecFlags {
  readonly env?: readonly string[];
  readonly envFile?: readonly string[];
  readonly memory?: number;
  readonly disk?: number;
  readonly cpus?: number;
  readonly cpuWeight?: number;
  readonly pids?: number;
  readonly user?: string;
  readonly dir?: string;
  readonly privileged?: boolean;
  readonly label?: readonly string[];
}

/** For flags that may be given again: each value is added to those before. */
export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

export function withSpecFlags(command: Command): Command {
  return command
    .option('-e, --env <name=value>', 'set a variable; NAME alone takes the value from here', collect)
    .option('--env-file <file>', 'set variables from a file of NAME=VALUE lines', collect)
    .option('-m, --memory <size>', 'memory limit in MiB, or 256M, 1.5G; 0: none (default: 128M)', (text) =>
      parseMebibytes('-m', text),
    )
    .option('--disk <size>', 'disk limit, where the storage driver can; 0: none (default: 512M)', (text) =>
      parseMebibytes('--disk', text),
    )
    .option('--cpus <cores>', 'hard limit in cores, such as 0.5', (text) => parseCpuMilli('--cpus', text))
    .option('--cpu-weight <n>', 'share of the CPU among others, 1 to 100 (default: 100)', (text) =>
      parseWhole('--cpu-weight', text, 1, 100),
    )
    .option('--pids <n>', 'how many processes, 0 for no limit (default: 1024)', (text) =>
      parseWhole('--pids', text, 0, 4_194_304),
    )
    .option('--user <user>', "who runs it (default: the image's user)")
    .option('--dir <path>', "where it runs (default: the image's directory)")
    .option('--privileged', 'give it every right on its host')
    .option('--label <name=value>', 'label the container', collect);
}

/** What the API calls by its fields, as the command line calls it. */
const fieldFlags: Readonly<Record<string, string>> = {
  guid: 'NAME',
  image: 'IMAGE',
  memoryMb: '--memory in MiB',
  diskMb: '--disk in MiB',
  cpuMilli: '--cpus in thousandths',
  startTimeoutMs: '--start-timeout in ms',
  stopGraceMs: '--stop-grace in ms',
  resultFile: '--result-file',
  priority: '--priority',
  fixedPorts: '--host-port',
  'placement.os': '--os',
  'placement.arch': '--arch',
  'placement.tags': '--tag',
  'placement.runtime': '--runtime',
  'placement.volumeDrivers': '--volume-driver',
  'placement.spreadBy': '--spread-by',
  'placement.sameCellAs': '--same-cell-as',
  'placement.notWith': '--not-with',
  'placement.maxPerCell': '--max-per-cell',
};

/** Passes on what a call answers; its refusal names flags instead of the fields of the API. */
export async function inFlags<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof SkepError) || error.code !== 'InvalidRequest') throw error;
    const message = error.message.replace(/(^|; )([\w.]+)(?=: )/g, (all, before: string, field: string) => {
      const flag = fieldFlags[field];
      return flag === undefined ? all : before + flag;
    });
    throw new SkepError(error.code, message, { field: error.field, hint: error.hint, cause: error });
  }
}

/** The fields of a spec that these flags and the command line give; what was not given is left out. */
export function specOf(io: Io, flags: SpecFlags, args: readonly string[]) {
  const action = {
    kind: 'run' as const,
    args: [...args],
    ...(flags.dir === undefined ? {} : { dir: flags.dir }),
    ...(flags.user === undefined ? {} : { user: flags.user }),
  };
  return {
    action,
    env: environmentOf(io, flags),
    labels: Object.fromEntries((flags.label ?? []).map(parseLabel)),
    ...(flags.memory === undefined ? {} : { memoryMb: flags.memory }),
    ...(flags.disk === undefined ? {} : { diskMb: flags.disk }),
    ...(flags.cpus === undefined ? {} : { cpuMilli: flags.cpus }),
    ...(flags.cpuWeight === undefined ? {} : { cpuWeight: flags.cpuWeight }),
    ...(flags.pids === undefined ? {} : { maxPids: flags.pids }),
    ...(flags.privileged === true ? { privileged: true } : {}),
  };
}

/** Files first, flags after them; a later value of a name replaces the earlier one. */
function environmentOf(io: Io, flags: SpecFlags): EnvVar[] {
  const fromFiles = (flags.envFile ?? []).flatMap((path) => parseEnvFile(path, readText(io, path)));
  const fromFlags = (flags.env ?? []).map((text) => parseEnvVar(text, io.env));
  const byName = new Map([...fromFiles, ...fromFlags].map((variable) => [variable.name, variable]));
  return [...byName.values()];
}

function readText(io: Io, path: string): string {
  try {
    return io.readFile(path);
  } catch (cause) {
    throw new SkepError('InvalidRequest', `--env-file: ${messageOf(cause)}`, { field: '--env-file', cause });
  }
}
