/** What an operator should know now, most pressing first, one sentence each. Shown by `skep status`. */

import type { Storm } from '../../model/roster.ts';
import { spanOf } from './age.ts';

export interface Situation {
  readonly stale: string;
  /** Without a leader nothing is placed and nothing is replaced. */
  readonly hasLeader: boolean;
  readonly servers: readonly {
    readonly server: string;
    readonly health: string;
    readonly agentProblem?: string | undefined;
  }[];
  readonly cellsPresent: number;
  readonly engineDown: readonly { readonly cellId: string; readonly reason: string }[];
  /** Why nobody can tell which servers answer; '' when somebody can. */
  readonly untold: string;
  readonly suspect: number;
  /** The cells that `suspect` instances were on. */
  readonly lostCells: readonly string[];
  /** Cells that are away although nothing of theirs is left to replace, and since when. */
  readonly away: readonly { readonly cellId: string; readonly lostAt: number }[];
  readonly now: number;
  /** What the storm guard holds back. */
  readonly storms: readonly Storm[];
  /** Cells being drained that still hold something, and how much. */
  readonly draining: readonly { readonly cellId: string; readonly left: number }[];
  /** Instances that their cell has not stopped in time. */
  readonly stuck: readonly string[];
  readonly crashed: number;
  readonly unplaced: { readonly instances: number; readonly tasks: number; readonly example: string };
  readonly corruptKeys: readonly string[];
  /** The store was made from an older state; what that cannot know is kept until then. */
  readonly restored?: { readonly asOf: number; readonly keepUntil: number } | undefined;
}

const namedMax = 3;

export function problemsOf(situation: Situation): string[] {
  const { stale, untold, hasLeader, cellsPresent, engineDown, crashed, corruptKeys } = situation;
  const problems: string[] = [];
  if (stale !== '') problems.push(`this server's copy of the state may be old: ${stale}`);
  if (!hasLeader)
    problems.push('no server leads: nothing is placed or replaced until a majority of the servers runs');
  for (const { zone, lost, ofCells } of situation.storms) {
    const what = `${lost.length} of ${ofCells} cells of zone ${zone} vanished at once (${some(lost)})`;
    problems.push(
      `${what}: their instances are not replaced until they return; gone for good? skep brain confirm-loss`,
    );
  }
  if (untold !== '') problems.push(`nobody can tell which servers answer: ${untold}`);
  problems.push(...quorumProblems(situation.servers), ...agentProblems(situation.servers));
  if (cellsPresent === 0) problems.push('no cell is present: nothing can run');
  if (engineDown.length > 0) {
    const named = some(engineDown.map(({ cellId, reason }) => `${cellId} (${reason})`));
    problems.push(`the container engine does not answer on ${named}: nothing new is placed there`);
  }
  problems.push(...placementProblems(situation), ...awayProblems(situation));
  if (situation.draining.length > 0) {
    const named = some(situation.draining.map(({ cellId, left }) => `${cellId} (${left} left)`));
    problems.push(`being drained: ${named}: skep cell drain --monitor CELL`);
  }
  if (situation.stuck.length > 0) {
    problems.push(`not stopped in time by their cell: ${some(situation.stuck)}: skep why NAME`);
  }
  if (crashed > 0)
    problems.push(
      `${count(crashed, 'instance')} crashed and ${crashed === 1 ? 'waits for its' : 'wait for their'} next try: skep ps`,
    );
  if (situation.restored !== undefined) problems.push(restoredProblem(situation.restored));
  if (corruptKeys.length > 0) {
    problems.push(
      `${count(corruptKeys.length, 'record')} cannot be read and are left alone: ${some(corruptKeys)}`,
    );
  }
  return problems;
}

function restoredProblem({ asOf, keepUntil }: NonNullable<Situation['restored']>): string {
  const state = asOf === 0 ? 'of the server that was left' : `of ${new Date(asOf).toISOString()}`;
  const until = new Date(keepUntil).toISOString();
  return `the state was restored and is that ${state}: containers that it may not know run on until ${until}: skep events`;
}

function placementProblems({ suspect, lostCells, unplaced }: Situation): string[] {
  const problems: string[] = [];
  if (suspect > 0) {
    const where = lostCells.length === 1 ? 'lost cell' : 'lost cells';
    const what = `${count(suspect, 'instance')} on ${where} ${some(lostCells)}`;
    problems.push(`${what}: kept until ${suspect === 1 ? 'its replacement runs' : 'their replacements run'}`);
  }
  const waiting = [
    ...(unplaced.instances > 0 ? [count(unplaced.instances, 'instance')] : []),
    ...(unplaced.tasks > 0 ? [count(unplaced.tasks, 'task')] : []),
  ];
  if (waiting.length > 0) {
    problems.push(`${waiting.join(' and ')} cannot be placed, such as ${unplaced.example}: skep why NAME`);
  }
  return problems;
}

function awayProblems({ away, now }: Situation): string[] {
  const [first] = away;
  if (first === undefined) return [];
  const named = some(away.map(({ cellId, lostAt }) => `${cellId} for ${spanOf(now - lostAt)}`));
  const what = away.length === 1 ? 'a cell is away' : `${away.length} cells are away`;
  return [`${what}: ${named}; gone for good? skep cell forget ${first.cellId}`];
}

/** Learners have no vote; 'unknown' are those that did not answer. */
function quorumProblems(servers: Situation['servers']): string[] {
  const voters = servers.filter(({ health }) => health !== 'learner');
  const silent = voters.filter(({ health }) => health === 'unknown').map(({ server }) => server);
  if (silent.length === 0 || voters.length < 2) return [];
  const spare = Math.ceil(voters.length / 2) - 1 - silent.length;
  if (spare < 0)
    return [
      `no quorum: ${some(silent)} of ${voters.length} servers do not answer, so nothing can be changed`,
    ];
  const left = spare === 0 ? 'if one more is lost, nothing can be changed' : `${spare} more may be lost`;
  const answer = silent.length === 1 ? 'does not answer' : 'do not answer';
  return [`${some(silent)} of ${voters.length} servers ${answer}: ${left}`];
}

/** One whose etcd is silent too is told of already. */
function agentProblems(servers: Situation['servers']): string[] {
  const silent = servers.filter(
    ({ health, agentProblem }) => health !== 'unknown' && agentProblem !== undefined,
  );
  if (silent.length === 0) return [];
  const named = some(silent.map(({ server, agentProblem }) => `${server} (${agentProblem})`));
  const whose = silent.length === 1 ? 'its etcd votes on' : 'their etcd votes on';
  return [`the agent of ${named} does not answer, ${whose}: systemctl start skep on that host`];
}

const count = (n: number, word: string): string => (n === 1 ? `1 ${word}` : `${n} ${word}s`);

function some(names: readonly string[]): string {
  const rest = names.length - namedMax;
  return names.slice(0, namedMax).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
