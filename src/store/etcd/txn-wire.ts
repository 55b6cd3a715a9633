/**
 * Mutations as the bytes of an etcd transaction, and its answer read from bytes: TxnRequest and TxnResponse
 * (etcd, api/etcdserverpb/rpc.proto). Used by etcd-commit.ts, which has what the transactions mean.
 */
import type { Comparison, Fence, Mutation, StoredRecord } from '../core/records.ts';
import { readKeyValue } from './watch-wire.ts';
import { endOfNested, lengthField, numberField, Reader, readNumber, Writer } from './wire.ts';

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
  const writer = Writer.create();
  if (alone) {
    for (const mutation of mutations) writeMutation(writer, mutation, asks);
    return writer.finish() as Buffer;
  }
  if (fence !== undefined) writeComparison(writer, fence);
  for (const mutation of mutations) {
    writer.uint32(lengthField(success)).fork().uint32(lengthField(requestTxn)).fork();
    writeMutation(writer, mutation, asks);
    writer.ldelim().ldelim();
  }
  if (gone !== undefined) writeOperation(writer, success, requestDeleteRange, gone.from, gone.to);
  return writer.finish() as Buffer;
}

/** Throws RangeError for what is no such message. */
export function decodeTxn(bytes: Buffer): TxnAnswer {
  const reader = Reader.create(bytes);
  return readTxn(reader, reader.len);
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

function writeMutation(writer: Writer, { compare: all, puts, deletes }: Mutation, asks: boolean): void {
  for (const comparison of all) writeComparison(writer, comparison);
  for (const { key, value, leaseId } of puts) {
    writer.uint32(lengthField(success)).fork().uint32(lengthField(requestPut)).fork();
    writer.uint32(lengthField(1)).string(key).uint32(lengthField(2)).string(value);
    if (leaseId !== undefined) writer.uint32(numberField(3)).int64(leaseId);
    writer.ldelim().ldelim();
  }
  for (const key of deletes ?? []) writeOperation(writer, success, requestDeleteRange, key);
  if (!asks) return;
  for (const { key } of puts) writeOperation(writer, failure, requestRange, key);
}

/** One that says nothing but a key, or where a range of keys begins and ends. */
function writeOperation(writer: Writer, branch: number, kind: number, key: string, end?: string): void {
  writer.uint32(lengthField(branch)).fork().uint32(lengthField(kind)).fork();
  writer.uint32(lengthField(1)).string(key);
  if (end !== undefined) writer.uint32(lengthField(2)).string(end);
  writer.ldelim().ldelim();
}

/** That the key was last written at the revision (Compare's result 0); one that does not exist has the revision 0. */
function writeComparison(writer: Writer, { key, revision }: Comparison): void {
  writer.uint32(lengthField(compare)).fork();
  writer.uint32(numberField(2)).uint32(modRevision);
  writer.uint32(lengthField(3)).string(key);
  writer.uint32(numberField(6)).int64(revision);
  writer.ldelim();
}

function readTxn(reader: Reader, end: number): TxnAnswer {
  let succeeded = false;
  let revision = 0;
  const inner: TxnAnswer[] = [];
  const found: Found = [];
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === lengthField(1)) revision = readRevision(reader, endOfNested(reader));
    else if (tag === numberField(2)) succeeded = reader.bool();
    else if (tag === lengthField(3)) readAnswer(reader, endOfNested(reader), inner, found);
    else reader.skipType(tag & 7);
  }
  return { succeeded, revision, inner, found };
}

function readRevision(reader: Reader, end: number): number {
  let revision = 0;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === numberField(3)) revision = readNumber(reader);
    else reader.skipType(tag & 7);
  }
  return revision;
}

type Found = (StoredRecord | undefined)[];

function readAnswer(reader: Reader, end: number, inner: TxnAnswer[], found: Found): void {
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === lengthField(requestRange)) found.push(readFound(reader, endOfNested(reader)));
    else if (tag === lengthField(requestTxn)) inner.push(readTxn(reader, endOfNested(reader)));
    else reader.skipType(tag & 7);
  }
}

/** The first record of a range of one key. */
function readFound(reader: Reader, end: number): StoredRecord | undefined {
  let record: StoredRecord | undefined;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === lengthField(2) && record === undefined) record = readKeyValue(reader, endOfNested(reader));
    else reader.skipType(tag & 7);
  }
  return record;
}
