/**
 * Before a member stops, Raft's leadership goes to another one. etcd would do it too, but only after it has
 * waited up to seven seconds for its clients' watches to end; nobody leads meanwhile. Called by supervisor.ts.
 */
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/core/errors.ts';
import type { Log } from '../../base/log.ts';
import type { StoreCredentials } from './credentials.ts';
import { callMember, hexId, memberClient } from './member-client.ts';

const deadlineMs = 2_000;

/** Best effort: what goes wrong is logged, and etcd's own way remains. */
export async function handOver(options: {
  readonly clientUrl: string;
  readonly credentials?: StoreCredentials | undefined;
  readonly clock: Clock;
  readonly log: Log;
}): Promise<void> {
  const client = memberClient(options.clientUrl, options.credentials);
  const call = {
    clock: options.clock,
    signal: new AbortController().signal,
    deadlineMs,
    what: `handing over Raft's leadership at ${options.clientUrl}`,
  };
  try {
    const status = await callMember(call, (grpc) => client.etcd.maintenance.status(grpc));
    if (status.leader !== status.header.member_id) return;
    const { members } = await callMember(call, (grpc) => client.etcd.cluster.memberList({}, grpc));
    for (const { ID, isLearner, name } of members) {
      if (ID === status.leader || isLearner || name === '') continue;
      if (await moves(ID, name)) return;
    }
  } catch (error) {
    options.log.warn('etcd.hand_over_failed', { reason: messageOf(error) });
  } finally {
    client.close();
  }

  async function moves(targetID: string, server: string): Promise<boolean> {
    try {
      await callMember(call, (grpc) => client.etcd.maintenance.moveLeader({ targetID }, grpc));
      options.log.info('etcd.handed_over', { server, memberId: hexId(targetID) });
      return true;
    } catch (error) {
      options.log.warn('etcd.hand_over_refused', { server, reason: messageOf(error) });
      return false;
    }
  }
}
