/** The lines of a tree: branches for LRPs and cells, leaves for instances. Made of rows of views; tree-page.ts shows them. */
import { type Severity, stateSeverity } from '../../../api/core/view-columns.ts';
import type { ViewRow } from '../../../api/core/view-shapes.ts';
import { grouped } from '../columns-format.ts';
import { instanceNamed, type Subject } from '../subject.ts';
import type { Role } from '../theme.ts';

export interface TreeNode {
  /** Tells nodes apart, for folding and the cursor. */
  readonly key: string;
  readonly depth: number;
  readonly text: string;
  readonly role: Role;
  readonly subject?: Subject | undefined;
  readonly hasChildren: boolean;
  readonly isOpen: boolean;
  readonly isLast: boolean;
}

const roleOf: Readonly<Record<Severity, Role>> = { ok: 'text', warn: 'warn', bad: 'bad', idle: 'idle' };
const stateOf = ({ values }: ViewRow): string => String(values['state'] ?? '');
const countOf = ({ values }: ViewRow, column: string): number => Number(values[column] ?? 0);

/** An LRP as its row in the list of LRPs has it. */
export function lrpNode(row: ViewRow, isOpen: boolean): TreeNode {
  const state = stateOf(row);
  const severity = stateSeverity.lrps[state] ?? 'warn';
  const counts = `${grouped(countOf(row, 'running'))} of ${grouped(countOf(row, 'desired'))} running`;
  return {
    key: `lrp ${row.key}`,
    depth: 0,
    text: `${row.key}  ${counts}${severity === 'ok' ? '' : `  ${state}`}`,
    role: severity === 'ok' ? 'strong' : roleOf[severity],
    subject: { kind: 'lrp', guid: row.key },
    hasChildren: true,
    isOpen,
    isLast: true,
  };
}

/** A branch that is counted from the instances below it. */
export function countedNode(
  name: string,
  subject: Subject,
  rows: readonly ViewRow[],
  { depth, isOpen }: { readonly depth: number; readonly isOpen: boolean },
): TreeNode {
  const running = rows.filter((row) => stateOf(row) === 'RUNNING').length;
  return {
    key: `${subject.kind} ${name}`,
    depth,
    text: `${name}  ${grouped(running)} of ${grouped(rows.length)} running`,
    role: running === rows.length ? 'strong' : 'warn',
    subject,
    hasChildren: rows.length > 0,
    isOpen,
    isLast: true,
  };
}

/** Instances, each with where it is and what is wrong with it. What is below a cell does not name the cell. */
export function instanceNodes(
  rows: readonly ViewRow[],
  depth: number,
  { namesCell }: { readonly namesCell: boolean },
): readonly TreeNode[] {
  return rows.map((row, at) => {
    const { cell, reason, ports } = row.values;
    const details = [
      namesCell && cell ? String(cell) : '',
      reason ? String(reason) : '',
      ports ? `ports ${String(ports)}` : '',
    ];
    return {
      key: `instance ${row.key}`,
      depth,
      text: [row.key, stateOf(row), ...details].filter((part) => part !== '').join('  '),
      role: roleOf[stateSeverity.instances[stateOf(row)] ?? 'warn'],
      subject: instanceNamed(row.key),
      hasChildren: false,
      isOpen: false,
      isLast: at === rows.length - 1,
    };
  });
}

/** What is not shown, or not known yet, as a leaf. */
export const noteNode = (key: string, depth: number, text: string, role: Role = 'dim'): TreeNode => ({
  key: `note ${key}`,
  depth,
  text,
  role,
  hasChildren: false,
  isOpen: false,
  isLast: true,
});

/** Instances by the LRP that they are of, in the order of the rows. */
export function byLrp(rows: readonly ViewRow[]): ReadonlyMap<string, readonly ViewRow[]> {
  const groups = new Map<string, ViewRow[]>();
  for (const row of rows) {
    const guid = instanceNamed(row.key)?.guid ?? row.key;
    const group = groups.get(guid);
    if (group === undefined) groups.set(guid, [row]);
    else group.push(row);
  }
  return groups;
}
