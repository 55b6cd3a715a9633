/**
 * Protobuf's fields, for what goes to etcd and comes back by the hundred thousand (txn-wire.ts, watch-wire.ts): tags
 * and numbers around the reader and writer of protobufjs. The etcd3 package makes five objects and seven buffers of
 * each change before anybody has looked at it, a third of what it cost a server to follow its store.
 */
import protobuf from 'protobufjs/minimal.js';

export const { Reader, Writer } = protobuf;
export type Reader = protobuf.Reader;
export type Writer = protobuf.Writer;

/** Tags: a field's number and how its value is laid out. */
export const numberField = (field: number): number => field * 8;
/** A text, or a nested message: both come after their length. */
export const lengthField = (field: number): number => field * 8 + 2;

/** A whole number of 64 bits; exact up to 2^53, which no revision reaches. */
export function readNumber(reader: Reader): number {
  const value = reader.uint64();
  return typeof value === 'number' ? value : (value.high >>> 0) * 2 ** 32 + (value.low >>> 0);
}

/** Where the nested message ends that begins here. */
export const endOfNested = (reader: Reader): number => reader.uint32() + reader.pos;
