/**
 * What a cell reports about its instances: started, crashed, stopped. Rules: reference/diego.md 1.3 and 1.6.
 * Called by cell-requests.ts.
 */
import { SkepError } from '../base/core/errors.ts';
import { type ActualLrp, awaitingHome, crash, start } from '../model/actual-lrp.ts';
import { type InstanceGuid, instanceName, type ProcessGuid } from '../model/ids.ts';
import { mayBeUnknown } from '../model/restored.ts';
import type { Put } from '../store/bbs.ts';
import { encode } from '../store/core/codec.ts';
import { actualKey } from '../store/core/keys.ts';
import type { Versioned } from '../store/core/state.ts';
import {
  type CellContext,
  corruptRefusal,
  type Decision,
  journalPuts,
  type Report,
  type Slot,
  settleReport,
  slotOf,
} from './cell-report.ts';
import type { CellRequestParams } from './core/cell-protocol.ts';

interface InstanceRef {
  readonly guid: ProcessGuid;
  readonly index: number;
  readonly instanceGuid: InstanceGuid;
}

interface Slots {
  readonly ordinary: Slot<ActualLrp>;
  readonly suspect: Slot<ActualLrp>;
  readonly evacuating: Slot<ActualLrp>;
}

const nothing: Decision = { kind: 'nothing' };
const refuse = (error: SkepError): Decision => ({ kind: 'refuse', error });

/** Throws `ActualLRPCannotBeStarted` when the instance is not (any more) the one that should run. */
export function reportStarted(context: CellContext, params: CellRequestParams<'started'>): Promise<void> {
  const name = instanceName(params.guid, params.index);
  return settle(context, params, (slots) => {
    const suspect = claimOf(context, params, slots.suspect);
    if (suspect !== undefined) return decideSuspectStarted(name, slots);
    const evacuating = claimOf(context, params, slots.evacuating);
    if (evacuating !== undefined) return decideEvacuatingStarted(context, params, evacuating);
    if (slots.ordinary === 'corrupt' || slots.suspect === 'corrupt') return corruptRefusal(name);
    const isMine = claimOf(context, params, slots.ordinary) !== undefined;
    if (!isMine && slots.evacuating === 'corrupt') return corruptRefusal(name);
    const decision =
      slots.ordinary === undefined
        ? cannotStart(name, 'there is no record of it')
        : decideStarted(context, params, slots.ordinary, slots.suspect);
    return decision.kind === 'refuse' && !isMine && isOlderState(context) ? inDoubt(name) : decision;
  });
}

/** A refusal would stop the container at once; so the cell is left to ask about it, and says when it was started. */
const isOlderState = ({ replica, clock }: CellContext): boolean =>
  mayBeUnknown(replica.state.restored?.value, undefined, clock.now());

const inDoubt = (name: string): Decision =>
  refuse(new SkepError('Unavailable', `the restored state is older than what is told of ${name}`));

/** Diego ignores a suspect's news until the replacement runs: reference/diego.md 1.6. */
function decideSuspectStarted(name: string, slots: Slots): Decision {
  const ordinary = slots.ordinary;
  if (ordinary === undefined || ordinary === 'corrupt' || ordinary.value.state !== 'RUNNING') return nothing;
  return cannotStart(name, `its replacement runs on ${ordinary.value.cellId}`);
}

/** It serves until its replacement does, so what changes about it still counts. */
function decideEvacuatingStarted(
  context: CellContext,
  params: CellRequestParams<'started'>,
  record: Versioned<ActualLrp>,
): Decision {
  const move = start(record.value, { ...params, cellId: context.cellId }, context.clock.now());
  if (!move.ok) return cannotStart(instanceName(params.guid, params.index), describe(record.value));
  if (!move.changed) return nothing;
  const compare = [{ key: record.key, revision: record.revision }];
  return { kind: 'write', mutation: { compare, puts: [{ key: record.key, value: encode(move.next) }] } };
}

