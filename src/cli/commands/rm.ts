/** `skep rm`: LRPs and all their instances go. */
import { Command } from 'commander';
import type { LrpView } from '../../api/core/routes.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { escapeText } from '../core/escape.ts';
import { exitCodeOf, exitCodes } from '../core/exit-codes.ts';
import { plural } from '../core/format.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { findLrp, requireWholeName } from '../lookup.ts';
import { confirm } from '../prompt.ts';
import { openSession, type Session } from '../session.ts';
import { type WaitFlags, withWaitFlags } from '../wait-flags.ts';
import { watchRows } from '../watch-rows.ts';

const manual = `
Asks first on a terminal; without one, --yes is needed. Waits until the instances
have stopped. There is no way back: skep stop NAME keeps the definition.

Examples:
  $ skep rm hello
  $ skep rm hello worker --yes`;

export function rmCommand(host: Host): Command {
  const command = new Command('rm')
    .summary('remove LRPs')
    .description('Removes LRPs with all their instances.')
    .argument('<name...>', 'NAME of an LRP');
  withWaitFlags(command);
  command
    .addHelpText('after', manual)
    .action((names: string[], flags: WaitFlags) =>
      openSession(host, command, (session) => remove(session, names, flags)),
    );
  return withGlobals(command);
}

/** Every name is looked up before the first LRP goes. */
async function remove(session: Session, names: readonly string[], flags: WaitFlags): Promise<number> {
  const views: LrpView[] = [];
  for (const name of new Set(names)) {
    const view = await findLrp(session, name);
    requireWholeName(name, view.desired.guid);
    views.push(view);
  }
  const instances = views.reduce((sum, view) => sum + view.desired.instances, 0);
  const guids = views.map((view) => view.desired.guid);
  await confirm(session, `Remove ${guids.join(', ')} with ${plural(instances, 'instance')}?`);
  const codes = await Promise.all(views.map((view) => removeOne(session, view, flags)));
  const failed = codes.filter((code) => code !== exitCodes.done);
  if (failed.length === 0) return exitCodes.done;
  return failed.length === codes.length ? (failed[0] ?? exitCodes.failed) : exitCodes.partial;
}

async function removeOne(session: Session, view: LrpView, flags: WaitFlags): Promise<number> {
  const { guid } = view.desired;
  try {
    await session.client.call('removeLrp', { params: { guid } }, { signal: session.signal });
    if (flags.detach === true) session.note(`${guid} is being removed.`);
    else await untilGone(session, guid, flags.timeout);
    return exitCodes.done;
  } catch (error) {
    if (session.signal.aborted) throw error;
    session.warn(`skep: ${guid}: ${escapeText(messageOf(error))}`);
    if (!(error instanceof SkepError)) return exitCodes.failed;
    if (error.hint !== undefined) session.warn(`  hint: ${escapeText(error.hint)}`);
    return exitCodeOf(error.code);
  }
}

async function untilGone(session: Session, guid: string, timeoutMs: number): Promise<void> {
  const { clock } = session.io;
  const stop = new AbortController();
  let isTold = false;
  const deadline = clock.after(timeoutMs, () => stop.abort());
  try {
    const signal = AbortSignal.any([session.signal, stop.signal]);
    for await (const rows of watchRows<LrpView>(session, { kind: 'lrps', guid }, signal)) {
      if (rows.size > 0) {
        if (!isTold) session.note(`${guid} stops; waiting until its instances have ended.`);
        isTold = true;
        continue;
      }
      session.note(`${guid} has been removed.`);
      return;
    }
  } finally {
    deadline.cancel();
    stop.abort();
  }
  const hint = `skep why ${guid} tells what it waits for`;
  if (session.signal.aborted) session.warn(`Only the watching was stopped; ${guid} is still being removed.`);
  else throw new SkepError('Timeout', 'it has not stopped yet; the cluster goes on', { hint });
}
