/**
 * The A.9 mix decided by the real brain and committed in a real etcd, as a server runs it (the supervisor's
 * options, fsync on), from the moment the brain leads until the last claim is acknowledged. The UNCLAIMED
 * records are there beforehand. Peer: the same keys and bytes as plain batched puts by the bare etcd3 client.
 */
import { Etcd3 } from 'etcd3';
import { silentLog } from '../src/base/log.ts';
import { systemClock } from '../src/base/node/system-clock.ts';
import { systemRng } from '../src/base/node/system-rng.ts';
import { newActualLrp } from '../src/model/actual-lrp.ts';
import { createBrain } from '../src/scheduler/brain.ts';
import { encode } from '../src/store/core/codec.ts';
import { actualKey, desiredKey, domainKey, leaderKey, presenceKey } from '../src/store/core/keys.ts';
import type { Put } from '../src/store/core/records.ts';
import { type EtcdBbs, etcdBbs } from '../src/store/etcd/etcd-bbs.ts';
import { createReplica } from '../src/store/follow-replica.ts';
import type { Replica } from '../src/store/replica.ts';
import { etcdBed } from '../test/kit/etcd-member.ts';
import { fullUnits, instancesPerUnit, mixBuiltAt, mixCells, mixLrps } from './mix.ts';
import type { BenchOptions, Measured } from './report.ts';

export const ratioOf = { figure: 'rate_per_s', better: 'more' } as const;

const batchSize = 1_000;
const inFlight = 4;
const deadlineMs = 120_000;

export async function measure({ quick, say }: BenchOptions): Promise<Measured> {
  const units = quick ? fullUnits / 10 : fullUnits;
  const instances = units * instancesPerUnit;
  const bed = await etcdBed();
  const following = new AbortController();
  const member = bed.member('bench');
  const endpoint = new URL(member.clientUrl).host;
  const bbs = etcdBbs({ endpoints: [endpoint], clock: systemClock, log: silentLog, rng: systemRng });
  try {
    const etcd = await bed.start(member);
    await etcd.ready(20_000, following.signal);
    await load(bbs, units);
    const replica = createReplica({ bbs, clock: systemClock, log: silentLog });
    const follows = replica.run(following.signal);
    await replica.waitFor(0, deadlineMs, following.signal);
    say(`${instances} UNCLAIMED instances on ${replica.state.cells.size} cells are in etcd and in memory`);
    const cpuBefore = process.cpuUsage();
    const seconds = await placeAll(bbs, replica, instances);
    const { user, system } = process.cpuUsage(cpuBefore);
    const spread = [...replica.state.claimsByCell.values()].map(({ size }) => size);
    say(`${((user + system) / 1e6).toFixed(2)} s of CPU in this process until the replica had it all`);
    say(`placed in ${seconds.toFixed(2)} s: ${Math.min(...spread)} to ${Math.max(...spread)} on a cell`);
    const rawSeconds = await putRaw(endpoint, claimedPuts(replica));
    say(`the same bytes as raw puts: ${rawSeconds.toFixed(2)} s`);
    following.abort();
    await follows;
    const ours = { seconds, rate_per_s: instances / seconds, rss_mb: process.memoryUsage().rss / 2 ** 20 };
    const peer = { seconds: rawSeconds, rate_per_s: instances / rawSeconds };
    return { ours, peers: { etcd: peer }, samples: 1 };
  } finally {
    following.abort();
    bbs.close();
    await bed.cleanUp();
  }
}

/** Cells, LRPs and an UNCLAIMED record for every instance. */
async function load(bbs: EtcdBbs, units: number): Promise<void> {
  const domain = { v: 1, name: 'default', ttlSeconds: 0, updatedAt: mixBuiltAt } as const;
  const puts: Put[] = [{ key: domainKey(domain.name), value: encode(domain) }];
  for (const cell of mixCells(units)) puts.push({ key: presenceKey(cell.cellId), value: encode(cell) });
  for (const lrp of mixLrps(units)) {
    puts.push({ key: desiredKey(lrp.guid), value: encode(lrp) });
    for (let index = 0; index < lrp.instances; index++) {
      const { guid, domain: name, epoch } = lrp;
      const record = newActualLrp({ guid, index, domain: name }, mixBuiltAt, epoch);
      puts.push({ key: actualKey(guid, index), value: encode(record) });
    }
  }
  const signal = AbortSignal.timeout(deadlineMs);
  for (let from = 0; from < puts.length; from += inFlight * batchSize) {
    const part = puts.slice(from, from + inFlight * batchSize);
    await bbs.commit(
      part.map((put) => ({ compare: [], puts: [put] })),
      { signal },
    );
  }
}

/** Leads until the brain says that it has placed them all; seconds from the first to the last. */
async function placeAll(bbs: EtcdBbs, replica: Replica, instances: number): Promise<number> {
  const signal = AbortSignal.timeout(deadlineMs);
  const value = encode({ v: 1, server: 'bench', raftTerm: 1, since: systemClock.now() });
  const [outcome] = await bbs.commit([{ compare: [], puts: [{ key: leaderKey, value }] }], { signal });
  if (!outcome?.committed) throw new Error('the leader record was not written');
  const term = new AbortController();
  const common = { clock: systemClock, rng: systemRng, log: silentLog };
  const brain = createBrain({ bbs, replica, ...common, serverName: 'bench' });
  const startedAt = performance.now();
  const fence = { key: leaderKey, revision: outcome.revision };
  const led = brain.lead({ fence, raftTerm: 1, signal: term.signal });
  while (brain.stats().placed < instances) await systemClock.sleep(5, signal);
  const seconds = (performance.now() - startedAt) / 1_000;
  await replica.waitFor(outcome.revision + 1, deadlineMs, signal);
  while (claimCount(replica) < instances) await systemClock.sleep(20, signal);
  term.abort();
  await led;
  return seconds;
}

function claimCount({ state }: Replica): number {
  let count = 0;
  for (const claims of state.claimsByCell.values()) count += claims.size;
  return count;
}

/** What the claims were written as, under keys of their own. */
function claimedPuts({ state }: Replica): Put[] {
  const puts: Put[] = [];
  for (const indexes of state.actual.values()) {
    for (const { ordinary } of indexes.values()) {
      if (ordinary !== undefined) puts.push({ key: `/raw${ordinary.key}`, value: encode(ordinary.value) });
    }
  }
  return puts;
}

/** Transactions of 1,000 puts, four under way at once: the best that this client does with one etcd. */
async function putRaw(endpoint: string, puts: readonly Put[]): Promise<number> {
  const client = new Etcd3({ hosts: endpoint });
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < puts.length) {
      const part = puts.slice(next, next + batchSize);
      next += batchSize;
      const success = part.map(({ key, value }) => ({
        request_put: { key: Buffer.from(key), value: Buffer.from(value) },
      }));
      await client.kv.txn({ success });
    }
  };
  try {
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: inFlight }, worker));
    return (performance.now() - startedAt) / 1_000;
  } finally {
    client.close();
  }
}
