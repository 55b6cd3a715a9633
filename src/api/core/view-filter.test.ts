import { describe, expect, test } from 'vitest';
import { columnNamed, type FilterRow, parseFilter } from './view-filter.ts';
import type { ViewKind } from './view-shapes.ts';

const now = 1_700_000_000_000;
const minutes = 60_000;

const instance: FilterRow = {
  values: {
    instance: 'web/12',
    state: 'CRASHED',
    ready: false,
    cell: 'cell-3',
    crashes: 4,
    ports: '127.0.0.1:61001→8080',
    reason: 'exited with status 137',
    zone: '',
    domain: 'default',
    instanceGuid: 'hidden-guid',
    since: now - 5 * minutes,
  },
  labels: { app: 'shop', tier: '' },
};
const cell: FilterRow = {
  values: {
    cell: 'host-a',
    state: 'ready',
    memoryPercent: 81,
    memoryUsedMb: 2_048,
    memoryMb: null,
    since: null,
  },
  labels: {},
};

const compile = (source: string) => {
  const regex = new RegExp(source, 'i');
  return (text: string): boolean => regex.test(text);
};

function matches(text: string, row: FilterRow, kind: ViewKind): boolean {
  const parsed = parseFilter(kind, text, compile);
  if (!parsed.ok) throw new Error(parsed.refusal.message);
  return parsed.filter.matches(row, now);
}

describe('what passes', () => {
  test.each([
    '',
    '   ',
    'web',
    'WEB/1',
    'status 137',
    '^web/\\d+$',
    'cell-[23]$',
    '!running',
    '!^eb',
    '-f wb12',
    '-f ex137',
    '-l app=shop',
    '-l app==shop,tier',
    '-l app!=other,owner!=me',
    'state:crashed',
    'STATE:=crashed',
    'state:!running',
    'cell:cell-3',
    'crashes:>3',
    'crashes:>=4',
    'crashes:<5',
    'crashes:<=4',
    'crashes:=4',
    'crashes:4',
    'cra:>3',
    'age:<10m',
    'age:>4m',
    'age:<1h',
    'since:>299s',
    'ready:no',
    'zone:=',
    'web & crashes:>3 & !running & -l app=shop',
    // No column is called so: it is text like any other.
    '127.0.0.1:61001',
  ])('%s', (text) => expect(matches(text, instance, 'instances')).toBe(true));

  test.each(['mem%:>80', 'mem:>1g', 'mem:=2g', 'mem:>=2048m', 'memoryPercent:<=81', 'mem%:>80%'])(
    '%s',
    (text) => expect(matches(text, cell, 'cells')).toBe(true),
  );
});

describe('what does not', () => {
  test.each([
    'running',
    'eb$',
    '!web',
    '-f 21bew',
    '-l app=other',
    '-l app!=shop',
    '-l owner',
    '-l toString',
    'state:=crash',
    'crashes:>4',
    'crashes:<4',
    'age:>10m',
    'ready:yes',
    'hidden-guid',
    'web & running',
    'instance:cell-3',
  ])('%s', (text) => expect(matches(text, instance, 'instances')).toBe(false));

  test.each(['mem-cap:>0', 'mem-cap:<1', 'age:<100w', 'mem%:>81'])('%s, for what is not known', (text) =>
    expect(matches(text, cell, 'cells')).toBe(false),
  );
});

describe('what is refused, with what is wrong and where', () => {
  test.each<[ViewKind, string, RegExp]>([
    ['instances', 'web(', /^"web\(" at character 1 of the filter: /],
    ['instances', 'web & cell[', /^"cell\[" at character 7 of the filter: /],
    ['instances', 'web &  & cell', /at character 7 of the filter: there is nothing between two "&"/],
    ['instances', '!', /nothing to look for/],
    ['instances', '-f', /nothing to look for/],
    ['instances', '-f ', /nothing to look for/],
    ['instances', '-l', /a label is missing/],
    ['instances', '-l a=b,,c', /a label is missing/],
    ['instances', '-l =b', /"=b" is no label/],
    ['events', '-l a=b', /events have no labels/],
    ['instances', 'crashs:>3', /no column "crashs" \(did you mean "crashes"\?\)/],
    ['instances', 'size:>3', /no column "size" \(columns: instance, state/],
    ['instances', 'crashes:many', /"many" is not a number/],
    ['instances', 'crashes:>', /">" is not a number/],
    ['instances', 'age:<10', /"<10" is not an age such as/],
    ['instances', 'age:<10y', /is not an age/],
    ['instances', 'ready:maybe', /the column is yes or no/],
    ['instances', 'cell:>3', /the column holds text/],
    ['instances', 'cell:', /nothing to look for/],
    ['cells', 'mem:>1x', /is not a size/],
    ['instances', Array.from({ length: 17 }, () => 'a').join(' & '), /17 terms, at most 16/],
  ])('%s %s', (kind, text, message) => {
    const parsed = parseFilter(kind, text, compile);
    expect(parsed).toMatchObject({ ok: false });
    if (!parsed.ok) expect(parsed.refusal.message).toMatch(message);
  });
});

test('a filter says whether it lets everything through, and whether time matters', () => {
  const filterOf = (text: string) => {
    const parsed = parseFilter('instances', text, compile);
    return parsed.ok ? { isEmpty: parsed.filter.isEmpty, usesTime: parsed.filter.usesTime } : undefined;
  };
  expect(filterOf(' ')).toEqual({ isEmpty: true, usesTime: false });
  expect(filterOf('web & age:<10m')).toEqual({ isEmpty: false, usesTime: true });
});

test('columns by id, by title, or by how one begins; the whole name first', () => {
  expect(columnNamed('cells', 'mem')?.id).toBe('memoryUsedMb');
  expect(columnNamed('cells', 'MEM%')?.id).toBe('memoryPercent');
  expect(columnNamed('cells', 'memory')?.id).toBe('memoryPercent');
  expect(columnNamed('lrps', 'want')?.id).toBe('desired');
  expect(columnNamed('lrps', 'nothing')).toBeUndefined();
});
