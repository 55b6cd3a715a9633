/**
 * The verbs that talk to a cluster, in the order in which help lists them, with the module that has each. Only
 * the module of the verb that was typed is loaded: `skep ps` must not pay for the rest. Used by main.ts, which
 * adds the programs.
 */
import type { Command } from 'commander';
import type { Host } from './io.ts';

export interface Verb {
  readonly name: string;
  readonly summary: string;
  readonly group: string;
  load(): Promise<(host: Host) => Command>;
}

const lrps = 'LRPs:';
const inside = 'Instances:';
const cluster = 'Cluster:';
const access = 'Access:';

export const clusterVerbs: readonly Verb[] = [
  {
    name: 'run',
    summary: 'run an image as a long-running process (LRP)',
    group: lrps,
    load: async () => (await import('./commands/run.ts')).runCommand,
  },
  {
    name: 'ps',
    summary: 'list LRPs, or the instances of one',
    group: lrps,
    load: async () => (await import('./commands/ps.ts')).psCommand,
  },
  {
    name: 'scale',
    summary: 'change how many instances run',
    group: lrps,
    load: async () => (await import('./commands/scale.ts')).scaleCommand,
  },
  {
    name: 'stop',
    summary: 'stop all instances and keep the definition, or stop one',
    group: lrps,
    load: async () => (await import('./commands/stop.ts')).stopCommand,
  },
  {
    name: 'restart',
    summary: 'replace instances one after another',
    group: lrps,
    load: async () => (await import('./commands/restart.ts')).restartCommand,
  },
  {
    name: 'rm',
    summary: 'remove LRPs',
    group: lrps,
    load: async () => (await import('./commands/rm.ts')).rmCommand,
  },
  {
    name: 'why',
    summary: 'explain why something is as it is',
    group: lrps,
    load: async () => (await import('./commands/why.ts')).whyCommand,
  },
  {
    name: 'task',
    summary: 'run units of work that run at most once',
    group: lrps,
    load: async () => (await import('./commands/task.ts')).taskCommand,
  },
  {
    name: 'logs',
    summary: 'print what instances write',
    group: inside,
    load: async () => (await import('./commands/logs.ts')).logsCommand,
  },
  {
    name: 'exec',
    summary: 'run a command in an instance',
    group: inside,
    load: async () => (await import('./commands/exec.ts')).execCommand,
  },
  {
    name: 'console',
    summary: 'a shell in an instance or a task that survives this terminal',
    group: inside,
    load: async () => (await import('./commands/console.ts')).consoleCommand,
  },
  {
    name: 'attach',
    summary: 'join the output of an instance, and its input',
    group: inside,
    load: async () => (await import('./commands/attach.ts')).attachCommand,
  },
  {
    name: 'status',
    summary: 'show how the cluster is, problems first',
    group: cluster,
    load: async () => (await import('./commands/status.ts')).statusCommand,
  },
  {
    name: 'cells',
    summary: 'list the hosts that run containers',
    group: cluster,
    load: async () => (await import('./commands/cells.ts')).cellsCommand,
  },
  {
    name: 'top',
    summary: 'show what cells or instances use now',
    group: cluster,
    load: async () => (await import('./commands/top.ts')).topCommand,
  },
  {
    name: 'plan',
    summary: 'show what a change or a loss would do',
    group: cluster,
    load: async () => (await import('./commands/plan.ts')).planCommand,
  },
  {
    name: 'cell',
    summary: 'look after one host: cordon it, drain it',
    group: cluster,
    load: async () => (await import('./commands/cell.ts')).cellCommand,
  },
  {
    name: 'brain',
    summary: 'settings of placement and healing; confirm losses',
    group: cluster,
    load: async () => (await import('./commands/brain.ts')).brainCommand,
  },
  {
    name: 'rebalance',
    summary: 'even the cells, start-first',
    group: cluster,
    load: async () => (await import('./commands/rebalance.ts')).rebalanceCommand,
  },
  {
    name: 'events',
    summary: 'show what happened, who did it and why',
    group: cluster,
    load: async () => (await import('./commands/events.ts')).eventsCommand,
  },
  {
    name: 'audit',
    summary: 'show who did what, and from where',
    group: cluster,
    load: async () => (await import('./commands/audit.ts')).auditCommand,
  },
  {
    name: 'ctx',
    summary: 'choose between clusters',
    group: access,
    load: async () => (await import('./commands/ctx.ts')).ctxCommand,
  },
  {
    name: 'user',
    summary: 'add, list and revoke users',
    group: access,
    load: async () => (await import('./commands/user.ts')).userCommand,
  },
  {
    name: 'token',
    summary: 'let new hosts join: make, list and revoke tokens',
    group: access,
    load: async () => (await import('./commands/token.ts')).tokenCommand,
  },
  {
    name: 'cert',
    summary: 'list and revoke certificates',
    group: access,
    load: async () => (await import('./commands/cert.ts')).certCommand,
  },
  {
    name: 'debug',
    summary: 'what an engineer asks for with a report',
    group: cluster,
    load: async () => (await import('./commands/debug.ts')).debugCommand,
  },
  {
    name: 'upgrade',
    summary: 'bring another release to the hosts, one after the other',
    group: cluster,
    load: async () => (await import('./commands/upgrade.ts')).upgradeCommand,
  },
  {
    name: 'version',
    summary: 'show the versions of this program and the server',
    group: cluster,
    load: async () => (await import('./commands/version.ts')).versionCommand,
  },
];
