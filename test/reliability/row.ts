/**
 * One row of the fault list as it is played: what it may do to the hosts, what it measures and what it says. Every
 * fault that may cost a container its life goes through here, so that the checker knows of it.
 */
import type { Status } from '../../src/api/core/routes.ts';
import { messageOf } from '../../src/base/core/errors.ts';
import { type Rng, seededRng } from '../../src/base/core/rng.ts';
import type { ActualLrp } from '../../src/model/actual-lrp.ts';
import { eventually } from '../kit/e2e-cluster.ts';
import type { EngineEvent, Kill, Loss, StoreChange, Write } from './checker/evidence.ts';
import { type Cluster, hosts, servers } from './hosts/cluster.ts';
import type { Engines } from './hosts/engines.ts';
import { type Load, sleeper, startLoad } from './hosts/load.ts';
import type { Marks } from './hosts/marks.ts';
import { rig } from './hosts/rig.ts';
import type { StoreWatch } from './hosts/store-watch.ts';

/** What a session of rows shares. A row that makes a new store replaces the watch. */
export interface Lab {
  readonly cluster: Cluster;
  readonly engines: Engines;
  readonly marks: Marks;
  store: StoreWatch;
  /** Release files: the one that was installed, and the next. */
  readonly releases: readonly [string, string];
}

export interface RowDefinition {
  readonly id: number;
  readonly fault: string;
  /** A row without load makes its own changes: it replaces the store, or counts everything. */
  readonly hasLoad?: boolean;
  play(row: Row): Promise<void>;
}

export interface Figure {
  readonly what: string;
  readonly value: string;
  readonly limit: string;
  readonly isMet: boolean;
}

export class Row {
  readonly lab: Lab;
  readonly rng: Rng;
  /** All names of the row begin with it. */
  readonly prefix: string;
  readonly figures: Figure[] = [];
  readonly losses: { -readonly [K in keyof Loss]: Loss[K] }[] = [];
  readonly kills: Kill[] = [];
  /** Changes that the row itself asked for. */
  readonly writes: Write[] = [];
  readonly startedAt = Date.now();
  load: Load | undefined;

  constructor(lab: Lab, id: number, seed: number) {
    this.lab = lab;
    this.rng = seededRng(seed * 1_000 + id);
    this.prefix = `r${id}x${seed}-${(Date.now() % 1e7).toString(36)}`;
  }

  startLoad(): void {
    const { cluster, marks } = this.lab;
    const clients = servers.map((server) => cluster.client(server));
    this.load = startLoad({ clients, rng: this.rng, marks, prefix: this.prefix });
  }

  say(text: string): void {
    process.stderr.write(
      `    ${((Date.now() - this.startedAt) / 1_000).toFixed(1).padStart(6)} s  ${text}\n`,
    );
  }

  /** A time that was measured, and the longest that is good. */
  time(what: string, ms: number, limitMs: number): void {
    const shown = `${(ms / 1_000).toFixed(ms < 1_000 ? 2 : 1)} s`;
    this.#note({ what, value: shown, limit: `≤ ${limitMs / 1_000} s`, isMet: ms <= limitMs });
  }

  /** Something that was counted; what is good is a count too. */
  count(what: string, value: number, limit: number, isAtLeast = false): void {
    const isMet = isAtLeast ? value >= limit : value <= limit;
    this.#note({ what, value: String(value), limit: `${isAtLeast ? '≥' : '≤'} ${limit}`, isMet });
  }

  /** Something that must hold. */
  holds(what: string, isMet: boolean, detail = ''): void {
    this.#note({ what, value: isMet ? 'yes' : `no${detail && `: ${detail}`}`, limit: 'yes', isMet });
  }

  #note(figure: Figure): void {
    this.figures.push(figure);
    this.say(`${figure.isMet ? 'ok  ' : 'MISS'} ${figure.what}: ${figure.value} (${figure.limit})`);
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** Waits until it does not throw; how long it took from `from` on. */
  async took(what: string, from: number, withinMs: number, attempt: () => Promise<unknown>): Promise<number> {
    await eventually(what, withinMs, attempt);
    return Date.now() - from;
  }

  /** Waits until the cluster is whole again: how long that took from `from` on, and the longest that is good. */
  async timeWhole(what: string, from: number, withinMs: number, limitMs: number): Promise<void> {
    this.time(what, await this.took('whole', from, withinMs, () => this.lab.cluster.whole()), limitMs);
  }

  /** Makes an LRP and waits until all of it runs. */
  async runs(name: string, instances: number, memoryMb?: number): Promise<string> {
    const guid = await this.asks(name, instances, memoryMb);
    await this.untilRunning(guid, instances, 60_000);
    return guid;
  }

  /** Makes an LRP. */
  async asks(name: string, instances: number, memoryMb?: number): Promise<string> {
    const guid = `${this.prefix}-${name}`;
    const body = sleeper(guid, instances, memoryMb);
    await this.#change(guid, instances, (client) => client.call('desireLrp', { body }, call()));
    return guid;
  }

  async scales(guid: string, instances: number): Promise<void> {
    const update = { params: { guid }, body: { instances } };
    await this.#change(guid, instances, (client) => client.call('updateLrp', update, call()));
  }

