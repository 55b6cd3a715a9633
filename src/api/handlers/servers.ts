/** Servers joining the store's quorum: first as a learner, a voter once it has caught up. */
import { SkepError } from '../../base/core/errors.ts';
import type { Members } from '../../store/members.ts';
import type { ApiContext, Call, Handler } from '../context.ts';
import { journal, write } from '../write.ts';

export const joinServer: Handler<'joinServer'> = async (context, { body }, call) => {
  const members = membersOf(context);
  const initialCluster = await members.add(body.server, body.peerUrl, { signal: call.signal });
  await tell(context, call, body.server, `joins as a learner at ${body.peerUrl}`);
  return { clusterId: context.clusterId, initialCluster };
};

export const promoteServer: Handler<'promoteServer'> = async (context, { params }, call) => {
  const members = membersOf(context);
  await members.promote(params.server, { signal: call.signal });
  await tell(context, call, params.server, 'caught up and votes from now on');
  return {};
};

function membersOf(context: ApiContext): Members {
  if (context.members !== undefined) return context.members;
  throw new SkepError(
    'InvalidRequest',
    'this cluster uses an outside etcd, whose members are not ours to change',
    {
      hint: 'start the new agent with the same --etcd-endpoints instead of joining',
    },
  );
}

/** The member is changed already: a journal that cannot be written just now is worth a line in the log. */
async function tell(context: ApiContext, call: Call, server: string, message: string): Promise<void> {
  try {
    const event = journal(context, call, { type: 'server.joined', subject: server, message });
    await write(context, call, [], () => ({ puts: [event], result: undefined }));
  } catch (error) {
    if (!(error instanceof SkepError)) throw error;
    context.log.warn('api.journal_failed', { subject: server, reason: error.message });
  }
}
