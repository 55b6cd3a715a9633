/**
 * Protobuf, read field by field from a message's bytes: what etcd's answers by the hundred thousand are read with
 * (watch-wire.ts, txn-wire.ts). The etcd3 package makes five objects and seven buffers of each change before anybody
 * has looked at it: a third of what it cost a server to follow its store.
 */

/** A message that ends too early or holds what no message holds. gRPC ends the call with it. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** Wire types of protobuf's encoding. */
const varint = 0;
const fixed64 = 1;
const lengthDelimited = 2;
const fixed32 = 5;

/** Reads one message; nested ones in place, between `enter` and `leave`. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;
  #end: number;
  /** Of the field that `next` found. */
  #type = varint;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  /** The number of the next field of this message; 0: it ends here. Its value is to be read or skipped. */
  next(): number {
    if (this.#at >= this.#end) return 0;
    const tag = this.number();
    this.#type = tag % 8;
    const field = Math.floor(tag / 8);
    if (field === 0) throw new WireError('a field has the number 0');
    return field;
  }

  /** A varint; exact up to 2^53, which no revision reaches. */
  number(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      if (this.#at >= this.#end) throw new WireError('a message ends within a number');
      const byte = this.#bytes[this.#at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }

  boolean(): boolean {
    return this.number() !== 0;
  }

  text(): string {
    const end = this.#lengthEnd();
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end;
    return text;
  }

  /** Begins a nested message; what it returns is given to `leave` once `next` has said 0. */
  enter(): number {
    const outerEnd = this.#end;
    this.#end = this.#lengthEnd();
    return outerEnd;
  }

  leave(outerEnd: number): void {
    this.#at = this.#end;
    this.#end = outerEnd;
  }

  skip(): void {
    if (this.#type === varint) this.number();
    else if (this.#type === lengthDelimited) this.#at = this.#lengthEnd();
    else if (this.#type === fixed64) this.#pass(8);
    else if (this.#type === fixed32) this.#pass(4);
    else throw new WireError(`a field has the wire type ${this.#type}`);
  }

  #pass(count: number): void {
    if (this.#at + count > this.#end) throw new WireError('a message ends within a field');
    this.#at += count;
  }

  #lengthEnd(): number {
    if (this.#type !== lengthDelimited) throw new WireError(`a field has the wire type ${this.#type}`);
    const length = this.number();
    if (this.#at + length > this.#end) throw new WireError('a message ends within a field');
    return this.#at + length;
  }
}
