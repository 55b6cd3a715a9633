/**
 * A restart that goes on. It is driven from here, as Nomad's is: closing the dialog leaves the rest as it is. It waits
 * through a cluster that is away for a while, and stops for good at the first instance that does not run again.
 */
import type { LrpView } from '../../../api/core/routes.ts';
import { type ErrorBody, errorCatalogue } from '../../../base/core/errors.ts';
import type { ActualLrp } from '../../../model/actual-lrp.ts';
import type { Millis, ProcessGuid } from '../../../model/ids.ts';
import { grouped } from '../columns-format.ts';
import type { Canvas } from '../frame.ts';
import {
  call,
  type Data,
  type DrawContext,
  type Effect,
  type Page,
  type PageEvent,
  poll,
  type Turn,
  type Want,
} from '../page.ts';
import { clip, wrap } from '../text.ts';
import { drawBox, drawButtons } from './box.ts';
import { type RestartRange, uncounted } from './restart-queue.ts';
import {
  halted,
  isFinished,
  itemName,
  type RestartState,
  restartAdvanced,
  restartCounted,
  restartLooked,
  restartRefused,
  restartTotal,
} from './restart-state.ts';

const lookEveryMs = 1_000;
/** Looks at all that are under way come to about so many a second. */
const looksPerSecond = 10;
const shownMax = 8;

export function restartProgress(title: string, queue: readonly RestartRange[], atOnce: number): Page {
  return pageOf({ title, queue, atOnce, active: [], done: 0, skipped: 0, problem: '', trouble: '' });
}

function pageOf(state: RestartState): Page {
  return {
    kind: 'dialog',
    crumb: `restart(${state.title})`,
    title: `Restart ${state.title}`,
    filter: '',
    typing: true,
    wants: wantsOf(state),
    actions: () => [],
    on: (event, { now }) => turnOf(state, event, now),
    draw: (canvas, context) => draw(state, canvas, context),
    command: () => '',
    lines: () => [
      `Restart ${state.title}: ${progressText(state)}`,
      ...(state.problem === '' ? [] : [state.problem]),
    ],
  };
}

const lrpWant = 'lrp ';

/** Those that are under way, and the LRPs of which it must be known how many instances they want. */
function wantsOf({ active, queue, problem }: RestartState): readonly Want[] {
  if (problem !== '') return [];
  const everyMs = Math.max(lookEveryMs, (active.length / looksPerSecond) * 1_000);
  const missing = active.filter(({ isMissing }) => isMissing).map(({ item }) => item.guid);
  const next = uncounted(queue);
  const guids = new Set([...missing, ...(next === undefined ? [] : [next])]);
  return [
    ...[...guids].map((guid) => poll(lrpWant + guid, 'getLrp', { params: { guid } }, lookEveryMs)),
    ...active.map(({ item }) =>
      poll(itemName(item), 'listInstances', { query: { guid: item.guid, index: item.index } }, everyMs),
    ),
  ];
}

function turnOf(state: RestartState, event: PageEvent, now: Millis): Turn {
  switch (event.kind) {
    case 'action':
    case 'key':
      return keyed(state, event);
    case 'failed':
      return settled(refused(state, event.id, event.error), now);
    case 'data':
      return brought(state, event.want, event.data, now);
    default:
      return settled(state, now);
  }
}

function keyed(state: RestartState, event: Extract<PageEvent, { kind: 'action' | 'key' }>): Turn {
  const leaves =
    event.kind === 'action' ? event.action === 'escape' : ['escape', 'enter'].includes(event.key.name);
  if (!leaves) return { page: pageOf(state) };
  const effects: Effect[] = [{ do: 'close' }];
  if (state.problem === '' && !isFinished(state))
    effects.push({
      do: 'flash',
      level: 'warn',
      text: `${progressText(state)}; the rest is left as it is`,
    });
  return { page: pageOf(state), effects };
}

