/**
 * Plays rows one after the other on one cluster: waits until it is whole, lets somebody use it, breaks what the row
 * breaks, waits until desired is actual again, and holds everything that was seen against the promises.
 */

import { messageOf } from '../../src/base/core/errors.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import { eventually } from '../kit/e2e-cluster.ts';
import { differences } from './checker/agreement.ts';
import { check, type Verdict } from './checker/check.ts';
import { hosts, servers, startAgent } from './hosts/cluster.ts';
import { rig, rootOf, shell } from './hosts/rig.ts';
import { call, type Figure, type Lab, Row, type RowDefinition } from './row.ts';

export interface Played {
  readonly id: number;
  readonly fault: string;
  readonly seconds: number;
  readonly figures: readonly Figure[];
  /** Undefined when the row broke off before anything could be judged. */
  readonly verdict: Verdict | undefined;
  /** Why it broke off. */
  readonly failure: string | undefined;
}

/** What D.2 gives a cluster after a heal until desired is actual. */
const agreeWithinMs = 30_000;

export async function play(lab: Lab, definition: RowDefinition, seed: number): Promise<Played> {
  const began = Date.now();
  process.stderr.write(`\nrow ${definition.id}: ${definition.fault}\n`);
  const row = new Row(lab, definition.id, seed);
  const done = (verdict: Verdict | undefined, failure: string | undefined): Played => ({
    id: definition.id,
    fault: definition.fault,
    seconds: Math.round((Date.now() - began) / 1_000),
    figures: row.figures,
    verdict,
    failure,
  });
  try {
    await lab.cluster.whole();
    if (definition.hasLoad !== false) row.startLoad();
    await definition.play(row);
    await row.load?.stop();
    await agree(row);
    await lab.store.caughtUp();
    // Before the row is cleared away, which is no part of what is judged.
    const verdict = judge(row);
    for (const violation of verdict.violations) row.say(`VIOLATION ${violation}`);
    await clean(row);
    return done(verdict, undefined);
  } catch (error) {
    row.say(`BROKE OFF ${messageOf(error)}`);
    await row.load?.stop();
    await mend(row).catch((reason) => row.say(`could not be mended: ${messageOf(reason)}`));
    return done(undefined, messageOf(error));
  }
}

function judge(row: Row): Verdict {
  const { store, engines, marks } = row.lab;
  const isOurs = ({ guid }: { readonly guid: string }): boolean => guid.startsWith(row.prefix);
  return check(
    {
      writes: [...row.writes, ...(row.load?.writes ?? [])],
      history: store.history(),
      events: engines.events.filter(isOurs),
      losses: row.losses,
      kills: row.kills,
    },
    new Map([...marks.counts].filter(([guid]) => isOurs({ guid }))),
  );
}

/** Desired, what the API says and what the engines run become the same. */
async function agree(row: Row): Promise<void> {
  const from = Date.now();
  const ms = await row.took('desired is actual', from, 2 * agreeWithinMs, async () => {
    const found = await disagreement(row);
    if (found.length > 0) throw new Error(found.slice(0, 5).join('; '));
  });
  row.time('over → desired = API = engines', ms, agreeWithinMs);
}

async function disagreement({ lab }: Row): Promise<string[]> {
  const found: string[] = [];
  for (const server of servers) {
    const client = lab.cluster.client(server);
    const [lrps, instances] = await Promise.all([
      client.call('listLrps', { query: {} }, call()),
      client.call('listInstances', { query: {} }, call()),
    ]);
    const desired = lrps.rows.flatMap(({ desired: lrp }) => (lrp.removedAt === undefined ? [lrp] : []));
    found.push(
      ...differences(desired, instances.rows, await lab.engines.running()).map((one) => `${server}: ${one}`),
    );
  }
  return found;
}

/** Everything that runs is removed, through the API. */
async function clean({ lab, prefix }: Row): Promise<void> {
  const client = lab.cluster.client((await lab.cluster.anyStatus()).server);
  await eventually('the LRPs of the row are gone', 60_000, async () => {
    const { rows } = await client.call('listLrps', { query: {} }, call());
    const left = rows.filter(({ desired }) => desired.guid.startsWith(prefix));
    for (const { desired } of left) {
      if (desired.removedAt !== undefined) continue;
      await client.call('removeLrp', { params: { guid: desired.guid } }, call());
    }
    if (left.length > 0) throw new Error(`${left.length} are left`);
  });
  await eventually('its containers are gone', 60_000, async () => {
    const left = (await lab.engines.running()).filter(({ guid }) => guid.startsWith(prefix));
    if (left.length > 0) throw new Error(`${left.length} are left`);
  });
}

/** After a row that broke off: network whole, hosts up, agents running, nothing of the row left. */
async function mend(row: Row): Promise<void> {
  await rig('heal');
  for (const host of hosts) {
    if (rootOf(host) === undefined) await rig('start', host);
    await shell(host, 'kill -s CONT $(cat /run/skep/agent.pid) $(pidof etcd)');
    const agent = await shell(host, 'kill -0 $(cat /run/skep/agent.pid)');
    if (agent.code !== 0) await startAgent(host);
  }
  await row.lab.cluster.whole();
  await clean(row);
  await systemClock.sleep(1_000, new AbortController().signal);
}
