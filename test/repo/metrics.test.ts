/** docs/metrics.md and the alerts name the metrics that there are, with the labels that they have. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type MetricDefinition, metricCatalogue } from '../../src/base/core/metric-catalogue.ts';
import { root } from './sources.ts';

const catalogue: Readonly<Record<string, MetricDefinition>> = metricCatalogue;
const docs = readFileSync(`${root}docs/metrics.md`, 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}
const alerts = parse(readFileSync(`${root}packaging/prometheus/skep-alerts.yml`, 'utf8')) as {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
};
const rules = alerts.groups.flatMap((group) => group.rules);

/** Our metrics in an expression, with the labels that it selects by; names of series become those of metrics. */
function used(expr: string): { readonly name: string; readonly labels: string[] }[] {
  return [...expr.matchAll(/\b((?:skep|process|nodejs)_\w+)(?:\{([^}]*)\})?/g)].map(
    ([, name = '', selector = '']) => ({
      name: name in catalogue ? name : name.replace(/_(bucket|sum|count)$/, ''),
      labels: [...selector.matchAll(/(\w+)\s*[=!]/g)].map(([, label = '']) => label),
    }),
  );
}

/** What is wrong with one expression. */
function faults(expr: string): string[] {
  return used(expr).flatMap(({ name, labels }) => {
    const metric = catalogue[name];
    if (metric === undefined) return [`${name} is no metric`];
    const known = [...metric.labels, 'job', 'instance', 'cluster'];
    return labels.filter((label) => !known.includes(label)).map((label) => `${name} has no label ${label}`);
  });
}

describe('docs/metrics.md', () => {
  test('has a row for every metric, as the catalogue says it, and no other', () => {
    const rows = docs.split('\n').filter((line) => /^\| `(skep|process|nodejs)_/.test(line));
    const wanted = Object.entries(catalogue).map(([name, { type, labels, help }]) => {
      return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`;
    });
    expect(rows).toEqual(wanted);
  });

  test('lists every alert, and no other', () => {
    const listed = [...docs.matchAll(/`(Skep\w+)`/g)].map(([, name = '']) => name);
    expect(listed.toSorted()).toEqual(rules.map(({ alert }) => alert).toSorted());
  });
});

describe('the alerts', () => {
  test.each(rules)('$alert asks for metrics that there are', ({ expr }) => {
    expect(faults(expr)).toEqual([]);
    expect(used(expr).length + Number(/\bup\{/.test(expr))).toBeGreaterThan(0);
  });

  test.each(rules)('$alert says how bad it is and what to do', ({ labels, annotations }) => {
    expect(['warning', 'critical']).toContain(labels.severity);
    expect(annotations.summary).toMatch(/^\S.*[^.]$/);
    expect(annotations.description).toMatch(/\.$/);
  });

  test.each([
    ['skep_brain_wating > 0', 'skep_brain_wating is no metric'],
    ['skep_brain_passes_total{result="failed"}', 'skep_brain_passes_total has no label result'],
  ])('catches %s', (expr, fault) => {
    expect(faults(expr).join()).toBe(fault);
  });
});
