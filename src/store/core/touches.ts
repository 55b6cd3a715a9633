/** Collects what a batch of changes touches; `fold` writes it, subscribers of the replica read it. */
import type { CellId, ProcessGuid, TaskGuid } from '../../model/ids.ts';
import { addIndex } from './indexes.ts';
import type { Touched } from './state.ts';

export class Touches implements Touched {
  readonly all: boolean;
  readonly lrps = new Map<ProcessGuid, ReadonlySet<number>>();
  readonly tasks = new Set<TaskGuid>();
  readonly cells = new Set<CellId>();
  readonly assignments = new Map<CellId, Set<string>>();
  readonly domains = new Set<string>();
  readonly events: string[] = [];
  leader = false;
  settings = false;
  servers = false;
  revoked = false;
  trust = false;
  definitions = false;

  /** @param all everything may have changed: the rest then stays empty */
  constructor(all: boolean) {
    this.all = all;
  }

  /** @param index -1 for the desired record */
  lrp(guid: ProcessGuid, index: number): void {
    // A snapshot touches everything: a set for each of 200,000 LRPs would only be thrown away.
    if (this.all) return;
    if (index < 0) this.definitions = true;
    addIndex(this.lrps, guid, index);
  }

  /** @param key of the claim or task whose record, or the definition behind it, changed */
  assignment(cellId: CellId, key: string): void {
    if (this.all) return;
    const keys = this.assignments.get(cellId);
    if (keys === undefined) this.assignments.set(cellId, new Set([key]));
    else keys.add(key);
  }
}
