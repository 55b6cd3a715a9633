import { expect, onTestFinished, test } from 'vitest';
import { buildCell } from '../../test/kit/builders.ts';
import { type FakeMembers, fakeMembers } from '../../test/kit/fake-members.ts';
import { type VirtualClock, virtualClock } from '../../test/kit/virtual-clock.ts';
import { SkepError } from '../base/core/errors.ts';
import { seededRng } from '../base/core/rng.ts';
import { silentLog } from '../base/log.ts';
import { defaultBrainSettings } from '../model/cell-spec.ts';
import { emptyQuorum } from '../model/quorum.ts';
import { encode, type Noun } from '../store/core/codec.ts';
import { leaderKey, presenceKey, quorumKey, revokedKey, serverKey, settingsKey } from '../store/core/keys.ts';
import { createReplica } from '../store/follow-replica.ts';
import { type MemoryBbs, memoryBbs } from '../store/memory/memory-bbs.ts';
import type { Replica } from '../store/replica.ts';
import { keepQuorum, type ServerCertificates } from './quorum-keeper.ts';

const forever = new AbortController().signal;

interface Bench {
  readonly clock: VirtualClock;
  readonly bbs: MemoryBbs;
  readonly replica: Replica;
  readonly members: FakeMembers;
  /** Hosts that were told to become servers. */
  readonly ordered: string[];
  /** What a removed server's certificates come to; undefined without TLS. */
  certificates: ServerCertificates | undefined;
  /** What the next orders answer. */
  refusal: SkepError | undefined;
  put(key: string, noun: Noun): Promise<void>;
  host(name: string, serving?: { can: boolean; is: boolean }): Promise<void>;
  /** Another server leads: the fence of the term that runs is gone. */
  depose(): Promise<void>;
  lead(): Promise<void>;
  told(): string[];
}

async function bench(...servers: string[]): Promise<Bench> {
  const clock = virtualClock();
  const bbs = memoryBbs({ clock });
  const replica = createReplica({ bbs, clock, log: silentLog });
  const ending = new AbortController();
  onTestFinished(() => ending.abort());
  void replica.run(ending.signal);
  const members = fakeMembers(...servers);
  const ordered: string[] = [];
  const put = async (key: string, noun: Noun): Promise<void> => {
    await bbs.commit([{ compare: [], puts: [{ key, value: encode(noun) }] }], { signal: forever });
    await clock.settle();
  };
  const rng = seededRng(3);
  const made: Bench = {
    clock,
    bbs,
    replica,
    members,
    ordered,
    certificates: undefined,
    refusal: undefined,
    put,
    host: (name, serving = { can: true, is: false }) =>
      put(presenceKey(name as never), buildCell(name, { serving })),
    depose: () => put(leaderKey, { v: 1, server: 'other', raftTerm: 9, since: 0 }),
    async lead() {
      await put(leaderKey, { v: 1, server: 'h1', raftTerm: 7, since: 0 });
      const fence = { key: leaderKey, revision: bbs.store.revision };
      const orders = {
        serve: async (host: string) => {
          if (made.refusal !== undefined) throw made.refusal;
          ordered.push(host);
        },
      };
      const statuses = members.statuses;
      const { certificates } = made;
      const options = { bbs, replica, members, statuses, orders, certificates, clock, rng, log: silentLog };
      void keepQuorum(options, { fence, signal: ending.signal, raftTerm: 7 });
      await clock.settle();
    },
    told: () =>
      [...replica.state.events.values()].map(
        ({ type, subject, message }) => `${type} ${subject}: ${message}`,
      ),
  };
  await clock.settle();
  return made;
}

test('makes two hosts servers, one after the other, and says so in the journal', async () => {
  const { clock, members, ordered, host, lead, told } = await bench('h1');
  for (const name of ['h1', 'h2', 'h3']) await host(name, { can: true, is: name === 'h1' });
  await lead();
  await clock.advance(10_000);
  expect(ordered).toContain('h2');
  expect(ordered).not.toContain('h3');
  members.join('h2', true);
  await clock.advance(5_000);
  expect(ordered).not.toContain('h3');
  members.promoteNow('h2');
  await clock.advance(10_000);
  expect(ordered).toContain('h3');
  members.join('h3');
  await clock.advance(5_000);
  expect(told()).toEqual([
    'server.adding h2: becomes a server: server 2 of 3',
    'server.added h2: is a server: server 2 of 3',
    'server.adding h3: becomes a server: server 3 of 3',
    'server.added h3: is a server: server 3 of 3',
  ]);
});

