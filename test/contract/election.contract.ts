/**
 * What every Election promises, whoever decides it. Run by election.test.ts on each adapter; a world brings
 * the adapter, a store, and its own way to let time pass.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Leader } from '../../src/model/cell.ts';
import type { Bbs, StoredRecord } from '../../src/store/bbs.ts';
import { decode, encode } from '../../src/store/core/codec.ts';
import { leaderKey } from '../../src/store/core/keys.ts';
import type { Election, LeaderTerm } from '../../src/store/election.ts';

export interface ElectionWorld {
  readonly bbs: Bbs;
  candidate(server: string): Election;
  /** Makes this server the one to win, where something outside the store decides; nothing elsewhere. */
  favour(server: string): void;
  /** Lets time pass until the condition holds; throws when it never does. */
  until(condition: () => boolean): Promise<void>;
  /** Lets time pass until the promise settles. */
  untilSettled<T>(promise: Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const forever = new AbortController().signal;

/** One candidate of a test, and what became of it. */
class Candidate {
  readonly terms: LeaderTerm[] = [];
  /** The term that its `lead` is in. */
  term: LeaderTerm | undefined;
  readonly #stop = new AbortController();
  #done: Promise<void> = Promise.resolve();
  readonly server: string;

  constructor(server: string) {
    this.server = server;
  }

  run(election: Election, history: string[]): void {
    const lead = async (term: LeaderTerm): Promise<void> => {
      history.push(`${this.server} leads`);
      this.terms.push(term);
      this.term = term;
      await new Promise<void>((resolve) => {
        term.signal.addEventListener('abort', () => resolve(), { once: true });
      });
      this.term = undefined;
      history.push(`${this.server} stops`);
    };
    this.#done = election.campaign(lead, { signal: this.#stop.signal });
  }

  async stop(world: ElectionWorld): Promise<void> {
    this.#stop.abort();
    await world.untilSettled(this.#done);
  }
}

/** @param makeWorld a fresh store each time */
export function electionContract(name: string, makeWorld: () => Promise<ElectionWorld>): void {
  describe(`election: ${name}`, () => {
    let world: ElectionWorld;
    let candidates: Candidate[];
    let history: string[];

    beforeEach(async () => {
      world = await makeWorld();
      candidates = [];
      history = [];
    });
    afterEach(async () => {
      for (const candidate of candidates) await candidate.stop(world);
      await world.close();
    });

    function start(server: string): Candidate {
      const candidate = new Candidate(server);
      candidates.push(candidate);
      candidate.run(world.candidate(server), history);
      return candidate;
    }

    const leading = (): Candidate[] => candidates.filter((candidate) => candidate.term !== undefined);

    async function someLeader(): Promise<Candidate> {
      await world.until(() => leading().length > 0);
      const [leader] = leading();
      if (!leader) throw new Error('the leader left before it was looked at');
      return leader;
    }

    async function record(): Promise<StoredRecord | undefined> {
      return (await world.untilSettled(world.bbs.read([leaderKey], { signal: forever }))).records[0];
    }

    /** Puts a record in place of the leader's, as a server does that wins. */
    async function usurp(): Promise<void> {
      const leader: Leader = { v: 1, server: 'usurper', raftTerm: 99, since: 0 };
      const standing = await record();
      const compare = [{ key: leaderKey, revision: standing?.revision ?? 0 }];
      const puts = [{ key: leaderKey, value: encode(leader) }];
      await world.untilSettled(world.bbs.commit([{ compare, puts }], { signal: forever }));
    }

    const writeUnder = (term: LeaderTerm, key: string): ReturnType<Bbs['commit']> =>
      world.untilSettled(
        world.bbs.commit([{ compare: [], puts: [{ key, value: '{}' }] }], {
          signal: forever,
          fence: term.fence,
        }),
      );

    test('a lone candidate leads, and its record is the fence', async () => {
      world.favour('a');
      const a = start('a');
      await world.until(() => a.term !== undefined);
      const standing = await record();
      expect(standing?.revision).toBe(a.term?.fence.revision);
      expect(a.term?.fence.key).toBe(leaderKey);
      const leader = decode('leader', standing?.value ?? '');
      expect(leader).toMatchObject({ ok: true, value: { server: 'a' } });
      expect(await writeUnder(a.term!, '/skep/v1/domain/x')).toMatchObject([{ committed: true }]);
    });

    test('[diego 359] one leads at a time, and each that stops is followed by another', async () => {
      for (const server of ['a', 'b', 'c']) start(server);
      world.favour('a');
      const fences: number[] = [];
      for (const next of ['b', 'c', undefined]) {
        const leader = await someLeader();
        expect(leading()).toEqual([leader]);
        fences.push(leader.term?.fence.revision ?? 0);
        if (next !== undefined)
          world.favour(candidates.find((c) => c !== leader && !c.terms.length)?.server ?? '');
        await leader.stop(world);
      }
      expect(history).toHaveLength(6);
      for (let term = 0; term < 3; term++) {
        const [server] = history[2 * term]?.split(' ') ?? [];
        expect(history.slice(2 * term, 2 * term + 2)).toEqual([`${server} leads`, `${server} stops`]);
      }
      expect(new Set(history).size).toBe(6);
      expect(fences).toEqual(fences.toSorted((x, y) => x - y));
      expect(new Set(fences).size).toBe(3);
    });

    test('a leader that stops leaves no record behind', async () => {
      world.favour('a');
      const a = start('a');
      await world.until(() => a.term !== undefined);
      await a.stop(world);
      expect(await record()).toBeUndefined();
      expect(history).toEqual(['a leads', 'a stops']);
    });

    test('what a leader writes after another took over is Fenced, and changes nothing', async () => {
      world.favour('a');
      const a = start('a');
      await world.until(() => a.term !== undefined);
      const old = a.term!;
      world.favour('nobody');
      await usurp();
      await expect(writeUnder(old, '/skep/v1/domain/y')).rejects.toMatchObject({ code: 'Fenced' });
      const read = await world.untilSettled(world.bbs.read(['/skep/v1/domain/y'], { signal: forever }));
      expect(read.records).toEqual([undefined]);
    });

    test('a leader whose record was taken is told so, and leads again under a new fence', async () => {
      world.favour('a');
      const a = start('a');
      await world.until(() => a.term !== undefined);
      const old = a.term!;
      world.favour('nobody');
      await usurp();
      await world.until(() => old.signal.aborted && a.term === undefined);
      const removal = { compare: [], puts: [], deletes: [leaderKey] };
      await world.untilSettled(world.bbs.commit([removal], { signal: forever }));
      world.favour('a');
      await world.until(() => a.term !== undefined);
      expect(a.term?.fence.revision).toBeGreaterThan(old.fence.revision);
    });

    test('a candidate that never led stops at once when told', async () => {
      world.favour('a');
      const a = start('a');
      await world.until(() => a.term !== undefined);
      const b = start('b');
      await b.stop(world);
      expect(b.terms).toEqual([]);
      expect(a.term).toBeDefined();
    });
  });
}
