import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../../../test/kit/api-server.ts';
import { buildCell } from '../../../test/kit/builders.ts';
import { type FakeMembers, fakeMembers } from '../../../test/kit/fake-members.ts';
import { emptyQuorum, type Quorum } from '../../model/quorum.ts';
import { encode } from '../../store/core/codec.ts';
import { presenceKey, quorumKey } from '../../store/core/keys.ts';

let server: ApiServer;
let members: FakeMembers;
const call = () => ({ signal: server.signal });

beforeEach(async () => {
  members = fakeMembers('h1', 'h2', 'h3');
  const memberStatuses = members.statuses;
  server = await startApiServer({ members, memberStatuses });
  await host('h4', { can: true, is: false });
  await host('h5', { can: false, is: false, reason: 'no etcd' });
});
afterEach(() => server.close());

const host = (name: string, serving: { can: boolean; is: boolean; reason?: string }) =>
  server.seed({
    puts: [{ key: presenceKey(name as never), value: encode(buildCell(name, { serving })) }],
  });
const keep = (quorum: Partial<Quorum>) =>
  server.seed({ puts: [{ key: quorumKey, value: encode({ ...emptyQuorum, ...quorum }) }] });
const remove = (name: string, force = false) =>
  server.client.call('removeServer', { params: { server: name }, body: { force } }, call());
const add = (name: string) => server.client.call('addServer', { params: { server: name } }, call());
const recorded = () => server.replica.state.quorum?.value;

test('lists members with what they say, hosts that could serve, and what comes next', async () => {
  members.silent.add('h3');
  members.join('h6', true);
  await keep({ silentSince: { h3: 5 }, next: { text: 'h4 replaces h3', at: 9 } });
  const list = await server.client.call('listServers', {}, call());
  expect(list.rows).toEqual([
    {
      server: 'h1',
      role: 'voter',
      isReachable: true,
      isLeader: true,
      raftTerm: 7,
      dbSizeBytes: 2 ** 20,
      lag: 0,
    },
    expect.objectContaining({ server: 'h2', isLeader: false }),
    { server: 'h3', role: 'voter', isReachable: false, isLeader: false, silentSince: 5 },
    expect.objectContaining({ server: 'h6', role: 'learner', lag: 10 }),
  ]);
  expect(list).toMatchObject({
    survives: 0,
    auto: { isOn: true, wanted: 3, replaceAfterMs: 600_000 },
    quorum: { next: { text: 'h4 replaces h3', at: 9 } },
    standby: [
      { host: 'h4', canServe: true },
      { host: 'h5', canServe: false, reason: 'no etcd' },
    ],
  });
});

test('a removal is written down for the leader, with who asked, and one at a time', async () => {
  await remove('h2', true);
  expect(recorded()?.change).toMatchObject({ kind: 'remove', server: 'h2', by: expect.stringMatching(/\w/) });
  await expect(add('h4')).rejects.toMatchObject({ code: 'ResourceConflict' });
  const { rows } = await server.client.call('listEvents', { query: {} }, call());
  expect(rows.at(-1)).toMatchObject({ type: 'server.removing', subject: 'h2', actor: expect.anything() });
});

test('what would break the quorum is refused, and nothing is written', async () => {
  members.silent.add('h3');
  await expect(remove('h2', true)).rejects.toMatchObject({ code: 'InsufficientResources' });
  await expect(remove('h9')).rejects.toMatchObject({ code: 'ResourceNotFound' });
  expect(recorded()).toBeUndefined();
  await remove('h3');
  expect(recorded()?.change).toMatchObject({ server: 'h3', reason: 'asked for; it does not answer' });
});

test('without another host at hand a removal that lowers what is survived needs force', async () => {
  await server.client.call('setAutoServers', { body: { isOn: false } }, call());
  await expect(remove('h2')).rejects.toMatchObject({ code: 'InsufficientResources' });
  await remove('h2', true);
});

test('adding takes back a host that was removed by hand, and refuses one that cannot', async () => {
  await keep({ passedOver: { h4: { why: 'removed by alice' } } });
  await expect(add('h5')).rejects.toMatchObject({ message: expect.stringContaining('no etcd') });
  await add('h4');
  expect(recorded()).toMatchObject({ change: { kind: 'add', server: 'h4' }, passedOver: {} });
});

test('the automatic quorum is switched and told of in the journal, the rest of the settings stays', async () => {
  await server.client.call('updateSettings', { body: { maxStarting: 9 } }, call());
  const { auto } = await server.client.call(
    'setAutoServers',
    { body: { isOn: true, wanted: 5, replaceAfterMs: 60_000 } },
    call(),
  );
  expect(auto).toEqual({ isOn: true, wanted: 5, replaceAfterMs: 60_000 });
  expect(await server.client.call('getSettings', {}, call())).toMatchObject({
    maxStarting: 9,
    wantedServers: 5,
  });
  const { rows } = await server.client.call('listEvents', { query: {} }, call());
  expect(rows.at(-1)?.message).toBe('keeps 5 servers by itself, replaces one that is silent for 1 min');
});