test('the wait for a silent server goes on under another leader', async () => {
  const first = await bench('h1', 'h2', 'h3');
  const { clock, members, host, lead, depose, replica } = first;
  await host('h4');
  members.silent.add('h3');
  await lead();
  await clock.advance(9 * 60_000);
  const said = replica.state.quorum?.value.next;
  expect(said?.text).toBe('h4 replaces h3');
  await depose();
  await clock.advance(10_000);
  await lead();
  await clock.advance(45_000);
  expect(members.calls).toEqual([]);
  expect(replica.state.quorum?.value.next?.at).toBe(said?.at);
  await clock.advance(30_000);
  expect(members.calls).toEqual(['remove h3']);
});

test('a server that was removed is out of the record of servers, and the host in its place is told', async () => {
  const { clock, members, host, lead, put, replica, ordered, told } = await bench('h1', 'h2', 'h3');
  await put(settingsKey, { ...defaultBrainSettings, serverReplaceAfterMs: 4_000 });
  const record = { v: 1, server: 'h3', apiAddress: 'h3:7400', memberId: 'id-h3', version: '1', startedAt: 0 };
  await put(serverKey('h3'), record as Noun);
  await host('h4');
  members.silent.add('h3');
  await lead();
  await clock.advance(20_000);
  expect(replica.state.servers.has('h3')).toBe(false);
  expect(ordered).toContain('h4');
  expect(told()).toContain('server.removed h3: is no server any more: silent for 4 s; h4 replaces it');
});

const removal = (server: string) =>
  ({ kind: 'remove', server, at: 0, by: 'alice', reason: 'asked for' }) as const;
const revokedAt = revokedKey('S3');

/** Revokes one certificate for as long as nobody has touched the record of its host. */
function revoking(it: Bench): ServerCertificates {
  return {
    leaving: async (server, { by }) => {
      const host = (await it.bbs.read([`/host/${server}`], { signal: forever })).records[0];
      const revocation = {
        v: 1,
        serial: 'S3',
        name: server,
        at: 0,
        by,
        cellUntil: 9,
        storeSerial: 'E3',
      } as const;
      return {
        compare: [{ key: `/host/${server}`, revision: host?.revision ?? 0 }],
        puts: [{ key: revokedAt, value: encode(revocation) }],
        serials: ['S3'],
      };
    },
  };
}

test('what a removed server holds is revoked in the step that ends its removal, and the journal says so', async () => {
  const it = await bench('h1', 'h2', 'h3');
  it.certificates = revoking(it);
  await it.put(quorumKey, { ...emptyQuorum, change: removal('h3') });
  const seen = new Set<string>();
  it.replica.subscribe(() => {
    const { quorum, revoked } = it.replica.state;
    seen.add(`${quorum?.value.change === undefined ? 'ended' : 'under way'}, ${revoked.size} revoked`);
  });
  await it.lead();
  await it.clock.advance(5_000);
  expect([...seen]).toEqual(['under way, 0 revoked', 'ended, 1 revoked']);
  expect(it.replica.state.revoked.get('S3')?.value.by).toBe('alice');
  expect(it.members.calls).toEqual(['remove h3']);
  expect(it.told()).toContainEqual(
    expect.stringMatching(/^auth\.certificate h3: certificate S3 of h3: no server/),
  );
});

