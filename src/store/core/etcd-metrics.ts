/** Figures in the text of etcd's `/metrics`. Pure; etcd/etcd-probe.ts fetches it. */

/** The value of a metric without labels; undefined when it is not there. */
export function metricValue(text: string, name: string): number | undefined {
  const found = new RegExp(`^${name}(?:\\{\\})? ([0-9.eE+-]+)$`, 'm').exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

/**
 * The bound below which a share of all observations lie, by the buckets of a histogram without labels. The last
 * bucket has none: then the highest that there is. Undefined with fewer than 100 observations.
 */
export function histogramQuantile(text: string, name: string, share: number): number | undefined {
  const pattern = new RegExp(`^${name}_bucket\\{le="([^"]+)"\\} ([0-9.eE+-]+)$`, 'gm');
  const buckets = [...text.matchAll(pattern)].map(([, bound, count]) => ({
    bound: bound === '+Inf' ? Infinity : Number(bound),
    count: Number(count),
  }));
  const total = buckets.at(-1)?.count ?? 0;
  if (total < 100) return undefined;
  const hit = buckets.find(({ count }) => count >= total * share);
  const highest = buckets.filter(({ bound }) => bound < Infinity).at(-1)?.bound;
  return hit === undefined || hit.bound === Infinity ? highest : hit.bound;
}

/** The value of a label of the first metric of that name: `etcd_server_version{server_version="3.4.23"} 1`. */
export function metricLabel(text: string, name: string, label: string): string | undefined {
  return new RegExp(`^${name}\\{[^}]*${label}="([^"]*)"`, 'm').exec(text)?.[1];
}
