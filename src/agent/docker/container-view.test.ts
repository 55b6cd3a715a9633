import type Docker from 'dockerode';
import { expect, test } from 'vitest';
import type { ContainerIdentity } from '../runtime.ts';
import { containerFrom } from './container-view.ts';

const identity: ContainerIdentity = {
  clusterId: 'c',
  cellId: 'cell',
  kind: 'lrp',
  guid: 'web',
  index: 0,
  instanceGuid: 'abc',
};
const never = '0001-01-01T00:00:00Z';

const view = (state: Partial<Docker.ContainerInspectInfo['State']>, rest: object = {}) =>
  containerFrom(
    {
      Id: 'f00',
      State: {
        Status: 'running',
        OOMKilled: false,
        Pid: 0,
        ExitCode: 0,
        StartedAt: never,
        FinishedAt: never,
        ...state,
      },
      NetworkSettings: { Networks: {} },
      HostConfig: {},
      ...rest,
    } as unknown as Docker.ContainerInspectInfo,
    identity,
  );

test.each([
  ['created', 'created'],
  ['configured', 'created'],
  ['initialized', 'created'],
  ['running', 'running'],
  ['paused', 'running'],
  ['restarting', 'running'],
  ['stopping', 'running'],
  ['exited', 'exited'],
  ['stopped', 'exited'],
  ['dead', 'exited'],
  ['removing', 'exited'],
])('an engine that says %s means %s', (status, state) => {
  expect(view({ Status: status }).state).toBe(state);
});

test('one that has run and is created again has ended, nobody knows how: Podman, when somebody attaches just then', () => {
  const [StartedAt, FinishedAt] = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'];
  expect(view({ Status: 'created', StartedAt, FinishedAt })).toMatchObject({
    state: 'exited',
    exitCode: undefined,
    finishedAt: Date.parse(FinishedAt),
  });
});

test('only what has ended has an exit status, and only what runs a process', () => {
  expect(view({ Status: 'created', ExitCode: 127 })).toMatchObject({
    exitCode: undefined,
    finishedAt: undefined,
  });
  expect(view({ Status: 'running', Pid: 12, FinishedAt: '2026-01-01T00:00:00Z' })).toMatchObject({
    pid: 12,
    exitCode: undefined,
    finishedAt: undefined,
  });
  expect(view({ Status: 'exited', Pid: 12, ExitCode: 3 })).toMatchObject({ pid: 0, exitCode: 3 });
});

test("times are milliseconds; the engine's zero time is none; an end is never before its start", () => {
  expect(view({}).startedAt).toBeUndefined();
  const short = view({
    Status: 'exited',
    StartedAt: '2026-01-01T00:00:00.002500Z',
    FinishedAt: '2026-01-01T00:00:00.001900Z',
  });
  expect(short.startedAt).toBe(Date.parse('2026-01-01T00:00:00.002Z'));
  expect(short.finishedAt).toBe(short.startedAt);
});

test('ports are those asked for, the address that of any network', () => {
  const shown = view(
    {},
    {
      NetworkSettings: { Networks: { none: { IPAddress: '' }, bridge: { IPAddress: '172.17.0.2' } } },
      HostConfig: { PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '20000' }], '81/tcp': null } },
    },
  );
  expect(shown.ports).toEqual([{ containerPort: 80, hostPort: 20_000 }]);
  expect(shown.ipAddress).toBe('172.17.0.2');
});
