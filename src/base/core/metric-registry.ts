/**
 * What was counted, and its text for Prometheus (exposition format 0.0.4). One an agent, made by its composition
 * root; it does no I/O and starts nothing, so that an agent that nobody scrapes pays for a few additions only.
 */
import { type MetricDefinition, type MetricPart, metricCatalogue } from './metric-catalogue.ts';
import type { MetricName, Metrics, Reading } from './metrics.ts';

export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** Series of one metric; what comes on top is counted under the value `other`, so that a mistake stays small. */
const seriesMax = 1_000;

type LabelValues = Readonly<Record<string, string>>;

interface Series {
  readonly labels: LabelValues;
  /** The count of a counter, the sum of a histogram. */
  value: number;
  /** Of a histogram: how many values were in each bucket, and above the last. */
  readonly buckets: number[];
}

type Read = () => Reading<MetricName> | Promise<Reading<MetricName>>;

export interface MetricRegistry extends Metrics {
  /**
   * Everything that is known, as text; counters without labels from the beginning.
   * @param told hears of a reading that failed; the others are still answered
   */
  text(told: (name: string, error: unknown) => void): Promise<string>;
}

/** @param parts what this agent is: metrics of other parts are left out */
export function metricRegistry(parts: ReadonlySet<MetricPart>): MetricRegistry {
  return new Registry(parts);
}

class Registry implements MetricRegistry {
  readonly #parts: ReadonlySet<MetricPart>;
  readonly #series = new Map<MetricName, Map<string, Series>>();
  readonly #reads = new Map<MetricName, Read>();

  constructor(parts: ReadonlySet<MetricPart>) {
    this.#parts = parts;
  }

  count(name: MetricName, labels: LabelValues, by = 1): void {
    this.#of(name, labels).value += by;
  }

  observe(name: MetricName, labels: LabelValues, value: number): void {
    const { buckets = [] } = definitionOf(name);
    const series = this.#of(name, labels);
    const found = buckets.findIndex((bound) => value <= bound);
    const bucket = found === -1 ? buckets.length : found;
    series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
    series.value += value;
  }

  read(name: MetricName, read: Read): void {
    this.#reads.set(name, read);
  }

  async text(told: (name: string, error: unknown) => void): Promise<string> {
    const blocks: string[] = [];
    for (const name of Object.keys(metricCatalogue) as MetricName[]) {
      const definition = definitionOf(name);
      if (!this.#parts.has(definition.part)) continue;
      const lines = await this.#linesOf(name, definition).catch((error: unknown) => {
        told(name, error);
        return [];
      });
      if (lines.length === 0) continue;
      blocks.push(
        `# HELP ${name} ${escapeHelp(definition.help)}`,
        `# TYPE ${name} ${definition.type}`,
        ...lines,
      );
    }
    return `${blocks.join('\n')}\n`;
  }

  #of(name: MetricName, labels: LabelValues): Series {
    const all = this.#series.get(name) ?? new Map<string, Series>();
    this.#series.set(name, all);
    const key = Object.values(labels).join('\n');
    const known = all.get(key);
    if (known !== undefined) return known;
    if (all.size >= seriesMax) {
      const others = Object.fromEntries(Object.keys(labels).map((label) => [label, 'other']));
      const rest = all.get('other') ?? { labels: others, value: 0, buckets: [] };
      all.set('other', rest);
      return rest;
    }
    const series: Series = { labels, value: 0, buckets: [] };
    all.set(key, series);
    return series;
  }

  async #linesOf(name: MetricName, definition: MetricDefinition): Promise<string[]> {
    const read = this.#reads.get(name);
    if (read !== undefined) return readingLines(name, await read());
    const series = [...(this.#series.get(name)?.values() ?? [])];
    if (definition.type === 'histogram') {
      return series.flatMap((one) => histogramLines(name, definition.buckets ?? [], one));
    }
    if (series.length === 0 && definition.type === 'counter' && definition.labels.length === 0)
      return [`${name} 0`];
    return series.map(({ labels, value }) => `${name}${labelText(labels)} ${value}`);
  }
}

const definitionOf = (name: MetricName): MetricDefinition => metricCatalogue[name];

function readingLines(name: string, reading: Reading<MetricName>): string[] {
  if (reading === undefined) return [];
  if (typeof reading === 'number') return [`${name} ${reading}`];
  return reading.map(({ labels, value }) => `${name}${labelText(labels)} ${value}`);
}

function histogramLines(
  name: string,
  bounds: readonly number[],
  { labels, value, buckets }: Series,
): string[] {
  let below = 0;
  const lines = [...bounds.map(String), '+Inf'].map((le, bucket) => {
    below += buckets[bucket] ?? 0;
    return `${name}_bucket${labelText({ ...labels, le })} ${below}`;
  });
  return [...lines, `${name}_sum${labelText(labels)} ${value}`, `${name}_count${labelText(labels)} ${below}`];
}

function labelText(labels: LabelValues): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escapeValue(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escapeValue = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
