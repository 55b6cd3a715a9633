/**
 * "Desired is actual": after a heal, what is desired, what the API says and what the engines run are the same.
 * Called by the run when a row is over, again and again until it holds or the time for it is up.
 */

export interface DesiredState {
  readonly guid: string;
  readonly instances: number;
}

export interface InstanceRow {
  readonly guid: string;
  readonly index: number;
  readonly state: string;
  readonly presence: string;
  readonly cellId?: string | undefined;
  readonly containerId?: string | undefined;
}

export interface RunningContainer {
  readonly host: string;
  readonly containerId: string;
  readonly guid: string;
  readonly index: number;
}

/** One line a difference; none: they agree. */
export function differences(
  desired: readonly DesiredState[],
  rows: readonly InstanceRow[],
  containers: readonly RunningContainer[],
): string[] {
  const wanted = new Set(
    desired.flatMap(({ guid, instances }) =>
      Array.from({ length: instances }, (_, index) => `${guid}/${index}`),
    ),
  );
  const told = Map.groupBy(rows, ({ guid, index }) => `${guid}/${index}`);
  const running = Map.groupBy(containers, ({ guid, index }) => `${guid}/${index}`);
  const names = [...new Set([...wanted, ...told.keys(), ...running.keys()])].sort();
  return names.flatMap((name) =>
    differenceOf(name, wanted.has(name), told.get(name) ?? [], running.get(name) ?? []),
  );
}

function differenceOf(
  name: string,
  isWanted: boolean,
  rows: readonly InstanceRow[],
  containers: readonly RunningContainer[],
): string[] {
  const found: string[] = [];
  const expected = isWanted ? 1 : 0;
  if (rows.length !== expected) found.push(`${name}: ${rows.length} records, ${expected} wanted`);
  if (containers.length !== expected) {
    const where = containers.map(({ host }) => host).join(', ');
    found.push(
      `${name}: ${containers.length} containers run${where === '' ? '' : ` on ${where}`}, ${expected} wanted`,
    );
  }
  const [row] = rows;
  const [container] = containers;
  if (row === undefined || container === undefined || found.length > 0) return found;
  if (row.state !== 'RUNNING' || row.presence !== 'ORDINARY') {
    return [`${name}: the API says ${row.state} ${row.presence}, and its container runs`];
  }
  if (row.cellId !== container.host || row.containerId !== container.containerId) {
    return [
      `${name}: the API says ${row.cellId} ${row.containerId}, it runs on ${container.host} ${container.containerId}`,
    ];
  }
  return [];
}
