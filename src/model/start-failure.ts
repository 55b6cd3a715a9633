/**
 * The reason of a crash whose container never ran: such an instance has written nothing. Written by the cell, read back
 * by whoever tells what to do about it.
 */

export function startFailure(what: 'create' | 'run', why: string): string {
  return `failed to ${what} container: ${why}`;
}

export function isStartFailure(reason: string): boolean {
  return /^failed to (create|run) container/.test(reason);
}
