/**
 * Everything that a network can ask a server for, from the tables that the server itself is made of: a new route is
 * attacked from the day it exists. Used by the fuzzer.
 */
import { z } from 'zod';
import { routeRights } from '../../src/api/core/access.ts';
import { cellSessionPath, cellSessionQuerySchema, cellStreamPath } from '../../src/api/core/cell-protocol.ts';
import { backupPath, metricsPath, socketPaths } from '../../src/api/core/paths.ts';
import { type RouteName, routes, streamQuerySchema, watchQuerySchema } from '../../src/api/core/routes.ts';
import { eventStreamQuerySchema } from '../../src/api/event-stream.ts';
import type { Right } from '../../src/model/rights.ts';

export interface Target {
  readonly name: string;
  readonly method: string;
  /** With `:name` where a parameter is. */
  readonly path: string;
  readonly right: Right;
  /** Asks for an upgrade. */
  readonly isSocket: boolean;
  readonly params?: z.ZodType | undefined;
  readonly query?: z.ZodType | undefined;
  readonly body?: z.ZodType | undefined;
}

type Parts = Pick<Target, 'params' | 'query' | 'body'>;

const socketQueries: Readonly<Record<keyof typeof socketPaths, z.ZodType>> = {
  watch: watchQuerySchema,
  events: eventStreamQuerySchema,
  streams: streamQuerySchema,
  view: z.strictObject({}),
};

const socket = (name: string, path: string, right: Right, query: z.ZodType, params?: z.ZodType): Target => ({
  name,
  method: 'GET',
  path,
  right,
  isSocket: true,
  query,
  params,
});

const plain = (name: string, path: string, right: Right): Target => ({
  name,
  method: 'GET',
  path,
  right,
  isSocket: false,
});

export function allTargets(): readonly Target[] {
  const listed = (Object.keys(routes) as RouteName[]).map((name): Target => {
    const { method, path } = routes[name];
    const { params, query, body } = routes[name] as Parts;
    return { name, method, path, right: routeRights[name], isSocket: false, params, query, body };
  });
  const sockets = (Object.keys(socketPaths) as (keyof typeof socketPaths)[]).map((name) =>
    socket(`socket:${name}`, socketPaths[name], 'read', socketQueries[name]),
  );
  return [
    ...listed,
    ...sockets,
    socket('socket:cell', cellSessionPath, 'cell', cellSessionQuerySchema),
    socket('socket:stream', `${cellStreamPath}:id`, 'cell', z.object({}), z.object({ id: z.string() })),
    plain('backup', backupPath, 'admin'),
    plain('metrics', metricsPath, 'read'),
  ];
}
