/** Questions to the operator: on standard error, so that standard output stays clean; the default is no. */
import { SkepError } from '../base/core/errors.ts';
import type { Session } from './session.ts';

/**
 * Asks and resolves when the answer is yes. Throws `Cancelled` when it is not, and `InvalidRequest` that names
 * the flag when nobody can be asked.
 */
export async function confirm(session: Session, question: string): Promise<void> {
  const { io, flags, signal } = session;
  if (flags.yes === true) return;
  const mayAsk = flags.input && (io.env['SKEP_NO_INPUT'] ?? '') === '' && io.stdin.isTTY === true;
  if (!mayAsk) {
    const message = `${question} Nobody can be asked here.`;
    throw new SkepError('InvalidRequest', message, {
      field: '--yes',
      hint: 'pass --yes to do it without a question',
    });
  }
  io.stderr.write(`${question} [y/N] `);
  const answer = await readLine(session, signal);
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new SkepError('Cancelled', 'nothing was changed');
}

/** One line from standard input; '' at its end or at Ctrl-C. */
async function readLine({ io }: Session, signal: AbortSignal): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const decoder = new TextDecoder();
  let text = '';
  const take = (chunk: Uint8Array | string): void => {
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    if (text.includes('\n')) resolve();
  };
  io.stdin.on('data', take);
  io.stdin.on('end', resolve);
  signal.addEventListener('abort', () => resolve(), { once: true });
  io.stdin.resume();
  await promise;
  io.stdin.off('data', take);
  io.stdin.off('end', resolve);
  io.stdin.pause();
  return text.split('\n')[0] ?? '';
}
