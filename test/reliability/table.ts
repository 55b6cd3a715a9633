/** The outcome of a run as Markdown: what docs/reliability.md shows. */
import type { Played } from './session.ts';

export function markdown(rows: readonly Played[], about: string): string {
  const lines = ['| row | fault | measured | good is | |', '|---|---|---|---|---|'];
  for (const row of rows) {
    const [head = '', ...more] = [...row.figures.map(figureCells), ...verdictCells(row)];
    lines.push(`| ${row.id} | ${row.fault} | ${head}`, ...more.map((cells) => `| | | ${cells}`));
  }
  const good = rows.filter(isGood).length;
  const last = rows.map((row) => row.verdict);
  const sum = (of: (verdict: NonNullable<Played['verdict']>) => number): number =>
    last.reduce((total, verdict) => total + (verdict === undefined ? 0 : of(verdict)), 0);
  const counted = [
    `${sum((v) => v.acknowledged)} acknowledged writes`,
    `${sum((v) => v.unsure)} that nobody answered`,
    `${Math.max(0, ...last.map((v) => v?.checkedRevisions ?? 0))} revisions with claims`,
    `${sum((v) => v.starts)} starts and ${sum((v) => v.ends)} ends of containers`,
    `${sum((v) => v.tasks)} tasks`,
  ];
  return `${about}\n\n${lines.join('\n')}\n\nChecked: ${counted.join(', ')}. ${good} of ${rows.length} rows good.\n`;
}

export const isGood = ({ figures, verdict, failure }: Played): boolean =>
  failure === undefined && verdict?.violations.length === 0 && figures.every(({ isMet }) => isMet);

const figureCells = ({ what, value, limit, isMet }: Played['figures'][number]): string =>
  `${what}: ${escaped(value)} | ${limit} | ${isMet ? '' : '**short**'} |`;

function verdictCells({ verdict, failure }: Played): string[] {
  if (failure !== undefined) return [`broke off: ${escaped(failure)} | | **short** |`];
  const violations = verdict?.violations ?? [];
  if (violations.length === 0) return ['acknowledged writes, claims, containers, tasks | nothing wrong | |'];
  return violations.map((violation) => `${escaped(violation)} | nothing wrong | **short** |`);
}

const escaped = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ').slice(0, 300);
