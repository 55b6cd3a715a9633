/**
 * Why an instance is where it is, told by the functions that place. Implemented over scheduler/core by the
 * composition root, because the API never imports the scheduler.
 */
import type { Millis, ProcessGuid } from '../model/ids.ts';
import type { ClusterState } from '../store/core/state.ts';
import type { Standing } from './core/standing-shapes.ts';

export interface Explainer {
  /** Undefined for what is on no cell that is present, or is not wanted any more. */
  standing(state: ClusterState, guid: ProcessGuid, index: number, now: Millis): Standing | undefined;
}
