/**
 * What the tests of the CLI share: an API with a store in memory for a whole file, emptied before each test, and
 * `skep` run against it in this process.
 */
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { ProcessGuid } from '../../src/model/ids.ts';
import { encode } from '../../src/store/core/codec.ts';
import { actualKey, root } from '../../src/store/core/keys.ts';
import { type ApiServer, startApiServer } from './api-server.ts';
import { buildActual, buildDesired, type ClusterRecords, clusterRecords } from './builders.ts';
import { type CliOptions, type CliRun, runCli } from './cli-run.ts';

export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface CliScene {
  /** Of the file; only while its tests run. */
  readonly api: ApiServer;
  start(args: readonly string[], options?: CliOptions): CliRun;
  /** Runs it to its end. */
  skep(args: readonly string[], options?: CliOptions): Promise<CliResult>;
  seed(records: ClusterRecords): Promise<void>;
  /** An LRP whose instances all run on cell `c-1`. */
  seedLrp(guid: string, instances: number): Promise<void>;
}

/** Called once at the top of a test file: sets up and takes down by itself. */
export function cliScene(): CliScene {
  let server: ApiServer | undefined;
  const api = (): ApiServer => {
    if (server === undefined) throw new Error('the API runs only while tests do');
    return server;
  };
  beforeAll(async () => {
    server = await startApiServer();
  });
  afterAll(() => server?.close());
  beforeEach(async () => {
    const { bbs, replica, signal, opened } = api();
    await bbs.deleteRange(root, `${root}~`, { signal });
    await replica.waitFor(bbs.store.revision, 5_000, signal);
    opened.length = 0;
  });

  const seed = (records: ClusterRecords): Promise<void> =>
    api().seed({ puts: clusterRecords({ domains: [], ...records }).map(([key, value]) => ({ key, value })) });
  const start: CliScene['start'] = (args, options = {}) =>
    runCli(args, { server: api().socketPath, ...options });
  return {
    get api() {
      return api();
    },
    start,
    skep: async (args, options) => {
      const run = start(args, options);
      const code = await run.code;
      return { code, out: run.out.text, err: run.err.text };
    },
    seed,
    seedLrp: (guid, instances) =>
      seed({
        desired: [buildDesired({ guid, instances })],
        actual: Array.from({ length: instances }, (_, index) => buildRunning(guid, index)),
      }),
  };
}

const netInfo = {
  address: '10.0.0.1',
  instanceAddress: '172.17.0.2',
  ports: [{ containerPort: 80, hostPort: 61001 }],
};

function buildRunning(guid: string, index: number, change: object = {}) {
  return buildActual({ guid, index, state: 'RUNNING', cellId: 'c-1', routable: true, netInfo, ...change });
}

/** The write that makes an instance run, or changes one that does. */
export function runningPut(guid: string, index: number, change: object = {}) {
  const key = actualKey(guid as ProcessGuid, index);
  return { key, value: encode(buildRunning(guid, index, change)) };
}
