/** What every handler works with, and what a handler is. Built once a server by http/app.ts. */
import type { z } from 'zod';
import type { CertificateMaker } from '../base/certificates.ts';
import type { Clock } from '../base/clock.ts';
import { SkepError } from '../base/core/errors.ts';
import type { Rng } from '../base/core/rng.ts';
import type { Log } from '../base/log.ts';
import type { Backups } from '../store/backup-keeper.ts';
import type { Bbs } from '../store/bbs.ts';
import type { ClusterState } from '../store/core/state.ts';
import type { EtcdFigures } from '../store/etcd-figures.ts';
import type { MemberStatus, Members } from '../store/members.ts';
import type { Replica } from '../store/replica.ts';
import type { Caller } from './core/access.ts';
import type { Doctor } from './core/doctor-shapes.ts';
import type { Survives } from './core/plan-shapes.ts';
import type { RouteName, RouteOutput, routes } from './core/routes.ts';
import type { Dispatcher } from './dispatcher-port.ts';
import type { Explainer } from './explainer-port.ts';
import type { Planner } from './planner-port.ts';
import type { Tickets } from './tickets-port.ts';
import type { ViewHub } from './views/hub.ts';

export interface ApiContext {
  readonly replica: Replica;
  readonly bbs: Bbs;
  /** Absent with an outside etcd, whose members are not ours to change. */
  readonly members?: Members | undefined;
  /** The status of every member that answers, by member id; asked within a deadline of a second. */
  readonly memberStatuses?:
    | ((options: { readonly signal: AbortSignal }) => Promise<ReadonlyMap<string, MemberStatus>>)
    | undefined;
  /** Why nobody can connect to `host:port`, '' when one can; absent: nobody looks whether other agents answer. */
  readonly reach?: ((address: string) => Promise<string>) | undefined;
  /** What this server keeps and sends; absent where nobody composed a keeper: then `Unavailable` is answered. */
  readonly backups?: Backups | undefined;
  /** Looks at this server's host and store; absent where nobody composed a doctor. */
  readonly doctor?: ((call: { readonly signal: AbortSignal }) => Promise<Doctor>) | undefined;
  /** What this server's own member of the store tells of itself; absent with an outside etcd. */
  readonly etcdFigures?: ((call: { readonly signal: AbortSignal }) => Promise<EtcdFigures>) | undefined;
  readonly dispatcher: Dispatcher;
  /** What the brain would do; absent where nobody composed one: then nothing is checked beforehand. */
  readonly planner?: Planner | undefined;
  /** The last answer to which losses would be survived; undefined until there is one. */
  readonly survives?: (() => Survives | undefined) | undefined;
  /** Why an instance is where it is; absent where nobody composed one: then it is not told. */
  readonly explainer?: Explainer | undefined;
  /** What keeps views; set by createApi. */
  readonly views?: ViewHub | undefined;
  /** Signs; absent without TLS. */
  readonly certificates?: CertificateMaker | undefined;
  /** Proves users of the local socket; absent where there is none. */
  readonly tickets?: Tickets | undefined;
  readonly clusterId: string;
  /** This server's name. */
  readonly server: string;
  readonly version: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
}

/** One call: who makes it, and when it is no longer waited for. */
export interface Call {
  /** For the journal: `uid 0 (unix socket)`, `127.0.0.1`. */
  readonly actor: string;
  /** As far as it is proved; absent in calls that no network brought. */
  readonly caller?: Caller | undefined;
  readonly signal: AbortSignal;
}

type Checked<N extends RouteName, K extends 'params' | 'query' | 'body'> = (typeof routes)[N] extends {
  readonly [P in K]: infer S extends z.ZodType;
}
  ? { readonly [P in K]: z.output<S> }
  : unknown;

/** What a handler gets: params, query and body, checked and with defaults filled in. */
export type HandlerInput<N extends RouteName> = Checked<N, 'params'> &
  Checked<N, 'query'> &
  Checked<N, 'body'>;

export type Handler<N extends RouteName> = (
  context: ApiContext,
  input: HandlerInput<N>,
  call: Call,
) => Promise<RouteOutput<N>>;

/** How long a call waits for this server's copy of the state to be there, or to show a write. */
export const replicaDeadlineMs = 2_000;

/** The state to answer from. Throws `Unavailable` while the first snapshot has not come. */
export async function currentState(context: ApiContext, signal: AbortSignal): Promise<ClusterState> {
  const { replica } = context;
  if (replica.staleReason !== undefined) return replica.state;
  try {
    await replica.waitFor(0, replicaDeadlineMs, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw new SkepError('Unavailable', `server ${context.server} has not read the state of the cluster yet`, {
      hint: 'try again in a few seconds; if it stays so, the store has no quorum: look at the agents of the other servers',
      cause: error,
    });
  }
  return replica.state;
}
