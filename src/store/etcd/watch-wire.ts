/**
 * A watch's messages as bytes: etcd's WatchRequest and WatchResponse (etcd, api/etcdserverpb/rpc.proto and
 * api/mvccpb/kv.proto). Used by etcd-watch.ts.
 */
import type { Change } from '../core/records.ts';
import { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

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
  const writer = new WireWriter();
  const mark = writer.mark();
  if (question.what === 'create') {
    writer.number(8, 1); // fragment
    writer.number(3, question.fromRevision);
    writer.text(2, question.to);
    writer.text(1, question.from);
  }
  writer.wrap(question.what === 'create' ? 1 : 3, mark);
  return writer.finish();
}

/** Throws WireError. */
export function decodeWatch(bytes: Buffer): WatchAnswer {
  const reader = new WireReader(bytes);
  const answer = {
    created: false,
    canceled: false,
    compactRevision: 0,
    cancelReason: '',
    fragment: false,
    changes: [] as Change[],
    revision: 0,
  };
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 3) answer.created = reader.boolean();
    else if (field === 4) answer.canceled = reader.boolean();
    else if (field === 5) answer.compactRevision = reader.number();
    else if (field === 6) answer.cancelReason = reader.text();
    else if (field === 7) answer.fragment = reader.boolean();
    else if (field === 11) answer.revision = readEvent(reader, answer.changes);
    else reader.skip();
  }
  return answer;
}

/** The revision of the change. */
function readEvent(reader: WireReader, into: Change[]): number {
  const outer = reader.enter();
  let isDeleted = false;
  let record = nothing;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) isDeleted = reader.number() === 1;
    else if (field === 2) record = readKeyValue(reader);
    else reader.skip();
  }
  reader.leave(outer);
  into.push({ key: record.key, record: isDeleted ? undefined : record });
  return record.revision;
}

const nothing = { key: '', value: '', revision: 0 };

/** A KeyValue, nested: its key, its value and the revision of the last write to it. */
export function readKeyValue(reader: WireReader): typeof nothing {
  const outer = reader.enter();
  let key = '';
  let value = '';
  let revision = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) key = reader.text();
    else if (field === 3) revision = reader.number();
    else if (field === 5) value = reader.text();
    else reader.skip();
  }
  reader.leave(outer);
  return { key, value, revision };
}
