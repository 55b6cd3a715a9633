/** What an operator should know now, most pressing first, one sentence each. Shown by `skep status`. */

export interface Situation {
  readonly stale: string;
  /** Without a leader nothing is placed and nothing is replaced. */
  readonly hasLeader: boolean;
  readonly servers: readonly { readonly server: string; readonly health: string }[];
  readonly cellsPresent: number;
  readonly engineDown: readonly { readonly cellId: string; readonly reason: string }[];
  readonly suspect: number;
  readonly crashed: number;
  readonly unplaced: { readonly count: number; readonly example: string };
  readonly corruptKeys: readonly string[];
}

const namedMax = 3;

export function problemsOf(situation: Situation): string[] {
  const { stale, hasLeader, cellsPresent, engineDown, suspect, crashed, unplaced, corruptKeys } = situation;
  const problems: string[] = [];
  if (stale !== '') problems.push(`this server's copy of the state may be old: ${stale}`);
  if (!hasLeader)
    problems.push('no server leads: nothing is placed or replaced until a majority of the servers runs');
  problems.push(...quorumProblems(situation.servers));
  if (cellsPresent === 0) problems.push('no cell is present: nothing can run');
  if (engineDown.length > 0) {
    const named = some(engineDown.map(({ cellId, reason }) => `${cellId} (${reason})`));
    problems.push(`the container engine does not answer on ${named}: nothing new is placed there`);
  }
  if (suspect > 0) problems.push(`${count(suspect, 'instance')} on lost cells: replacements are being made`);
  if (unplaced.count > 0) {
    problems.push(
      `${count(unplaced.count, 'instance')} or tasks cannot be placed, such as ${unplaced.example}`,
    );
  }
  if (crashed > 0)
    problems.push(`${count(crashed, 'instance')} crashed and wait for their next try: skep ps`);
  if (corruptKeys.length > 0) {
    problems.push(
      `${count(corruptKeys.length, 'record')} cannot be read and are left alone: ${some(corruptKeys)}`,
    );
  }
  return problems;
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
  return [`${some(silent)} of ${voters.length} servers does not answer: ${left}`];
}

const count = (n: number, word: string): string => (n === 1 ? `1 ${word}` : `${n} ${word}s`);

function some(names: readonly string[]): string {
  const rest = names.length - namedMax;
  return names.slice(0, namedMax).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
