/**
 * Why an etcd ended, for an operator: reads the end of its log. Called by etcd/supervisor.ts after every
 * exit that it did not ask for. The messages are those of etcd 3.4.
 */
import type { ErrorCode } from '../../base/core/errors.ts';

export interface EtcdExit {
  /** Undefined when it was killed, or when the process was not our child. */
  readonly code: number | undefined;
  /** `SIGKILL` and the like. */
  readonly killedBy: string | undefined;
}

export interface ExitReason {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  /** The cluster has removed this member: its data are of no use any more. */
  readonly isRemoved?: boolean;
}

interface Known {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly says: string;
  readonly hint: string;
  readonly isRemoved?: boolean;
}

const joinAgain =
  'stop this agent, remove the member with its server name from the cluster, empty the data folder, and join again';

const known: readonly Known[] = [
  {
    pattern: /address already in use/,
    code: 'Unavailable',
    says: 'a port of etcd is taken',
    hint: 'stop the process that listens there, or give this agent other etcd ports',
  },
  {
    pattern: /cannot assign requested address/,
    code: 'InvalidConfig',
    says: 'an address that etcd should listen on is not an address of this host',
    hint: 'correct the addresses in the configuration; `ip address` shows what this host has',
  },
  {
    pattern: /permission denied|read-only file system/i,
    code: 'InvalidConfig',
    says: 'etcd may not write its data folder',
    hint: 'make the data folder writable for the user that runs the agent',
  },
  {
    pattern: /no space left on device/,
    code: 'Unavailable',
    says: 'the disk of the data folder is full',
    hint: 'free some space; etcd starts again by itself',
  },
  {
    pattern: /permanently removed from the cluster/,
    code: 'InvalidConfig',
    says: 'this server was removed from the cluster',
    hint: 'to bring it back, empty the data folder and join again; else run it as a cell only (--server=false)',
    isRemoved: true,
  },
  {
    pattern: /could not retrieve cluster information|cannot fetch cluster info/,
    code: 'Unavailable',
    says: 'no other server of the cluster answers, and a new member needs one to join',
    hint: 'check that the other servers run and that their etcd peer ports can be reached from here',
  },
  {
    pattern:
      /cluster ID mismatch|has already been bootstrapped|member count is unequal|unmatched member|couldn't find local name|--initial-cluster|error validating peerURLs/i,
    code: 'InvalidConfig',
    says: 'the data folder or the configuration belongs to another member or another cluster',
    hint: joinAgain,
  },
  {
    pattern:
      /crc mismatch|wal: |snap: |freepages|invalid database|page \d+|failed to (?:open|read|recover).*(?:wal|db|snapshot|database)|unexpected fault|segmentation|SIGSEGV|SIGBUS|file not found.*wal|slice bounds out of range/i,
    code: 'Unavailable',
    says: "etcd's data on this server are damaged",
    hint: `with other servers alive: ${joinAgain}; a lone server needs its backup`,
  },
];

/** @param logTail the end of etcd.log, from the start of the process that ended */
export function explainExit(logTail: string, exit: EtcdExit): ExitReason {
  const complaint = lastComplaint(logTail);
  const how = exit.killedBy
    ? `killed by ${exit.killedBy}`
    : exit.code === undefined
      ? ''
      : `exit ${exit.code}`;
  const ended = how === '' ? 'etcd ended' : `etcd ended (${how})`;
  if (complaint === undefined) {
    return { code: 'Unavailable', message: ended, hint: 'etcd.log in the data folder has the details' };
  }
  const match = known.find(({ pattern }) => pattern.test(complaint));
  if (match) {
    const { code, hint, isRemoved = false } = match;
    return {
      code,
      message: `${ended}: ${match.says}: ${complaint}`,
      hint,
      ...(isRemoved ? { isRemoved } : {}),
    };
  }
  return {
    code: 'Unavailable',
    message: `${ended}: ${complaint}`,
    hint: 'etcd.log in the data folder has the details',
  };
}

const maxComplaintChars = 400;

/** The last line in which etcd says what killed it; undefined when it only went about its work. */
function lastComplaint(logTail: string): string | undefined {
  for (const line of logTail.split('\n').toReversed()) {
    const found = complaintOf(line.trim());
    if (found !== undefined) return found.slice(0, maxComplaintChars);
  }
  return undefined;
}

function complaintOf(line: string): string | undefined {
  if (/^(?:panic: |fatal error: |unexpected fault)/.test(line)) return line;
  if (/permanently removed from the cluster/.test(line)) return messageIn(line);
  if (/^\{"level":"(?:fatal|panic)"/.test(line)) return messageIn(line);
  // Complaints before its logger works: `error verifying flags, …`, `[FATAL] …`.
  if (/^(?:error |conflicting|flag provided|.*\berror verifying flags)/i.test(line)) return line;
  return undefined;
}

function messageIn(line: string): string {
  const field = (name: string): string | undefined =>
    new RegExp(`"${name}":"((?:[^"\\\\]|\\\\.)*)"`).exec(line)?.[1]?.replaceAll('\\"', '"');
  const message = field('msg');
  const error = field('error');
  // etcd calls every failure to start a failure of discovery, which it is not.
  if (error !== undefined && (message === undefined || message === 'discovery failed')) return error;
  return [message, error].filter((part) => part !== undefined).join(': ') || line;
}
