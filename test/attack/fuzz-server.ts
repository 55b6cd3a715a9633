/** The server that is fuzzed: everything a real one composes that needs no etcd and no engine, and who asks it. */
import { serveMetrics } from '../../src/api/http/metrics.ts';
import { metricRegistry } from '../../src/base/core/metric-registry.ts';
import { type Log, silentLog } from '../../src/base/log.ts';
import { x509Maker } from '../../src/base/node/x509-maker.ts';
import { type Role } from '../../src/model/rights.ts';
import { createExplainer } from '../../src/scheduler/explainer.ts';
import { createPlanner } from '../../src/scheduler/planner.ts';
import { authoritiesKey, root } from '../../src/store/core/keys.ts';
import { buildActual, buildDesired, buildTask, clusterRecords } from '../kit/builders.ts';
import { type Holder, startTlsServer, type TlsServer } from '../kit/tls-server.ts';
import type { KnownStrings } from './samples.ts';

export interface FuzzCaller {
  readonly name: string;
  readonly roles: readonly Role[];
  /** Undefined: shows no certificate. */
  readonly holder: Holder | undefined;
}

export interface FuzzServer {
  readonly server: TlsServer;
  readonly callers: readonly FuzzCaller[];
  /** Strings that belong to this cluster, by the name of the field. */
  readonly known: KnownStrings;
  /** Of the log, what should never be there. */
  readonly errors: readonly string[];
  /** How many lines told of a refusal. */
  readonly refusalsTold: number;
  /** The store as it was in the beginning: one LRP, one task, two cells. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

const rolesOf: Readonly<Record<string, readonly Role[]>> = {
  'the-viewer': ['viewer'],
  'c-1': ['cell'],
  'the-server': ['server', 'cell'],
  'the-admin': ['admin', 'console'],
};

export async function startFuzzServer(): Promise<FuzzServer> {
  const errors: string[] = [];
  let refusalsTold = 0;
  const log: Log = {
    ...silentLog,
    warn: (event) => {
      if (event === 'api.refused') refusalsTold += 1;
    },
    error: (event, fields) => void errors.push(`${event} ${JSON.stringify(fields)}`),
    with: () => log,
  };
  const metrics = metricRegistry(new Set(['server']));
  const server = await startTlsServer({
    log,
    more: { planner: createPlanner(), explainer: createExplainer() },
    prepare: (api) => serveMetrics(api, { metrics, log }),
  });
  const named = await Promise.all(
    Object.entries(rolesOf).map(async ([name, roles]) => ({
      name,
      roles,
      holder: await server.holder(name, roles),
    })),
  );
  const { request } = await x509Maker.request('dora');
  return {
    server,
    callers: [{ name: 'nobody', roles: [], holder: undefined }, ...named],
    known: knownStrings(request),
    errors,
    get refusalsTold() {
      return refusalsTold;
    },
    reset: () => reset(server),
    close: () => server.close(),
  };
}

function knownStrings(request: string): KnownStrings {
  return {
    request: [request],
    storeRequest: [request],
    guid: ['web', 'job', 'missing'],
    id: ['c-1', 'c-2', 'missing'],
    cell: ['c-1', 'c-2', 'missing'],
    name: ['apps', 'dora', 'missing'],
    which: ['dora', '00ff'],
    image: ['demo', 'registry.example/a/b:1'],
    tokenId: ['abcdefgh'],
    secret: ['abcdefghijklmnopqrstuvwxyz'],
    addresses: ['10.0.0.1', '::1'],
    q: [JSON.stringify({ kind: 'lrps', window: { start: 0, count: 10 } })],
    target: ['web/0', 'web', 'job', ''],
  };
}

/** Those who ask stay known: a server follows what is revoked, not who was ever signed for. */
async function reset({ bbs, replica, authorities }: TlsServer): Promise<void> {
  const { signal } = new AbortController();
  bbs.compact();
  await bbs.deleteRange(root, `${root}~`, { signal });
  const records = clusterRecords({
    desired: [buildDesired({ guid: 'web', instances: 2 })],
    actual: [buildActual({ guid: 'web', index: 0, state: 'RUNNING', cellId: 'c-1' })],
    tasks: [buildTask({ guid: 'job' })],
    cells: ['c-1', 'c-2'],
    domains: [],
  });
  const puts = records.map(([key, value]) => ({ key, value }));
  const [outcome] = await bbs.commit(
    [{ compare: [], puts: [...puts, { key: authoritiesKey, value: JSON.stringify(authorities) }] }],
    { signal },
  );
  if (!outcome?.committed) throw new Error('the store refused its records');
  await replica.waitFor(outcome.revision, 5_000, signal);
}
