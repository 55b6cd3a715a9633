/** Desired LRPs: wanted, listed, changed, removed. Rules: reference/diego.md 1.2, "DesiredLRP operations". */
import { SkepError } from '../../base/core/errors.ts';
import { randomName } from '../../base/core/rng.ts';
import {
  updateLrp as applyUpdate,
  type DesiredLrp,
  type DesiredLrpUpdate,
  desireLrp as freshLrp,
  removeLrp as markRemoved,
} from '../../model/desired-lrp.ts';
import type { ProcessGuid } from '../../model/ids.ts';
import type { StoredRecord } from '../../store/bbs.ts';
import { desiredKey } from '../../store/core/keys.ts';
import type { ClusterState } from '../../store/core/state.ts';
import { currentState, type Handler } from '../context.ts';
import { noSuchLrp } from '../not-found.ts';
import { inOrder, pageOf } from '../paging.ts';
import { lrpView } from '../views.ts';
import { journal, nounOf, put, write } from '../write.ts';

export const listLrps: Handler<'listLrps'> = async (context, { query }, call) => {
  const state = await currentState(context, call.signal);
  const page = pageOf(inOrder(state.desired, state.order.desired, query.after), query.limit, ({ value }) =>
    query.domain === undefined || value.domain === query.domain ? lrpView(state, value) : undefined,
  );
  return { ...page, revision: state.revision };
};

export const getLrp: Handler<'getLrp'> = async (context, { params }, call) => {
  const state = await currentState(context, call.signal);
  const desired = state.desired.get(params.guid)?.value;
  if (desired === undefined) throw noSuchLrp(state, params.guid);
  return lrpView(state, desired);
};

/** Throws `ResourceExists` for a guid in use, until the instances of a removed LRP have stopped. */
export const desireLrp: Handler<'desireLrp'> = async (context, { body }, call) => {
  const key = desiredKey(body.guid);
  const written = await write(context, call, [key], ([record]) => {
    refuseExisting(body.guid, record);
    const desired = freshLrp(body, context.clock.now(), randomName(context.rng));
    const message = `wants ${instancesOf(desired.instances)} of ${desired.image}`;
    const event = journal(context, call, { type: 'lrp.desired', subject: body.guid, message });
    return { puts: [put(key, desired), event], result: desired };
  });
  return { revision: written.revision, desired: written.result };
};

function refuseExisting(guid: string, record: StoredRecord | undefined): void {
  if (record === undefined) return;
  const removing = nounOf('desired', record)?.removedAt !== undefined;
  const message = removing ? `LRP "${guid}" is still being removed` : `LRP "${guid}" exists already`;
  const hint = removing
    ? 'its instances are being stopped: try again when `skep ps` no longer shows it'
    : `choose another name, change it with \`skep scale ${guid} N\`, or remove it first: \`skep rm ${guid}\``;
  throw new SkepError('ResourceExists', message, { field: 'guid', hint });
}

export const updateLrp: Handler<'updateLrp'> = async (context, { params, body }, call) => {
  const key = desiredKey(params.guid);
  const written = await write(context, call, [key], ([record]) => {
    const before = livingLrp(context.replica.state, params.guid, record);
    const desired = applyUpdate(before, body, context.clock.now());
    const message = describeUpdate(before, body);
    const event = journal(context, call, { type: 'lrp.changed', subject: params.guid, message });
    return { puts: [put(key, desired), event], result: desired };
  });
  return { revision: written.revision, desired: written.result };
};

function livingLrp(state: ClusterState, guid: ProcessGuid, record: StoredRecord | undefined): DesiredLrp {
  const desired = nounOf('desired', record);
  if (desired === undefined) throw noSuchLrp(state, guid);
  if (desired.removedAt === undefined) return desired;
  throw new SkepError('ResourceNotFound', `LRP "${guid}" is being removed`, {
    hint: 'its instances are being stopped; once it has gone it can be wanted anew',
  });
}

function describeUpdate(before: DesiredLrp, update: DesiredLrpUpdate): string {
  const changes: string[] = [];
  if (update.instances !== undefined) changes.push(`instances ${before.instances} → ${update.instances}`);
  if (update.routes !== undefined) changes.push('routes changed');
  if (update.annotation !== undefined) changes.push('annotation changed');
  return changes.length === 0 ? 'nothing changed' : changes.join(', ');
}

/** Removing what is being removed already changes nothing and succeeds. */
export const removeLrp: Handler<'removeLrp'> = async (context, { params }, call) => {
  const key = desiredKey(params.guid);
  const { revision } = await write(context, call, [key], ([record]) => {
    const desired = nounOf('desired', record);
    if (desired === undefined) throw noSuchLrp(context.replica.state, params.guid);
    if (desired.removedAt !== undefined) return { result: undefined };
    const message = `removed; ${instancesOf(desired.instances)} to stop`;
    const event = journal(context, call, { type: 'lrp.removed', subject: params.guid, message });
    return { puts: [put(key, markRemoved(desired, context.clock.now())), event], result: undefined };
  });
  return { revision };
};

function instancesOf(count: number): string {
  return count === 1 ? '1 instance' : `${count} instances`;
}
