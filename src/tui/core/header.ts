/**
 * The first line: which cluster, what can be done to it from here, how it is. What says that something is wrong is
 * written before what says that all is well, so that a narrow screen loses the latter.
 */

import { spanOf } from '../../api/core/age.ts';
import type { Status } from '../../api/core/routes.ts';
import type { AppModel } from './app-model.ts';
import type { Canvas } from './frame.ts';
import { widthOf } from './text.ts';
import type { Role, Theme } from './theme.ts';

interface Fact {
  readonly text: string;
  readonly role: Role;
}

export function drawHeader(model: AppModel, canvas: Canvas, theme: Theme): void {
  let x = canvas.text(0, 0, ` ${model.context} `, theme.attr('badge')) + 1;
  for (const { text, role } of factsOf(model)) {
    const width = widthOf(text);
    if (x + width > canvas.columns) continue;
    x = canvas.text(x, 0, text, theme.attr(role)) + 2;
  }
}

function factsOf(model: AppModel): readonly Fact[] {
  const { status, settings, workspace } = model;
  const facts: Fact[] = [];
  if (settings.readOnly) facts.push({ text: ' READ-ONLY ', role: 'badge' });
  facts.push(...connectionFacts(model));
  if (status !== undefined) facts.push(...statusFacts(status));
  if (workspace.panes.length > 0) facts.push({ text: `${workspace.panes.length} consoles`, role: 'text' });
  return facts;
}

function connectionFacts({ connection, now }: AppModel): readonly Fact[] {
  const span = spanOf(now - connection.since);
  if (connection.state === 'lost') return [{ text: ` NO SERVER, data is ${span} old `, role: 'badgeDanger' }];
  if (connection.state === 'connecting')
    return [{ text: `connecting to ${connection.server}`, role: 'warn' }];
  if (connection.reason !== '') return [{ text: ` STALE ${span} `, role: 'badgeDanger' }];
  return [{ text: connection.server, role: 'dim' }];
}

function statusFacts({ lrps, cells, servers, leader, problems, tasks }: Status): readonly Fact[] {
  const whole = lrps.instancesRunning >= lrps.instancesDesired;
  const facts: Fact[] = [];
  if (problems.length > 0)
    facts.push({ text: `${problems.length} problem${problems.length === 1 ? '' : 's'}`, role: 'bad' });
  facts.push({
    text: `inst ${lrps.instancesRunning}/${lrps.instancesDesired}`,
    role: whole ? 'ok' : 'warn',
  });
  facts.push({ text: `cells ${cells.present}`, role: cells.engineDown > 0 ? 'bad' : 'text' });
  if (lrps.crashed > 0) facts.push({ text: `crashed ${lrps.crashed}`, role: 'bad' });
  if (lrps.unplaced > 0) facts.push({ text: `unplaced ${lrps.unplaced}`, role: 'bad' });
  facts.push(
    leader === undefined
      ? { text: 'no leader', role: 'bad' }
      : { text: `leader ${leader.server}`, role: 'dim' },
  );
  facts.push({ text: `servers ${servers.length}`, role: 'dim' });
  if (tasks.running + tasks.pending > 0)
    facts.push({ text: `tasks ${tasks.running + tasks.pending}`, role: 'dim' });
  return facts;
}
