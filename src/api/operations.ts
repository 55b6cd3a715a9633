/** Every route and what serves it: a route without a handler does not compile. Used by http/app.ts. */
import type { Handler } from './context.ts';
import type { RouteName } from './core/routes.ts';
import { enter } from './handlers/auth/enter.ts';
import { join, renewCertificate } from './handlers/auth/join.ts';
import { renewUser } from './handlers/auth/renew-user.ts';
import { listCertificates, revokeCertificates } from './handlers/auth/revoke.ts';
import {
  abortRotationHandler,
  confirmTrust,
  finishRotation,
  getRotation,
  startRotation,
} from './handlers/auth/rotation.ts';
import { createToken, listTokens, revokeToken } from './handlers/auth/tokens.ts';
import { addUser, listUsers, revokeUser } from './handlers/auth/users.ts';
import { challenge, whoAmI } from './handlers/auth/who.ts';
import { listBackups, removeBackup, saveBackup } from './handlers/backups.ts';
import { forgetCell } from './handlers/cell-forget.ts';
import { cordonCell, drainCell, uncordonCell, undrainCell } from './handlers/cell-specs.ts';
import { getCell, listCells } from './handlers/cells.ts';
import { debugState } from './handlers/debug-state.ts';
import { doctor } from './handlers/doctor.ts';
import { listDomains, upsertDomain } from './handlers/domains.ts';
import { getDrain } from './handlers/drain.ts';
import { listEvents } from './handlers/events.ts';
import { listInstances, retireInstance } from './handlers/instances.ts';
import { desireLrp, getLrp, listLrps, removeLrp, updateLrp } from './handlers/lrps.ts';
import { plan } from './handlers/plan.ts';
import { rebalance, stopRebalance } from './handlers/rebalance.ts';
import {
  addServer,
  joinServer,
  listServers,
  promoteServer,
  removeServer,
  setAutoServers,
} from './handlers/servers.ts';
import { getSettings, updateSettings } from './handlers/settings.ts';
import { status, version } from './handlers/status.ts';
import { storeFigures } from './handlers/store.ts';
import { cancelTask, deleteTask, desireTask, getTask, listTasks } from './handlers/tasks.ts';
import { view } from './handlers/view.ts';
import { why } from './handlers/why.ts';

export const operations: { readonly [N in RouteName]: Handler<N> } = {
  version,
  status,
  listLrps,
  desireLrp,
  getLrp,
  updateLrp,
  removeLrp,
  listInstances,
  retireInstance,
  why,
  plan,
  rebalance,
  stopRebalance,
  listTasks,
  desireTask,
  getTask,
  cancelTask,
  deleteTask,
  listCells,
  getCell,
  forgetCell,
  cordonCell,
  uncordonCell,
  drainCell,
  undrainCell,
  getDrain,
  getSettings,
  updateSettings,
  upsertDomain,
  listDomains,
  listEvents,
  view,
  debugState,
  doctor,
  storeFigures,
  listBackups,
  saveBackup,
  removeBackup,
  listServers,
  addServer,
  removeServer,
  setAutoServers,
  joinServer,
  promoteServer,
  challenge,
  whoAmI,
  join,
  renewCertificate,
  renewUser,
  confirmTrust,
  getRotation,
  startRotation,
  finishRotation,
  abortRotation: abortRotationHandler,
  createToken,
  listTokens,
  revokeToken,
  enter,
  addUser,
  listUsers,
  revokeUser,
  listCertificates,
  revokeCertificates,
};
