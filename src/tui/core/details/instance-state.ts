/** What the instance page knows, what it asks for, and how what comes changes it. For instance-page.ts and its drawing. */

import type { Why } from '../../../api/core/routes.ts';
import { type ContainerSample, statsIntervalMs } from '../../../api/core/stats-shapes.ts';
import type { ActualLrp } from '../../../model/actual-lrp.ts';
import { type ListedEvent, withEvents } from '../event-list.ts';
import { type Data, type LogLine, poll, type Want } from '../page.ts';
import type { PageFactories } from '../pages.ts';
import { problemText } from '../problem.ts';
import { type InstanceSubject, subjectName } from '../subject.ts';
import { type History, withSample } from './history.ts';
import { type Measure, measuresOf, noMeasures } from './measures.ts';
import { whyWant } from './subject-feeds.ts';

/** Lines of the crashed container that are shown. */
export const lastLinesMax = 8;
const eventsMax = 200;

export interface InstanceState {
  readonly subject: InstanceSubject;
  readonly pages: PageFactories;
  /** Undefined before the first answer; empty when there is no such instance. */
  readonly records?: readonly ActualLrp[] | undefined;
  readonly why?: Why | undefined;
  readonly events: readonly ListedEvent[];
  readonly sample?: ContainerSample | undefined;
  readonly history: History<Measure>;
  /** Of the container that crashed last. */
  readonly lastLines: readonly LogLine[];
  /** Why a feed is broken, by its id; '' when it is not. */
  readonly problems: Readonly<Record<string, string>>;
  /** The first line that is seen. */
  readonly top: number;
  /** Of the lines, as typed after `/`. */
  readonly filter: string;
}

export function newInstance(subject: InstanceSubject, pages: PageFactories): InstanceState {
  return { subject, pages, events: [], history: noMeasures, lastLines: [], problems: {}, top: 0, filter: '' };
}

/** The record that counts, else the one that is kept until its successor runs. */
export const recordOf = ({ records = [] }: InstanceState): ActualLrp | undefined =>
  records.find(({ presence }) => presence === 'ORDINARY') ?? records[0];

/** Samples only of what runs, last lines only of what crashed; those under an id of each crash, to be read anew. */
export function instanceWants(state: InstanceState): readonly Want[] {
  const { subject } = state;
  const name = subjectName(subject);
  const record = recordOf(state);
  const wants: Want[] = [
    poll(
      'instance',
      'listInstances',
      { query: { guid: subject.guid, index: subject.index } },
      statsIntervalMs,
    ),
    whyWant(subject, record?.state === 'CLAIMED'),
    { kind: 'events', id: 'events', subject: name },
  ];
  if (record?.state === 'RUNNING') wants.push({ kind: 'stats', id: 'stats', target: { instance: name } });
  const crashCount = record?.crashCount ?? 0;
  if (crashCount > 0)
    wants.push({
      kind: 'logs',
      id: lastWantOf(crashCount),
      request: { target: { instance: name }, tail: lastLinesMax, previous: true },
    });
  return wants;
}

const lastWantOf = (crashCount: number): string => `last ${crashCount}`;

export function instanceWithData(state: InstanceState, want: string, data: Data): InstanceState {
  if (data.kind === 'broken') {
    return { ...state, problems: { ...state.problems, [want]: problemText(data.error) } };
  }
  const next = { ...state, problems: { ...state.problems, [want]: '' } };
  switch (data.kind) {
    case 'answer':
      return want === 'why' ? { ...next, why: data.value as Why } : withRecords(next, data.value);
    case 'events':
      return { ...next, events: withEvents(state.events, data.events, eventsMax) };
    case 'logs':
      return want === lastWantOf(recordOf(state)?.crashCount ?? 0)
        ? { ...next, lastLines: [...state.lastLines, ...data.lines].slice(-lastLinesMax) }
        : state;
    case 'stats': {
      const sample = data.sample.containers[0];
      if (sample === undefined) return next;
      return { ...next, sample, history: withSample(state.history, measuresOf(sample, sample.memoryBytes)) };
    }
    default:
      return next;
  }
}

/** What was measured and said by a container that is gone is not its successor's. */
function withRecords(state: InstanceState, value: unknown): InstanceState {
  // The client checked nothing, but the route says what an answer is: routes.ts `listInstances`.
  const { rows: records } = value as { readonly rows: readonly ActualLrp[] };
  const before = recordOf(state);
  const next: InstanceState = { ...state, records };
  const now = recordOf(next);
  const crashedAgain = before !== undefined && before.crashCount !== now?.crashCount;
  const isOther = before !== undefined && before.instanceGuid !== now?.instanceGuid;
  return {
    ...next,
    ...(crashedAgain ? { lastLines: [] } : {}),
    ...(isOther ? { history: noMeasures, sample: undefined } : {}),
  };
}
