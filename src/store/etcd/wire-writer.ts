/**
 * Protobuf, written from its end to its beginning, so that the length of what is nested is known when it comes to be
 * written. Used for what is sent by the hundred thousand: txn-wire.ts, watch-wire.ts. Fields and the items of lists
 * are given last first.
 */
export class WireWriter {
  #bytes = Buffer.allocUnsafe(1_024);
  /** Where what is written begins. */
  #at = this.#bytes.length;

  /** The whole message. */
  finish(): Buffer {
    return this.#bytes.subarray(this.#at);
  }

  /** @param value a whole number from 0 to 2^53 */
  number(field: number, value: number): void {
    this.#varint(value);
    this.#varint(field * 8);
  }

  /** Of 64 bits, in decimals: a lease's id. */
  decimal(field: number, text: string): void {
    const value = BigInt.asUintN(64, BigInt(text));
    this.#room(10);
    const bytes: number[] = [];
    for (let left = value; ; left >>= 7n) {
      const isLast = left < 0x80n;
      bytes.push(Number(left & 0x7fn) | (isLast ? 0 : 0x80));
      if (isLast) break;
    }
    this.#at -= bytes.length;
    this.#bytes.set(bytes, this.#at);
    this.#varint(field * 8);
  }

  text(field: number, text: string): void {
    const length = Buffer.byteLength(text);
    this.#room(length);
    this.#at -= length;
    this.#bytes.write(text, this.#at, length, 'utf8');
    this.#varint(length);
    this.#varint(field * 8 + 2);
  }

  /** Where a nested message ends: it is written now, and then wrapped. */
  mark(): number {
    return this.#bytes.length - this.#at;
  }

  /** Makes a nested message of all that was written since the mark. */
  wrap(field: number, mark: number): void {
    this.#varint(this.mark() - mark);
    this.#varint(field * 8 + 2);
  }

  #varint(value: number): void {
    this.#room(8);
    let count = 1;
    for (let left = value; left >= 128; left = Math.floor(left / 128)) count += 1;
    this.#at -= count;
    let left = value;
    for (let place = 0; place < count - 1; place++) {
      this.#bytes[this.#at + place] = (left % 128) + 128;
      left = Math.floor(left / 128);
    }
    this.#bytes[this.#at + count - 1] = left;
  }

  #room(count: number): void {
    if (this.#at >= count) return;
    const size = this.mark();
    const larger = Buffer.allocUnsafe(2 * (size + count) + 1_024);
    this.#bytes.copy(larger, larger.length - size, this.#at);
    this.#bytes = larger;
    this.#at = larger.length - size;
  }
}
