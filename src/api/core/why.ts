/**
 * Why something runs, does not run, or runs where it does: a pure reading of the state, one sentence an
 * instance, with what to do about it. Every fact comes from the records that the brain and the cells wrote;
 * nothing is guessed.
 */
import { SkepError } from '../../base/core/errors.ts';
import type { ActualLrp } from '../../model/actual-lrp.ts';
import { faultyCells } from '../../model/crash-history.ts';
import { type DesiredLrp, wantedInstances } from '../../model/desired-lrp.ts';
import type { JournalEvent } from '../../model/event.ts';
import { type CellId, instanceName, type Millis, type ProcessGuid, type TaskGuid } from '../../model/ids.ts';
import type { Roster } from '../../model/roster.ts';
import type { Task } from '../../model/task.ts';
import { spanOf } from './age.ts';
import type { Told } from './instance-doing.ts';
import type { Why } from './routes.ts';
import { type Explanation, explainInstance } from './why-instance.ts';
import { explainTask } from './why-task.ts';

interface Held<T> {
  readonly value: T;
}

/** What the answer is made of: the part of the store's state that it needs. */
export interface WhyState {
  readonly desired: ReadonlyMap<ProcessGuid, Held<DesiredLrp>>;
  readonly actual: ReadonlyMap<
    ProcessGuid,
    ReadonlyMap<
      number,
      {
        readonly ordinary?: Held<ActualLrp> | undefined;
        readonly suspect?: Held<ActualLrp> | undefined;
        readonly evacuating?: Held<ActualLrp> | undefined;
      }
    >
  >;
  readonly tasks: ReadonlyMap<TaskGuid, Held<Task>>;
  readonly cells: ReadonlyMap<CellId, unknown>;
  readonly leader: unknown;
  readonly roster?: Held<Roster> | undefined;
  readonly events: ReadonlyMap<string, JournalEvent>;
}

export interface WhyQuestion {
  readonly guid: string;
  readonly index?: number | undefined;
  readonly now: Millis;
  /** What cells said of their instances when they were asked just now, by instance guid. */
  readonly told?: ReadonlyMap<string, Told> | undefined;
}

const eventsMax = 50;
/** An answer that lists 100,000 instances helps nobody: those that do not run come first. */
const instancesMax = 200;

/** Undefined when nothing is known by that name, not even from the journal. Throws `ResourceNotFound` for an index. */
export function explain(state: WhyState, question: WhyQuestion): Why | undefined {
  const { guid, index, now } = question;
  const subject = index === undefined ? guid : instanceName(guid, index);
  const events = eventsAbout(state, subject);
  const desired = state.desired.get(guid as ProcessGuid)?.value;
  const slots = state.actual.get(guid as ProcessGuid);
  const task = state.tasks.get(guid as TaskGuid)?.value;
  if (desired !== undefined || slots !== undefined) {
    const instances = explainAll(state, question);
    if (index !== undefined && instances.length === 0) throw noSuchIndex(desired, guid, index);
    const summary = summarise(desired, instances, index);
    return {
      subject,
      summary,
      instances: instances.slice(0, instancesMax),
      ...(index === undefined ? taskPart(state, task, now) : {}),
      events,
    };
  }
  if (task !== undefined) {
    const told = explainTask(state, task, now);
    return { subject, summary: told.summary, instances: [], task: { task, ...told }, events };
  }
  const last = events.at(-1);
  if (last === undefined) return undefined;
  const summary = `"${subject}" does not exist any more; last, ${spanOf(now - last.at)} ago: ${last.message}`;
  return { subject, summary, instances: [], events };
}

function taskPart(state: WhyState, task: Task | undefined, now: Millis): Pick<Why, 'task'> {
  return task === undefined ? {} : { task: { task, ...explainTask(state, task, now) } };
}

type Instance = Why['instances'][number];

/** For programs, which must not read it from a sentence. */
function toldOf({ told }: WhyQuestion, { instanceGuid }: ActualLrp): Pick<Instance, 'doing' | 'silence'> {
  const { doing, silence } = (instanceGuid === undefined ? undefined : told?.get(instanceGuid)) ?? {};
  return { ...(doing === undefined ? {} : { doing }), ...(silence === undefined ? {} : { silence }) };
}

