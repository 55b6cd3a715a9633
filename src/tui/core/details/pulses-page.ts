/**
 * The cluster on one screen: what is wrong, what is there by state, who leads and which loss it would survive, how much
 * happens, what happened last. It asks for totals only, so it costs the same for five instances and for 250,000.
 * pulses-draw.ts says how it looks.
 */
import { survivesText } from '../../../api/core/survives-text.ts';
import type { ActionId } from '../actions.ts';
import type { Effect, Page, PageContext, PageEvent, Turn } from '../page.ts';
import type { PageFactories } from '../pages.ts';
import { noRates } from './pulse-rates.ts';
import { drawPulses } from './pulses-draw.ts';
import {
  type PulseKind,
  type PulsesState,
  partsOf,
  pulseKinds,
  pulsesWithData,
  troublesOf,
} from './pulses-model.ts';

export function pulsesPage(pages: PageFactories): Page {
  return pageOf({ pages, totals: {}, rates: noRates, events: [], focus: 'instances', problems: {} });
}

function pageOf(state: PulsesState): Page {
  return {
    kind: 'pulses',
    crumb: 'pulses',
    title: 'pulses',
    filter: '',
    noFilter: 'Enter opens the list of what is chosen, and lists filter',
    typing: false,
    wants: [
      ...pulseKinds.map((kind) => ({
        kind: 'view' as const,
        id: kind,
        query: { kind, window: { start: 0, count: 1 } },
      })),
      { kind: 'events', id: 'events' },
    ],
    actions: () => ['enter', 'events', 'up', 'down', 'left', 'right'],
    on: (event) => turnOf(state, event),
    draw: (canvas, context) => drawPulses(state, canvas, context),
    command: () => 'skep status',
    lines: (context) => linesOf(state, context),
  };
}

function turnOf(state: PulsesState, event: PageEvent): Turn {
  switch (event.kind) {
    case 'data':
      return { page: pageOf(pulsesWithData(state, event.want, event.data)) };
    case 'action':
      return acted(state, event.action);
    default:
      return { page: pageOf(state) };
  }
}

function acted(state: PulsesState, action: ActionId): Turn {
  const page = pageOf(state);
  const { pages, focus } = state;
  const open = (next: Page): Turn => ({ page, effects: [{ do: 'open', page: next } satisfies Effect] });
  switch (action) {
    case 'up':
    case 'left':
      return { page: pageOf({ ...state, focus: beside(focus, -1) }) };
    case 'down':
    case 'right':
      return { page: pageOf({ ...state, focus: beside(focus, 1) }) };
    case 'enter':
      return open(pages.list({ kind: focus }));
    case 'events':
      return open(pages.events());
    case 'escape':
      return { page, effects: [{ do: 'back' }] };
    default:
      return { page };
  }
}

function beside(focus: PulseKind, step: number): PulseKind {
  const at = (pulseKinds.indexOf(focus) + step + pulseKinds.length) % pulseKinds.length;
  return pulseKinds[at] ?? focus;
}

function linesOf(state: PulsesState, context: PageContext): readonly string[] {
  const { status } = context;
  return [
    ...troublesOf(state, context).map((text) => `problem: ${text}`),
    ...pulseKinds.map((kind) => {
      const totals = state.totals[kind];
      if (totals === undefined) return `${kind}: not known yet`;
      const parts = partsOf(kind, totals).map(({ count, state: name }) => `${count} ${name}`);
      return `${kind}: ${totals.total}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`;
    }),
    ...(status === undefined ? [] : [`leader: ${status.leader?.server ?? 'none'}`]),
    ...(status?.survives === undefined ? [] : [`survives ${survivesText(status.survives)}`]),
    ...[...state.events].reverse().map(({ type, subject, message }) => `${type} ${subject}: ${message}`),
  ];
}
