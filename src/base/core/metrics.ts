/**
 * Metrics as a port: whoever counts something says its name in metric-catalogue.ts, which the compiler checks.
 * Registry: metric-registry.ts. Nothing that is counted may change what the program does.
 */
import type { metricCatalogue } from './metric-catalogue.ts';

type Catalogue = typeof metricCatalogue;
export type MetricName = keyof Catalogue;
type NamesOf<T extends string> = {
  [N in MetricName]: Catalogue[N]['type'] extends T ? N : never;
}[MetricName];
export type Labels<N extends MetricName> = Readonly<Record<Catalogue[N]['labels'][number], string>>;

export interface Sample<N extends MetricName = MetricName> {
  readonly labels: Labels<N>;
  readonly value: number;
}

/** What a scrape gets for something that is looked up then; undefined: there is nothing to say now. */
export type Reading<N extends MetricName> = number | readonly Sample<N>[] | undefined;

export interface Metrics {
  /** Raises a counter, by 1 unless told. */
  count<N extends NamesOf<'counter'>>(name: N, labels: Labels<N>, by?: number): void;
  /** Puts one value into a histogram, in its unit. */
  observe<N extends NamesOf<'histogram'>>(name: N, labels: Labels<N>, value: number): void;
  /** From now on each scrape asks `read`; the last one given counts. */
  read<N extends NamesOf<'gauge' | 'counter'>>(name: N, read: () => Reading<N> | Promise<Reading<N>>): void;
}

/** Counts nothing: where nobody composed metrics. */
export const noMetrics: Metrics = {
  count: () => undefined,
  observe: () => undefined,
  read: () => undefined,
};
