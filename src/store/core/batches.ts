/**
 * Many mutations → few transactions. A transaction evaluates all its comparisons before its first write, and
 * may not write a key twice; so a mutation that compares or writes what an earlier one of the same
 * transaction writes goes to a later one, which must wait: each mutation is to find what those before it left.
 */
import type { Mutation } from './records.ts';

export interface BatchLimits {
  readonly maxItems: number;
  readonly maxBytes: number;
  /** Bytes of a text as it travels. */
  sizeOf(text: string): number;
}

export interface Batch {
  /** Where its first mutation stands in the whole. */
  readonly from: number;
  readonly mutations: readonly Mutation[];
  /** Every earlier batch must have been committed before this one is sent. */
  readonly waits: boolean;
}

/** What a key or value costs beyond its own bytes, generously: tags, lengths, the comparison's numbers. */
const overheadBytes = 32;

/** Cuts the mutations, in their order. One that alone is over the byte limit gets a batch to itself. */
export function inBatches(mutations: readonly Mutation[], limits: BatchLimits): Batch[] {
  const batches: Batch[] = [];
  /** Keys written since the last batch that waits: no later batch may depend on them without waiting. */
  const written = new Set<string>();
  let open: { from: number; mutations: Mutation[]; waits: boolean; bytes: number } | undefined;
  for (let index = 0; index < mutations.length; index++) {
    const mutation = mutations[index] as Mutation;
    const bytes = bytesOf(mutation, limits.sizeOf);
    const waits = dependsOn(mutation, written);
    const full =
      open !== undefined &&
      (open.mutations.length >= limits.maxItems || open.bytes + bytes > limits.maxBytes);
    if (waits) written.clear();
    if (open === undefined || waits || full) {
      open = { from: index, mutations: [], waits, bytes: 0 };
      batches.push(open);
    }
    open.mutations.push(mutation);
    open.bytes += bytes;
    for (const { key } of mutation.puts) written.add(key);
    for (const key of mutation.deletes ?? []) written.add(key);
  }
  return batches;
}

function dependsOn({ compare, puts, deletes = [] }: Mutation, written: ReadonlySet<string>): boolean {
  for (const { key } of compare) if (written.has(key)) return true;
  for (const { key } of puts) if (written.has(key)) return true;
  return deletes.some((key) => written.has(key));
}

function bytesOf({ compare, puts, deletes = [] }: Mutation, sizeOf: (text: string) => number): number {
  let bytes = overheadBytes;
  for (const { key } of compare) bytes += overheadBytes + sizeOf(key);
  for (const { key, value } of puts) bytes += 2 * overheadBytes + sizeOf(key) + sizeOf(value);
  for (const key of deletes) bytes += overheadBytes + sizeOf(key);
  return bytes;
}
