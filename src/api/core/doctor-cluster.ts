/** What the cluster as a whole shows: quorum, versions, clocks, engines, records. Pure; used by `skep doctor`. */
import { atMost, type Check, check } from './doctor-shapes.ts';

export interface ClusterFacts {
  readonly servers: readonly { readonly server: string; readonly health: string; readonly version: string }[];
  readonly cells: readonly {
    readonly cellId: string;
    readonly version: string;
    readonly engineProblem: string;
  }[];
  readonly hasLeader: boolean;
  readonly stale: string;
  readonly corruptKeys: readonly string[];
  /** By how much a server's clock is ahead of this one's. */
  readonly offsetsMs: readonly {
    readonly server: string;
    readonly offsetMs: number;
    readonly errorMs: number;
  }[];
}

export function clusterChecks(facts: ClusterFacts): Check[] {
  return [quorum(facts), ...offsets(facts), versions(facts), engines(facts), records(facts)];
}

function quorum({ servers, hasLeader, stale }: ClusterFacts): Check {
  const voters = servers.filter(({ health }) => health !== 'learner');
  const silent = voters.filter(({ health }) => health === 'unknown').map(({ server }) => server);
  const needed = Math.floor(voters.length / 2) + 1;
  const spare = voters.length - silent.length - needed;
  const remedy =
    'start them: systemctl start skep; gone for good and no majority left: skep server recover --help';
  if (!hasLeader || stale !== '' || spare < 0) {
    const why = stale !== '' ? stale : silent.length > 0 ? `silent: ${silent.join(', ')}` : 'no server leads';
    return check('quorum', 'bad', why, remedy);
  }
  const value = `${voters.length - silent.length} of ${voters.length} servers answer, ${spare} more may be lost`;
  if (silent.length > 0) return check('quorum', 'warn', `${value}; silent: ${silent.join(', ')}`, remedy);
  if (voters.length === 2) {
    return check(
      'quorum',
      'warn',
      `${value}: two servers are weaker than one`,
      'make a third host a server: skep agent --join HOST:7400',
    );
  }
  return check('quorum', 'ok', value);
}

/** Leases and back-offs are judged by each server's own clock; the journal is in order only when these agree. */
function offsets({ offsetsMs }: ClusterFacts): Check[] {
  return offsetsMs.map(({ server, offsetMs, errorMs }) => {
    const sure = Math.max(0, Math.abs(offsetMs) - errorMs);
    const verdict = atMost(sure, { warn: 500, bad: 5_000 });
    const value = `${server} is ${Math.round(Math.abs(offsetMs))} ms ${offsetMs < 0 ? 'behind' : 'ahead'} (± ${Math.ceil(errorMs)} ms)`;
    return check(
      'clock.offset',
      verdict,
      value,
      'timedatectl set-ntp true   # on both hosts; then: chronyc makestep',
    );
  });
}

function versions({ servers, cells }: ClusterFacts): Check {
  const all = [...servers.map(({ version }) => version), ...cells.map(({ version }) => version)];
  const counts = new Map<string, number>();
  for (const version of all) counts.set(version, (counts.get(version) ?? 0) + 1);
  const value = [...counts].map(([version, count]) => `${version} on ${count}`).join(', ') || 'nobody says';
  const verdict = counts.size <= 1 ? 'ok' : counts.size === 2 ? 'warn' : 'bad';
  return check(
    'versions',
    verdict,
    value,
    'bring all hosts to one version, one after the other: ./install.sh on each',
  );
}

const namedMax = 3;

function engines({ cells }: ClusterFacts): Check {
  const down = cells.filter(({ engineProblem }) => engineProblem !== '');
  if (cells.length === 0) {
    return check(
      'engines',
      'bad',
      'no cell is there: nothing can run',
      'systemctl start skep   # on each host',
    );
  }
  if (down.length === 0)
    return check('engines', 'ok', `${cells.length} cells are there, every engine answers`);
  const named = down.slice(0, namedMax).map(({ cellId, engineProblem }) => `${cellId} (${engineProblem})`);
  return check(
    'engines',
    'bad',
    `${down.length} of ${cells.length} do not answer: ${named.join(', ')}`,
    'on that host: systemctl restart docker   # with live-restore no container ends',
  );
}

function records({ corruptKeys }: ClusterFacts): Check {
  const count = corruptKeys.length;
  const value =
    count === 0 ? 'all can be read' : `${count} cannot be read: ${corruptKeys.slice(0, namedMax).join(', ')}`;
  return check(
    'records',
    count === 0 ? 'ok' : 'bad',
    value,
    'skep debug state FILE   # and send it; what they are about is left alone',
  );
}
