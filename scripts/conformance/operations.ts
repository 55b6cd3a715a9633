/** Logs, metrics, certificates, the control plane: reference/diego.md 2.21 to 2.23. */
import type { Section } from './behaviour.ts';

const metrics = 'issue 5: metrics';
const tls = 'issue 5: TLS';
const noIdentity = 'Skep gives workloads no certificates of their own, and no TLS proxy';
const ownLog = 'the log is the workload’s own; the journal (`skep events`) tells what the cluster did';

export const logsAndMetrics: Section = {
  title: '2.21 Logs and metrics',
  behaviours: {
    333: {
      does: 'Lines carry source, index and tags; without a log guid nothing is logged',
      differs: 'the engine keeps each container’s log, and `skep logs` reads it by instance and stream',
    },
    334: {
      does: 'Lines are split at newlines and at 61,440 bytes between characters; partial ones are joined',
    },
    335: {
      does: 'Limits of bytes and lines a second drop the rest and say so once',
      notYet: 'later: log rate limits',
    },
    336: {
      does: 'Writing after the stream was stopped is no error',
      differs: 'nothing is written for a workload: its log is read',
    },
    337: { does: '"Exit status N" ends the log of a process', differs: ownLog },
    338: {
      does: 'Creating, created, failed, stopping and destroying are lines of the app’s log',
      differs: ownLog,
    },
    339: { does: 'Turns of health are lines of the app’s log', differs: ownLog },
    340: { does: 'LRP and task metrics come from the leader only', notYet: metrics },
    341: { does: 'Metrics of each container, by LRP and task', notYet: metrics },
    342: { does: 'Metrics of a cell’s capacity; what was used returns', notYet: metrics },
    343: { does: 'One trace id in the logs of all that a request touched', notYet: 'later: ids of requests' },
    344: {
      does: 'The server starts without the metrics agent, the cell does not',
      differs: 'there is no metrics agent: metrics will be read from /metrics (issue 5)',
    },
  },
};

export const identity: Section = {
  title: '2.22 Certificates and identity',
  behaviours: {
    345: {
      does: 'Tasks and LRPs find a certificate and its key, as requested, signed and in time',
      differs: noIdentity,
    },
    346: { does: 'Servers and clients that use it are trusted by the root', differs: noIdentity },
    347: { does: 'Without the proxy none of its files are there', differs: noIdentity },
    348: { does: 'The TLS port reaches the app; the certificate names the instance', differs: noIdentity },
    349: { does: 'A cipher that is not allowed fails the handshake', differs: noIdentity },
    350: {
      does: 'The proxy demands client certificates of the right authority and name',
      differs: noIdentity,
    },
    351: { does: 'An app on the container’s own interface works through the proxy', differs: noIdentity },
    352: { does: 'It works for Docker, privileged and OCI containers', differs: noIdentity },
    353: { does: 'The proxy serves on while an app ignores SIGTERM', differs: noIdentity },
    354: { does: 'While certificates rotate no request fails', differs: noIdentity },
    355: { does: 'When certificates rotate; a failure ends the container', differs: noIdentity },
    356: { does: 'At the stop an invalid certificate goes to the proxy', differs: noIdentity },
  },
};

export const controlPlane: Section = {
  title: '2.23 Control-plane security, leadership, persistence',
  behaviours: {
    357: { does: 'A wrong certificate, another authority or invalid files are refused', notYet: tls },
    358: { does: 'A cell’s certificate must name it; its server demands one of clients', notYet: tls },
    359: {
      does: 'While the lock is held elsewhere a server is unreachable; when it loses the lock it exits',
      differs: 'every server serves; only its brain waits for leadership, and ends its term when that goes',
    },
    360: {
      does: 'The lock’s owner is the configured name; whether it is held is a metric',
      differs: 'the record brain/leader names the server; who leads is in `skep status`',
    },
    361: {
      does: 'Data are encrypted at rest, and readable through a change of keys',
      differs: 'records are plain in etcd, readable by root only; disks are encrypted below it',
    },
    362: {
      does: 'Migrations are applied in order at the start, once',
      notYet: 'issue 5: upgrade; every record carries its version, and there is only the first',
    },
    363: {
      does: 'The list of cells is every presence in full; without a lock service the server does not start',
      differs: 'presences are leases of the store: there is no lock service to name',
    },
    364: {
      does: 'The server probes its database, and fails after three failures',
      differs: 'a server outlives a store that does not answer: its term ends, reads go on marked stale',
    },
    365: {
      does: 'Ping is true only while the server is active',
      differs: 'every server answers; one that is not ready says why',
    },
    366: {
      does: 'Each request is logged with name, path and duration',
      notYet: 'issue 5: audit and metrics',
    },
  },
};
