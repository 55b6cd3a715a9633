/** Makes the file that proves our user to the server at the other end of the local socket. */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { messageOf, SkepError } from '../core/errors.ts';

/** Throws `Unauthenticated` when the file cannot be made: then we are not of the socket's group. */
export function proveUser(file: string, text: string): void {
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const descriptor = openSync(file, flags, 0o600);
    try {
      writeSync(descriptor, text);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw new SkepError('Unauthenticated', `cannot prove who you are: ${messageOf(error)}`, {
      hint: 'run the command as root (sudo), or join the group skep and log in again',
      cause: error,
    });
  }
}
