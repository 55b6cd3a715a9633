/**
 * A restart that goes on: each instance is looked at, stopped, and waited for until its successor runs and is ready. It
 * is driven from here, as Nomad's is: closing the dialog leaves the rest as it is.
 */
import type { ActualLrp } from '../../../model/actual-lrp.ts';
import { instanceName } from '../../../model/instance-name.ts';
import type { Canvas } from '../frame.ts';
import {
  call,
  type DrawContext,
  type Effect,
  type Page,
  type PageContext,
  type PageEvent,
  poll,
  type Turn,
} from '../page.ts';
import { drawBox, drawButtons } from './box.ts';
import type { RestartItem } from './restart-dialog.ts';

/** An instance that does not run by then is a reason to stop. */
const patienceMs = 5 * 60_000;
const lookEveryMs = 1_000;

interface Active {
  readonly item: RestartItem;
  /** The instance that is to go; absent until it was looked at. */
  readonly before?: string | undefined;
  readonly since: number;
}

interface State {
  readonly title: string;
  readonly total: number;
  readonly queue: readonly RestartItem[];
  readonly atOnce: number;
  readonly active: readonly Active[];
  readonly done: number;
  /** Why it stopped. */
  readonly problem: string;
}

export function restartProgress(title: string, items: readonly RestartItem[], atOnce: number): Page {
  return pageOf({ title, total: items.length, queue: items, atOnce, active: [], done: 0, problem: '' });
}

const keyOf = ({ guid, index }: RestartItem): string => instanceName(guid, index);

function pageOf(state: State): Page {
  return {
    kind: 'dialog',
    crumb: `restart(${state.title})`,
    title: `Restart ${state.title}`,
    filter: '',
    typing: true,
    wants: state.active.map(({ item }) =>
      poll(keyOf(item), 'listInstances', { query: { guid: item.guid, index: item.index } }, lookEveryMs),
    ),
    actions: () => [],
    on: (event, context) => turnOf(state, event, context),
    draw: (canvas, context) => draw(state, canvas, context),
    command: () => '',
    lines: () => [`Restart ${state.title}: ${state.done} of ${state.total}`],
  };
}

function turnOf(state: State, event: PageEvent, context: PageContext): Turn {
  switch (event.kind) {
    case 'action':
    case 'key':
      return keyed(state, event);
    case 'failed':
      return halted(state, `${event.id}: ${event.error.message}`);
    case 'data':
      if (event.data.kind === 'broken') return halted(state, event.data.error.message);
      return event.data.kind === 'answer'
        ? looked(state, event.want, event.data.value, context)
        : { page: pageOf(state) };
    default:
      return overdue(filled(state, context.now), context);
  }
}

function keyed(state: State, event: Extract<PageEvent, { kind: 'action' | 'key' }>): Turn {
  const leaves =
    event.kind === 'action' ? event.action === 'escape' : ['escape', 'enter'].includes(event.key.name);
  if (!leaves) return { page: pageOf(state) };
  const left = state.total - state.done;
  const effects: Effect[] = [{ do: 'close' }];
  if (left > 0 && state.problem === '')
    effects.push({
      do: 'flash',
      level: 'warn',
      text: `${state.done} of ${state.total} restarted; the rest is left as it is`,
    });
  return { page: pageOf(state), effects };
}

const halted = (state: State, problem: string): Turn => ({
  page: pageOf({ ...state, queue: [], active: [], problem: state.problem || problem }),
});

/** Takes on as many as may be under way. */
function filled(state: State, now: number): State {
  if (state.problem !== '') return state;
  const room = state.atOnce - state.active.length;
  const taken = state.queue.slice(0, room).map((item): Active => ({ item, since: now }));
  return { ...state, queue: state.queue.slice(taken.length), active: [...state.active, ...taken] };
}

function overdue(state: State, { now }: PageContext): Turn {
  const late = state.active.find(({ since }) => now - since > patienceMs);
  if (late === undefined) return { page: pageOf(state) };
  return halted(
    state,
    `${keyOf(late.item)} does not run again after ${patienceMs / 60_000} minutes: W on it says why`,
  );
}

function looked(state: State, want: string, value: unknown, context: PageContext): Turn {
  const active = state.active.find(({ item }) => keyOf(item) === want);
  if (active === undefined) return { page: pageOf(state) };
  // The client checked nothing, but the route says what an answer is: routes.ts `listInstances`.
  const { rows } = value as { readonly rows: readonly ActualLrp[] };
  const record = rows.find(({ presence }) => presence === 'ORDINARY');
  if (active.before === undefined) return retire(state, active, record);
  const isBack =
    record?.state === 'RUNNING' &&
    record.routable &&
    record.retire === undefined &&
    record.instanceGuid !== active.before;
  if (!isBack) return overdue(state, context);
  const rest = state.active.filter((each) => each !== active);
  return finished(filled({ ...state, active: rest, done: state.done + 1 }, context.now));
}

function retire(state: State, active: Active, record: ActualLrp | undefined): Turn {
  if (record === undefined) return halted(state, `${keyOf(active.item)} is not there`);
  const next = { ...active, before: record.instanceGuid ?? 'none' };
  const swapped = state.active.map((each) => (each === active ? next : each));
  const { guid, index } = active.item;
  return {
    page: pageOf({ ...state, active: swapped }),
    effects: [call(keyOf(active.item), 'retireInstance', { params: { guid, index } }, true)],
  };
}

function finished(state: State): Turn {
  if (state.done < state.total) return { page: pageOf(state) };
  return {
    page: pageOf(state),
    effects: [
      { do: 'close' },
      { do: 'flash', level: 'info', text: `${state.title}: all ${state.total} restarted` },
    ],
  };
}

function draw(state: State, canvas: Canvas, { theme }: DrawContext): void {
  const box = drawBox(canvas, theme, {
    title: `Restart ${state.title}`,
    rows: 6 + Math.min(6, state.active.length),
    danger: false,
  });
  const { glyphs } = theme;
  const width = Math.max(10, box.columns - 16);
  const full = state.total === 0 ? width : Math.floor((state.done / state.total) * width);
  box.text(0, 0, glyphs.full.repeat(full), theme.attr('ok'));
  box.text(full, 0, glyphs.empty.repeat(width - full), theme.attr('dim'));
  box.text(width + 1, 0, `${state.done} of ${state.total}`, theme.attr('strong'));
  for (const [at, { item, before }] of state.active.slice(0, 6).entries())
    box.text(
      0,
      2 + at,
      `${keyOf(item)}: ${before === undefined ? 'looking' : 'waiting until it runs again'}`,
      theme.attr('text'),
    );
  if (state.problem !== '') box.text(0, box.rows - 2, state.problem, theme.attr('bad'));
  drawButtons(box, box.rows - 1, [state.problem === '' ? 'Leave the rest' : 'Close'], 0, theme);
}
