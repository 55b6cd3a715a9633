/** A lost cell that will not come back: it is shown no more. Should it come back all the same, it joins anew. */
import { SkepError } from '../../base/core/errors.ts';
import { cellSpecKey, rosterKey } from '../../store/core/keys.ts';
import { currentState, type Handler } from '../context.ts';
import { noSuchCell } from '../not-found.ts';
import { journal, nounOf, put, write } from '../write.ts';

export const forgetCell: Handler<'forgetCell'> = async (context, { params: { id } }, call) => {
  const state = await currentState(context, call.signal);
  if (state.cells.has(id)) {
    throw new SkepError('InvalidStateTransition', `cell ${id} is there`, {
      hint: `skep cell drain ${id} takes it out of service; stop its agent then`,
    });
  }
  const held = (state.claimsByCell.get(id)?.size ?? 0) + (state.tasksByCell.get(id)?.size ?? 0);
  if (held > 0) {
    throw new SkepError(
      'InvalidStateTransition',
      `not all that was on cell ${id} is replaced: ${held} left`,
      {
        hint: 'skep status tells why; a storm is confirmed with skep brain confirm-loss',
      },
    );
  }
  const specKey = cellSpecKey(id);
  const { revision } = await write(context, call, [rosterKey, specKey], ([rosterRecord, spec]) => {
    const roster = nounOf('roster', rosterRecord);
    const isMember = roster?.cells[id] !== undefined;
    if (!isMember && spec === undefined) throw noSuchCell(state, id);
    const { [id]: _gone, ...cells } = roster?.cells ?? {};
    return {
      puts: [
        ...(isMember ? [put(rosterKey, { v: 1, cells })] : []),
        journal(context, call, { type: 'cell.forgotten', subject: id, message: 'is forgotten', cellId: id }),
      ],
      deletes: spec === undefined ? [] : [specKey],
      result: undefined,
    };
  });
  return { revision };
};
