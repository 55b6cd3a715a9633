/** The pulses: rates of what happens, what is wrong first, and what keys lead to. */
import { describe, expect, test } from 'vitest';
import { drivePage } from '../../../../test/kit/page-driver.ts';
import { leadsTo, stubPages } from '../../../../test/kit/stub-pages.ts';
import { clusterStatus } from '../../../../test/kit/tui-data.ts';
import type { ListedEvent } from '../event-list.ts';
import { knownSeconds, noRates, rateSeries, withRates } from './pulse-rates.ts';
import { pulsesPage } from './pulses-page.ts';

const now = 1_000_000;
let made = 0;
function event(at: number, type: ListedEvent['type'], message = ''): ListedEvent {
  made += 1;
  return { v: 1, id: `e${made}`, at, type, subject: 'web/0', message };
}
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('rates', () => {
  test('are counted in the second in which it happened, whenever the event came', () => {
    const counts = withRates(withRates(noRates, [event(now, 'instance.crashed')]), [
      event(now - 3_000, 'instance.crashed'),
      event(now - 2_000, 'instance.crashed'),
      event(now, 'lrp.changed'),
    ]);
    expect(rateSeries(counts, 'crashed', now, 5)).toEqual([0, 1, 1, 0, 1]);
  });
  test('one line of the journal may be many instances', () => {
    const counts = withRates(noRates, [
      event(now, 'instance.placed', '12 instances (0-11) placed on 3 cells'),
    ]);
    expect(sum(rateSeries(counts, 'placed', now, 60))).toBe(12);
  });
  test('keep no more than they show', () => {
    const counts = Array.from({ length: 1_000 }, (_, i) => [
      event(now + i * 1_000, 'instance.running'),
    ]).reduce(withRates, noRates);
    expect(counts.seconds.size).toBe(180);
  });
  test('say for how long they are known when the past was cut', () => {
    const burst = Array.from({ length: 50 }, (_, i) => event(now - 9_000 + i * 100, 'instance.running'));
    expect(knownSeconds(withRates(noRates, burst), now)).toBe(9);
    expect(knownSeconds(withRates(noRates, burst.slice(0, 9)), now)).toBe(60);
  });
});

const rows = (counts: Readonly<Record<string, number>>, total: number) =>
  ({
    type: 'rows',
    seq: 1,
    revision: 1,
    stale: '',
    total,
    matched: total,
    counts,
    start: 0,
    rows: [],
  }) as const;
const view = (want: string, counts: Readonly<Record<string, number>>, total: number) =>
  ({ kind: 'data', want, data: { kind: 'view', message: rows(counts, total) } }) as const;

describe('the page', () => {
  test('tells what is wrong first, and what needs somebody before what does not', () => {
    const driver = drivePage(pulsesPage(stubPages), { now, status: clusterStatus });
    driver.send(view('instances', { RUNNING: 9_000, CRASHED: 3, CLAIMED: 2 }, 9_005));
    const lines = driver.screen().split('\n');
    expect(lines[0]).toContain('server host-03 does not answer');
    expect(driver.screen()).toMatch(/9,005 .*3 CRASHED.*2 CLAIMED.*9,000 RUNNING/);
  });
  test('a broken feed is told above all, what was shown stays, and it is over when it answers', () => {
    const driver = drivePage(pulsesPage(stubPages), { now, status: clusterStatus });
    driver.send(view('cells', { ready: 4 }, 4));
    const error = { code: 'Unavailable', message: 'no server answers' } as const;
    driver.send({ kind: 'data', want: 'cells', data: { kind: 'broken', error } });
    driver.send(view('lrps', { ok: 1 }, 1));
    expect(driver.screen().split('\n')[0]).toContain('no server answers');
    expect(driver.screen()).toContain('4 ready');
    driver.send(view('cells', { ready: 5 }, 5));
    expect(driver.screen()).not.toContain('no server answers');
  });
  test('a server whose agent is away does not answer, though its etcd votes', () => {
    const servers = clusterStatus.servers.map((server, at) => ({
      ...server,
      health: 'follower' as const,
      ...(at === 1 ? { agentProblem: 'nobody listens there' } : {}),
    }));
    const driver = drivePage(pulsesPage(stubPages), { now, status: { ...clusterStatus, servers } });
    expect(driver.screen()).toContain('2 of 3 servers answer');
  });
  test('nothing is wrong only when nothing that runs is', () => {
    const status = { ...clusterStatus, problems: [] };
    const driver = drivePage(pulsesPage(stubPages), { now, status });
    expect(driver.screen()).toContain('nothing is wrong');
    driver.send(view('instances', { CRASHED: 1 }, 1));
    expect(driver.screen()).not.toContain('nothing is wrong');
  });
  test('events that come twice are counted and listed once', () => {
    const driver = drivePage(pulsesPage(stubPages), { now, status: clusterStatus });
    const happens = {
      kind: 'data',
      want: 'events',
      data: { kind: 'events', events: [event(now - 1_000, 'instance.crashed', 'exited with status 1')] },
    } as const;
    driver.send(happens);
    driver.send(happens);
    expect(driver.screen()).toContain('1 crashed');
    expect(driver.screen().match(/exited with status 1/g)).toHaveLength(1);
  });
  test('keys lead to the list under the cursor, which goes round', () => {
    const driver = drivePage(pulsesPage(stubPages), { now });
    const act = (action: 'up' | 'down' | 'enter' | 'events') =>
      leadsTo(driver.send({ kind: 'action', action }));
    expect(act('enter')).toEqual(['list [{"kind":"instances"}]']);
    act('down');
    act('down');
    expect(act('enter')).toEqual(['list [{"kind":"cells"}]']);
    act('up');
    expect(act('enter')).toEqual(['list [{"kind":"tasks"}]']);
    expect(act('events')).toEqual(['events []']);
  });
});
