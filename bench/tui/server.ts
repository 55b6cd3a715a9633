/**
 * A server of the API over a cluster in memory in which everything runs: what the terminal UI is measured against. A
 * process of its own, so that its work is not the UI's. `node server.ts UNITS SOCKET`; says `ready`, then takes `busy`
 * and `quiet` on its standard input.
 */
import { createInterface } from 'node:readline';
import { createApi } from '../../src/api/http/app.ts';
import { listenApi } from '../../src/api/http/listen.ts';
import { seededRng } from '../../src/base/core/rng.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import { wsAccept } from '../../src/base/node/ws-socket.ts';
import { createExplainer } from '../../src/scheduler/explainer.ts';
import { createPlanner } from '../../src/scheduler/planner.ts';
import { MutableState } from '../../src/store/core/fold.ts';
import { memoryBbs } from '../../src/store/memory/memory-bbs.ts';
import type { Replica, ReplicaListener } from '../../src/store/replica.ts';
import { runningCluster } from '../running-mix.ts';

const busyEveryMs = 50;
const busyChanges = 100;
const busyShown = 4;

const [units = '1', socketPath = ''] = process.argv.slice(2);
const records = runningCluster(Number(units));
const state = new MutableState();
state.replace({ revision: records.length, records });
const listeners = new Set<ReplicaListener>();
const replica: Replica = {
  state,
  staleReason: '',
  subscribe: (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  waitFor: () => Promise.resolve(),
  expect: () => undefined,
  run: () => Promise.resolve(),
};
const nowhere = (): never => {
  throw new Error('there are no cells here');
};
const api = createApi({
  identify: () => ({ name: 'bench', roles: [], how: 'open', address: undefined, actor: 'bench' }),
  replica,
  bbs: memoryBbs({ clock: systemClock }),
  dispatcher: {
    serve: nowhere,
    hasSession: () => false,
    openStream: nowhere,
    acceptStream: nowhere,
    close: () => undefined,
  },
  planner: createPlanner(),
  explainer: createExplainer(),
  survives: () => undefined,
  clusterId: 'bench',
  server: 'bench',
  version: '0.0.0-bench',
  clock: systemClock,
  rng: seededRng(1),
  log: silentLog,
  ready: () => undefined,
  accept: wsAccept,
});
const listening = await listenApi(api, {
  socketPath,
  socketGroup: 'no-such-group',
  host: '127.0.0.1',
  port: 0,
  log: silentLog,
});

let busy: NodeJS.Timeout | undefined;
let at = 0;

const names = new Intl.Collator('en', { numeric: true });
const actuals = records.flatMap(({ key }, index) => (key.includes('/actual/') ? [{ key, index }] : []));
/** What the screen shows: the first instances by name. */
const shown = [...actuals].sort((a, b) => names.compare(a.key, b.key)).slice(0, 40);

/** Instances all over the cluster have just crashed and run again, as in a cluster that lives; four of them on the screen. */
function change(): void {
  const revision = state.revision + 1;
  const changes = Array.from({ length: busyChanges }, (_, nth) => {
    at += 1;
    const one = nth < busyShown ? shown[at % shown.length] : actuals[(at * 7_919) % actuals.length];
    const record = one === undefined ? undefined : records[one.index];
    if (record === undefined) throw new Error('no such record');
    const news = { since: systemClock.now(), crashCount: at % 100 };
    const value = JSON.stringify({ ...JSON.parse(record.value), ...news });
    return { key: record.key, record: { ...record, value, revision } };
  });
  const touched = state.apply(changes, revision);
  for (const listener of listeners) listener(touched, state);
}

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  clearInterval(busy);
  if (line === 'busy') busy = setInterval(change, busyEveryMs);
});
lines.on('close', () => process.exit(0));
process.stdout.write(`ready ${listening.address}\n`);
