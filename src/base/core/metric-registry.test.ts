import { describe, expect, test } from 'vitest';
import { type MetricDefinition, metricCatalogue } from './metric-catalogue.ts';
import { metricRegistry } from './metric-registry.ts';

const told: string[] = [];
const textOf = async (registry: ReturnType<typeof metricRegistry>): Promise<string[]> =>
  (await registry.text((name) => void told.push(name))).trimEnd().split('\n');
const everything = new Set(['agent', 'server', 'cell'] as const);
const all = Object.entries(metricCatalogue) as [string, MetricDefinition][];

describe('the registry', () => {
  test('counts by label and tells name, type and help once', async () => {
    const metrics = metricRegistry(new Set(['server']));
    metrics.count('skep_brain_placements_total', { kind: 'lrp' }, 3);
    metrics.count('skep_brain_placements_total', { kind: 'task' });
    metrics.count('skep_brain_placements_total', { kind: 'lrp' });
    const lines = await textOf(metrics);
    const at = lines.indexOf('# TYPE skep_brain_placements_total counter');
    expect(lines[at - 1]).toBe(
      `# HELP skep_brain_placements_total ${metricCatalogue.skep_brain_placements_total.help}`,
    );
    expect(lines.slice(at + 1, at + 3)).toEqual([
      'skep_brain_placements_total{kind="lrp"} 4',
      'skep_brain_placements_total{kind="task"} 1',
    ]);
    // A counter that nothing has raised yet is there, so that a rate over it is 0 and not nothing.
    expect(lines).toContain('skep_brain_fenced_writes_total 0');
    expect(lines.join()).not.toContain('skep_cell_');
  });

  test('buckets of a histogram are cumulative, and its bounds belong to the bucket below', async () => {
    const metrics = metricRegistry(everything);
    for (const value of [0.001, 0.0011, 3, 1_000])
      metrics.observe('skep_brain_pass_duration_seconds', {}, value);
    const lines = (await textOf(metrics)).filter((line) =>
      line.startsWith('skep_brain_pass_duration_seconds'),
    );
    expect(lines[0]).toBe('skep_brain_pass_duration_seconds_bucket{le="0.001"} 1');
    expect(lines[1]).toBe('skep_brain_pass_duration_seconds_bucket{le="0.005"} 2');
    expect(lines.slice(-4)).toEqual([
      'skep_brain_pass_duration_seconds_bucket{le="60"} 3',
      'skep_brain_pass_duration_seconds_bucket{le="+Inf"} 4',
      'skep_brain_pass_duration_seconds_sum 1003.0021',
      'skep_brain_pass_duration_seconds_count 4',
    ]);
  });

  test('what is read at a scrape may be a number, several, nothing or late; one that fails leaves the others', async () => {
    const metrics = metricRegistry(everything);
    metrics.read('skep_brain_leader', () => 1);
    metrics.read('skep_store_db_bytes', async () => [{ labels: { member: 'a"b\\c\nd' }, value: 5 }]);
    metrics.read('skep_brain_waiting', () => undefined);
    metrics.read('skep_store_up', () => {
      throw new Error('no');
    });
    const lines = await textOf(metrics);
    expect(lines).toContain('skep_brain_leader 1');
    expect(lines).toContain('skep_store_db_bytes{member="a\\"b\\\\c\\nd"} 5');
    expect(lines.join('\n')).not.toMatch(/skep_brain_waiting|skep_store_up/);
    expect(told).toEqual(['skep_store_up']);
  });

  test('more series than it may have are counted together', async () => {
    const metrics = metricRegistry(everything);
    for (let n = 0; n < 1_200; n++) metrics.count('skep_brain_decisions_total', { rule: `r${n}` });
    const lines = (await textOf(metrics)).filter((line) => line.startsWith('skep_brain_decisions_total'));
    expect(lines).toHaveLength(1_001);
    expect(lines.at(-1)).toBe('skep_brain_decisions_total{rule="other"} 200');
  });
});

describe('the catalogue', () => {
  test.each(all)('%s is named as Prometheus wants it', (name, { type, labels, buckets, help }) => {
    expect(name).toMatch(/^(skep|process|nodejs)_[a-z0-9_]*[a-z0-9]$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    expect(buckets !== undefined).toBe(type === 'histogram');
    expect([...(buckets ?? [])].sort((a, b) => a - b)).toEqual(buckets ?? []);
    expect(help).toMatch(/^[^\n|]+\.$/);
    for (const label of labels)
      expect(['guid', 'instance', 'index', 'cell', 'task', 'name', 'le']).not.toContain(label);
  });
});
