/**
 * The automatic quorum: which server is to be added or removed, and when. The leader's keeper asks every two seconds
 * (scheduler/quorum-keeper.ts) and takes at most one step at a time; quorum-change.ts says how the step goes on.
 * A dead server goes before its replacement comes: 2 of 2 and 2 of 3 survive the same, and etcd adds nobody while a
 * member is down. Growth is from odd to odd, because an even number survives no more than the odd one below it.
 */
import type { BrainSettings } from '../../model/cell-spec.ts';
import { defaults } from '../../model/defaults.ts';
import type { Millis } from '../../model/ids.ts';
import { automatic, majorityOf, type Quorum, type QuorumChange, withoutVoter } from '../../model/quorum.ts';

export interface MemberView {
  /** Its name; the peer URL of a learner that never started. */
  readonly server: string;
  readonly isLearner: boolean;
  /** Its etcd answers the leader. */
  readonly isReachable: boolean;
  /** It leads Raft. */
  readonly leads: boolean;
}

/** A host that is present. */
export interface HostView {
  readonly name: string;
  readonly zone: string;
  /** It has what a server needs, and its settings allow it. */
  readonly canServe: boolean;
  /** Its server half runs already. */
  readonly serves: boolean;
  /** Operators took it out of use. */
  readonly isCordoned: boolean;
  readonly version: string;
  /** Since when this leader has seen it there. */
  readonly seenSince: Millis;
  /** When its agent started. */
  readonly registeredAt: Millis;
}

export type QuorumSettings = Pick<BrainSettings, 'autoServers' | 'wantedServers' | 'serverReplaceAfterMs'>;

export interface QuorumInput {
  readonly members: readonly MemberView[];
  readonly hosts: readonly HostView[];
  readonly record: Quorum;
  readonly settings: QuorumSettings;
  readonly now: Millis;
}

/** A change that is due at `at`, and how it is told beforehand. */
interface Step {
  readonly at: Millis;
  readonly text: string;
  readonly change: Pick<QuorumChange, 'kind' | 'server' | 'reason'>;
}

/** Nothing is due; `text` says what is missing. */
interface Wait {
  readonly text: string;
  readonly at?: undefined;
}

/** The record as it is to be: what is silent, what comes next, and the change that begins now, if one does. */
export function planQuorum(given: QuorumInput): Quorum {
  const { now } = given;
  const silentSince = silentNow(given);
  const record = { ...given.record, silentSince, passedOver: stillPassedOver(given.record, now) };
  const { next: _before, ...kept } = record;
  if (record.change !== undefined) return kept;
  const input = { ...given, record };
  const step = input.settings.autoServers ? nextStep(input) : undefined;
  if (step === undefined) return kept;
  if (step.at === undefined) return { ...kept, next: { text: step.text } };
  if (step.at > now) return { ...kept, next: { text: step.text, at: step.at } };
  return { ...kept, change: { ...step.change, at: now, by: automatic } };
}

/** A member that answers once is not silent: the wait begins anew. */
function silentNow({ members, record, now }: QuorumInput): Quorum['silentSince'] {
  const silent = members.filter(({ isReachable }) => !isReachable);
  return Object.fromEntries(silent.map(({ server }) => [server, record.silentSince[server] ?? now]));
}

function stillPassedOver({ passedOver }: Quorum, now: Millis): Quorum['passedOver'] {
  return Object.fromEntries(Object.entries(passedOver).filter(([, { until = Infinity }]) => until > now));
}

function nextStep(input: QuorumInput): Step | Wait | undefined {
  const { silentSince } = input.record;
  const voters = input.members.filter(({ isLearner }) => !isLearner);
  const reachable = voters.filter(({ isReachable }) => isReachable).length;
  // Without a majority nothing can be written; somebody who plans all the same sees an old list.
  if (reachable < majorityOf(voters.length)) return undefined;
  const learner = input.members.find(({ isLearner }) => isLearner);
  if (learner !== undefined) return aboutLearner(learner, silentSince, input.settings);
  const lost = longestSilent(voters, silentSince);
  if (lost !== undefined) return aboutLost(lost, voters, input);
  return aboutGrowth(voters, input);
}

