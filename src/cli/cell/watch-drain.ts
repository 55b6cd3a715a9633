/**
 * Watches drains until they are done, from any terminal: rows that are drawn anew on a terminal, one line a change
 * otherwise. Asks the server again and again, so it may begin and end at any time. Used by drain.ts.
 */

import type { DrainView } from '../../api/core/cell-shapes.ts';
import { pause } from '../../base/clock.ts';
import { SkepError } from '../../base/core/errors.ts';
import type { CellId } from '../../model/ids.ts';
import { DrainTeller, drainSummary, rowLine } from '../core/drain-progress.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { clip } from '../core/width.ts';
import { isData, printData, type Session } from '../session.ts';

const pollMs = 500;
/** After this long without an answer it is given up. */
const giveUpAfterMs = 60_000;
const rowsShown = 8;

/** The exit status: 0 done, 1 taken back or interrupted, 9 something was stopped without a replacement. */
export async function watchDrain(session: Session, cells: readonly CellId[]): Promise<number> {
  const tellers = cells.map((cellId) => new DrainTeller(cellId));
  const screen = createScreen(session);
  const views = await follow(session, cells, (now) => {
    const lines = now.flatMap((view, place) => tellers[place]?.lines(view) ?? []);
    screen.show(now, lines);
  });
  screen.finish();
  const names = cells.join(' ');
  if (views === undefined) {
    session.warn(`Only the watching was stopped; the drain goes on: skep cell drain --monitor ${names}`);
    session.warn(`To take it back: skep cell undrain ${names}`);
    return exitCodes.failed;
  }
  if (isData(session)) await printData(session, views);
  const verdicts = tellers.map((teller, place) => teller.verdict(views[place] as DrainView));
  for (const { text } of verdicts) session.note(text);
  return Math.max(...verdicts.map(({ exit }) => exit));
}

/** Until none is under way; undefined when the operator stopped the watching. */
async function follow(
  session: Session,
  cells: readonly CellId[],
  show: (views: readonly DrainView[]) => void,
): Promise<readonly DrainView[] | undefined> {
  const { client, signal, io } = session;
  let lostAt: number | undefined;
  while (!signal.aborted) {
    try {
      const ask = (id: CellId) => client.call('getDrain', { params: { id } }, { signal });
      const views = await Promise.all(cells.map(ask));
      lostAt = undefined;
      show(views);
      if (views.every(({ done, spec }) => done || spec?.drain === undefined)) return views;
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof SkepError) || !error.retryable) throw error;
      if (lostAt === undefined) session.note(`-- ${error.message}; trying again --`);
      lostAt ??= io.clock.now();
      if (io.clock.now() - lostAt > giveUpAfterMs) throw error;
    }
    // Aborting ends the loop, not the command.
    await pause(io.clock, pollMs, signal);
  }
  return undefined;
}

interface Screen {
  show(views: readonly DrainView[], news: readonly string[]): void;
  finish(): void;
}

function createScreen(session: Session): Screen {
  const { stderr, env } = { stderr: session.io.stderr, env: session.io.env };
  if (session.flags.quiet === true) return { show: () => undefined, finish: () => undefined };
  if (stderr.isTTY !== true || env['TERM'] === 'dumb') {
    return {
      show(_views, news) {
        for (const line of news) session.note(line);
      },
      finish: () => undefined,
    };
  }
  let drawn = 0;
  const erase = (): void => {
    if (drawn > 0) stderr.write(`\u001b[${drawn}A\u001b[J`);
    drawn = 0;
  };
  return {
    show(views) {
      erase();
      const lines = views.flatMap((view) => viewLines(view, session.io.clock.now()));
      for (const line of lines) stderr.write(`${clip(line, (stderr.columns ?? 80) - 1)}\n`);
      drawn = lines.length;
    },
    finish: erase,
  };
}

function viewLines(view: DrainView, now: number): string[] {
  const rows = view.rows.slice(0, rowsShown).map((row) => `  ${rowLine(row)}`);
  const rest = view.rows.length - rowsShown;
  return [drainSummary(view, now), ...rows, ...(rest > 0 ? [`  … and ${rest} more`] : [])];
}
