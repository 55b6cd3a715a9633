/**
 * Everything that gRPC and etcd say of a failed call, translated once. Where only the text tells one cause
 * from another, it is matched in the table below and nowhere else.
 */
import { type ErrorCode, SkepError } from '../../base/core/errors.ts';

/**
 * What the adapter may do about a failure: `refused` was certainly not carried out and may be sent to
 * another member; `lost` may have been; `compacted`, `pageTooLarge` and `batchTooLarge` are asked again in
 * another way; `final` is final.
 */
export type FailureKind = 'refused' | 'lost' | 'compacted' | 'pageTooLarge' | 'batchTooLarge' | 'final';

/** A SkepError that remembers what may be done about it. */
export class EtcdFailure extends SkepError {
  readonly kind: FailureKind;

  constructor(
    kind: FailureKind,
    code: ErrorCode,
    message: string,
    details: { hint?: string; cause?: unknown } = {},
  ) {
    super(code, message, details);
    this.kind = kind;
  }
}

interface Row {
  readonly says: RegExp;
  readonly kind: FailureKind;
  readonly code: ErrorCode;
  readonly hint?: string;
}

const noQuorum = 'wait until most servers are back; `skep status` shows which are missing';
const tooBig = 'make the record smaller: routes, annotation, environment and task results count';

/** First match wins. Sources: etcd's api/v3rpc/rpctypes/error.go, grpc-js. */
const byText: readonly Row[] = [
  { says: /etcdserver: no leader/, kind: 'refused', code: 'Unavailable', hint: noQuorum },
  { says: /rpc not supported for learner/, kind: 'refused', code: 'Unavailable' },
  {
    says: /too many requests/,
    kind: 'refused',
    code: 'Unavailable',
    hint: 'etcd is overloaded: look at its disk',
  },
  {
    says: /No connection established|name resolution failed/i,
    kind: 'refused',
    code: 'Unavailable',
    hint: noQuorum,
  },
  { says: /required revision has been compacted/, kind: 'compacted', code: 'Unavailable' },
  { says: /^Received message larger than max/, kind: 'pageTooLarge', code: 'TooLarge', hint: tooBig },
  { says: /too many operations in txn/, kind: 'batchTooLarge', code: 'TooLarge' },
  {
    says: /request is too large|message larger than max/i,
    kind: 'batchTooLarge',
    code: 'TooLarge',
    hint: tooBig,
  },
  {
    says: /database space exceeded/,
    kind: 'final',
    code: 'Unavailable',
    hint: 'the store is full and only answers reads: remove what is not needed, then `etcdctl defrag` and `alarm disarm`',
  },
  { says: /requested lease not found/, kind: 'final', code: 'ResourceNotFound', hint: 'register again' },
];

/** gRPC status number → meaning, for whatever the texts do not tell. */
const byStatus: ReadonlyMap<number, Omit<Row, 'says'>> = new Map([
  [1, { kind: 'lost', code: 'Unavailable', hint: noQuorum }],
  [4, { kind: 'lost', code: 'Unavailable', hint: noQuorum }],
  [7, { kind: 'final', code: 'Unauthorized', hint: 'this etcd wants other credentials' }],
  [14, { kind: 'lost', code: 'Unavailable', hint: noQuorum }],
  [16, { kind: 'final', code: 'Unauthorized', hint: 'this etcd wants credentials' }],
]);

/** @param what what was asked and of whom: `range on 127.0.0.1:7401` */
export function toFailure(error: unknown, what: string): EtcdFailure {
  if (error instanceof EtcdFailure) return error;
  const { code, details, message } = (error ?? {}) as {
    code?: unknown;
    details?: unknown;
    message?: unknown;
  };
  const text = String(details || message || error);
  const row = byText.find(({ says }) => says.test(text)) ?? byStatus.get(Number(code));
  const hint = row?.hint === undefined ? {} : { hint: row.hint };
  const said = `etcd: ${what}: ${text}`;
  return new EtcdFailure(row?.kind ?? 'final', row?.code ?? 'Internal', said, { ...hint, cause: error });
}

/** A call that nobody answered in time. */
export function lateFailure(what: string, ms: number, kind: 'refused' | 'lost'): EtcdFailure {
  return new EtcdFailure(kind, 'Unavailable', `etcd: ${what}: no answer within ${ms} ms`, { hint: noQuorum });
}