/** Those that do not run first, each kind by index. */
function explainAll(state: WhyState, question: WhyQuestion): Instance[] {
  const { guid, index, now, told } = question;
  const { cells, leader, desired, roster } = state;
  const around = { cells, leader, desired, roster, told };
  const slots = state.actual.get(guid as ProcessGuid) ?? new Map<number, never>();
  const avoids = avoidedText(slots, now);
  const indexes = index === undefined ? [...slots.keys()].sort((a, b) => a - b) : [index];
  const instances = indexes.flatMap((i) => {
    const { ordinary, suspect, evacuating } = slots.get(i) ?? {};
    const records = [ordinary?.value, suspect?.value, evacuating?.value].filter((lrp) => lrp !== undefined);
    return records.map((actual) => {
      const replacement = actual.presence === 'ORDINARY' ? undefined : ordinary?.value;
      const explained = explainInstance(around, actual, replacement, now);
      return {
        actual,
        ...explained,
        ...toldOf(question, actual),
        summary: explained.summary + (isWell(actual) && index === undefined ? '' : avoids),
      };
    });
  });
  return instances.sort((a, b) => Number(isWell(a.actual)) - Number(isWell(b.actual)));
}

/** The cells that are the last resort of the LRP: each of its instances avoids them, whoever crashed there. */
function avoidedText(
  slots: ReadonlyMap<number, { readonly ordinary?: Held<ActualLrp> | undefined }>,
  now: Millis,
): string {
  const histories = [...slots.values()].map(({ ordinary }) => ordinary?.value.crashes);
  const cells = [...faultyCells(histories, now)].sort(([a], [b]) => (a < b ? -1 : 1));
  if (cells.length === 0) return '';
  const listed = cells.map(([cellId, count]) => `${cellId} (${count})`).join(', ');
  return `; it goes to these cells only when no other takes it, for its LRP crashed there in the last five minutes: ${listed}`;
}

const isWell = (lrp: ActualLrp): boolean =>
  lrp.state === 'RUNNING' && lrp.presence === 'ORDINARY' && lrp.retire === undefined && lrp.routable;

function summarise(
  desired: DesiredLrp | undefined,
  instances: readonly Instance[],
  index: number | undefined,
): string {
  const [first] = instances;
  if (index !== undefined && first !== undefined) return first.summary;
  if (desired === undefined || desired.removedAt !== undefined) {
    return first === undefined ? 'it was removed' : `it was removed; still to stop: ${instances.length}`;
  }
  const wanted = wantedInstances(desired);
  if (wanted === 0) return 'it is scaled to 0, so nothing runs';
  const well = instances.filter(({ actual }) => isWell(actual)).length;
  if (well >= wanted && (first === undefined || isWell(first.actual))) {
    return wanted === 1 ? 'its one instance runs' : `all ${wanted} instances run`;
  }
  const counted = `${well} of ${wanted} ready`;
  if (first === undefined) return `${counted}: the brain has not made the instances yet`;
  if (isWell(first.actual)) return `${counted}: the brain has not made the others yet`;
  return `${counted}; ${instanceName(first.actual.guid, first.actual.index)} ${first.summary}`;
}

function noSuchIndex(desired: DesiredLrp | undefined, guid: string, index: number): SkepError {
  const wanted = desired === undefined ? 0 : wantedInstances(desired);
  const said =
    index < wanted
      ? 'the brain has not made it yet'
      : `valid indexes: ${wanted === 0 ? 'none' : `0 to ${wanted - 1}`}`;
  return new SkepError('ResourceNotFound', `LRP "${guid}" has no instance ${index}: ${said}`, {
    field: 'index',
  });
}

/** The newest, oldest first; `web` covers `web/2`. */
function eventsAbout(state: WhyState, subject: string): JournalEvent[] {
  const found: JournalEvent[] = [];
  for (const event of state.events.values()) {
    if (event.subject === subject || event.subject.startsWith(`${subject}/`)) found.push(event);
  }
  return found.slice(-eventsMax);
}

export type { Explanation };
