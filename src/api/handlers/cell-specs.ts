/** What operators set of cells: cordoned, drained, and both taken back. Who and why is in the journal. */
import { SkepError } from '../../base/core/errors.ts';
import type { CellSpec } from '../../model/cell-spec.ts';
import type { EventType } from '../../model/event.ts';
import { type CellId, instanceName } from '../../model/ids.ts';
import { cellSpecKey } from '../../store/core/keys.ts';
import type { ClusterState } from '../../store/core/state.ts';
import { type ApiContext, type Call, currentState, type Handler } from '../context.ts';
import type { Plan } from '../core/plan-shapes.ts';
import { noSuchCell } from '../not-found.ts';
import { journal, nounOf, put, write } from '../write.ts';

export const cordonCell: Handler<'cordonCell'> = async (context, { params, body }, call) => {
  const told = { type: 'cell.cordoned', message: `is cordoned${because(body.reason)}` } as const;
  return change(context, call, params.id, (spec) => {
    const cordon = { by: call.actor, at: context.clock.now(), reason: body.reason };
    return { spec: { ...spec, cordon }, ...told };
  });
};

/** Changes nothing when the cell is not cordoned. Throws `InvalidStateTransition` while it is drained. */
export const uncordonCell: Handler<'uncordonCell'> = async (context, { params }, call) =>
  change(context, call, params.id, ({ cordon, ...spec }) => {
    if (spec.drain !== undefined) {
      const message = `cell ${params.id} is drained, so nothing is placed there`;
      const hint = `skep cell undrain ${params.id} takes that back`;
      throw new SkepError('InvalidStateTransition', message, { hint });
    }
    if (cordon === undefined) return undefined;
    return { spec, type: 'cell.uncordoned', message: 'is open for new work again' };
  });

/** Asking again changes reason, deadline, parallelism and force of the drain that goes on. */
export const drainCell: Handler<'drainCell'> = async (context, { params, body }, call) => {
  const state = await currentState(context, call.signal);
  const isDraining = state.cellSpecs.get(params.id)?.value.drain !== undefined;
  if (!body.force && !body.anyway && !isDraining) {
    await mustFit(context, state, [params.id, ...body.alongside], call);
  }
  return change(context, call, params.id, (spec) => {
    const now = context.clock.now();
    const drain = {
      by: call.actor,
      at: now,
      reason: body.reason,
      force: body.force,
      instances: state.claimsByCell.get(params.id)?.size ?? 0,
      ...(body.maxParallel === undefined ? {} : { maxParallel: body.maxParallel }),
      ...(body.deadlineMs === null ? {} : { deadlineAt: now + body.deadlineMs }),
    };
    const how = body.force ? 'is drained by force' : 'is drained';
    return { spec: { ...spec, drain }, type: 'cell.draining', message: how + because(body.reason) };
  });
};

/** Changes nothing when the cell is not drained. */
export const undrainCell: Handler<'undrainCell'> = async (context, { params }, call) =>
  change(context, call, params.id, ({ drain, ...spec }) =>
    drain === undefined
      ? undefined
      : { spec, type: 'cell.undrained', message: 'is not drained any more; what has left stays where it is' },
  );

const because = (reason: string): string => (reason === '' ? '' : `: ${reason}`);

interface Change {
  readonly spec: CellSpec;
  readonly type: EventType;
  readonly message: string;
}

async function change(
  context: ApiContext,
  call: Call,
  cellId: CellId,
  decide: (spec: CellSpec) => Change | undefined,
): Promise<{ revision: number }> {
  const state = await currentState(context, call.signal);
  if (!isKnown(state, cellId)) throw noSuchCell(state, cellId);
  const key = cellSpecKey(cellId);
  const { revision } = await write(context, call, [key], ([record]) => {
    const change = decide(nounOf('cellSpec', record) ?? { v: 1, cellId });
    if (change === undefined) return { result: undefined };
    const { spec, type, message } = change;
    const isEmpty = spec.cordon === undefined && spec.drain === undefined;
    return {
      puts: [
        ...(isEmpty ? [] : [put(key, spec)]),
        journal(context, call, { type, subject: cellId, message, cellId }),
      ],
      deletes: isEmpty && record !== undefined ? [key] : [],
      result: undefined,
    };
  });
  return { revision };
}

/** A cell that is away may be cordoned or drained too: it is then when it comes back. */
function isKnown(state: ClusterState, cellId: CellId): boolean {
  const { cells, cellSpecs, claimsByCell, roster } = state;
  if (cells.has(cellId) || cellSpecs.has(cellId) || claimsByCell.has(cellId)) return true;
  return roster?.value.cells[cellId] !== undefined;
}

const namedMax = 5;

async function mustFit(
  { planner, clock }: ApiContext,
  state: ClusterState,
  cells: readonly CellId[],
  { signal }: Call,
): Promise<void> {
  // What is on a cell that is away is replaced already.
  const asked = [...new Set(cells)].filter((cellId) => state.cells.has(cellId)).sort();
  if (asked.length === 0) return;
  const plan = await planner?.plan(state, { kind: 'drain', cells: asked }, clock, signal);
  if (plan === undefined || plan.unplaced.length === 0) return;
  const { unplaced } = plan;
  const named = unplacedTexts(unplaced.slice(0, namedMax));
  const rest = unplaced.length > namedMax ? `; and ${unplaced.length - namedMax} more` : '';
  const count = unplaced.length === 1 ? '1 instance' : `${unplaced.length} instances`;
  const message = `${count} of ${asked.join(', ')} would find no place elsewhere: ${named.join('; ')}${rest}`;
  throw new SkepError('InsufficientResources', message, {
    hint: 'make room or add a cell; --anyway moves the others and lets these run until the deadline, --force stops everything',
  });
}

/** Those that lack the same are named together: the reason is long, and often one for all. */
function unplacedTexts(unplaced: Plan['unplaced']): string[] {
  const named = Map.groupBy(unplaced, ({ refusal }) => refusal.message);
  return [...named].map(([message, group]) => {
    const names = group.map(({ guid, index }) => instanceName(guid, index));
    return `${names.join(', ')} (${message})`;
  });
}
