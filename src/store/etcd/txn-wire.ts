/**
 * Mutations as the bytes of an etcd transaction, and its answer read from bytes: TxnRequest and TxnResponse
 * (etcd, api/etcdserverpb/rpc.proto). Used by etcd-commit.ts, which has what the transactions mean.
 */
import type { Comparison, Fence, Mutation, StoredRecord } from '../core/records.ts';
import { readKeyValue } from './watch-wire.ts';
import { WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

export interface TxnQuestion {
  /** Each is a transaction within the one that compares the fence; or it alone, which needs no other around it. */
  readonly mutations: readonly Mutation[];
  readonly alone: boolean;
  readonly fence: Fence | undefined;
  /** A mutation that is refused answers with what is there instead. */
  readonly asks: boolean;
  /** Keys to be deleted unread: those from one up to, but without, another. */
  readonly gone?: { readonly from: string; readonly to: string };
}

export interface TxnAnswer {
  readonly succeeded: boolean;
  /** Of the outermost transaction; the inner ones carry none and say 0. */
  readonly revision: number;
  /** One for each mutation, unless it was alone. */
  readonly inner: readonly TxnAnswer[];
  /** What was there, in the order of the puts, when it was asked for. */
  readonly found: readonly (StoredRecord | undefined)[];
}

export function encodeTxn({ mutations, alone, fence, asks, gone }: TxnQuestion): Buffer {
  const writer = new WireWriter();
  if (alone) {
    for (const mutation of mutations) writeMutation(writer, mutation, asks);
    return writer.finish();
  }
  if (gone !== undefined) writeOperation(writer, success, requestDeleteRange, gone.from, gone.to);
  for (let place = mutations.length - 1; place >= 0; place--) {
    const operation = writer.mark();
    const inner = writer.mark();
    writeMutation(writer, mutations[place] as Mutation, asks);
    writer.wrap(requestTxn, inner);
    writer.wrap(success, operation);
  }
  if (fence !== undefined) writeComparison(writer, fence);
  return writer.finish();
}

/** Throws WireError. */
export function decodeTxn(bytes: Buffer): TxnAnswer {
  return readTxn(new WireReader(bytes));
}

/** Fields of TxnRequest … */
const compare = 1;
const success = 2;
const failure = 3;
/** … of RequestOp, and likewise of ResponseOp … */
const requestRange = 1;
const requestPut = 2;
const requestDeleteRange = 3;
const requestTxn = 4;
/** … and the value of Compare's target that is the revision. */
const modRevision = 2;

function writeMutation(writer: WireWriter, { compare: all, puts, deletes }: Mutation, asks: boolean): void {
  if (asks) {
    for (const { key } of puts.toReversed()) writeOperation(writer, failure, requestRange, key);
  }
  for (const key of deletes?.toReversed() ?? []) writeOperation(writer, success, requestDeleteRange, key);
  for (let place = puts.length - 1; place >= 0; place--) {
    const { key, value, leaseId } = puts[place] as Mutation['puts'][number];
    const operation = writer.mark();
    const put = writer.mark();
    if (leaseId !== undefined) writer.decimal(3, leaseId);
    writer.text(2, value);
    writer.text(1, key);
    writer.wrap(requestPut, put);
    writer.wrap(success, operation);
  }
  for (let place = all.length - 1; place >= 0; place--) writeComparison(writer, all[place] as Comparison);
}

/** One that says nothing but a key, or where a range of keys begins and ends. */
function writeOperation(writer: WireWriter, branch: number, kind: number, key: string, end?: string): void {
  const operation = writer.mark();
  const range = writer.mark();
  if (end !== undefined) writer.text(2, end);
  writer.text(1, key);
  writer.wrap(kind, range);
  writer.wrap(branch, operation);
}

/** That the key was last written at the revision (Compare's result 0); one that does not exist has the revision 0. */
function writeComparison(writer: WireWriter, { key, revision }: Comparison): void {
  const mark = writer.mark();
  writer.number(6, revision);
  writer.text(3, key);
  writer.number(2, modRevision);
  writer.wrap(compare, mark);
}

function readTxn(reader: WireReader): TxnAnswer {
  let succeeded = false;
  let revision = 0;
  const inner: TxnAnswer[] = [];
  const found: (StoredRecord | undefined)[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) revision = readRevision(reader);
    else if (field === 2) succeeded = reader.boolean();
    else if (field === 3) readAnswer(reader, inner, found);
    else reader.skip();
  }
  return { succeeded, revision, inner, found };
}

function readRevision(reader: WireReader): number {
  const outer = reader.enter();
  let revision = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 3) revision = reader.number();
    else reader.skip();
  }
  reader.leave(outer);
  return revision;
}

function readAnswer(reader: WireReader, inner: TxnAnswer[], found: (StoredRecord | undefined)[]): void {
  const outer = reader.enter();
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === requestRange) found.push(readFound(reader));
    else if (field === requestTxn) inner.push(readInner(reader));
    else reader.skip();
  }
  reader.leave(outer);
}

function readInner(reader: WireReader): TxnAnswer {
  const outer = reader.enter();
  const answer = readTxn(reader);
  reader.leave(outer);
  return answer;
}

/** The first record of a range of one key. */
function readFound(reader: WireReader): StoredRecord | undefined {
  const outer = reader.enter();
  let record: StoredRecord | undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 2) record ??= readKeyValue(reader);
    else reader.skip();
  }
  reader.leave(outer);
  return record;
}
