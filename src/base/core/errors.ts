/**
 * The catalogue of errors: a stable code, its HTTP status, the CLI's exit status and whether trying again
 * can help. Foreign errors are translated to these once, at their adapter. Codes are Diego's where it has
 * one (reference/diego.md 1.21); exit codes are those of reference/operator-ux.md 2.3.
 */
export const errorCatalogue = {
  InvalidRequest: { status: 400, exit: 2, retryable: false },
  InvalidConfig: { status: 400, exit: 2, retryable: false },
  /** Nobody knows who asks: no certificate, or one that does not count. */
  Unauthenticated: { status: 401, exit: 8, retryable: false },
  Unauthorized: { status: 403, exit: 8, retryable: false },
  ResourceNotFound: { status: 404, exit: 3, retryable: false },
  ResourceExists: { status: 409, exit: 4, retryable: false },
  ResourceConflict: { status: 409, exit: 4, retryable: true },
  InvalidStateTransition: { status: 409, exit: 4, retryable: false },
  RunningOnDifferentCell: { status: 409, exit: 4, retryable: false },
  ActualLRPCannotBeClaimed: { status: 409, exit: 4, retryable: false },
  ActualLRPCannotBeStarted: { status: 409, exit: 4, retryable: false },
  ActualLRPCannotBeCrashed: { status: 409, exit: 4, retryable: false },
  ActualLRPCannotBeFailed: { status: 409, exit: 4, retryable: false },
  ActualLRPCannotBeRemoved: { status: 409, exit: 4, retryable: false },
  ActualLRPCannotBeUnclaimed: { status: 409, exit: 4, retryable: false },
  /** The instance exists but runs nothing that could be entered or read. */
  NotRunning: { status: 409, exit: 4, retryable: true },
  InsufficientResources: { status: 409, exit: 5, retryable: true },
  /** A write of a leader that no longer leads. */
  Fenced: { status: 409, exit: 4, retryable: false },
  Timeout: { status: 504, exit: 6, retryable: true },
  /** No quorum, no server, no cell, no engine: whatever was asked cannot be reached now. */
  Unavailable: { status: 503, exit: 7, retryable: true },
  TooLarge: { status: 413, exit: 2, retryable: false },
  Busy: { status: 429, exit: 7, retryable: true },
  Cancelled: { status: 499, exit: 10, retryable: false },
  Internal: { status: 500, exit: 1, retryable: false },
} as const;

export type ErrorCode = keyof typeof errorCatalogue;

export interface ErrorDetails {
  /** Which field of the request or configuration was wrong. */
  readonly field?: string | undefined;
  /** What to do about it. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** What travels in an answer: `{error: ErrorBody}`. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly field?: string | undefined;
  readonly hint?: string | undefined;
}

/** The one error class of Skep. */
export class SkepError extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'SkepError';
    this.code = code;
    this.field = details.field;
    this.hint = details.hint;
  }

  get status(): number {
    return errorCatalogue[this.code].status;
  }

  get retryable(): boolean {
    return errorCatalogue[this.code].retryable;
  }

  toBody(): ErrorBody {
    return {
      code: this.code,
      message: this.message,
      ...(this.field === undefined ? {} : { field: this.field }),
      ...(this.hint === undefined ? {} : { hint: this.hint }),
    };
  }
}

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCatalogue, code);
}

/** Rebuilds an error from an answer's body; anything unknown becomes Internal with what was said. */
export function errorFromBody(body: unknown): SkepError {
  const error =
    (body as { error?: Partial<ErrorBody> } | undefined)?.error ?? (body as Partial<ErrorBody> | undefined);
  const code = isErrorCode(error?.code) ? error.code : 'Internal';
  const message =
    typeof error?.message === 'string' ? error.message : `unexpected answer: ${JSON.stringify(body)}`;
  return new SkepError(code, message, { field: error?.field, hint: error?.hint });
}

/** Anything thrown, as one line for people. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Anything thrown, as it would travel; what is no SkepError is `Internal`. */
export function errorBodyOf(error: unknown): ErrorBody {
  return error instanceof SkepError ? error.toBody() : { code: 'Internal', message: messageOf(error) };
}

/** Closes an exhaustive switch: a new member of the union does not compile. */
export function unreachable(value: never): never {
  throw new SkepError('Internal', `unexpected value: ${JSON.stringify(value)}`);
}
