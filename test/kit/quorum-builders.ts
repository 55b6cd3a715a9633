/** Members and hosts as the quorum's planner sees them, for its tests: all is well unless a test says otherwise. */
import type { HostView, MemberView } from '../../src/scheduler/core/quorum.ts';

/** One that votes and answers; h1 leads. */
export function buildMember(server: string, more: Partial<MemberView> = {}): MemberView {
  return { server, isLearner: false, isReachable: true, leads: server === 'h1', ...more };
}

/** One that could be a server, and has been there for long. */
export function buildHost(name: string, more: Partial<HostView> = {}): HostView {
  return {
    name,
    zone: 'z',
    canServe: true,
    serves: false,
    isCordoned: false,
    version: '1',
    seenSince: 0,
    registeredAt: 0,
    ...more,
  };
}
