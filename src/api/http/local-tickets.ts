/**
 * Proves who holds the other end of the local socket. Node cannot ask the kernel for the peer of a unix socket, so the
 * peer shows what only a user can do: it makes a file of its own. The server names a file in a folder that only root
 * and the socket's group may write to, and a ticket; whoever makes the file with the ticket in it has proved its
 * user. The file's content keeps links to older files of others out, the folder's sticky bit its removal by others.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { type Rng, randomName } from '../../base/core/rng.ts';
import type { Log } from '../../base/log.ts';
import type { Tickets } from '../tickets-port.ts';

/** A file must be made within this time. */
const challengeMs = 10_000;
/** A proved ticket counts this long; then its holder proves itself again. */
const ticketMs = 12 * 60 * 60_000;
const maxWaiting = 256;
const maxProved = 4_096;
/** 52 letters of 36: 268 bits. */
const ticketLength = 52;

export interface TicketsOptions {
  /** Made here, beside the socket. */
  readonly folder: string;
  /** The group that may open the socket; undefined: only root. */
  readonly groupId: number | undefined;
  readonly clock: Clock;
  /** Must not be guessable. */
  readonly rng: Rng;
  readonly log: Log;
}

/** Makes the folder, empty. Throws `InvalidConfig` when it cannot. */
export function localTickets(options: TicketsOptions): Tickets {
  const { folder, groupId, clock, rng, log } = options;
  const waiting = new Map<string, { readonly file: string; readonly until: number }>();
  const proved = new Map<string, { readonly userId: number; readonly until: number }>();
  prepare(folder, groupId);

  function sweep(now: number): void {
    for (const [ticket, { file, until }] of waiting) {
      if (until > now) continue;
      waiting.delete(ticket);
      removeFile(file, log);
    }
    for (const [ticket, { until }] of proved) if (until <= now) proved.delete(ticket);
  }

  /** Looks at the file of a ticket that is shown for the first time. */
  function prove(ticket: string): number | undefined {
    const file = waiting.get(ticket)?.file;
    if (file === undefined) return undefined;
    waiting.delete(ticket);
    const userId = ownerOf(file, ticket);
    removeFile(file, log);
    if (userId === undefined) return undefined;
    const [oldest] = proved.keys();
    if (proved.size >= maxProved && oldest !== undefined) proved.delete(oldest);
    proved.set(ticket, { userId, until: clock.now() + ticketMs });
    return userId;
  }

  return {
    challenge() {
      sweep(clock.now());
      if (waiting.size >= maxWaiting) {
        throw new SkepError('Busy', 'too many commands prove their user at once', { hint: 'try again' });
      }
      const ticket = randomName(rng, ticketLength);
      const file = join(folder, randomName(rng));
      waiting.set(ticket, { file, until: clock.now() + challengeMs });
      return { file, ticket };
    },
    userOf(ticket) {
      sweep(clock.now());
      return proved.get(ticket)?.userId ?? prove(ticket);
    },
  };
}

function prepare(folder: string, groupId: number | undefined): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (groupId !== undefined) chownSync(folder, 0, groupId);
    // The group may make files and reach them, not list them; sticky: nobody takes another's away.
    chmodSync(folder, groupId === undefined ? 0o700 : 0o1730);
    for (const name of readdirSync(folder)) unlinkSync(join(folder, name));
  } catch (error) {
    throw new SkepError('InvalidConfig', `cannot prepare ${folder}: ${messageOf(error)}`, {
      field: 'socket',
      hint: 'the folder of the socket must be writable for the agent, which runs as root',
      cause: error,
    });
  }
}

/** Who owns the file, when it is a plain one with that very text; undefined otherwise. */
function ownerOf(file: string, ticket: string): number | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    // Never made, or no file: not proved.
    return undefined;
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile() || stat.nlink !== 1 || stat.size !== ticket.length) return undefined;
    const text = Buffer.alloc(ticket.length);
    readSync(descriptor, text, 0, text.length, 0);
    return text.toString('latin1') === ticket ? stat.uid : undefined;
  } finally {
    closeSync(descriptor);
  }
}

function removeFile(file: string, log: Log): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    log.warn('api.ticket_file_stays', { file, reason: messageOf(error) });
  }
}
