/** What the pulses page knows: totals by state, rates, the journal, what is broken. For pulses-page.ts and its drawing. */
import { type Severity, stateSeverity } from '../../../api/core/view-columns.ts';
import type { ViewKind } from '../../../api/core/view-shapes.ts';
import { type ListedEvent, newEvents, withEvents } from '../event-list.ts';
import type { Data, PageContext } from '../page.ts';
import type { PageFactories } from '../pages.ts';
import { type RateCounts, withRates } from './pulse-rates.ts';

export const pulseKinds = ['cells', 'lrps', 'instances', 'tasks'] as const satisfies readonly ViewKind[];
export type PulseKind = (typeof pulseKinds)[number];

export interface Totals {
  readonly total: number;
  readonly counts: Readonly<Record<string, number>>;
}

export interface PulsesState {
  readonly pages: PageFactories;
  readonly totals: Readonly<Partial<Record<PulseKind, Totals>>>;
  readonly rates: RateCounts;
  /** Oldest first. */
  readonly events: readonly ListedEvent[];
  readonly focus: PulseKind;
  /** Why a feed is broken, by its id; '' when it is not. */
  readonly problems: Readonly<Record<string, string>>;
}

/** More than the highest screen shows, and than a feed that is begun again brings twice. */
const eventsMax = 200;

export function pulsesWithData(state: PulsesState, want: string, data: Data): PulsesState {
  if (data.kind === 'broken')
    return { ...state, problems: { ...state.problems, [want]: data.error.message } };
  const next = { ...state, problems: { ...state.problems, [want]: '' } };
  if (data.kind === 'events') {
    const fresh = newEvents(state.events, data.events);
    return {
      ...next,
      rates: withRates(state.rates, fresh),
      events: withEvents(state.events, fresh, eventsMax),
    };
  }
  const kind = pulseKinds.find((each) => each === want);
  if (data.kind !== 'view' || data.message.type !== 'rows' || kind === undefined) return state;
  const { total, counts } = data.message;
  return { ...next, totals: { ...state.totals, [kind]: { total, counts } } };
}

/** What is broken, then what the cluster says is wrong. */
export function troublesOf({ problems }: PulsesState, { status }: PageContext): readonly string[] {
  const broken = new Set(Object.values(problems).filter((text) => text !== ''));
  return [...broken, ...(status?.problems ?? [])];
}

const order: readonly Severity[] = ['bad', 'warn', 'ok', 'idle'];

export interface Part {
  readonly state: string;
  readonly count: number;
  readonly severity: Severity;
}

/** States that there are, what needs somebody first. */
export function partsOf(kind: PulseKind, { counts }: Totals): readonly Part[] {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => ({ state, count, severity: stateSeverity[kind][state] ?? 'warn' }))
    .sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity) || b.count - a.count);
}
