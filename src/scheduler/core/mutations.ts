/**
 * A decision as one write to the store, with comparisons on everything it was made from: if any of it has
 * changed meanwhile, nothing is written and the decision is made again. Called by the brain's term.
 */
import { SkepError } from '../../base/core/errors.ts';
import {
  type ActualLrp,
  type ActualMove,
  claim,
  failPlacement,
  markOverdue,
  newActualLrp,
  type Refusal,
  retire,
  unclaim,
  withPresence,
} from '../../model/actual-lrp.ts';
import { defaults } from '../../model/defaults.ts';
import type { CellId, InstanceGuid, Millis } from '../../model/ids.ts';
import {
  assignTask,
  failTask,
  noteTaskRefusal,
  rejectTask,
  type Task,
  type TaskMove,
  unassignTask,
} from '../../model/task.ts';
import { encode } from '../../store/core/codec.ts';
import { actualKey, presenceKey } from '../../store/core/keys.ts';
import type { Comparison, Mutation } from '../../store/core/records.ts';
import type { Versioned } from '../../store/core/state.ts';
import type { Decision, DecisionOf } from './decision.ts';

export interface MutationContext {
  readonly now: Millis;
  /** Draws a name that no other record has: epochs and instance guids. */
  readonly unique: () => string;
}

type Handlers = {
  readonly [K in Decision['kind']]: (decision: DecisionOf<K>, context: MutationContext) => Mutation;
};

/** The write that carries a decision out. */
export function decisionMutation(decision: Decision, context: MutationContext): Mutation {
  const handler = handlers[decision.kind] as (decision: Decision, context: MutationContext) => Mutation;
  const mutation = handler(decision, context);
  const { lostCell, drainedBy } = decision;
  const compare = [...mutation.compare];
  if (lostCell !== undefined) compare.push(absent(presenceKey(lostCell)));
  if (drainedBy !== undefined) compare.push(asRead(drainedBy));
  return { ...mutation, compare };
}

const asRead = ({ key, revision }: Versioned<unknown>): Comparison => ({ key, revision });
const absent = (key: string): Comparison => ({ key, revision: 0 });

const handlers: Handlers = {
  create({ guid, index, domain, former }, { now, unique }) {
    const key = actualKey(guid, index);
    const value =
      former === undefined
        ? newActualLrp({ guid, index, domain }, now, unique())
        : replacement(former, now, unique());
    return { compare: [absent(key)], puts: [{ key, value: encode(value), noun: value }] };
  },
  delete: ({ record }) => remove(record),
  retire: ({ record, because }, { now }) => rewrite(record, next(retire(record.value, because, now))),
  replace({ record }, { now, unique }) {
    const { guid, index } = record.value;
    const suspectKey = actualKey(guid, index, 'suspect');
    return {
      compare: [asRead(record), absent(suspectKey)],
      puts: [
        { key: suspectKey, value: encode(withPresence(record.value, 'SUSPECT', now)) },
        { key: record.key, value: encode(replacement(record.value, now, unique())) },
      ],
    };
  },
  suspect({ record }, { now }) {
    const key = actualKey(record.value.guid, record.value.index, 'suspect');
    return {
      compare: [asRead(record), absent(key)],
      puts: [{ key, value: encode(withPresence(record.value, 'SUSPECT', now)) }],
      deletes: [record.key],
    };
  },
  evacuate({ record }, { now, unique }) {
    const key = actualKey(record.value.guid, record.value.index, 'evacuating');
    const moved = { key, value: encode(withPresence(record.value, 'EVACUATING', now)) };
    const compare = [asRead(record), absent(key)];
    if (record.value.presence === 'SUSPECT') return { compare, puts: [moved], deletes: [record.key] };
    const fresh = { key: record.key, value: encode(replacement(record.value, now, unique())) };
    return { compare, puts: [moved, fresh] };
  },
  remind: ({ record }, { now }) => rewrite(record, next(markOverdue(record.value, now))),
  recover({ suspect, ordinary }, { now }) {
    const key = actualKey(suspect.value.guid, suspect.value.index);
    return {
      compare: [asRead(suspect), ordinary === undefined ? absent(key) : asRead(ordinary)],
      puts: [{ key, value: encode(withPresence(suspect.value, 'ORDINARY', now)) }],
      deletes: [suspect.key],
    };
  },
  unclaim: ({ record }, { now }) => rewrite(record, next(unclaim(record.value, now))),
  restart: ({ record }, { now }) => rewrite(record, next(unclaim(record.value, now))),
  forget: ({ desired }) => remove(desired),
  finishDrain({ spec }, { now }) {
    const { drain } = spec.value;
    if (drain === undefined) throw new SkepError('Internal', `cell ${spec.value.cellId} is not drained`);
    const value = encode({ ...spec.value, drain: { ...drain, doneAt: now } });
    return { compare: [asRead(spec)], puts: [{ key: spec.key, value }] };
  },
  progressRebalance({ rebalance, moves }) {
    if (moves.length === 0) return remove(rebalance);
    const value = encode({ ...rebalance.value, moves: [...moves] });
    return { compare: [asRead(rebalance)], puts: [{ key: rebalance.key, value }] };
  },
  failTask: ({ task, because }, { now }) => rewrite(task, next(failTask(task.value, because, now))),
  unassignTask: ({ task }, { now }) => rewrite(task, next(unassignTask(task.value, now))),
  deleteTask: ({ task }) => remove(task),
};

