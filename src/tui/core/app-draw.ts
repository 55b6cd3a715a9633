/**
 * The whole screen: a line of facts about the cluster, the page with its title, hints, and a line for the prompt,
 * messages and breadcrumbs. Made for 80×24; what does not fit is left out from the least important on.
 */

import { contextOf } from './app.ts';
import { drawHints } from './app-hints.ts';
import { bodyOf, smallest } from './app-layout.ts';
import { type AppModel, type AppParts, pageOf } from './app-model.ts';
import { type Canvas, canvasOf, createFrame, type Frame } from './frame.ts';
import { drawHeader } from './header.ts';
import { drawLine } from './line-editor.ts';
import type { Charts, DrawContext } from './page.ts';
import { problemText } from './problem.ts';
import { clip, widthOf } from './text.ts';
import type { Theme } from './theme.ts';
import { drawWorkspace } from './workspace.ts';

export interface DrawParts extends Pick<AppParts, 'keysOf' | 'screens'> {
  readonly theme: Theme;
  readonly charts?: Charts | undefined;
}

/** A new frame with everything on it. */
export function drawApp(model: AppModel, parts: DrawParts): Frame {
  const frame = createFrame(model.size.columns, model.size.rows);
  const canvas = canvasOf(frame);
  const { theme } = parts;
  if (model.size.columns < smallest.columns || model.size.rows < smallest.rows) {
    const text = `skep needs ${smallest.columns} by ${smallest.rows}`;
    canvas.text(0, 0, text, theme.attr('warn'));
    return frame;
  }
  if (model.inPanes) {
    drawWorkspace(model.workspace, canvas, { theme, screens: parts.screens, flash: model.flash });
    return frame;
  }
  drawHeader(model, canvas.within({ x: 0, y: 0, columns: canvas.columns, rows: 1 }), theme);
  drawPage(model, canvas, parts);
  drawHints(model, canvas, parts);
  drawFoot(model, canvas, theme);
  return frame;
}

function drawPage(model: AppModel, canvas: Canvas, { theme, charts }: DrawParts): void {
  const { page } = pageOf(model);
  const context: DrawContext = {
    ...contextOf(model),
    theme,
    skewMs: model.skewMs,
    ...(charts === undefined ? {} : { charts }),
  };
  drawTitle(model, canvas, theme);
  page.draw(canvas.within(bodyOf(model.size)), context);
  for (const { page: dialog } of model.dialogs) dialog.draw(canvas.within(bodyOf(model.size)), context);
}

/** The name of the page in the line above it, and the filter that holds: with `/` while it is typed. */
function drawTitle(model: AppModel, canvas: Canvas, theme: Theme): void {
  const { page } = pageOf(model);
  const { glyphs } = theme;
  canvas.fill({ x: 0, y: 1, columns: canvas.columns, rows: 1 }, glyphs.horizontal, theme.attr('border'));
  const title = ` ${clip(page.title, canvas.columns - 6, glyphs.more)} `;
  const end = canvas.text(2, 1, title, theme.attr('title'));
  if (page.filter === '') return;
  canvas.text(
    end,
    1,
    `/${clip(page.filter, Math.max(0, canvas.columns - end - 3), glyphs.more)} `,
    theme.attr('match'),
  );
}

function drawFoot(model: AppModel, canvas: Canvas, theme: Theme): void {
  const y = canvas.rows - 1;
  const { prompt, flash } = model;
  if (prompt !== undefined) {
    const x = canvas.text(0, y, prompt.kind === 'command' ? ':' : '/', theme.attr('key'));
    drawLine(prompt.editor, canvas, x, y, theme, prompt.ghost);
    return;
  }
  if (flash !== undefined) {
    const role = flash.level === 'error' ? 'flashError' : flash.level === 'warn' ? 'flashWarn' : 'flashInfo';
    const text = problemText({ message: flash.text, hint: flash.hint });
    canvas.text(0, y, ` ${clip(text, canvas.columns - 2, theme.glyphs.more)} `, theme.attr(role));
    return;
  }
  drawCrumbs(model, canvas, y, theme);
}

/** The way here, its end always seen. */
function drawCrumbs(model: AppModel, canvas: Canvas, y: number, theme: Theme): void {
  const crumbs = model.stack.map(({ page }) => clip(page.crumb, 30, theme.glyphs.more));
  const separator = ` ${theme.glyphs.crumb} `;
  let first = crumbs.length - 1;
  let width = widthOf(crumbs[first] ?? '') + 2;
  while (first > 0) {
    width += widthOf(crumbs[first - 1] ?? '') + separator.length;
    if (width > canvas.columns - 4) break;
    first -= 1;
  }
  let x = 1;
  if (first > 0) x = canvas.text(x, y, theme.glyphs.more + separator, theme.attr('dim'));
  for (const [at, crumb] of crumbs.entries()) {
    if (at < first) continue;
    const last = at === crumbs.length - 1;
    x = canvas.text(x, y, crumb, theme.attr(last ? 'strong' : 'dim'));
    if (!last) x = canvas.text(x, y, separator, theme.attr('border'));
  }
}
