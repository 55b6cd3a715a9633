/** Who entered a container is in the journal: consoles tell it themselves, `exec` and `attach` are told here. */
import { messageOf } from '../base/core/errors.ts';
import type { ApiContext, Call } from './context.ts';
import type { StreamQuery } from './core/routes.ts';
import { journal, write } from './write.ts';

/** A journal that cannot be written just now is worth a line in the log: without a quorum consoles go on. */
export async function tellEntered(context: ApiContext, query: StreamQuery, call: Call): Promise<void> {
  if (query.kind !== 'exec' && query.kind !== 'attach') return;
  const message =
    query.kind === 'attach' ? 'attached to it' : `ran ${JSON.stringify(query.arg).slice(0, 300)} in it`;
  try {
    const event = journal(context, call, { type: 'console.entered', subject: query.target, message });
    await write(context, call, [], () => ({ puts: [event], result: undefined }));
  } catch (error) {
    context.log.warn('api.journal_failed', {
      subject: query.target,
      by: call.actor,
      reason: messageOf(error),
    });
  }
}