/**
 * The new record beside a suspect or an evacuating one. Its crash count goes on where the lost one's would have: a crash after a
 * long run counts as the first.
 */
function replacement(lost: ActualLrp, now: Millis, epoch: string): ActualLrp {
  const key = { guid: lost.guid, index: lost.index, domain: lost.domain };
  const home = lost.home === undefined ? {} : { home: lost.home };
  const fresh: ActualLrp = { ...newActualLrp(key, now, epoch), ...home };
  const ranLong = lost.state === 'RUNNING' && now - lost.since > defaults.crashResetAfterMs;
  if (ranLong || lost.crashCount === 0) return fresh;
  return {
    ...fresh,
    crashCount: lost.crashCount,
    ...(lost.crashReason === undefined ? {} : { crashReason: lost.crashReason }),
  };
}

/** UNCLAIMED → CLAIMED by the cell that won it; a sticky index remembers it as its home. */
export function claimMutation(
  record: Versioned<ActualLrp>,
  cellId: CellId,
  { now, unique }: MutationContext,
  sticky = false,
): Mutation {
  const instanceGuid = `${unique()}-${unique()}` as InstanceGuid;
  return rewrite(record, next(claim(record.value, { instanceGuid, cellId }, now, sticky)));
}

/** A PENDING task is given to the cell that won it. */
export function assignMutation(record: Versioned<Task>, cellId: CellId, now: Millis): Mutation {
  return rewrite(record, next(assignTask(record.value, cellId, now)));
}

/** Puts on record why an instance has no place. */
export function refuseLrpMutation(record: Versioned<ActualLrp>, refusal: Refusal, now: Millis): Mutation {
  return rewrite(record, next(failPlacement(record.value, refusal, now)));
}

/** Puts on record why a task has no place; `countRejection` also uses up one of its tries. */
export function refuseTaskMutation(
  record: Versioned<Task>,
  refusal: Refusal,
  countRejection: boolean,
  now: Millis,
): Mutation {
  const noted = next(noteTaskRefusal(record.value, refusal, now));
  return rewrite(record, countRejection ? next(rejectTask(noted, refusal.message, now)) : noted);
}

function rewrite(record: Versioned<unknown>, value: ActualLrp | Task): Mutation {
  return { compare: [asRead(record)], puts: [{ key: record.key, value: encode(value), noun: value }] };
}

function remove(record: Versioned<unknown>): Mutation {
  return { compare: [asRead(record)], puts: [], deletes: [record.key] };
}

/** A move that the decision was made for; were it illegal, the decision would be wrong. */
function next(move: ActualMove): ActualLrp;
function next(move: TaskMove): Task;
function next(move: ActualMove | TaskMove): ActualLrp | Task {
  if (!move.ok) throw new SkepError('Internal', `the brain decided an illegal move: ${move.refusal}`);
  return move.next;
}
