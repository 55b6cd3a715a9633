/**
 * Tells the API why an instance is where it is: its port is api/explainer-port.ts, whose shapes these are.
 * Made once a server by the composition root; holds nothing and changes nothing.
 */
import type { Millis, ProcessGuid } from '../model/ids.ts';
import type { ClusterState } from '../store/core/state.ts';
import { type InstanceStanding, standingOf } from './core/standing.ts';

export interface StandingExplainer {
  standing(state: ClusterState, guid: ProcessGuid, index: number, now: Millis): InstanceStanding | undefined;
}

export function createExplainer(): StandingExplainer {
  return { standing: standingOf };
}