/** Servers join one by one: who is joining is waited for, and given up when it has gone. */
function aboutLearner(
  { server }: MemberView,
  silentSince: Quorum['silentSince'],
  { serverReplaceAfterMs }: QuorumSettings,
): Step | Wait {
  const since = silentSince[server];
  if (since === undefined) return { text: `${server} is joining` };
  return {
    at: since + serverReplaceAfterMs,
    text: `${server}, which was joining and is silent, is removed`,
    change: { kind: 'remove', server, reason: 'it was joining and has been silent' },
  };
}

interface Lost {
  readonly server: string;
  readonly since: Millis;
}

function longestSilent(voters: readonly MemberView[], silentSince: Quorum['silentSince']): Lost | undefined {
  const lost = voters.flatMap(({ server }): Lost[] => {
    const since = silentSince[server];
    return since === undefined ? [] : [{ server, since }];
  });
  return lost.sort((a, b) => a.since - b.since || (a.server < b.server ? -1 : 1))[0];
}

function aboutLost(
  { server, since }: Lost,
  voters: readonly MemberView[],
  input: QuorumInput,
): Step | Wait | undefined {
  const { wantedServers, serverReplaceAfterMs } = input.settings;
  if (!withoutVoter(voters, server).isSafe) return undefined;
  const at = since + serverReplaceAfterMs;
  const minutes = formatMinutes(serverReplaceAfterMs);
  if (voters.length > wantedServers) {
    const reason = `silent for ${minutes}, and ${wantedServers} servers are enough`;
    return { at, text: `${server} is removed: silent`, change: { kind: 'remove', server, reason } };
  }
  const [heir] = candidates(input);
  if (heir === undefined) return { text: `${server} is silent, and no other host can become a server` };
  const reason = `silent for ${minutes}; ${heir.name} replaces it`;
  return { at, text: `${heir.name} replaces ${server}`, change: { kind: 'remove', server, reason } };
}

function aboutGrowth(voters: readonly MemberView[], input: QuorumInput): Step | Wait | undefined {
  const { wantedServers } = input.settings;
  if (voters.length >= wantedServers) return undefined;
  const missing = voters.length % 2 === 0 ? 1 : 2;
  const found = candidates(input);
  const [first, second] = found;
  if (first === undefined || found.length < missing) {
    const more = `${missing} more ${missing === 1 ? 'host' : 'hosts'} that can be a server`;
    return { text: `${voters.length} of ${wantedServers} servers: waits for ${more}` };
  }
  const last = missing === 1 ? first : (second ?? first);
  const together = voters.length + missing;
  return {
    at: Math.max(first.seenSince, last.seenSince) + defaults.serverSettleMs,
    text: `${first.name} becomes a server`,
    change: {
      kind: 'add',
      server: first.name,
      reason: `server ${voters.length + 1} of ${together}`,
    },
  };
}

/** Best first: from the zone with the fewest servers, then the one whose agent has run the longest. */
function candidates({ hosts, members, record }: QuorumInput): HostView[] {
  const servers = new Set(members.map(({ server }) => server));
  const perZone = new Map<string, number>();
  for (const { name, zone } of hosts) {
    if (servers.has(name)) perZone.set(zone, (perZone.get(zone) ?? 0) + 1);
  }
  return hosts
    .filter(({ name, canServe, serves, isCordoned }) => {
      const isFree = !servers.has(name) && !serves && record.passedOver[name] === undefined;
      return canServe && !isCordoned && isFree;
    })
    .sort(
      (a, b) =>
        (perZone.get(a.zone) ?? 0) - (perZone.get(b.zone) ?? 0) ||
        a.registeredAt - b.registeredAt ||
        (a.name < b.name ? -1 : 1),
    );
}

function formatMinutes(ms: number): string {
  return ms < 60_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;
}
