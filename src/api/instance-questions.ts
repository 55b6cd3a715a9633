/**
 * Asks cells over their sessions with this server what they are doing with instances: one frame back on a
 * stream. Used by handlers/why.ts. All are asked at once and within one deadline, so that an operator waits for none that
 * is silent; nothing is kept.
 */
import { z } from 'zod';
import { withDeadline } from '../base/clock.ts';
import { isErrorCode, messageOf, SkepError } from '../base/core/errors.ts';
import type { Socket } from '../base/socket.ts';
import type { ApiContext } from './context.ts';
import { consoleListSchema } from './core/console-shapes.ts';
import { instanceDoingSchema, type Told } from './core/instance-doing.ts';
import { controlSchema, unpackFrame } from './core/stream-frames.ts';
import type { CellQuestion } from './core/why-questions.ts';
import type { Dispatcher } from './dispatcher-port.ts';

/** With what the server does besides, the operator has the answer within 2 s. */
const answerDeadlineMs = 1_500;

const answerSchema = z.union([instanceDoingSchema, consoleListSchema]);
type Answer = z.infer<typeof answerSchema>;

interface Asking extends Pick<ApiContext, 'clock'> {
  readonly dispatcher: Pick<Dispatcher, 'openStream'>;
}

/** By instance guid. Throws nothing but the signal's reason: a cell that does not answer is told as such. */
export async function askCells(
  asking: Asking,
  questions: readonly CellQuestion[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Told>> {
  const told = new Map<string, Told>();
  await Promise.all(
    questions.map(async (question) => {
      const answer = await askOne(asking, question, signal);
      if (answer !== undefined) told.set(question.instanceGuid, answer);
    }),
  );
  return told;
}

/** Undefined when there is nothing to say: of one that runs, its cell is too old to say more. */
async function askOne(
  { dispatcher, clock }: Asking,
  { cellId, instanceGuid, isStarting }: CellQuestion,
  signal: AbortSignal,
): Promise<Told | undefined> {
  const request = { kind: 'consoles', instanceGuid, doing: true } as const;
  const late = (): SkepError =>
    new SkepError('Timeout', `it did not answer within ${answerDeadlineMs / 1_000} s`);
  try {
    const answer = await withDeadline(clock, answerDeadlineMs, signal, late, async (within) => {
      const socket = await dispatcher.openStream(cellId, request, { signal: within });
      const stop = (): void => socket.close(1000, 'nobody waits any more');
      // It may have been too late at the moment that the cell dialled.
      if (within.aborted) stop();
      within.addEventListener('abort', stop, { once: true });
      try {
        return await answerOn(socket);
      } finally {
        within.removeEventListener('abort', stop);
        stop();
      }
    });
    if ('phase' in answer) return { doing: answer };
    return isStarting
      ? { silence: `cell ${cellId} is of an older release and does not tell more` }
      : undefined;
  } catch (error) {
    signal.throwIfAborted();
    return { silence: `cell ${cellId} was asked what it is doing: ${messageOf(error)}` };
  }
}

/** The one frame of the answer, or the refusal; a cell of an older release answers its consoles. */
async function answerOn(socket: Socket): Promise<Answer> {
  for await (const data of socket.messages) {
    const frame = typeof data === 'string' ? undefined : unpackFrame(data);
    if (frame === undefined) continue;
    if (frame.channel === 'stdout') return readAs(answerSchema, frame.payload);
    if (frame.channel !== 'control') continue;
    const control = readAs(controlSchema, frame.payload);
    if (control.kind === 'error') {
      throw new SkepError(isErrorCode(control.code) ? control.code : 'Unavailable', control.message);
    }
  }
  throw new SkepError('Unavailable', 'it answered nothing');
}

function readAs<T>(schema: z.ZodType<T>, payload: Uint8Array): T {
  const parsed = schema.safeParse(parsedJson(payload));
  if (parsed.success) return parsed.data;
  throw new SkepError('Unavailable', 'it answered something that this release does not know');
}

/** Undefined when it is no JSON: the schema refuses that. */
function parsedJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload)) as unknown;
  } catch {
    return undefined;
  }
}
