/**
 * How a drain goes on, as lines: from what is left on the cell now to what changed since the last look. Pure; used
 * by cell/watch-drain.ts.
 */
import type { DrainRow, DrainView } from '../../api/core/cell-shapes.ts';
import { instanceName } from '../../model/instance-name.ts';
import { escapeText } from './escape.ts';
import { exitCodes } from './exit-codes.ts';
import { formatDuration, plural } from './format.ts';

const nameOf = ({ guid, index }: DrainRow): string => instanceName(guid, index);

/** One instance in one line. */
export function rowLine(row: DrainRow): string {
  const name = nameOf(row);
  const why = row.why === undefined ? '' : `: ${escapeText(row.why)}`;
  const to = row.to === undefined ? '' : ` on ${escapeText(row.to)}`;
  switch (row.state) {
    case 'queued':
      return `${name} waits for its turn`;
    case 'waiting':
      return `${name} waits for its replacement to be placed${why}`;
    case 'starting':
      return `${name} is starting${to}`;
    case 'not ready':
      return `${name} runs${to}, not ready yet${why}`;
    case 'crashed':
      return `${name} crashed where it was to go${why}`;
    case 'healthy':
      return `${name} is healthy${to}`;
    case 'stopping':
      return `${name} is stopping${why}`;
  }
}

const barWidth = 20;

/** `[######--------------] 6 of 20 moved, ` with what there was in the beginning. */
function barOf(instances: number | undefined, left: number): string[] {
  if (instances === undefined || instances < 2 || left > instances) return [];
  const gone = instances - left;
  const filled = Math.round((gone / instances) * barWidth);
  return [`[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}] ${gone} of ${instances} have left`];
}

/** `host-4: [#####-----] 5 of 10 have left, 5 instances and 1 task left, 2 starting, about 40s to go, 59m58s until the deadline`. */
export function drainSummary(view: DrainView, now: number): string {
  const { cellId, left, rows, spec, present, remainingMs } = view;
  const instances = left.ordinary + left.evacuating + left.suspect;
  const parts = [
    ...barOf(view.instances, instances),
    `${plural(instances, 'instance')} and ${plural(left.tasks, 'task')} left`,
  ];
  for (const state of ['queued', 'waiting', 'starting', 'not ready', 'crashed', 'stopping'] as const) {
    const count = rows.filter((row) => row.state === state).length;
    if (count > 0) parts.push(`${count} ${state}`);
  }
  if (remainingMs !== undefined) parts.push(`about ${formatDuration(remainingMs)} to go`);
  const deadlineAt = spec?.drain?.deadlineAt;
  if (deadlineAt !== undefined && deadlineAt > now) {
    parts.push(`${formatDuration(deadlineAt - now)} until the deadline`);
  }
  if (!present) parts.push('the cell is not present');
  return `${escapeText(cellId)}: ${parts.join(', ')}`;
}

export interface DrainVerdict {
  readonly text: string;
  readonly exit: number;
}

/** Remembers one cell between two looks. */
export class DrainTeller {
  readonly #cellId: string;
  readonly #rows = new Map<string, DrainRow>();
  #told = new Map<string, string>();
  #tasks: number | undefined;
  #moved = 0;
  readonly #cut: string[] = [];

  constructor(cellId: string) {
    this.#cellId = escapeText(cellId);
  }

  /** A line for each instance that is not as it was at the last look, and for those that have gone. */
  lines({ rows, left }: DrainView): string[] {
    const lines: string[] = [];
    const told = new Map<string, string>();
    for (const row of rows) {
      const name = nameOf(row);
      const line = rowLine(row);
      told.set(name, line);
      if (this.#told.get(name) !== line) lines.push(line);
      this.#rows.set(name, row);
    }
    for (const name of this.#told.keys()) if (!told.has(name)) lines.push(this.#gone(name));
    this.#told = told;
    if (this.#tasks !== undefined && this.#tasks !== left.tasks) {
      lines.push(`${this.#cellId} still runs ${plural(left.tasks, 'task')}`);
    }
    this.#tasks = left.tasks;
    return lines;
  }

  #gone(name: string): string {
    const last = this.#rows.get(name);
    this.#rows.delete(name);
    if (last?.to !== undefined) {
      this.#moved += 1;
      return `${name} has stopped; it runs on ${escapeText(last.to)}`;
    }
    // Only what was cut short is told to stop without a replacement: by the deadline, or by force.
    if (last?.state === 'stopping') this.#cut.push(name);
    return `${name} has stopped`;
  }

  /** What came of it, once nothing is under way. */
  verdict({ done, spec }: DrainView): DrainVerdict {
    if (!done) {
      const text = `The drain of ${this.#cellId} was taken back; what is left there stays.`;
      return { text, exit: exitCodes.failed };
    }
    if (this.#cut.length > 0 && spec?.drain?.force !== true) {
      const text = `${this.#cellId} is drained, but stopped before a replacement ran: ${this.#cut.join(', ')}`;
      return { text, exit: exitCodes.partial };
    }
    const moved = this.#moved === 0 ? '' : `: ${plural(this.#moved, 'instance')} moved`;
    return { text: `${this.#cellId} is drained${moved}.`, exit: exitCodes.done };
  }
}
