/** How an action dialog looks: what it is about, its fields, the plan, the buttons. */
import type { Canvas } from '../frame.ts';
import { drawLine } from '../line-editor.ts';
import type { DrawContext } from '../page.ts';
import { clip, widthOf, wrap } from '../text.ts';
import { stopsOf } from './action-keys.ts';
import { type ActionSpec, type ActionState, isOver, obstacle, valuesOf, workLines } from './action-spec.ts';
import { drawBox, drawButtons } from './box.ts';
import { type Line, planLines } from './plan-lines.ts';

export function drawAction(spec: ActionSpec, state: ActionState, canvas: Canvas, context: DrawContext): void {
  const { theme, cluster } = context;
  const inner = Math.min(84, canvas.columns - 2) - 4;
  const body = bodyLines(spec, state).flatMap(({ text, role }) =>
    wrap(text, inner).map((line): Line => ({ text: line, role })),
  );
  const fields = spec.fields.length + (spec.typed === undefined ? 0 : 1);
  const box = drawBox(canvas, theme, {
    title: `${spec.title} on cluster ${cluster}`,
    rows: body.length + fields + (fields > 0 ? 1 : 0) + 3,
    danger: spec.danger,
  });
  drawFields(spec, state, box, context);
  const room = Math.max(0, box.rows - fields - (fields > 0 ? 1 : 0) - 2);
  const scroll = Math.min(state.scroll, Math.max(0, body.length - room));
  for (const [at, { text, role }] of body.slice(scroll, scroll + room).entries())
    box.text(0, fields + (fields > 0 ? 1 : 0) + at, text, theme.attr(role));
  drawFoot(spec, state, box, context, body.length - scroll - room);
}

function bodyLines(spec: ActionSpec, state: ActionState): readonly Line[] {
  const lines: Line[] = [...spec.about(valuesOf(state))];
  if (spec.plan !== undefined && state.work === undefined) lines.push(...planned(state));
  return [...lines, ...workLines(state)];
}

function planned({ asking, plan, planProblem }: ActionState): readonly Line[] {
  if (plan !== undefined && !asking) return planLines(plan);
  if (asking) return [{ text: 'working out what would happen …', role: 'dim' }];
  return planProblem === '' ? [] : [{ text: `no plan: ${planProblem}`, role: 'warn' }];
}

function drawFields(spec: ActionSpec, state: ActionState, box: Canvas, { theme }: DrawContext): void {
  const labels = [
    ...spec.fields.map(({ label }) => label),
    ...(spec.typed === undefined ? [] : [`type ${spec.typed}`]),
  ];
  // However long a name is that is to be typed, there is room to type it.
  const width = Math.min(Math.floor(box.columns / 2), Math.max(0, ...labels.map(widthOf)) + 2);
  for (const [at, label] of labels.entries()) {
    const id = spec.fields[at]?.id;
    const editor = id === undefined ? state.typed : state.editors[id];
    if (editor === undefined) continue;
    box.text(
      0,
      at,
      clip(label, width - 1, theme.glyphs.more),
      theme.attr(at === state.focus ? 'strong' : 'text'),
    );
    const isReplaced = id !== undefined && state.fresh.includes(id);
    if (at === state.focus) drawLine(editor, box, width, at, theme, '', isReplaced ? 'cursorRow' : 'input');
    else box.text(width, at, clip(editor.text, box.columns - width, theme.glyphs.more), theme.attr('input'));
  }
}

function drawFoot(
  spec: ActionSpec,
  state: ActionState,
  box: Canvas,
  { theme }: DrawContext,
  below: number,
): void {
  const y = box.rows - 1;
  const { cancel } = stopsOf(spec);
  const verb = (state.plan?.unplaced.length ?? 0) > 0 ? (spec.verbAnyway ?? spec.verb) : spec.verb;
  const buttons = isOver(state) ? ['Close'] : ['Cancel', verb];
  const room = drawButtons(box, y, buttons, isOver(state) ? 0 : state.focus - cancel, theme) - 1;
  const note = below > 0 ? `${below} more lines: PgDn` : obstacle(spec, state);
  box.text(0, y, clip(note, room, theme.glyphs.more), theme.attr(below > 0 ? 'dim' : 'warn'));
  const command = spec.command(valuesOf(state), state.plan);
  if (y > 0 && command !== '') box.text(0, y - 1, `^O  ${command}`, theme.attr('dim'));
}
