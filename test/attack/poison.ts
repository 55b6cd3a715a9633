/**
 * Records full of what a terminal would obey: every string that may hold it does. For tests of what is shown of them.
 */
import type { z } from 'zod';
import { terminalTricks } from './hostile.ts';

/** Whatever moves the cursor, sets a title, turns text around or hides in it, lines ends excepted. */
export const obeyed =
  /[\p{Cf}\p{Cs}\u2028\u2029[\p{Cc}--[\n]][\p{Default_Ignorable_Code_Point}--\p{Variation_Selector}]]/v;

/** All of them, after what marks the place. */
export const trick = `X${terminalTricks.join('')}`;

type Holder = Record<string, unknown>;

/** A copy in which every string, and every key of what is free in its keys, holds the trick where the schema allows it. */
export function poison<T>(value: T, schema: z.ZodType): T {
  const copy = structuredClone(value);
  for (const holder of holdersOf(copy)) {
    for (const [key, child] of Object.entries(holder)) {
      if (typeof child !== 'string') continue;
      holder[key] = child + trick;
      if (!schema.safeParse(copy).success) holder[key] = child;
    }
    const name = `k${trick}`;
    holder[name] = 'v';
    const parsed = schema.safeParse(copy);
    // A schema that is not strict takes what it does not know, and drops it.
    if (!parsed.success || !JSON.stringify(parsed.data).includes(JSON.stringify(name))) delete holder[name];
  }
  return copy;
}

function holdersOf(value: unknown, found: Holder[] = []): Holder[] {
  if (typeof value !== 'object' || value === null) return found;
  if (!Array.isArray(value)) found.push(value as Holder);
  else if (value.some((one) => typeof one === 'string')) found.push(value as unknown as Holder);
  for (const child of Object.values(value)) holdersOf(child, found);
  return found;
}