  /** Through the first server that answers; an answer is waited for. */
  async #change(
    guid: string,
    instances: number,
    make: (client: ReturnType<Cluster['client']>) => Promise<{ readonly revision: number }>,
  ): Promise<void> {
    const askedAt = Date.now();
    const reasons: string[] = [];
    for (const server of servers) {
      try {
        const { revision } = await make(this.lab.cluster.client(server));
        this.writes.push({ guid, kind: 'lrp', instances, askedAt, outcome: 'acknowledged', revision });
        return;
      } catch (error) {
        reasons.push(`${server}: ${messageOf(error)}`);
      }
    }
    throw new Error(`no server acknowledges ${guid}: ${reasons.join('; ')}`);
  }

  /** By the first server that is current. */
  async instances(guid: string): Promise<ActualLrp[]> {
    const reasons: string[] = [];
    for (const server of servers) {
      try {
        const { stale } = await this.lab.cluster.status(server, 2_000);
        if (stale !== '') throw new Error(stale);
        const client = this.lab.cluster.client(server);
        return (await client.call('listInstances', { query: { guid } }, call(2_000))).rows;
      } catch (error) {
        reasons.push(messageOf(error));
      }
    }
    throw new Error(reasons.join('; '));
  }

  /** @returns how long from the call on */
  async untilRunning(
    guid: string,
    count: number,
    withinMs: number,
    except: readonly string[] = [],
  ): Promise<number> {
    return this.took(`${count} instances of ${guid} run`, Date.now(), withinMs, async () => {
      const rows = await this.instances(guid);
      const good = rows.filter(
        (row) => row.state === 'RUNNING' && row.presence === 'ORDINARY' && !except.includes(row.cellId ?? ''),
      );
      if (good.length !== count)
        throw new Error(rows.map((r) => `${r.index}:${r.state}:${r.cellId}`).join(' '));
    });
  }

  async leader(): Promise<string> {
    const status: Status = await this.lab.cluster.anyStatus();
    return status.leader?.server ?? '';
  }

  /** From now on the host may count as lost; ends when the returned function is called. */
  lose(host: string, isOff = false): () => void {
    const loss: { -readonly [K in keyof Loss]: Loss[K] } = { host, isOff, from: Date.now(), to: undefined };
    this.losses.push(loss);
    return () => {
      loss.to = Date.now();
    };
  }

  /** Power cut; the returned function starts it again, and its agent with it. */
  async cutPower(host: string): Promise<() => Promise<void>> {
    const back = this.lose(host, true);
    await rig('kill', host);
    return async () => {
      await rig('start', host);
      back();
    };
  }

  /** The first start of one of the containers after a time. */
  async startedElsewhere(guid: string, index: number, after: number, withinMs: number): Promise<EngineEvent> {
    return eventually(`${guid}/${index} was started again`, withinMs, async () => {
      const found = this.lab.engines.events.find(
        (event) =>
          event.guid === guid && event.index === index && event.action === 'start' && event.at > after,
      );
      if (found === undefined) throw new Error('no engine started it');
      return found;
    });
  }

  /** Waits for a change of the store after a time. */
  changed(
    what: string,
    withinMs: number,
    from: number,
    test: (change: StoreChange) => boolean,
  ): Promise<StoreChange> {
    return this.lab.store.until(what, withinMs, from, test);
  }

  /** Who took the lead after a time, with when it was seen. */
  newLeader(from: number, notHost: string, withinMs = 30_000): Promise<StoreChange> {
    return this.changed('another server leads', withinMs, from, ({ key, value }) => {
      if (key !== '/skep/v1/brain/leader' || value === undefined) return false;
      return (JSON.parse(value) as { server: string }).server !== notHost;
    });
  }

  /** How often the lead went to another server since a time. */
  leaderChanges(from: number): number {
    const { changes } = this.lab.store.history();
    const leaders = changes.flatMap(({ key, value, seenAt }) =>
      key === '/skep/v1/brain/leader' && value !== undefined
        ? [{ seenAt, server: (JSON.parse(value) as { server: string }).server }]
        : [],
    );
    return leaders.filter(({ seenAt, server }, at) => seenAt >= from && leaders[at - 1]?.server !== server)
      .length;
  }

  /** Containers of the row that started after a time and had run before. */
  restarts(from: number): number {
    const starts = this.lab.engines.events.filter(
      (event) => event.kind === 'lrp' && event.action === 'start' && event.guid.startsWith(this.prefix),
    );
    const before = new Set(starts.filter(({ at }) => at < from).map(({ guid, index }) => `${guid}/${index}`));
    return starts.filter(
      ({ at, guid, index }) => at >= from && guid.includes('steady') && before.has(`${guid}/${index}`),
    ).length;
  }

  others(...these: readonly string[]): string[] {
    return hosts.filter((host) => !these.includes(host));
  }
}

export const call = (deadlineMs = 6_000): { signal: AbortSignal; deadlineMs: number } => ({
  signal: AbortSignal.timeout(deadlineMs + 2_000),
  deadlineMs,
});
