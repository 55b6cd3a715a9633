/**
 * What every runtime promises, fake and real alike: the life of a container, its labels, ports, events and
 * refusals. What only a real engine can show (limits, streams, files) is in runtime-docker.test.ts.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ContainerIdentity, ContainerSpec, Runtime, RuntimeEvent } from '../../src/agent/runtime.ts';
import { buildContainerSpec } from '../kit/container-spec.ts';

export interface RuntimeFixture {
  readonly runtime: Runtime;
  /** Unlike any other test's. */
  readonly clusterId: string;
  /** An image that is here. */
  readonly image: string;
  /** An image that its registry does not know. */
  readonly unknownImage: string;
  /** Arguments that make a container of the image behave. */
  readonly programs: {
    /** Runs until SIGTERM, then exits with 0. */
    readonly obedient: readonly string[];
    /** Runs and ignores SIGTERM. */
    readonly stubborn: readonly string[];
    /** Exits at once with this status. */
    exits(status: number): readonly string[];
  };
  freePort(): Promise<number>;
  close(): Promise<void>;
}

const waiting = { timeout: 20_000, interval: 20 };
const cellId = 'cell-1';

export function runtimeContract(name: string, open: () => Promise<RuntimeFixture>): void {
  describe(`runtime contract: ${name}`, () => {
    let fixture: RuntimeFixture;
    let runtime: Runtime;
    let stop: AbortController;
    let signal: AbortSignal;
    let guids = 0;

    beforeEach(async () => {
      fixture = await open();
      runtime = fixture.runtime;
      stop = new AbortController();
      signal = stop.signal;
    });
    afterEach(async () => {
      stop.abort(new Error('the test has ended'));
      await fixture.close();
    });

    const owner = () => ({ clusterId: fixture.clusterId, cellId, signal });
    const identity = (changes: Partial<ContainerIdentity> = {}): ContainerIdentity => ({
      clusterId: fixture.clusterId,
      cellId,
      kind: 'lrp',
      guid: 'web',
      index: 0,
      instanceGuid: `${fixture.clusterId}-${++guids}`,
      ...changes,
    });
    const spec = (args: readonly string[], changes: Partial<ContainerSpec> = {}): ContainerSpec =>
      buildContainerSpec({ identity: identity(), image: fixture.image, args, ...changes });
    async function running(args: readonly string[], changes: Partial<ContainerSpec> = {}): Promise<string> {
      const id = await runtime.create(spec(args, changes), { signal });
      await runtime.start(id, { signal });
      return id;
    }
    const inspect = (id: string) => runtime.inspect(id, { signal });
    const exited = (id: string) =>
      vi.waitFor(async () => {
        const container = await inspect(id);
        expect(container?.state).toBe('exited');
        return container;
      }, waiting);

    test('[diego 207] a created container is listed with its identity and does not run', async () => {
      const who = identity({ kind: 'task', guid: 'job_1', index: 7 });
      const id = await runtime.create(spec(fixture.programs.obedient, { identity: who }), { signal });
      const [container, ...others] = await runtime.list(owner());
      expect(others).toEqual([]);
      expect(container).toMatchObject({ id, identity: who, state: 'created', pid: 0, exitCode: undefined });
      expect(container?.startedAt).toBeUndefined();
    });

    test('[diego 207] a started container runs; starting it again does nothing', async () => {
      const id = await running(fixture.programs.obedient);
      const first = await inspect(id);
      expect(first).toMatchObject({ state: 'running', exitCode: undefined, finishedAt: undefined });
      expect(first?.pid).toBeGreaterThan(0);
      expect(first?.startedAt).toBeGreaterThan(0);
      await runtime.start(id, { signal });
      expect(await inspect(id)).toEqual(first);
    });

    test.each([0, 3])('exit status %i is kept', async (status) => {
      const id = await running(fixture.programs.exits(status));
      const container = await exited(id);
      expect(container).toMatchObject({ exitCode: status, oomKilled: false, pid: 0 });
      expect(container?.finishedAt).toBeGreaterThanOrEqual(container?.startedAt ?? Number.POSITIVE_INFINITY);
    });

    test('[diego 145, 213] stopping lets a process end by itself', async () => {
      const id = await running(fixture.programs.obedient);
      await runtime.stop(id, { graceMs: 10_000, signal });
      expect(await inspect(id)).toMatchObject({ state: 'exited', exitCode: 0 });
    });

    test('[diego 145] stopping kills a process that ignores it', async () => {
      const id = await running(fixture.programs.stubborn);
      await runtime.stop(id, { graceMs: 1_000, signal });
      expect(await inspect(id)).toMatchObject({ state: 'exited', exitCode: 137 });
    });

    test('[diego 218] stopping what has ended, or is gone, does nothing', async () => {
      const id = await running(fixture.programs.exits(3));
      await exited(id);
      await runtime.stop(id, { graceMs: 1_000, signal });
      expect(await inspect(id)).toMatchObject({ exitCode: 3 });
      await runtime.remove(id, { signal });
      await runtime.stop(id, { graceMs: 1_000, signal });
    });

    test('[diego 213, 218] removing takes a running container away, and again does nothing', async () => {
      const id = await running(fixture.programs.stubborn);
      await Promise.all([runtime.remove(id, { signal }), runtime.remove(id, { signal })]);
      expect(await inspect(id)).toBeUndefined();
      expect(await runtime.list(owner())).toEqual([]);
      await runtime.remove(id, { signal });
    });

    test('an instance gets one container', async () => {
      const who = identity();
      const wanted = spec(fixture.programs.obedient, { identity: who });
      await runtime.create(wanted, { signal });
      await expect(runtime.create(wanted, { signal })).rejects.toMatchObject({ code: 'ResourceExists' });
      await runtime.create(spec(fixture.programs.obedient), { signal });
      expect(await runtime.list(owner())).toHaveLength(2);
    });

    test("another cell's and another cluster's containers are not listed", async () => {
      await runtime.create(spec([], { identity: identity({ cellId: 'cell-2' }) }), { signal });
      expect(await runtime.list(owner())).toEqual([]);
      expect(
        await runtime.list({ ...owner(), clusterId: `${fixture.clusterId}-other`, cellId: 'cell-2' }),
      ).toEqual([]);
      expect(await runtime.list({ ...owner(), cellId: 'cell-2' })).toHaveLength(1);
    });

    test('a host port is reported, refused while another holds it, and free afterwards', async () => {
      const ports = [{ containerPort: 8080, hostPort: await fixture.freePort() }];
      const first = await running(fixture.programs.obedient, { ports });
      expect(await inspect(first)).toMatchObject({ ports });
      const second = await runtime.create(spec(fixture.programs.obedient, { ports }), { signal });
      await expect(runtime.start(second, { signal })).rejects.toMatchObject({ code: 'ResourceConflict' });
      await runtime.remove(first, { signal });
      await runtime.start(second, { signal });
      expect(await inspect(second)).toMatchObject({ state: 'running', ports });
    });

    test('events tell a life in order, for this cell only, until the signal aborts', async () => {
      const seen: RuntimeEvent[] = [];
      const following = runtime.events(owner(), (event) => seen.push(event));
      const other = await running(fixture.programs.exits(0), { identity: identity({ cellId: 'cell-2' }) });
      await exited(other);
      const who = identity();
      const id = await running(fixture.programs.exits(1), { identity: who });
      await exited(id);
      await runtime.remove(id, { signal });
      await vi.waitFor(
        () => expect(seen.map(({ kind }) => kind)).toEqual(['started', 'died', 'gone']),
        waiting,
      );
      expect(seen.every((event) => event.id === id)).toBe(true);
      expect(seen[0]?.identity).toEqual(who);
      stop.abort(new Error('enough'));
      await following;
    });

    test('an image that is here is found; one that nobody knows is refused with the reason', async () => {
      await runtime.ensureImage(fixture.image, { signal });
      const unknown = runtime.ensureImage(fixture.unknownImage, { signal });
      await expect(unknown).rejects.toMatchObject({
        code: 'ResourceNotFound',
        message: expect.stringContaining(fixture.unknownImage),
      });
    });

    test('a container of an image that is not here is refused', async () => {
      const created = runtime.create(spec([], { image: fixture.unknownImage }), { signal });
      await expect(created).rejects.toMatchObject({ code: 'ResourceNotFound' });
      expect(await runtime.list(owner())).toEqual([]);
    });

    test('[diego 212] what is gone cannot be started, entered or read', async () => {
      const id = await runtime.create(spec(fixture.programs.obedient), { signal });
      await runtime.remove(id, { signal });
      const gone = { code: 'ResourceNotFound' };
      await expect(runtime.start(id, { signal })).rejects.toMatchObject(gone);
      const exec = runtime.exec(id, { args: ['true'], tty: false, stdin: false, signal });
      await expect(exec).rejects.toMatchObject(gone);
      await expect(runtime.readFile(id, '/x', { maxBytes: 1, signal })).rejects.toMatchObject(gone);
    });

    test('what has ended cannot be entered', async () => {
      const id = await running(fixture.programs.exits(0));
      await exited(id);
      const refused = { code: 'NotRunning' };
      const exec = runtime.exec(id, { args: ['true'], tty: false, stdin: false, signal });
      await expect(exec).rejects.toMatchObject(refused);
      await expect(runtime.attach(id, { stdin: false, signal })).rejects.toMatchObject(refused);
    });

    test('a signal that has aborted ends a call with its reason', async () => {
      const reason = new Error('enough');
      const aborted = AbortSignal.abort(reason);
      await expect(runtime.list({ ...owner(), signal: aborted })).rejects.toBe(reason);
      await expect(runtime.create(spec([]), { signal: aborted })).rejects.toBe(reason);
      await expect(runtime.ensureImage(fixture.image, { signal: aborted })).rejects.toBe(reason);
      expect(await runtime.list(owner())).toEqual([]);
    });

    test('the engine says what it is and has', async () => {
      const info = await runtime.info({ signal });
      expect(info.name).toMatch(/^\w+ [\w.-]+$/);
      expect(info.memoryMb).toBeGreaterThan(0);
      expect(info.diskMb).toBeGreaterThan(0);
    });
  });
}
