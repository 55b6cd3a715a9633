/** What cells find of their hosts, asked through a server. Used by `skep doctor`. */
import { type Clock, withDeadline } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { CellId } from '../../model/ids.ts';
import type { Client } from '../client.ts';
import { type CellDoctor, cellDoctorSchema, check } from '../core/doctor-shapes.ts';
import { readData } from './data-stream.ts';

export interface AskCells {
  readonly client: Client;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Cells asked at once. */
const askedAtOnce = 16;
const answerDeadlineMs = 15_000;

/** In the order asked; a cell that does not answer is a finding of its own. Throws nothing but the signal's reason. */
export async function askCellDoctors(asking: AskCells, cells: readonly CellId[]): Promise<CellDoctor[]> {
  const found: CellDoctor[] = [];
  let next = 0;
  async function worker(): Promise<void> {
    while (next < cells.length) {
      const place = next++;
      found[place] = await askOne(asking, cells[place] as CellId);
    }
  }
  await Promise.all(Array.from({ length: askedAtOnce }, worker));
  return found;
}

async function askOne({ client, clock, signal }: AskCells, cell: CellId): Promise<CellDoctor> {
  const late = (): SkepError =>
    new SkepError('Unavailable', `it did not answer within ${answerDeadlineMs / 1_000} s`);
  try {
    return await withDeadline(clock, answerDeadlineMs, signal, late, async (within) => {
      const socket = await client.openStream({ kind: 'doctor', cell }, { signal: within });
      const stop = (): void => socket.close();
      within.addEventListener('abort', stop, { once: true });
      try {
        for await (const answer of readData(socket, cellDoctorSchema)) return answer;
        throw new SkepError('Unavailable', 'it answered nothing');
      } finally {
        within.removeEventListener('abort', stop);
        socket.close();
      }
    });
  } catch (error) {
    signal.throwIfAborted();
    const remedy = 'on that host: skep doctor; systemctl status skep';
    return { cellId: cell, checks: [check('agent', 'bad', messageOf(error), remedy)] };
  }
}
