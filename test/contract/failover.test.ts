/**
 * Three servers as they are in a cluster: a supervised etcd, the store and the election on it. The leader's
 * etcd is killed, a leader's agent is killed, and the brain must be somewhere else.
 */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { seededRng } from '../../src/base/core/rng.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/node/system-clock.ts';
import type { LeaderTerm } from '../../src/store/election.ts';
import { type EtcdBbs, etcdBbs } from '../../src/store/etcd/etcd-bbs.ts';
import { type MemberStatusReader, memberStatus } from '../../src/store/etcd/member-status.ts';
import { raftElection } from '../../src/store/etcd/raft-election.ts';
import type { EtcdOptions, EtcdSupervisor } from '../../src/store/etcd/supervisor.ts';
import { type EtcdBed, etcdBed } from '../kit/etcd-member.ts';

const forever = new AbortController().signal;
const patient = { timeout: 40_000, interval: 10 };

/** The part of an agent that keeps and leads the store. */
class Server {
  readonly etcd: EtcdOptions;
  readonly bbs: EtcdBbs;
  readonly status: MemberStatusReader;
  readonly terms: LeaderTerm[] = [];
  term: LeaderTerm | undefined;
  supervisor: EtcdSupervisor | undefined;
  #stop = new AbortController();
  #done: Promise<void> = Promise.resolve();

  constructor(etcd: EtcdOptions) {
    this.etcd = etcd;
    const base = { clock: systemClock, log: silentLog, rng: seededRng(3) };
    this.bbs = etcdBbs({ endpoints: [new URL(etcd.clientUrl).host], ...base });
    this.status = memberStatus({ clientUrl: etcd.clientUrl, clock: systemClock });
  }

  async start(): Promise<void> {
    this.supervisor = await bed.start(this.etcd);
  }

  campaign(): void {
    const election = raftElection({
      bbs: this.bbs,
      server: this.etcd.name,
      status: this.status.read,
      clock: systemClock,
      log: silentLog,
      rng: seededRng(4),
    });
    this.#stop = new AbortController();
    const lead = async (term: LeaderTerm): Promise<void> => {
      this.terms.push(term);
      this.term = term;
      await new Promise<void>((resolve) => {
        term.signal.addEventListener('abort', () => resolve(), { once: true });
      });
      this.term = undefined;
    };
    this.#done = election.campaign(lead, { signal: this.#stop.signal });
  }

  async stopCampaign(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  close(): void {
    this.bbs.close();
    this.status.close();
  }
}

let bed: EtcdBed;
let servers: Server[];

beforeEach(async () => {
  bed = await etcdBed();
  const members = ['one', 'two', 'three'].map((name, index) => bed.member(name, `127.0.0.${index + 1}`));
  const initialCluster = members.map((member) => member.initialCluster).join(',');
  servers = members.map((member) => new Server({ ...member, initialCluster }));
  for (const server of servers) await server.start();
  await Promise.all(servers.map(async (server) => server.supervisor?.ready(30_000, forever)));
  for (const server of servers) server.campaign();
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stopCampaign()));
  for (const server of servers) server.close();
  await bed.cleanUp();
});

async function leader(among: readonly Server[] = servers): Promise<Server> {
  return vi.waitFor(() => {
    const found = among.find((server) => server.term !== undefined);
    if (!found) throw new Error('nobody leads');
    return found;
  }, patient);
}

const write = (server: Server, term: LeaderTerm): Promise<unknown> =>
  server.bbs.commit([{ compare: [], puts: [{ key: '/skep/v1/domain/x', value: '{}' }] }], {
    signal: forever,
    fence: term.fence,
  });

test('the brain is where Raft’s leader is', async () => {
  const first = await leader();
  const status = await first.status.read(forever);
  expect(status.leaderId).toBe(status.memberId);
  expect(servers.filter((server) => server.term !== undefined)).toEqual([first]);
});

test('the leader’s etcd is killed: another server leads and writes, the old term is fenced', async () => {
  const first = await leader();
  const old = first.term!;
  const others = servers.filter((server) => server !== first);
  const killedAtMs = systemClock.now();
  await bed.abandon(first.supervisor!);
  await bed.kill(first.etcd);
  const second = await leader(others);
  await write(second, second.term!);
  console.log(`failover: another leader wrote ${systemClock.now() - killedAtMs} ms after etcd was killed`);
  await expect(write(second, old)).rejects.toMatchObject({ code: 'Fenced' });
  await vi.waitFor(() => expect(first.term).toBeUndefined(), patient);
  expect(old.signal.aborted).toBe(true);

  await first.start();
  await first.supervisor?.ready(30_000, forever);
  expect(servers.filter((server) => server.term !== undefined)).toHaveLength(1);
});

test('a leader’s etcd is stopped in order: it hands Raft over, and another server leads', async () => {
  const first = await leader();
  const others = servers.filter((server) => server !== first);
  const stoppedAtMs = systemClock.now();
  const stopped = first.supervisor?.stop();
  const second = await leader(others);
  console.log(`failover: another server led ${systemClock.now() - stoppedAtMs} ms after an orderly stop`);
  await stopped;
  await write(second, second.term!);
});

test('a leader’s agent ends while its etcd leads on: another server stands in until it is back', async () => {
  const first = await leader();
  const others = servers.filter((server) => server !== first);
  await first.stopCampaign();
  const second = await leader(others);
  await write(second, second.term!);
  const status = await first.status.read(forever);
  first.campaign();
  if (status.leaderId !== status.memberId) return;
  await vi.waitFor(() => expect(first.term).toBeDefined(), patient);
  await vi.waitFor(() => expect(second.term).toBeUndefined(), patient);
});
