/** Refusals about what does not exist, with the name that was probably meant and the indexes that are valid. */
import { SkepError } from '../base/core/errors.ts';
import { wantedInstances } from '../model/desired-lrp.ts';
import type { ProcessGuid } from '../model/ids.ts';
import type { ClusterState } from '../store/core/state.ts';
import { didYouMean } from './core/nearest.ts';

export function noSuchLrp(state: ClusterState, guid: string): SkepError {
  const hint = didYouMean(guid, state.desired.keys()) ?? '`skep ps` lists the LRPs';
  return new SkepError('ResourceNotFound', `there is no LRP "${guid}"`, { field: 'guid', hint });
}

export function noSuchTask(state: ClusterState, guid: string): SkepError {
  const hint = didYouMean(guid, state.tasks.keys()) ?? '`skep task ls` lists the tasks';
  return new SkepError('ResourceNotFound', `there is no task "${guid}"`, { field: 'guid', hint });
}

export function noSuchCell(state: ClusterState, id: string): SkepError {
  const hint = didYouMean(id, state.cells.keys()) ?? '`skep cells` lists the cells that are present';
  return new SkepError('ResourceNotFound', `there is no cell "${id}"`, { field: 'id', hint });
}

/** An index that has no record: out of range, or not made yet. */
export function noSuchInstance(state: ClusterState, guid: ProcessGuid, index: number): SkepError {
  const desired = state.desired.get(guid)?.value;
  const slots = state.actual.get(guid);
  if (desired === undefined && slots === undefined) return noSuchLrp(state, guid);
  const wanted = desired === undefined ? 0 : wantedInstances(desired);
  if (index < wanted) {
    return new SkepError('ResourceNotFound', `instance ${guid}/${index} does not exist yet`, {
      field: 'index',
      hint: `the brain makes it in a moment; \`skep why ${guid}\` tells what it waits for`,
    });
  }
  const range =
    wanted === 0
      ? 'it has no instances'
      : wanted === 1
        ? 'the valid index is 0'
        : `valid indexes: 0 to ${wanted - 1}`;
  return new SkepError('ResourceNotFound', `LRP "${guid}" has no instance ${index}: ${range}`, {
    field: 'index',
    hint: `\`skep ps ${guid}\` lists its instances`,
  });
}
