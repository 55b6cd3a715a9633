/**
 * A whole API of one server for tests: in-memory store, replica, and a dispatcher whose cells are socket pairs
 * in the test's hands. Listens on a unix socket and a free port; everything is gone after `close`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '../../src/api/client.ts';
import type { ApiContext } from '../../src/api/context.ts';
import type { StreamRequest } from '../../src/api/core/cell-protocol.ts';
import type { Survives } from '../../src/api/core/plan-shapes.ts';
import type { Dispatcher } from '../../src/api/dispatcher-port.ts';
import { createApi } from '../../src/api/http/app.ts';
import { identifier } from '../../src/api/http/identify.ts';
import { type Listening, listenApi } from '../../src/api/http/listen.ts';
import { localTickets } from '../../src/api/http/local-tickets.ts';
import { serveMetrics } from '../../src/api/http/metrics.ts';
import { metricRegistry } from '../../src/base/core/metric-registry.ts';
import { seededRng } from '../../src/base/core/rng.ts';
import { silentLog } from '../../src/base/log.ts';
import { proveUser } from '../../src/base/node/prove-user.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import { systemRng } from '../../src/base/node/system-rng.ts';
import { wsAccept, wsDial } from '../../src/base/node/ws-socket.ts';
import type { Socket } from '../../src/base/socket.ts';
import type { CellId } from '../../src/model/ids.ts';
import { createExplainer } from '../../src/scheduler/explainer.ts';
import { createPlanner } from '../../src/scheduler/planner.ts';
import type { Mutation } from '../../src/store/bbs.ts';
import { createReplica } from '../../src/store/follow-replica.ts';
import { type MemoryBbs, memoryBbs } from '../../src/store/memory/memory-bbs.ts';
import type { Replica } from '../../src/store/replica.ts';
import { socketPair } from './socket-pair.ts';

export interface ApiServer {
  readonly bbs: MemoryBbs;
  readonly replica: Replica;
  readonly client: Client;
  readonly tcpClient: Client;
  readonly socketPath: string;
  readonly listening: Listening;
  /** Requests that the dispatcher was asked to open, with the cell's end of each. */
  readonly opened: { cellId: CellId; request: StreamRequest; cell: Socket }[];
  readonly sessions: { cellId: CellId; socket: Socket }[];
  readonly streams: { streamId: string; socket: Socket }[];
  readonly signal: AbortSignal;
  notReady: string | undefined;
  /** What `status` says of losses. */
  survives: Survives | undefined;
  /** Writes records and waits until the API shows them. */
  seed(mutation: Partial<Mutation>): Promise<void>;
  close(): Promise<void>;
}

/** @param more what a test composes itself: the keeper of backups, the doctor */
export async function startApiServer(
  more: Pick<ApiContext, 'backups' | 'doctor' | 'members' | 'memberStatuses'> = {},
): Promise<ApiServer> {
  const folder = mkdtempSync(join(tmpdir(), 'skep-api-'));
  const abort = new AbortController();
  const clock = systemClock;
  const bbs = memoryBbs({ clock });
  const replica = createReplica({ bbs, clock, log: silentLog });
  const following = replica.run(abort.signal);
  const opened: ApiServer['opened'] = [];
  const sessions: ApiServer['sessions'] = [];
  const streams: ApiServer['streams'] = [];
  const dispatcher: Dispatcher = {
    async serve(cellId, socket) {
      sessions.push({ cellId, socket });
      await socket.closed;
    },
    hasSession: () => true,
    async openStream(cellId, request) {
      const { left, right } = socketPair();
      opened.push({ cellId, request, cell: right });
      return left;
    },
    acceptStream: (streamId, socket) => void streams.push({ streamId, socket }),
    close: () => undefined,
  };
  const socketPath = join(folder, 'skep.sock');
  const state: Pick<ApiServer, 'notReady' | 'survives'> = { notReady: undefined, survives: undefined };
  const tickets = localTickets({
    folder: `${socketPath}.proof`,
    groupId: undefined,
    clock,
    rng: systemRng,
    log: silentLog,
  });
  const api = createApi({
    tickets,
    identify: identifier({
      isOpen: true,
      clusterId: 'test-cluster',
      replica,
      clock,
      tickets,
      socketRoles: ['operator', 'console'],
    }),
    replica,
    bbs,
    dispatcher,
    planner: createPlanner(),
    explainer: createExplainer(),
    survives: () => state.survives,
    clusterId: 'test-cluster',
    server: 'host-a',
    version: '0.0.0-test',
    clock,
    rng: seededRng(1),
    log: silentLog,
    ready: () => state.notReady,
    accept: wsAccept,
    ...more,
  });
  const metrics = metricRegistry(new Set(['server']));
  serveMetrics(api, { metrics, log: silentLog });
  const listening = await listenApi(api, {
    socketPath,
    socketGroup: 'no-such-group',
    host: '127.0.0.1',
    port: 0,
    log: silentLog,
  });
  const own = { dial: wsDial, clock };
  await replica.waitFor(0, 5_000, abort.signal);
  return {
    bbs,
    replica,
    client: createClient({ ...own, socketPath, prove: proveUser }),
    tcpClient: createClient({ ...own, baseUrl: `http://${listening.address}` }),
    socketPath,
    listening,
    opened,
    sessions,
    streams,
    signal: abort.signal,
    get notReady() {
      return state.notReady;
    },
    set notReady(reason) {
      state.notReady = reason;
    },
    get survives() {
      return state.survives;
    },
    set survives(survives) {
      state.survives = survives;
    },
    async seed(mutation) {
      const [outcome] = await bbs.commit([{ compare: [], puts: [], ...mutation }], { signal: abort.signal });
      if (!outcome?.committed) throw new Error('the records were not written');
      await replica.waitFor(outcome.revision, 5_000, abort.signal);
    },
    async close() {
      await listening.close();
      abort.abort(new Error('the test is over'));
      await following;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