const isUnreadable = ({ ordinary, suspect, evacuating }: Slots): boolean =>
  ordinary === 'corrupt' || suspect === 'corrupt' || evacuating === 'corrupt';

function cannotStart(name: string, why: string): Decision {
  return refuse(new SkepError('ActualLRPCannotBeStarted', `${name} cannot be started: ${why}`));
}

function decideStarted(
  context: CellContext,
  params: CellRequestParams<'started'>,
  ordinary: Versioned<ActualLrp>,
  suspect: Versioned<ActualLrp> | undefined,
): Decision {
  const name = instanceName(params.guid, params.index);
  const before = ordinary.value;
  const move = start(before, { ...params, cellId: context.cellId }, context.clock.now());
  if (!move.ok) return cannotStart(name, describe(before));
  if (!move.changed && suspect === undefined) return nothing;
  const puts: Put[] = [];
  if (move.changed) puts.push({ key: ordinary.key, value: encode(move.next) });
  if (before.state !== 'RUNNING') {
    puts.push(
      ...journalPuts(context, { type: 'instance.running', subject: name, message: runsWhere(move.next) }),
    );
  } else if (move.next.crashCount !== before.crashCount) {
    const message = `restarted by its cell: ${move.next.crashReason ?? 'it ended'}`;
    puts.push(...journalPuts(context, { type: 'instance.crashed', subject: name, message }));
  }
  const compare = [{ key: ordinary.key, revision: ordinary.revision }];
  if (suspect === undefined) return { kind: 'write', mutation: { compare, puts } };
  const message = `${suspect.value.instanceGuid} on ${suspect.value.cellId} goes: its replacement runs`;
  puts.push(...journalPuts(context, { type: 'instance.retired', subject: name, message }));
  compare.push({ key: suspect.key, revision: suspect.revision });
  return { kind: 'write', mutation: { compare, puts, deletes: [suspect.key] } };
}

function runsWhere(lrp: ActualLrp): string {
  const port = lrp.netInfo?.ports[0];
  const where = port === undefined ? '' : ` at ${lrp.netInfo?.address}:${port.hostPort}`;
  return `running on ${lrp.cellId}${where}`;
}

function describe(lrp: ActualLrp): string {
  if (lrp.instanceGuid === undefined) return `the index is ${lrp.state}`;
  return `the index is ${lrp.state} as ${lrp.instanceGuid} on ${lrp.cellId}`;
}

/**
 * Throws `ActualLRPCannotBeCrashed` when another instance holds the index, `ResourceNotFound` when nothing
 * does. A crash of an instance that was told to stop counts as the stop: a commanded end is no crash.
 */
export function reportCrashed(context: CellContext, params: CellRequestParams<'crashed'>): Promise<void> {
  const name = instanceName(params.guid, params.index);
  return settle(context, params, (slots) => {
    const suspect = claimOf(context, params, slots.suspect);
    if (suspect !== undefined)
      return removal(context, name, suspect, `ended while suspect: ${params.reason}`);
    const evacuating = claimOf(context, params, slots.evacuating);
    if (evacuating !== undefined) {
      const { retire } = evacuating.value;
      const message = retire === undefined ? `ended while its cell is drained: ${params.reason}` : undefined;
      return removal(context, name, evacuating, message);
    }
    const ordinary = slots.ordinary;
    const isMine = claimOf(context, params, ordinary) !== undefined;
    if (ordinary === 'corrupt' || (!isMine && slots.evacuating === 'corrupt')) return corruptRefusal(name);
    if (ordinary === undefined) {
      return refuse(new SkepError('ResourceNotFound', `there is no record of ${name}`));
    }
    const key = { instanceGuid: params.instanceGuid, cellId: context.cellId };
    const move = crash(ordinary.value, key, params.reason, context.clock.now());
    if (!move.ok) {
      const message = `${name} cannot be crashed: ${describe(ordinary.value)}`;
      return refuse(new SkepError('ActualLRPCannotBeCrashed', message));
    }
    if (ordinary.value.retire !== undefined) return removal(context, name, ordinary);
    const event = { type: 'instance.crashed', subject: name, message: params.reason } as const;
    const puts = [{ key: ordinary.key, value: encode(move.next) }, ...journalPuts(context, event)];
    const compare = [{ key: ordinary.key, revision: ordinary.revision }];
    return { kind: 'write', mutation: { compare, puts } };
  });
}

