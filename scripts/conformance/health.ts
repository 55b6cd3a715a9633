/** Crashes and health: reference/diego.md 2.6 and 2.7. */
import type { Section } from './behaviour.ts';

const composed = 'later: composed actions';
const mainProcess = 'a Docker container ends with its main process, so exit 0 is a crash with a check too';
const noMonitor = 'there is no monitor action beside the checks; a command check takes its place';
const ownLog =
  'the log is the workload’s own; what a check said is on the record, in `skep why` and in the events';

export const crashes: Section = {
  title: '2.6 Crashes and restarts',
  behaviours: {
    120: {
      does: 'An exit with 17 is restarted with crash count 1 and "Exited with status 17" as the reason',
    },
    121: {
      does: 'Crashes 1 and 2 restart at once, as new instances of one epoch; the third waits in CRASHED',
    },
    122: { does: 'A crash loop reaches count 3, stays there for its back-off, then becomes 4' },
    123: { does: 'A CRASHED instance goes when its LRP is removed' },
    124: { does: 'A CRASHED instance goes when it is retired' },
    125: { does: 'Without a check an instance is RUNNING as soon as its process starts' },
    126: { does: 'Without a check exit 0 is a crash, restarted at once, as exit 1 is' },
    127: { does: 'Codependent processes: one exits with 0, both are restarted', notYet: composed },
    128: { does: 'Parallel processes: one exits with 2, the instance runs on', notYet: composed },
    129: { does: 'With a check an instance whose process exits 0 stays RUNNING', differs: mainProcess },
    130: { does: 'With a check exit 0 is no crash until the check fails', differs: mainProcess },
    131: { does: 'With a check exit 1 is a crash at once' },
    132: { does: 'A check that begins to fail is a crash, and the old container stops answering' },
    133: {
      does: 'While its check has never passed, exit 0 leaves an instance CLAIMED; exit 1 is a crash',
      differs: mainProcess,
    },
    134: { does: 'A check that never passes is a crash after the start timeout; with none it stays CLAIMED' },
    135: { does: 'An instance that never gets healthy ends up CRASHED' },
    136: { does: 'A sidecar that exits crashes the instance', notYet: 'later: sidecars' },
    137: { does: 'A container that is destroyed behind the agent’s back is a crash, and runs again' },
    138: { does: 'A set-up download with a wrong checksum crashes, up to CRASHED', notYet: composed },
    139: { does: 'A dependency or download with a wrong checksum crashes, up to CRASHED', notYet: composed },
    140: { does: 'A crash after more than five minutes of running counts as the first' },
    141: { does: 'A CLAIMED instance crashes by the same rules; an UNCLAIMED or CRASHED one cannot crash' },
    142: { does: 'A crash reason above 1 KiB is cut' },
    143: { does: 'A crash is recorded although its LRP cannot be read or nothing can be scheduled' },
    144: { does: 'Crash 3 waits 30 s, then twice as long each time up to 16 min; after 200 never again' },
    145: {
      does: 'Stopping: SIGTERM, the grace, then SIGKILL, said in the log; what was not started never starts',
      differs: `the engine signals and kills; ${ownLog}`,
    },
    146: { does: 'Stops that ran into SIGKILL are counted', notYet: 'issue 5: metrics' },
  },
};

export const healthChecks: Section = {
  title: '2.7 Health checks',
  behaviours: {
    147: { does: 'A check definition takes precedence over a monitor action', differs: noMonitor },
    148: { does: 'A monitor that runs a program in the container makes it RUNNING', differs: noMonitor },
    149: {
      does: 'Checks of a dead port: a crash after the start timeout whose reason names each refused connection',
    },
    150: {
      does: 'An http check that begins to fail crashes, with the path, the port and the cause in the reason',
    },
    151: { does: 'A tcp check that begins to fail crashes, with the address and the cause in the reason' },
    152: { does: 'With both checks the reason is the one that failed' },
    153: {
      does: 'A check process that runs on inside the container watches it',
      differs: 'the cell asks the container’s address from outside; nothing is put into the container',
    },
    154: { does: 'Fields that a check leaves out: path "/", timeout 1 s, the default interval' },
    155: { does: 'Healthy once all start-up checks have passed; then any one that fails ends the instance' },
    156: {
      does: 'What a check says is logged under HEALTH, and is in the reason of the failure',
      differs: ownLog,
    },
    157: {
      does: 'Not routable until all readiness checks pass; any failure turns it back; none: at once',
      differs: 'a readiness check that is invalid is refused, not ignored',
    },
    158: {
      does: 'Each turn of readiness is logged; it never crashes the process',
      differs: ownLog,
    },
    159: { does: 'A turn of readiness is told as a change of the instance' },
    160: { does: 'An agent with declarative checks switched off uses the monitor', differs: noMonitor },
    161: { does: 'The monitor’s output is shown, its exit codes are not', differs: noMonitor },
    162: { does: 'Checks that run at once are bounded' },
    163: {
      does: 'Start of checking, healthy, unhealthy and timeout are logged, on the turn only',
      differs: ownLog,
    },
    164: { does: 'Failed liveness checks are counted by protocol', notYet: 'issue 5: metrics' },
    165: {
      does: 'An instance is RUNNING only when its TLS proxy answers too',
      differs: 'there is no TLS proxy beside a container',
    },
  },
};
