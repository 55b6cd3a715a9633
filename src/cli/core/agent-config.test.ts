import { describe, expect, it } from 'vitest';
import { checkAgentConfig } from './agent-config.ts';

const problemsOf = (input: unknown): string[] => {
  const checked = checkAgentConfig(input);
  return checked.ok ? [] : checked.problems.map((problem) => `${problem.path.join('.')}: ${problem.reason}`);
};

describe('the agent configuration', () => {
  it('needs nothing but a name', () => {
    const checked = checkAgentConfig({ name: 'host-a' });
    expect(checked.ok && checked.config).toMatchObject({
      address: '127.0.0.1',
      server: true,
      ports: { api: 7400, etcdClient: 7401, etcdPeer: 7402 },
      cell: { enabled: true, zone: 'default', containers: 250, hostPorts: { from: 20_000, to: 29_999 } },
    });
  });

  it('lists every problem, not just the first', () => {
    expect(problemsOf({ name: 'a b', ports: { api: 0 }, cell: { zone: '' } })).toEqual([
      'name: may only hold letters, digits, ".", "_" and "-"',
      'ports.api: must be 1 to 65535',
      'cell.zone: must not be empty',
    ]);
  });

  it.each([
    [{ name: 'a', adress: '127.0.0.1' }, 'adress: is not a known setting'],
    [{ name: 'a', cell: { memory: 5 } }, 'cell.memory: is not a known setting'],
    [{ name: 'a', dataDir: 'data' }, 'dataDir: must be an absolute path'],
    [{ name: 'a', server: 'yes' }, 'server: must be true, false or auto'],
    [
      { name: 'a', metricsListen: '0.0.0.0:7409' },
      'metricsListen: must be on a loopback address, such as 127.0.0.1:7409: metrics are served without TLS',
    ],
    [
      { name: 'a', server: false, join: ['b:7400'], explain: true },
      'explain: is only for servers, and "server" is false',
    ],
    [{ name: 'a', ports: { api: 7400, etcdPeer: 7400 } }, 'ports: must differ from each other'],
    [{ name: 'a', cell: { hostPorts: { from: 9, to: 8 } } }, 'cell.hostPorts: "from" must not be above "to"'],
    [{ name: 'a', join: ['10.0.0.1'] }, 'join.0: must be ADDRESS:PORT, for example 127.0.0.1:7400'],
  ])('refuses %j', (input, expected) => {
    expect(problemsOf(input)).toContain(expected);
  });

  it('refuses to listen outside of loopback while there is no TLS', () => {
    const outside = { name: 'a', address: '10.0.0.5' };
    expect(problemsOf({ ...outside, insecure: true }).join()).toMatch(/address: must be a loopback address/);
    expect(problemsOf(outside)).toEqual([]);
  });

  it.each([
    [{ name: 'a', server: false, join: ['127.0.0.1:7400'], cell: { enabled: false } }, 'cell.enabled'],
    [{ name: 'a', server: false }, 'join'],
    [
      { name: 'a', server: false, join: ['127.0.0.1:7400'], etcdEndpoints: ['http://127.0.0.1:2379'] },
      'etcdEndpoints',
    ],
    [{ name: 'a', etcdEndpoints: ['http://10.0.0.5:2379'] }, 'etcdEndpoints'],
    [
      {
        name: 'a',
        etcdEndpoints: ['https://10.0.0.5:2379', 'http://127.0.0.1:2379'],
        etcdTls: { caFile: '/ca.pem' },
      },
      'etcdEndpoints',
    ],
    [{ name: 'a', etcdEndpoints: ['https://10.0.0.5:2379'] }, 'etcdTls'],
    [{ name: 'a', etcdEndpoints: ['http://127.0.0.1:2379'], etcdTls: { caFile: '/ca.pem' } }, 'etcdTls'],
    [
      {
        name: 'a',
        etcdEndpoints: ['https://10.0.0.5:2379'],
        etcdTls: { caFile: '/ca.pem', certFile: '/c.pem' },
      },
      'etcdTls',
    ],
  ])('refuses settings that make no sense together: %j', (input, field) => {
    expect(problemsOf(input).map((problem) => problem.split(':')[0])).toEqual([field]);
  });

  it.each([
    { name: 'a', etcdEndpoints: ['http://127.0.0.1:2379', 'http://localhost:2379', 'http://[::1]:2379'] },
    { name: 'a', etcdEndpoints: ['https://etcd.lan:2379'], etcdTls: { caFile: '/ca.pem' } },
    { name: 'a', insecure: true, etcdEndpoints: ['http://10.0.0.5:2379'] },
  ])('takes an etcd of the operator’s own: %j', (input) => {
    expect(checkAgentConfig(input).ok).toBe(true);
  });
});
