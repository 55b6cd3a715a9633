/**
 * What one member says about itself. Asked five times a second by raft-election.ts and while etcd starts by
 * supervisor.ts; it is answered from the member's memory, also by a learner and without a quorum.
 */
import type { Clock } from '../../base/clock.ts';
import { defaults } from '../../model/defaults.ts';
import type { MemberStatus } from '../members.ts';
import type { StoreCredentials } from './credentials.ts';
import { callMember, hexId, memberClient } from './member-client.ts';

export interface MemberStatusReader {
  /** Throws `Unavailable` when the member does not answer within a second. */
  read(signal: AbortSignal): Promise<MemberStatus>;
  close(): void;
}

/** Reads the status of the member at a client URL. */
export function memberStatus(options: {
  readonly clientUrl: string;
  readonly credentials?: StoreCredentials | undefined;
  readonly clock: Clock;
}): MemberStatusReader {
  const client = memberClient(options.clientUrl, options.credentials);
  const what = `status of the etcd member at ${options.clientUrl}`;
  return {
    async read(signal) {
      const call = { clock: options.clock, signal, deadlineMs: defaults.etcdProbeMs, what };
      const status = await callMember(call, (grpc) => client.etcd.maintenance.status(grpc));
      return {
        memberId: hexId(status.header.member_id),
        leaderId: hexId(status.leader),
        raftTerm: Number(status.raftTerm),
        learner: status.isLearner,
        dbSizeBytes: Number(status.dbSize),
        raftIndex: Number(status.raftIndex),
      };
    },
    close: () => client.close(),
  };
}
