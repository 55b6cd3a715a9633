/**
 * In which order the hosts of a cluster get another release. Cells alone come first, some at a time: what goes wrong
 * goes wrong where no state is. Then the servers, one at a time, never two, so that the quorum stands; the leader
 * comes last, so that the brain moves once. Pure; used by upgrade/cluster.ts.
 */

export interface UpgradeHost {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
}

export interface UpgradeWish {
  /** Of the release file. */
  readonly version: string;
  /** For which there is a file. */
  readonly arches: ReadonlySet<string>;
  /** True: those that run `version` go back; false: those that do not run it get it. */
  readonly isRollback: boolean;
  /** How many cells at a time. */
  readonly cellsAtOnce: number;
}

export interface UpgradeOrder {
  /** The hosts of a step go together; the next step begins when all of them are well. */
  readonly steps: readonly (readonly string[])[];
  /** There is nothing to do on them. */
  readonly done: readonly string[];
  /** No file is for their processor. */
  readonly foreign: readonly UpgradeHost[];
  /** Servers without a cell: nothing can be sent to them. */
  readonly unreachable: readonly string[];
}

/**
 * @param hosts every cell that is present
 * @param servers names of all servers; a server is a cell too, unless it was told not to be
 */
export function orderUpgrade(
  hosts: readonly UpgradeHost[],
  servers: readonly string[],
  leader: string | undefined,
  wish: UpgradeWish,
): UpgradeOrder {
  const isDue = ({ version }: UpgradeHost): boolean => (version === wish.version) === wish.isRollback;
  const due = hosts.filter(isDue);
  const able = due.filter(({ arch }) => wish.isRollback || wish.arches.has(arch)).map(({ name }) => name);
  const names = [...able].sort();
  const alone = names.filter((name) => !servers.includes(name));
  const kept = names.filter((name) => servers.includes(name) && name !== leader);
  const last = names.filter((name) => name === leader);
  const steps: string[][] = [];
  for (let at = 0; at < alone.length; at += wish.cellsAtOnce) {
    steps.push(alone.slice(at, at + wish.cellsAtOnce));
  }
  return {
    steps: [...steps, ...[...kept, ...last].map((name) => [name])],
    done: hosts.filter((host) => !isDue(host)).map(({ name }) => name),
    foreign: due.filter(({ name }) => !able.includes(name)),
    unreachable: servers.filter((server) => !hosts.some(({ name }) => name === server)),
  };
}
