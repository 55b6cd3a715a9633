/**
 * A chart of several rows from the same signs as a sparkline: for terminals without line charts. One series a chart; the
 * top of the scale and the time it spans stand at its edge.
 */
import type { Canvas } from '../frame.ts';
import { fit, widthOf } from '../text.ts';
import type { Role, Theme } from '../theme.ts';

export interface Area {
  /** Oldest first. */
  readonly values: readonly number[];
  readonly role: Role;
  /** Top of the scale; absent: the largest value. */
  readonly max?: number | undefined;
  readonly format: (value: number) => string;
}

/** Draws over the whole canvas; the newest value is at the right. Nothing at all is drawn where there is no room. */
export function drawArea(canvas: Canvas, { values, role, max, format }: Area, theme: Theme): void {
  const top = Math.max(max ?? 0, max === undefined ? Math.max(0, ...values) : 0);
  const label = fit(top > 0 ? format(top) : '', 8, 'end');
  const from = widthOf(label) + 1;
  const columns = canvas.columns - from;
  if (columns < 4 || canvas.rows < 1) return;
  canvas.text(0, 0, label, theme.attr('dim'));
  canvas.text(0, canvas.rows - 1, fit('0', 8, 'end'), theme.attr('dim'));
  const { levels, vertical } = theme.glyphs;
  for (let y = 0; y < canvas.rows; y += 1) canvas.text(from - 1, y, vertical, theme.attr('border'));
  const shown = values.slice(-columns);
  const steps = levels.length - 1;
  for (const [at, value] of shown.entries()) {
    const part = top > 0 && Number.isFinite(value) ? Math.min(1, Math.max(0, value / top)) : 0;
    const units = value > 0 ? Math.max(1, Math.round(part * canvas.rows * steps)) : 0;
    const x = from + columns - shown.length + at;
    for (let row = 0; row < canvas.rows; row += 1) {
      const level = Math.min(steps, Math.max(0, units - row * steps));
      if (level > 0) canvas.text(x, canvas.rows - 1 - row, levels[level] ?? ' ', theme.attr(role));
    }
  }
}