/** A stop that may be asked for again is; what will be refused again is a reason to stop. */
function refused(state: RestartState, id: string, error: ErrorBody): RestartState {
  if (error.code === 'ResourceNotFound') return state;
  const text = `${id}: ${error.hint === undefined ? error.message : `${error.message}: ${error.hint}`}`;
  return errorCatalogue[error.code].retryable ? restartRefused(state, id, text) : halted(state, text);
}

function brought(state: RestartState, want: string, data: Data, now: Millis): Turn {
  const guid = want.startsWith(lrpWant) ? (want.slice(lrpWant.length) as ProcessGuid) : undefined;
  if (data.kind === 'broken') {
    if (guid !== undefined && data.error.code === 'ResourceNotFound')
      return settled(restartCounted(state, guid, undefined), now);
    return settled({ ...state, trouble: data.error.message }, now);
  }
  if (data.kind !== 'answer') return { page: pageOf(state) };
  // The client checks nothing again: routes.ts says what `getLrp` and `listInstances` answer.
  if (guid !== undefined) return settled(restartCounted(state, guid, (data.value as LrpView).desired), now);
  const { rows } = data.value as { readonly rows: readonly ActualLrp[] };
  const { state: next, retire } = restartLooked(state, want, rows);
  if (retire === undefined) return settled(next, now);
  const turn = settled(next, now);
  const ask = call(itemName(retire), 'retireInstance', { params: retire }, true);
  return { ...turn, effects: [...(turn.effects ?? []), ask] };
}

function settled(state: RestartState, now: Millis): Turn {
  const next = restartAdvanced(state, now);
  const page = pageOf(next);
  if (!isFinished(next)) return { page };
  const text =
    next.done + next.skipped === 0
      ? `${next.title}: there are no instances to restart`
      : `${next.title}: ${progressText(next)}`;
  return { page, effects: [{ do: 'close' }, { do: 'flash', level: 'info', text }] };
}

/** `3 of 40 restarted, 1 had nothing to restart`. */
function progressText(state: RestartState): string {
  const total = restartTotal(state);
  const of = total === undefined ? '' : ` of ${grouped(total)}`;
  const skipped = state.skipped === 0 ? '' : `, ${grouped(state.skipped)} had nothing to restart`;
  return `${grouped(state.done)}${of} restarted${skipped}`;
}

function draw(state: RestartState, canvas: Canvas, { theme, cluster }: DrawContext): void {
  const { glyphs } = theme;
  const { title, active, problem, trouble, done, skipped } = state;
  const said = problem === '' ? trouble : problem;
  const notes = said === '' ? [] : wrap(said, Math.max(10, Math.min(84, canvas.columns - 2) - 4));
  const box = drawBox(canvas, theme, {
    title: `Restart ${title} on cluster ${cluster}`,
    rows: 5 + Math.min(shownMax, active.length) + (active.length > shownMax ? 1 : 0) + notes.length,
    danger: false,
  });
  const total = restartTotal(state) ?? 0;
  const width = Math.max(0, box.columns);
  const full = total === 0 ? 0 : Math.floor(((done + skipped) / total) * width);
  box.text(0, 0, glyphs.full.repeat(full), theme.attr('ok'));
  box.text(full, 0, glyphs.empty.repeat(width - full), theme.attr('dim'));
  box.text(0, 1, progressText(state), theme.attr('strong'));
  let y = 3;
  for (const { item, seen } of active.slice(0, shownMax)) {
    box.text(0, y, clip(`${itemName(item)}  ${seen}`, box.columns, glyphs.more), theme.attr('text'));
    y += 1;
  }
  if (active.length > shownMax) {
    box.text(0, y, `and ${active.length - shownMax} more under way`, theme.attr('dim'));
    y += 1;
  }
  for (const [at, line] of notes.entries())
    if (y + at < box.rows - 1) box.text(0, y + at, line, theme.attr(problem === '' ? 'warn' : 'bad'));
  drawButtons(box, box.rows - 1, [problem === '' ? 'Leave the rest' : 'Close'], 0, theme);
}
