/** The routes about servers, a part of the table in routes.ts: listed, added and removed, and joining by themselves. */
import { z } from 'zod';
import { cellIdSchema } from '../../model/ids.ts';
import { quorumChangeSchema } from '../../model/quorum.ts';
import { paths } from './paths.ts';
import { autoServersSchema, serversSchema } from './server-shapes.ts';

export const serverRoutes = {
  /** With an outside etcd `InvalidRequest`. */
  listServers: { ...paths.listServers, response: serversSchema },
  /** Asks the leader to make a host a server; `listServers` shows how it goes on. `ResourceConflict` while another changes. */
  addServer: {
    ...paths.addServer,
    params: z.object({ server: cellIdSchema }),
    response: z.object({ revision: z.number(), change: quorumChangeSchema }),
  },
  /** The same for the removal. `InsufficientResources` when too few servers would be left. */
  removeServer: {
    ...paths.removeServer,
    params: z.object({ server: z.string().min(1).max(300) }),
    body: z.strictObject({ force: z.boolean().default(false) }),
    response: z.object({ revision: z.number(), change: quorumChangeSchema }),
  },
  setAutoServers: {
    ...paths.setAutoServers,
    body: autoServersSchema,
    response: z.object({ revision: z.number(), auto: serversSchema.shape.auto }),
  },
  /** Asks to become a server: adds a learner to etcd. Idempotent by name. */
  joinServer: {
    ...paths.joinServer,
    body: z.strictObject({ server: z.string().min(1), peerUrl: z.string().url() }),
    /** What etcd's `--initial-cluster` must be on the new server. */
    response: z.object({ clusterId: z.string(), initialCluster: z.string() }),
  },
  /** Makes a caught-up learner a voter; `Unavailable` (retry) while it is not caught up. */
  promoteServer: {
    ...paths.promoteServer,
    params: z.object({ server: z.string() }),
    response: z.object({}),
  },
} as const;
