/**
 * The HTTP API: one fastify application with every route of core/routes.ts, and the WebSocket upgrades
 * beside it. Built without listening by a composition root, tested by injected requests; `listenApi` opens
 * it to the world.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify';
import { SkepError } from '../../base/core/errors.ts';
import type { Right } from '../../model/rights.ts';
import type { Handler } from '../context.ts';
import { authorize, routeRights } from '../core/access.ts';
import { staleHeader, trustHeader } from '../core/paths.ts';
import { type RouteName, routes } from '../core/routes.ts';
import { validate } from '../core/validation.ts';
import { operations } from '../operations.ts';
import { ViewHub } from '../views/hub.ts';
import { serveBackup } from './backup.ts';
import { refuseBrowsers } from './browsers.ts';
import { errorAnswers, parseBodies, translate } from './errors.ts';
import { type ApiOptions, starting } from './options.ts';
import { type RefusalLog, refusalLog } from './refusal-log.ts';
import { serveUpgrades } from './upgrade.ts';

export interface Api {
  readonly app: FastifyInstance;
  /** What the listeners refuse is told there too. */
  readonly refusals: RefusalLog;
  /** Takes over the connection of an upgrade request. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Ends every WebSocket and refuses new ones; `dispatcher` closes its own sessions. */
  close(): Promise<void>;
}

const bodyMaxBytes = 1024 * 1024;
/** Names are refused by their own rule, with a reason, before this cuts them off without one. */
const paramMaxChars = 4_096;

/** Builds the application. Listens to nothing; `close` must be called in the end. */
export function createApi(composed: ApiOptions): Api {
  const views = new ViewHub(composed);
  const options: ApiOptions = { ...composed, views };
  const refusals = refusalLog(options.log, options.clock);
  const answers = errorAnswers(options, refusals);
  const app = fastify({
    bodyLimit: bodyMaxBytes,
    routerOptions: { maxParamLength: paramMaxChars },
    logger: false,
    frameworkErrors: (error, request, reply) => void answers.refuse(request, reply, translate(error)),
    // Whoever closes the API has stopped listening first.
    forceCloseConnections: true,
    return503OnClosing: false,
  });
  // Before the body is read: who may not ask is not listened to.
  app.addHook('onRequest', async (request) => {
    refuseBrowsers(request.raw);
    const { right = 'read' } = request.routeOptions.config as { right?: Right };
    authorize(options.identify(request.raw), right);
  });
  parseBodies(app);
  answers.install(app);
  for (const name of Object.keys(routes) as RouteName[]) addRoute(app, options, name);
  serveBackup(app, options);
  const upgrades = serveUpgrades(options, views, refusals);
  return {
    app,
    refusals,
    upgrade: upgrades.handle,
    async close() {
      await upgrades.close();
      views.close();
      await app.close();
    },
  };
}

/** What needs no state of the cluster. */
const alwaysAnswered: readonly RouteName[] = ['version', 'challenge', 'whoAmI'];

/** The parts of a route that may carry input. */
interface RouteShape {
  readonly params?: Parameters<typeof validate>[0];
  readonly query?: Parameters<typeof validate>[0];
  readonly body?: Parameters<typeof validate>[0];
}

function addRoute(app: FastifyInstance, options: ApiOptions, name: RouteName): void {
  const route = routes[name] as RouteShape;
  // The table pairs each name with its handler; the union of all pairs is more than the compiler follows.
  const handler = operations[name] as Handler<RouteName>;
  app.route({
    method: routes[name].method,
    url: routes[name].path,
    config: { right: routeRights[name] },
    handler: async (request, reply) => {
      const notReady = alwaysAnswered.includes(name) ? undefined : options.ready();
      if (notReady !== undefined) throw starting(options.server, notReady);
      const input = inputOf(route, request) as Parameters<typeof handler>[1];
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort(new SkepError('Cancelled', 'the client went away')));
      const caller = options.identify(request.raw);
      const answer = await handler(options, input, { actor: caller.actor, caller, signal: gone.signal });
      // `status` says so itself.
      const stale = name === 'status' ? undefined : options.replica.staleReason;
      const trust = options.replica.state.trust?.value.epoch;
      if (trust !== undefined) reply.header(trustHeader, String(trust));
      if (stale) reply.header(staleHeader, encodeURIComponent(stale));
      return answer;
    },
  });
}

function inputOf(route: RouteShape, request: FastifyRequest): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  if (route.params !== undefined) input['params'] = validate(route.params, request.params, 'path');
  if (route.query !== undefined)
    input['query'] = validate(route.query, { ...(request.query as object) }, 'query');
  if (route.body !== undefined) input['body'] = validate(route.body, request.body, 'body');
  return input;
}
