/**
 * Answers what-if questions from a state, for the API: its port is api/planner-port.ts, whose shapes these are.
 * Made once a server by the composition root; changes nothing. One question at a time, in slices: on 250,000 instances
 * one takes seconds of the thread that also hears heartbeats.
 */
import type { Clock } from '../base/clock.ts';
import { SkepError } from '../base/core/errors.ts';
import { inSlices } from '../base/slices.ts';
import type { ClusterState } from '../store/core/state.ts';
import { type PlanOutcome, planSteps, type WhatIf } from './core/plan.ts';

export interface WhatIfPlanner {
  /**
   * Throws `ResourceNotFound` for an LRP, a cell or a zone that is not there, `Busy` while another question is
   * played, and the signal's reason.
   */
  plan(state: ClusterState, request: WhatIf, clock: Clock, signal: AbortSignal): Promise<PlanOutcome>;
}

export function createPlanner(): WhatIfPlanner {
  let isPlaying = false;
  return {
    async plan(state, request, clock, signal) {
      if (isPlaying) throw busy();
      isPlaying = true;
      try {
        return await inSlices(planSteps(state, request, clock.now()), clock, signal);
      } finally {
        isPlaying = false;
      }
    },
  };
}

function busy(): SkepError {
  const message = 'this server plays another what-if just now, and one at a time is what it may';
  return new SkepError('Busy', message, {
    hint: 'try again in 5 s, or ask another server with --server HOST:PORT',
  });
}