/** Deletes the record of this instance, if there still is one. */
export function reportStopped(context: CellContext, params: CellRequestParams<'stopped'>): Promise<void> {
  const name = instanceName(params.guid, params.index);
  const decide = (slots: Slots): Decision => {
    const all = [slots.suspect, slots.evacuating, slots.ordinary];
    const record = all.map((slot) => claimOf(context, params, slot)).find((mine) => mine !== undefined);
    if (record !== undefined) return removal(context, name, record);
    return isUnreadable(slots) ? corruptRefusal(name) : nothing;
  };
  // The cell never says it again: a record that an old copy does not know of would stay for ever.
  return settle(context, params, decide, false);
}

function removal(
  context: CellContext,
  subject: string,
  record: Versioned<ActualLrp>,
  message?: string,
): Decision {
  const puts =
    message === undefined ? [] : journalPuts(context, { type: 'instance.crashed', subject, message });
  const compare = [{ key: record.key, revision: record.revision }];
  const { value, key } = record;
  if (value.home === undefined || value.presence !== 'ORDINARY') {
    return { kind: 'write', mutation: { compare, puts, deletes: [key] } };
  }
  // A sticky index goes back to where its volume is: only the record knows where. If it is wanted no more,
  // the converger deletes it.
  const waiting = { key, value: encode(awaitingHome(value, context.clock.now())) };
  return { kind: 'write', mutation: { compare, puts: [waiting, ...puts] } };
}

/** The record, if it is this cell's claim of this very instance. */
function claimOf(
  context: CellContext,
  ref: InstanceRef,
  slot: Slot<ActualLrp>,
): Versioned<ActualLrp> | undefined {
  if (slot === undefined || slot === 'corrupt') return undefined;
  const mine = slot.value.instanceGuid === ref.instanceGuid && slot.value.cellId === context.cellId;
  return mine ? slot : undefined;
}

/** @param trustsCache whether this server's copy, which may be old, is enough to say that nothing is to be done */
function settle(
  context: CellContext,
  ref: InstanceRef,
  decide: (slots: Slots) => Decision,
  trustsCache = true,
): Promise<void> {
  const keys = [
    actualKey(ref.guid, ref.index),
    actualKey(ref.guid, ref.index, 'suspect'),
    actualKey(ref.guid, ref.index, 'evacuating'),
  ] as const;
  const report: Report<Slots> = {
    subject: instanceName(ref.guid, ref.index),
    cached() {
      const { actual, corrupt } = context.replica.state;
      const slots = actual.get(ref.guid)?.get(ref.index);
      // Nearly always none is: then no key need be looked up for each of 250,000 reports.
      if (corrupt.size === 0)
        return { ordinary: undefined, suspect: undefined, evacuating: undefined, ...slots };
      return {
        ordinary: corrupt.has(keys[0]) ? 'corrupt' : slots?.ordinary,
        suspect: corrupt.has(keys[1]) ? 'corrupt' : slots?.suspect,
        evacuating: corrupt.has(keys[2]) ? 'corrupt' : slots?.evacuating,
      };
    },
    async fresh() {
      const { records } = await context.bbs.read(keys, { signal: context.signal });
      return {
        ordinary: slotOf('actual', records[0]),
        suspect: slotOf('actual', records[1]),
        evacuating: slotOf('actual', records[2]),
      };
    },
    decide,
    trustsCache,
  };
  return settleReport(context, report);
}
