/**
 * A watch's messages as bytes: etcd's WatchRequest and WatchResponse (etcd, api/etcdserverpb/rpc.proto and
 * api/mvccpb/kv.proto). Used by etcd-watch.ts.
 */
import type { Change } from '../core/records.ts';
import { endOfNested, lengthField, numberField, Reader, readNumber, Writer } from './wire.ts';

export type WatchQuestion =
  | { readonly what: 'create'; readonly from: string; readonly to: string; readonly fromRevision: number }
  | { readonly what: 'progress' };

export interface WatchAnswer {
  readonly created: boolean;
  readonly canceled: boolean;
  /** Not 0: the log was thrown away up to there. */
  readonly compactRevision: number;
  readonly cancelReason: string;
  /** More of the same revision follows. */
  readonly fragment: boolean;
  readonly changes: Change[];
  /** That of the last of them. */
  readonly revision: number;
}

export function encodeWatch(question: WatchQuestion): Buffer {
  const writer = Writer.create();
  writer.uint32(lengthField(question.what === 'create' ? 1 : 3)).fork();
  if (question.what === 'create') {
    writer.uint32(lengthField(1)).string(question.from).uint32(lengthField(2)).string(question.to);
    writer.uint32(numberField(3)).int64(question.fromRevision);
    writer.uint32(numberField(8)).bool(true); // fragment
  }
  return writer.ldelim().finish() as Buffer;
}

/** Throws RangeError for what is no such message. */
export function decodeWatch(bytes: Buffer): WatchAnswer {
  const reader = Reader.create(bytes);
  const answer = {
    created: false,
    canceled: false,
    compactRevision: 0,
    cancelReason: '',
    fragment: false,
    changes: [] as Change[],
    revision: 0,
  };
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === numberField(3)) answer.created = reader.bool();
    else if (tag === numberField(4)) answer.canceled = reader.bool();
    else if (tag === numberField(5)) answer.compactRevision = readNumber(reader);
    else if (tag === lengthField(6)) answer.cancelReason = reader.string();
    else if (tag === numberField(7)) answer.fragment = reader.bool();
    else if (tag === lengthField(11))
      answer.revision = readEvent(reader, endOfNested(reader), answer.changes);
    else reader.skipType(tag & 7);
  }
  return answer;
}

/** The revision of the change. */
function readEvent(reader: Reader, end: number, into: Change[]): number {
  let isDeleted = false;
  let record = nothing;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === numberField(1)) isDeleted = reader.uint32() === 1;
    else if (tag === lengthField(2)) record = readKeyValue(reader, endOfNested(reader));
    else reader.skipType(tag & 7);
  }
  into.push({ key: record.key, record: isDeleted ? undefined : record });
  return record.revision;
}

const nothing = { key: '', value: '', revision: 0 };

/** A KeyValue: its key, its value and the revision of the last write to it. */
export function readKeyValue(reader: Reader, end: number): typeof nothing {
  let key = '';
  let value = '';
  let revision = 0;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === lengthField(1)) key = reader.string();
    else if (tag === numberField(3)) revision = readNumber(reader);
    else if (tag === lengthField(5)) value = reader.string();
    else reader.skipType(tag & 7);
  }
  return { key, value, revision };
}
