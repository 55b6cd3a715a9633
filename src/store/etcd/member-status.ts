/**
 * What one member says about itself. Asked five times a second by raft-election.ts, once by one that leads, and while
 * etcd starts by supervisor.ts; it is answered from the member's memory, also by a learner and without a quorum.
 * Each question costs a millisecond of processor time, so who may take what another one was told says so.
 */
import type { Clock } from '../../base/clock.ts';
import { defaults } from '../../model/defaults.ts';
import type { MemberStatus } from '../members.ts';
import type { StoreCredentials } from './credentials.ts';
import { callMember, hexId, memberClient } from './member-client.ts';

export interface MemberStatusReader {
  /**
   * Throws `Unavailable` when the member does not answer within a second.
   * @param maxAgeMs an answer to a question that was put no longer ago does; 0, as without it: it is asked now
   */
  read(signal: AbortSignal, maxAgeMs?: number): Promise<MemberStatus>;
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
  let last: { readonly askedAtMs: number; readonly status: MemberStatus } | undefined;
  return {
    async read(signal, maxAgeMs = 0) {
      const askedAtMs = options.clock.now();
      if (last !== undefined && askedAtMs - last.askedAtMs < maxAgeMs) return last.status;
      const call = { clock: options.clock, signal, deadlineMs: defaults.etcdProbeMs, what };
      const told = await callMember(call, (grpc) => client.etcd.maintenance.status(grpc));
      const status = {
        memberId: hexId(told.header.member_id),
        leaderId: hexId(told.leader),
        raftTerm: Number(told.raftTerm),
        learner: told.isLearner,
        dbSizeBytes: Number(told.dbSize),
        raftIndex: Number(told.raftIndex),
      };
      last = { askedAtMs, status };
      return status;
    },
    close: () => client.close(),
  };
}
