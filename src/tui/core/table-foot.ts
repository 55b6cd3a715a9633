/** The line below a table: what is how often, and where in the list one is. Used by every page that is a table. */
import type { Severity } from '../../api/core/view-columns.ts';
import { grouped } from './columns-format.ts';
import type { Canvas } from './frame.ts';
import { clip, widthOf } from './text.ts';
import type { Role, Theme } from './theme.ts';

export interface FootFact {
  readonly text: string;
  readonly role: Role;
}

const pressing: readonly Severity[] = ['bad', 'warn', 'ok', 'idle'];

/** Counts by state, those that need somebody first. */
export function countFacts(
  counts: Readonly<Record<string, number>>,
  severities: Readonly<Record<string, Severity>>,
  { glyphs }: Theme,
): readonly FootFact[] {
  const severityOf = (state: string): Severity =>
    Object.hasOwn(severities, state) ? (severities[state] ?? 'idle') : 'idle';
  return Object.entries(counts)
    .filter(([state, count]) => state !== '' && count > 0)
    .map(([state, count]) => ({ state, count, severity: severityOf(state) }))
    .sort((a, b) => pressing.indexOf(a.severity) - pressing.indexOf(b.severity) || b.count - a.count)
    .map(({ state, count, severity }) => ({
      text: `${glyphs.severity[severity]} ${grouped(count)} ${state}`,
      role: severity,
    }));
}

/** `12-34 of 250,000`, with a filter `12-34 of 1,204 (250,000 in all)`; `0 of 250,000` when nothing fits it. */
export function positionText(top: number, visible: number, matched: number, total: number): string {
  if (matched === 0) return `0 of ${grouped(total)}`;
  const seen = `${grouped(top + 1)}-${grouped(Math.min(matched, top + visible))} of ${grouped(matched)}`;
  return matched === total ? seen : `${seen} (${grouped(total)} in all)`;
}

/** The position is always seen; facts as far as there is room, the first of them first. */
export function drawFoot(canvas: Canvas, facts: readonly FootFact[], position: string, theme: Theme): void {
  const y = canvas.rows - 1;
  const text = clip(position, canvas.columns - 2, theme.glyphs.more);
  const from = Math.max(1, canvas.columns - widthOf(text) - 1);
  canvas.text(from, y, text, theme.attr('dim'));
  let x = 2;
  for (const fact of facts) {
    if (x + widthOf(fact.text) + 2 > from) return;
    x = canvas.text(x, y, fact.text, theme.attr(fact.role)) + 2;
  }
}
