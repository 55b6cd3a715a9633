/** What the cell page knows, what it asks for, and how what comes changes it. For cell-page.ts and its drawing. */

import type { DrainRow, DrainView } from '../../../api/core/cell-shapes.ts';
import type { CellView } from '../../../api/core/routes.ts';
import { type ContainerSample, type StatsSample, statsIntervalMs } from '../../../api/core/stats-shapes.ts';
import type { ViewRow } from '../../../api/core/view-shapes.ts';
import type { CellId } from '../../../model/ids.ts';
import { instanceName } from '../../../model/instance-name.ts';
import { type Data, poll, type Want } from '../page.ts';
import type { PageFactories } from '../pages.ts';
import { problemText } from '../problem.ts';
import { instanceNamed, subjectName } from '../subject.ts';
import { settled, type Viewport } from '../table-cursor.ts';
import { formatBytes, formatPercent, formatRate } from './chart.ts';
import { cellState } from './describe-cell.ts';
import { drainRowText, drainWant } from './drain-page.ts';
import { type History, withSample } from './history.ts';
import { type Measure, measuresOf } from './measures.ts';

/** Instances that are listed; a cell holds 250 containers unless its operator said otherwise. */
export const rowsMax = 500;

export interface CellState {
  readonly id: string;
  readonly pages: PageFactories;
  readonly cell?: CellView | undefined;
  /** While it is drained. */
  readonly drain?: DrainView | undefined;
  readonly stats?: StatsSample | undefined;
  readonly history: History<Measure>;
  readonly rows: readonly ViewRow[];
  /** Instances that the filter lets through, also those beyond `rowsMax`. */
  readonly total: number;
  readonly view: Viewport;
  /** Of the instances, as typed after `/`. */
  readonly filter: string;
  /** Why a feed is broken, by its id; '' when it is not. */
  readonly problems: Readonly<Record<string, string>>;
}

export function cellWants({ id, cell, filter }: CellState): readonly Want[] {
  return [
    poll('cell', 'getCell', { params: { id: id as CellId } }, statsIntervalMs),
    { kind: 'stats', id: 'stats', target: { cell: id } },
    {
      kind: 'view',
      id: 'rows',
      query: { kind: 'instances', scope: { cell: id }, filter, window: { start: 0, count: rowsMax } },
    },
    ...(cellState(cell) === 'draining' ? [drainWant(id)] : []),
  ];
}

export function cellWithData(state: CellState, want: string, data: Data): CellState {
  if (data.kind === 'broken') {
    return { ...state, problems: { ...state.problems, [want]: problemText(data.error) } };
  }
  const next = { ...state, problems: { ...state.problems, [want]: '' } };
  switch (data.kind) {
    case 'answer':
      if (want === 'drain') return { ...next, drain: data.value as DrainView };
      return withCell(next, data.value as CellView);
    case 'stats': {
      const { host } = data.sample;
      const history =
        host === undefined
          ? state.history
          : withSample(state.history, measuresOf(host, host.memoryUsedBytes));
      return { ...next, stats: data.sample, history };
    }
    case 'view':
      if (data.message.type === 'refused')
        return { ...state, problems: { ...state.problems, [want]: data.message.message } };
      return data.message.type === 'rows' ? withRows(next, data.message) : state;
    default:
      return state;
  }
}

/** A drain that is over or was called off is no longer shown. */
function withCell(state: CellState, cell: CellView): CellState {
  return cellState(cell) === 'draining' ? { ...state, cell } : { ...state, cell, drain: undefined };
}

/** The cursor stays on its row when others come and go. */
function withRows(
  state: CellState,
  { rows: answered, matched }: { readonly rows: readonly (ViewRow | string)[]; readonly matched: number },
): CellState {
  const rows = answered.filter((row): row is ViewRow => typeof row !== 'string');
  const key = state.rows[state.view.at]?.key;
  const at = rows.findIndex((row) => row.key === key);
  const view = at < 0 ? settled(state.view, rows.length, rows.length) : { ...state.view, at };
  return { ...state, rows, total: matched, view };
}

/** The rows with what each instance takes now and, on a cell that is drained, how far it is. */
export function cellRows({ rows, stats, drain }: CellState): readonly ViewRow[] {
  const samples = new Map(stats?.containers.map((sample) => [sample.instanceGuid, sample]));
  const leaving = new Map(drain?.rows.map((row) => [instanceName(row.guid, row.index), row]));
  return rows.map((row) => {
    const subject = instanceNamed(row.key);
    return {
      key: row.key,
      values: {
        ...row.values,
        ...measured(samples.get(String(row.values['instanceGuid'] ?? ''))),
        ...leavingText(subject === undefined ? undefined : leaving.get(subjectName(subject))),
      },
    };
  });
}

function measured(sample: ContainerSample | undefined): ViewRow['values'] {
  if (sample === undefined) return {};
  return {
    cpu: formatPercent(sample.cpuPercent),
    memory: formatBytes(sample.memoryBytes),
    net: formatRate(sample.rxBytesPerS + sample.txBytesPerS),
    disk: formatRate(sample.diskReadBytesPerS + sample.diskWriteBytesPerS),
    pids: sample.pids,
  };
}

const leavingText = (row: DrainRow | undefined): ViewRow['values'] =>
  row === undefined ? {} : { leaving: drainRowText(row) };
