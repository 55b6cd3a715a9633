/** The question of operators: core/why.ts has the answer, with what the cells say of instances that start. */

import type { ProcessGuid } from '../../model/ids.ts';
import { currentState, type Handler } from '../context.ts';
import { explain } from '../core/why.ts';
import { questionsOf } from '../core/why-questions.ts';
import { askCells } from '../instance-questions.ts';
import { noSuchLrp } from '../not-found.ts';

export const why: Handler<'why'> = async (context, { params, query }, call) => {
  const state = await currentState(context, call.signal);
  const question = { guid: params.guid, index: query.index };
  const told = await askCells(context, questionsOf(state, question), call.signal);
  const now = context.clock.now();
  const answer = explain(state, { ...question, now, told });
  if (answer === undefined) throw noSuchLrp(state, params.guid);
  const { index } = query;
  const standing =
    index === undefined
      ? undefined
      : context.explainer?.standing(state, params.guid as ProcessGuid, index, now);
  return standing === undefined ? answer : { ...answer, standing };
};
