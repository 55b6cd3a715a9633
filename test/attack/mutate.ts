/** Changes valid input a little: one node of a JSON value, or the bytes that it is sent as. Called by requests.ts. */
import { intBetween, type Rng } from '../../src/base/core/rng.ts';
import { hostileBytes, hostileValue } from './hostile.ts';
import { pick } from './samples.ts';

type Tree = Record<string, unknown> | unknown[];

/** Every object and array in a value, itself too. */
function treesOf(value: unknown, found: Tree[] = []): Tree[] {
  if (typeof value !== 'object' || value === null) return found;
  found.push(value as Tree);
  for (const child of Object.values(value)) treesOf(child, found);
  return found;
}

/** The value with one to three of its nodes replaced, taken out, doubled or added. */
export function mutateValue(value: unknown, rng: Rng): unknown {
  const copy = structuredClone(value);
  const trees = treesOf(copy);
  if (trees.length === 0) return hostileValue(rng);
  for (let times = intBetween(rng, 1, 3); times > 0; times--) mutateTree(pick(rng, trees), rng);
  return copy;
}

function mutateTree(tree: Tree, rng: Rng): void {
  const keys = Object.keys(tree);
  const chance = rng.next();
  const record = tree as Record<string, unknown>;
  if (keys.length > 0 && chance < 0.6) {
    record[pick(rng, keys)] = hostileValue(rng);
  } else if (keys.length > 0 && chance < 0.75 && !Array.isArray(tree)) {
    delete record[pick(rng, keys)];
  } else if (Array.isArray(tree)) {
    tree.push(hostileValue(rng));
  } else {
    const key = pick(rng, ['', 'extra', '__proto__', 'constructor', 'v', 'x'.repeat(500), '\u001b[2J']);
    Object.defineProperty(record, key, {
      value: hostileValue(rng),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
}

/** The bytes of a body: mostly the JSON of the value, sometimes spoiled. */
export function bytesOf(value: unknown, rng: Rng): Buffer {
  const text = JSON.stringify(value) ?? '';
  const bytes = Buffer.from(text);
  const chance = rng.next();
  if (chance < 0.75) return bytes;
  if (chance < 0.8) return bytes.subarray(0, intBetween(rng, 0, bytes.length));
  if (chance < 0.85) return doubled(text);
  if (chance < 0.9 && bytes.length > 0) {
    bytes[intBetween(rng, 0, bytes.length - 1)] = intBetween(rng, 0, 255);
    return bytes;
  }
  if (chance < 0.93)
    return Buffer.from(text.replace(/\d+/, pick(rng, ['1e999', '-1e999', 'NaN', '00', '0x1'])));
  return hostileBytes(rng);
}

/** An object in which every key comes twice. */
function doubled(text: string): Buffer {
  if (!/^\{.+\}$/s.test(text)) return Buffer.from(text);
  return Buffer.from(`${text.slice(0, -1)},${text.slice(1)}`);
}
