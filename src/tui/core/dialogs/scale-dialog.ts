/** Another number of instances, for one LRP or for all that are marked: `5`, `+2`, `-1`, `x2`. */
import { maxInstances } from '../../../model/instance-name.ts';
import { call, type Page } from '../page.ts';
import type { Target } from '../subject.ts';
import { actionDialog } from './action-dialog.ts';
import type { ActionSpec, Values } from './action-spec.ts';
import type { Line } from './plan-lines.ts';
import { countOf, guidOf, namesOf, targetLines, titleOf } from './targets.ts';

export function scaleDialog(targets: readonly Target[], amount?: string): Page {
  return actionDialog(scaleSpec(targets, amount));
}

export function scaleSpec(targets: readonly Target[], amount?: string): ActionSpec {
  const now = targets.map((target) => countOf(target, 'desired'));
  const [single] = targets;
  const names = namesOf(targets);
  const wanted = (values: Values, at: number): number | undefined =>
    amountOf(values['amount'] ?? '', now[at]);
  return {
    title: `Scale ${titleOf(targets, 'LRPs')}`,
    verb: 'Scale',
    danger: false,
    fields: [
      {
        id: 'amount',
        label: 'instances',
        initial: amount ?? (targets.length === 1 && now[0] !== undefined ? String(now[0]) : ''),
        problem: (text) => amountProblem(text, now),
      },
    ],
    about: (values) => [...targetLines(targets), ...changeLines(names, now, (at) => wanted(values, at))],
    // Of several at once, what one takes the other cannot have: there is no plan that would be true.
    plan: (values) => {
      const instances = wanted(values, 0);
      if (targets.length > 1 || single === undefined || instances === undefined || instances === now[0])
        return undefined;
      return call('plan', 'plan', { body: { kind: 'scale', guid: guidOf(single.subject), instances } });
    },
    act: (values) =>
      targets.flatMap(({ subject }, at) => {
        const instances = wanted(values, at);
        if (instances === undefined) return [];
        return [call('scale', 'updateLrp', { params: { guid: guidOf(subject) }, body: { instances } }, true)];
      }),
    command: (values) =>
      names.map((name, at) => `skep scale ${name} ${wanted(values, at) ?? 'N'}`).join(' && '),
    done: (values) => `${titleOf(targets, 'LRPs')}: ${values['amount'] ?? ''} instances wanted`,
  };
}

function changeLines(
  names: readonly string[],
  now: readonly (number | undefined)[],
  wanted: (at: number) => number | undefined,
): readonly Line[] {
  if (names.length > 12) return [];
  return names.map((name, at): Line => {
    const before = now[at];
    const after = wanted(at);
    const text =
      before === undefined ? `${name} to ${after ?? '?'}` : `${name} from ${before} to ${after ?? '?'}`;
    return { text, role: before === after ? 'dim' : 'text' };
  });
}

/** What an amount comes to for an LRP that has `now`; undefined when it cannot be said. */
export function amountOf(text: string, now: number | undefined): number | undefined {
  const [, sign = '', digits = ''] = /^([+x-]?)(\d{1,9})$/.exec(text.trim()) ?? [];
  if (digits === '') return undefined;
  const amount = Number(digits);
  if (sign === '') return amount;
  if (now === undefined) return undefined;
  return sign === 'x' ? now * amount : Math.max(0, sign === '+' ? now + amount : now - amount);
}

function amountProblem(text: string, now: readonly (number | undefined)[]): string | undefined {
  if (!/^[+x-]?\d{1,9}$/.test(text.trim())) return 'a number, or +2, -1, x2';
  const results = now.map((each) => amountOf(text, each));
  if (results.includes(undefined)) return 'how many it has now is not known here: write a number';
  if (results.some((each) => each !== undefined && each > maxInstances)) return `at most ${maxInstances}`;
  return undefined;
}
