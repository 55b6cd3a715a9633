import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { fakeClient } from '../../../test/kit/fake-client.ts';
import { clusterStatus, now, viewData } from '../../../test/kit/tui-data.ts';
import { detailData } from '../../../test/kit/tui-details-data.ts';
import { answerView } from '../../../test/kit/view-server.ts';
import { virtualClock } from '../../../test/kit/virtual-clock.ts';
import type { ViewQuery } from '../../api/core/view-shapes.ts';
import type { Session } from '../session.ts';
import { runPlain } from './ui-plain.ts';

const settings = { v: 1, maxStarting: 40, maxStartingPerCell: 0, startingWeight: 0.25, binPackWeight: 0 };

/** What `skep ui --plain=VIEW` prints. */
async function printed(view: string, watch = false): Promise<readonly string[]> {
  const clock = virtualClock(now);
  let text = '';
  const client = fakeClient({
    clock,
    address: 'host-01:7400',
    data: detailData,
    answer(route, input) {
      if (route === 'getSettings') return settings;
      if (route !== 'view') return undefined;
      const query = JSON.parse((input as { query: { q: string } }).query.q) as ViewQuery;
      return answerView(viewData[query.kind], query);
    },
  });
  client.status = clusterStatus;
  const stdout = {
    write(line: string) {
      text += line;
      return true;
    },
  };
  const session = { client, io: { clock, stdout }, signal: new AbortController().signal };
  const options = { session: session as unknown as Session, view, watch, yaml: { parse, stringify } };
  expect(await runPlain(options)).toBe(0);
  return text.trimEnd().split('\n');
}

test('a list is its totals and a line for each row, however many there are', async () => {
  const lines = await printed('instances');
  expect(lines).toHaveLength(12_001);
  expect(lines[0]).toMatch(/^12,000 instances: .*RUNNING/);
  expect(lines[19]).toMatch(/^payments-worker\/18: CRASHED, ready no/);
});

test('a filter and a name are taken as after the colon', async () => {
  const lines = await printed('lrps /search-indexer');
  expect(lines[0]).toMatch(/^1 of 60 LRPs/);
  expect(lines[1]).toMatch(/^search-indexer-with-a-rather-long-name: degraded/);
  expect(lines).toHaveLength(2);
});

test.each([
  'pulses',
  'brain',
  'cell host-05',
  'instance',
  'describe payments-worker',
  'why payments-worker/36',
  'tree',
])('%s: nothing of it could move a cursor or is a border', async (view) => {
  const lines = await printed(view === 'instance' ? 'instances payments-worker/18' : view);
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.join('')).not.toMatch(/\p{Cc}|\p{Bidi_Control}|[│─┌┐└┘]/u);
});

test('hostile names are printed as what they are', async () => {
  const lines = await printed('lrps');
  expect(lines.some((line) => line.startsWith('bee🐝^[[31m:'))).toBe(true);
});

test.each([
  ['logs web', /skep logs/],
  ['scale web 3', /skep scale web 3/],
  ['celsl', /did you mean|lists/],
  ['shell web/0', /what can be/],
])('"%s" is refused, with what to use instead', async (view, hint) => {
  await expect(printed(view)).rejects.toMatchObject({
    code: 'InvalidRequest',
    hint: expect.stringMatching(hint),
  });
});

test('only lists are watched', async () => {
  await expect(printed('pulses', true)).rejects.toMatchObject({ message: expect.stringMatching(/no list/) });
});