test('a leader that dies between the removal and the revocation leaves it to the next one', async () => {
  const it = await bench('h1', 'h2', 'h3');
  const dying = new Error('the leader dies here');
  it.certificates = { leaving: () => Promise.reject(dying) };
  await it.put(quorumKey, { ...emptyQuorum, change: removal('h3') });
  await it.lead();
  await it.clock.advance(5_000);
  expect(it.members.calls).toEqual(['remove h3']);
  expect(it.replica.state.quorum?.value.change?.server).toBe('h3');
  await it.depose();
  await it.clock.advance(5_000);
  it.certificates = revoking(it);
  await it.lead();
  await it.clock.advance(5_000);
  expect(it.replica.state.revoked.has('S3')).toBe(true);
  expect(it.replica.state.quorum?.value.change).toBeUndefined();
  expect(it.members.calls).toEqual(['remove h3']);
});

test('a certificate that was made in between is looked at again', async () => {
  const it = await bench('h1', 'h2', 'h3');
  const honest = revoking(it);
  let asked = 0;
  it.certificates = {
    async leaving(server, options) {
      asked += 1;
      const plan = await honest.leaving(server, options);
      if (asked === 1)
        await it.bbs.commit([{ compare: [], puts: [{ key: `/host/${server}`, value: 'newer' }] }], options);
      return plan;
    },
  };
  await it.put(quorumKey, { ...emptyQuorum, change: removal('h3') });
  await it.lead();
  await it.clock.advance(10_000);
  expect(asked).toBe(2);
  expect(it.replica.state.revoked.has('S3')).toBe(true);
  expect(it.told().filter((line) => line.startsWith('server.removed'))).toHaveLength(1);
});

test('nothing is revoked of a server that stays one', async () => {
  const it = await bench('h1', 'h2', 'h3');
  it.certificates = revoking(it);
  for (const name of ['h1', 'h2']) it.members.silent.add(name);
  await it.put(quorumKey, { ...emptyQuorum, change: removal('h3') });
  await it.lead();
  await it.clock.advance(10 * 60_000);
  expect(it.replica.state.quorum?.value.last).toMatchObject({ server: 'h3', isDone: false });
  expect(it.replica.state.revoked.size).toBe(0);
});

test('the lead is handed over before the leader is removed', async () => {
  const { clock, members, lead, put } = await bench('h1', 'h2', 'h3');
  const change = { kind: 'remove', server: 'h1', at: clock.now(), by: 'alice', reason: 'asked for' } as const;
  await put(quorumKey, { ...emptyQuorum, change });
  await lead();
  await clock.advance(2_000);
  expect(members.calls).toEqual(['handOver h1 h2', 'remove h1']);
});

test('a host that refuses is left alone, with its reason in the record and the journal', async () => {
  const it = await bench('h1');
  it.refusal = new SkepError('InvalidStateTransition', 'it can be no server: no etcd');
  for (const name of ['h2', 'h3']) await it.host(name);
  await it.lead();
  await it.clock.advance(6_000);
  expect(it.replica.state.quorum?.value.last).toMatchObject({ server: 'h2', isDone: false });
  expect(it.replica.state.quorum?.value.passedOver['h2']?.why).toMatch(/no etcd/);
  expect(it.told()).toContain(
    'server.unchanged h2: could not be made a server: it can be no server: no etcd',
  );
});

test('an order that nobody answers is given again', async () => {
  const it = await bench('h1');
  it.refusal = new SkepError('Unavailable', 'no session');
  for (const name of ['h2', 'h3']) await it.host(name);
  await it.lead();
  await it.clock.advance(8_000);
  expect(it.replica.state.quorum?.value.change?.server).toBe('h2');
  it.refusal = undefined;
  await it.clock.advance(5_000);
  expect(it.ordered).toContain('h2');
});

test('a leader that was deposed changes nothing any more', async () => {
  const { clock, members, lead, depose, put, host, ordered } = await bench('h1');
  await put(settingsKey, { ...defaultBrainSettings, autoServers: true });
  await lead();
  await clock.advance(1_000);
  await depose();
  for (const name of ['h2', 'h3']) await host(name);
  await clock.advance(60_000);
  expect(ordered).toEqual([]);
  expect(members.calls).toEqual([]);
});

test('the record is written when something changes, not at every look', async () => {
  const { clock, lead, bbs, host } = await bench('h1');
  await host('h2');
  await lead();
  await clock.advance(10_000);
  const { revision } = bbs.store;
  await clock.advance(600_000);
  expect(bbs.store.revision).toBe(revision);
});
