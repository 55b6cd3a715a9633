/** Prints a plan as `skep plan` and `skep rebalance` do. */
import type { Plan } from '../api/core/plan-shapes.ts';
import { instanceName } from '../model/instance-name.ts';
import { planLines } from './core/plan-prose.ts';
import { isData, printData, type Session } from './session.ts';

/** A plan for a quarter of a million instances takes its time. */
export const planDeadlineMs = 60_000;

export async function printPlan(session: Session, plan: Plan): Promise<void> {
  if (isData(session)) return await printData(session, plan);
  if (session.format === 'name') {
    for (const { guid, index } of plan.moves) session.print(instanceName(guid, index));
    return;
  }
  const { paint, flags, format } = session;
  for (const line of planLines(plan, { paint, headers: flags.headers, wide: format === 'wide' })) {
    session.print(line);
  }
}
