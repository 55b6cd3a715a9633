/**
 * Method and path of every route, and the paths of the WebSockets: what the client needs of the API at run time.
 * Apart from routes.ts so that a command that only lists something does not load and build every schema.
 */

export const paths = {
  version: { method: 'GET', path: '/v1/version' },
  status: { method: 'GET', path: '/v1/status' },
  listLrps: { method: 'GET', path: '/v1/lrps' },
  desireLrp: { method: 'POST', path: '/v1/lrps' },
  getLrp: { method: 'GET', path: '/v1/lrps/:guid' },
  updateLrp: { method: 'PATCH', path: '/v1/lrps/:guid' },
  removeLrp: { method: 'DELETE', path: '/v1/lrps/:guid' },
  listInstances: { method: 'GET', path: '/v1/instances' },
  retireInstance: { method: 'POST', path: '/v1/lrps/:guid/instances/:index/retire' },
  why: { method: 'GET', path: '/v1/why/:guid' },
  plan: { method: 'POST', path: '/v1/plan' },
  rebalance: { method: 'POST', path: '/v1/rebalance' },
  stopRebalance: { method: 'DELETE', path: '/v1/rebalance' },
  listTasks: { method: 'GET', path: '/v1/tasks' },
  desireTask: { method: 'POST', path: '/v1/tasks' },
  getTask: { method: 'GET', path: '/v1/tasks/:guid' },
  cancelTask: { method: 'POST', path: '/v1/tasks/:guid/cancel' },
  deleteTask: { method: 'DELETE', path: '/v1/tasks/:guid' },
  listCells: { method: 'GET', path: '/v1/cells' },
  getCell: { method: 'GET', path: '/v1/cells/:id' },
  forgetCell: { method: 'DELETE', path: '/v1/cells/:id' },
  cordonCell: { method: 'POST', path: '/v1/cells/:id/cordon' },
  uncordonCell: { method: 'POST', path: '/v1/cells/:id/uncordon' },
  drainCell: { method: 'POST', path: '/v1/cells/:id/drain' },
  undrainCell: { method: 'POST', path: '/v1/cells/:id/undrain' },
  getDrain: { method: 'GET', path: '/v1/cells/:id/drain' },
  getSettings: { method: 'GET', path: '/v1/brain/settings' },
  updateSettings: { method: 'PATCH', path: '/v1/brain/settings' },
  upsertDomain: { method: 'PUT', path: '/v1/domains/:name' },
  listDomains: { method: 'GET', path: '/v1/domains' },
  listEvents: { method: 'GET', path: '/v1/events' },
  view: { method: 'GET', path: '/v1/view' },
  debugState: { method: 'GET', path: '/v1/debug/state' },
  doctor: { method: 'GET', path: '/v1/doctor' },
  storeFigures: { method: 'GET', path: '/v1/store' },
  listBackups: { method: 'GET', path: '/v1/backups' },
  saveBackup: { method: 'POST', path: '/v1/backups' },
  removeBackup: { method: 'DELETE', path: '/v1/backups/:name' },
  joinServer: { method: 'POST', path: '/v1/servers' },
  listServers: { method: 'GET', path: '/v1/servers' },
  addServer: { method: 'POST', path: '/v1/servers/:server/add' },
  removeServer: { method: 'POST', path: '/v1/servers/:server/remove' },
  setAutoServers: { method: 'PATCH', path: '/v1/servers' },
  promoteServer: { method: 'POST', path: '/v1/servers/:server/promote' },
  challenge: { method: 'POST', path: '/v1/auth/challenge' },
  whoAmI: { method: 'GET', path: '/v1/auth/me' },
  join: { method: 'POST', path: '/v1/auth/join' },
  renewCertificate: { method: 'POST', path: '/v1/auth/renew' },
  createToken: { method: 'POST', path: '/v1/auth/tokens' },
  listTokens: { method: 'GET', path: '/v1/auth/tokens' },
  revokeToken: { method: 'DELETE', path: '/v1/auth/tokens/:id' },
  enter: { method: 'POST', path: '/v1/auth/enter' },
  addUser: { method: 'POST', path: '/v1/auth/users' },
  listUsers: { method: 'GET', path: '/v1/auth/users' },
  revokeUser: { method: 'DELETE', path: '/v1/auth/users/:name' },
  listCertificates: { method: 'GET', path: '/v1/auth/certificates' },
  renewUser: { method: 'POST', path: '/v1/auth/users/renew' },
  confirmTrust: { method: 'POST', path: '/v1/auth/trust' },
  getRotation: { method: 'GET', path: '/v1/auth/rotation' },
  startRotation: { method: 'POST', path: '/v1/auth/rotation' },
  finishRotation: { method: 'POST', path: '/v1/auth/rotation/finish' },
  abortRotation: { method: 'DELETE', path: '/v1/auth/rotation' },
  revokeCertificates: { method: 'DELETE', path: '/v1/auth/certificates/:which' },
} as const;

/**
 * WebSocket routes for clients.
 * - `/v1/watch?kind=instances|lrps|tasks|cells[&guid=G]`: WatchMessage, a snapshot then changes.
 * - `/v1/events/stream?since=ID[&subject=S]`: journal events with ids as they happen.
 * - `/v1/view`: ViewRequests up, ViewMessages down, of view-shapes.ts; the first request comes at once.
 * - `/v1/streams?…streamQuery`: logs, exec, attach of one instance or task; frames of stream-frames.ts.
 */
export const socketPaths = {
  watch: '/v1/watch',
  events: '/v1/events/stream',
  streams: '/v1/streams',
  view: '/v1/view',
} as const;

/** On an answer from a copy of the state that may be old: why, percent-encoded. */
export const staleHeader = 'skep-stale';

/** The epoch of trust (model/trust.ts), once it is above 0: a context whose certificate is of an older one renews it. */
export const trustHeader = 'skep-trust';

/** On the local socket: the ticket of a process that has proved its user (http/local-tickets.ts). */
export const ticketHeader = 'skep-ticket';

/** Metrics as Prometheus reads them; beside the API, not a part of it. */
export const metricsPath = '/metrics';

/** Sends a new backup as bytes, with backpressure; ends without a trailer, or with a reason, when it fails. */
export const backupPath = '/v1/backup';
