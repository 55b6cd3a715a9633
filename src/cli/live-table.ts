/**
 * `-w`: a table that is drawn again when something changes; without a terminal, or as JSON lines, only the rows
 * that changed are printed.
 */
import type { WatchQuery } from '../api/core/routes.ts';
import { SkepError } from '../base/core/errors.ts';
import type { Column } from './core/table.ts';
import { renderTable } from './core/table.ts';
import type { Session } from './session.ts';
import { watchRows } from './watch-rows.ts';

/** Changes closer than this are drawn together. */
const redrawMs = 100;
/** Ages grow though nothing changes. */
const ageMs = 1_000;

export interface LiveTable<T> {
  readonly columns: (now: number) => Column<T>[];
  readonly nameOf: (row: T) => string;
  /** Rows of the query that the operator did not ask for are left out; without it, none is. */
  readonly isShown?: (row: T) => boolean;
}

/** Runs until Ctrl-C. */
export async function liveTable<T>(
  session: Session,
  query: WatchQuery,
  table: LiveTable<T>,
): Promise<undefined> {
  if (session.format === 'json' || session.format === 'yaml') {
    throw new SkepError('InvalidRequest', `-o ${session.format}: a watch has no end`, {
      hint: 'leave out -w',
    });
  }
  if (session.io.stdout.isTTY === true && session.format !== 'name') await redraw(session, query, table);
  else await printChanges(session, query, table);
}

async function redraw<T>(session: Session, query: WatchQuery, table: LiveTable<T>): Promise<void> {
  const { io, flags, format, signal } = session;
  let drawn = 0;
  let rows: ReadonlyMap<string, T> = new Map();
  let isDue = false;
  const draw = (): void => {
    isDue = false;
    const sorted = [...rows].sort(([a], [b]) => compareKeys(a, b)).map(([, row]) => row);
    const options = { headers: flags.headers, wide: format === 'wide', maxWidth: io.stdout.columns };
    const room = Math.max(2, (io.stdout.rows ?? 24) - 1);
    const all = renderTable(table.columns(io.clock.now()), sorted, options);
    const lines =
      all.length <= room ? all : [...all.slice(0, room - 1), `… and ${all.length - room + 1} more`];
    const up = drawn === 0 ? '' : `\r\u001b[${drawn}A\u001b[J`;
    io.stdout.write(`${up}${lines.join('\n')}\n`);
    drawn = lines.length;
  };
  const soon = (ms: number): void => {
    if (isDue) return;
    isDue = true;
    io.clock.after(ms, () => {
      if (!signal.aborted) draw();
    });
  };
  let tick: ReturnType<typeof io.clock.after> | undefined;
  const age = (): void => {
    if (drawn > 0) soon(0);
    tick = io.clock.after(ageMs, age);
  };
  age();
  try {
    for await (const next of watchRows<T>(session, query)) {
      rows = shown(next, table);
      soon(redrawMs);
    }
  } finally {
    tick?.cancel();
  }
}

async function printChanges<T>(session: Session, query: WatchQuery, table: LiveTable<T>): Promise<void> {
  const { io, format, flags } = session;
  const told = new Map<string, string>();
  let headers = flags.headers;
  for await (const all of watchRows<T>(session, query)) {
    const rows = shown(all, table);
    const fresh = [...rows].filter(([key, row]) => told.get(key) !== JSON.stringify(row));
    const gone = [...told.keys()].filter((key) => !rows.has(key));
    for (const key of gone) told.delete(key);
    for (const [key, row] of fresh) told.set(key, JSON.stringify(row));
    if (format === 'name') {
      for (const [, row] of fresh) session.print(table.nameOf(row));
      continue;
    }
    const sorted = fresh.sort(([a], [b]) => compareKeys(a, b)).map(([, row]) => row);
    const options = { headers, wide: format === 'wide' };
    for (const line of renderTable(table.columns(io.clock.now()), sorted, options)) session.print(line);
    for (const key of gone) session.print(`${key} has gone`);
    headers = false;
  }
}

function shown<T>(rows: ReadonlyMap<string, T>, { isShown }: LiveTable<T>): ReadonlyMap<string, T> {
  return isShown === undefined ? rows : new Map([...rows].filter(([, row]) => isShown(row)));
}

/** `web/2` before `web/10`. */
export function compareKeys(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
