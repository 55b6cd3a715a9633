/**
 * The first line: which cluster, what can be done to it from here, how it is. What says that something is wrong is
 * written before what says that all is well, so that a narrow screen loses the latter.
 */

import { spanOf } from '../../api/core/age.ts';
import type { Status } from '../../api/core/routes.ts';
import type { AppModel } from './app-model.ts';
import { grouped } from './columns-format.ts';
import type { Canvas } from './frame.ts';
import { clip, widthOf } from './text.ts';
import type { Role, Theme } from './theme.ts';

interface Fact {
  readonly text: string;
  readonly role: Role;
}

export function drawHeader(model: AppModel, canvas: Canvas, theme: Theme): void {
  let x = canvas.text(0, 0, ` ${clip(model.context, 24, theme.glyphs.more)} `, theme.attr('badge')) + 1;
  for (const { text, role } of factsOf(model)) {
    const width = widthOf(text);
    if (x + width >= canvas.columns) return;
    x = canvas.text(x, 0, text, theme.attr(role)) + 2;
  }
}

/** In the order of what an operator must know first; what does not fit is left out from the end. */
function factsOf(model: AppModel): readonly Fact[] {
  const { status, settings, workspace } = model;
  const facts: Fact[] = [];
  if (settings.readOnly) facts.push({ text: ' READ-ONLY ', role: 'badge' });
  facts.push(...troubleFacts(model));
  if (status !== undefined) facts.push(...pressingFacts(status));
  const consoles = workspace.panes.length;
  if (consoles > 0) facts.push({ text: plural(consoles, 'console'), role: 'text' });
  if (status !== undefined) facts.push(...calmFacts(status));
  if (model.connection.state === 'connected')
    facts.push({ text: `via ${model.connection.server}`, role: 'dim' });
  return facts;
}

const plural = (count: number, word: string): string => `${grouped(count)} ${word}${count === 1 ? '' : 's'}`;

function troubleFacts({ connection, now }: AppModel): readonly Fact[] {
  const span = spanOf(now - connection.since);
  if (connection.state === 'lost') return [{ text: ` NO SERVER, data is ${span} old `, role: 'badgeDanger' }];
  if (connection.state === 'connecting')
    return [{ text: `connecting to ${connection.server}`, role: 'warn' }];
  return connection.reason === '' ? [] : [{ text: ` STALE ${span} `, role: 'badgeDanger' }];
}

function pressingFacts({ lrps, cells, leader, problems }: Status): readonly Fact[] {
  const facts: Fact[] = [];
  if (leader === undefined) facts.push({ text: ' NO LEADER ', role: 'badgeDanger' });
  if (problems.length > 0) facts.push({ text: `! ${plural(problems.length, 'problem')}`, role: 'bad' });
  if (cells.engineDown > 0) facts.push({ text: `${plural(cells.engineDown, 'engine')} down`, role: 'bad' });
  if (lrps.crashed > 0) facts.push({ text: `${grouped(lrps.crashed)} crashed`, role: 'bad' });
  if (lrps.unplaced > 0) facts.push({ text: `${grouped(lrps.unplaced)} unplaced`, role: 'bad' });
  if (lrps.suspect > 0) facts.push({ text: `${grouped(lrps.suspect)} suspect`, role: 'warn' });
  return facts;
}

function calmFacts({ lrps, cells, servers, leader, tasks }: Status): readonly Fact[] {
  const isWhole = lrps.instancesRunning >= lrps.instancesDesired;
  const running = `${grouped(lrps.instancesRunning)}/${grouped(lrps.instancesDesired)} running`;
  const facts: Fact[] = [
    { text: running, role: isWhole ? 'ok' : 'warn' },
    { text: plural(cells.present, 'cell'), role: 'text' },
  ];
  const underWay = tasks.running + tasks.pending;
  if (underWay > 0) facts.push({ text: plural(underWay, 'task'), role: 'text' });
  if (leader !== undefined) facts.push({ text: `leader ${leader.server}`, role: 'dim' });
  facts.push({ text: plural(servers.length, 'server'), role: 'dim' });
  return facts;
}
