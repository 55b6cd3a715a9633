/**
 * What `GET /v1/debug/state` answered, as the content of a store in memory: for the simulation, and for a test
 * that begins with what a real cluster had. A file may hold several pages, one JSON object a line.
 */
import { parseKey } from '../../src/store/core/keys.ts';
import type { MemoryStore } from '../../src/store/memory/memory-store.ts';

export interface DumpPage {
  readonly v: number;
  /** When it was taken, by the server's clock. */
  readonly at: number;
  readonly rows: readonly { readonly key: string; readonly value: unknown }[];
}

export interface LoadDumpOptions {
  /**
   * Whether records that lived under leases are loaded too, for ever: presences and the leader. Otherwise they
   * are left out, as they are when a cluster wakes after a long night.
   */
  readonly withLeased?: boolean;
}

/** Puts every record of the dump into the store; returns how many. Throws on what is not a dump of version 1. */
export function loadDump(
  store: MemoryStore,
  text: string,
  { withLeased = false }: LoadDumpOptions = {},
): number {
  let count = 0;
  for (const { rows } of dumpPages(text)) {
    for (const { key, value } of rows) {
      const kind = parseKey(key)?.kind;
      if (kind === undefined) throw new Error(`the dump holds ${key}, which is no key of this version`);
      if (!withLeased && (kind === 'presence' || kind === 'leader')) continue;
      store.commit([{ compare: [], puts: [{ key, value: JSON.stringify(value) }] }], undefined);
      count += 1;
    }
  }
  return count;
}

/** The pages as they were answered, one a line. Throws on what is not a dump of version 1. */
export function dumpPages(text: string): DumpPage[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line, place) => {
    const page = JSON.parse(line) as DumpPage;
    if (page.v === 1 && Array.isArray(page.rows)) return page;
    throw new Error(`line ${place + 1} is no page of a dump of version 1`);
  });
}
