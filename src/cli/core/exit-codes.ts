/**
 * How `skep` ends, as one table: what each exit status means, and which the errors of the catalogue have.
 * Printed by `skep --help`; contract: reference/operator-ux.md 2.3.
 */
import { type ErrorCode, errorCatalogue } from '../../base/core/errors.ts';

export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  unplaced: 5,
  timedOut: 6,
  partial: 9,
  cancelled: 10,
  /** exec and attach: the connection failed, so there is no status of the remote command. */
  transport: 255,
} as const;

/** Status and meaning, in the order in which help lists them. */
export const exitMeanings: readonly (readonly [string, string])[] = [
  ['0', 'done'],
  ['1', 'the operation failed, or an instance crashes'],
  ['2', 'wrong usage, or a name that is ambiguous'],
  ['3', 'not found'],
  ['4', 'refused: it exists, conflicts, or is in the wrong state'],
  ['5', 'cannot be placed: not enough capacity'],
  ['6', 'timed out while waiting; the work goes on'],
  ['7', 'cannot reach the cluster'],
  ['8', 'not authorised'],
  ['9', 'partial: some targets failed, listed on standard error'],
  ['10', 'cancelled at a prompt'],
  ['128+N', 'ended by signal N'],
  ['exec', 'the remote exit status; 255 when the connection failed'],
];

/** The exit status of an error. */
export function exitCodeOf(code: ErrorCode): number {
  return errorCatalogue[code].exit;
}

/** The status of a program that signal number `signal` ended. */
export function exitCodeOfSignal(signal: number): number {
  return 128 + signal;
}
