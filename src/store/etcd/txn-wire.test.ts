import { ConnectionPool } from 'etcd3/lib/connection-pool.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Mutation } from '../core/records.ts';
import { decodeTxn, encodeTxn } from './txn-wire.ts';
import { decodeWatch, encodeWatch } from './watch-wire.ts';

/** The etcd3 package's own reading and writing of the same messages. */
interface Peer {
  readonly requestDeserialize: (bytes: Buffer) => unknown;
  readonly responseSerialize: (message: unknown) => Buffer;
}

const pool = new ConnectionPool({ hosts: '127.0.0.1:1' });
const peers = new Map<string, Peer>();

beforeAll(async () => {
  for (const [service, method] of [
    ['KV', 'txn'],
    ['Watch', 'watch'],
  ] as const) {
    const { client } = await pool.withConnection(service, (connection) => connection);
    const { service: methods } = client.constructor as unknown as { service: Record<string, Peer> };
    const peer = Object.entries(methods).find(([name]) => name.toLowerCase() === method)?.[1];
    if (peer !== undefined) peers.set(method, peer);
  }
});
afterAll(() => pool.close());

const peer = (method: 'txn' | 'watch'): Peer => peers.get(method) as Peer;
const bytes = (text: string): Buffer => Buffer.from(text);
const claim: Mutation = {
  compare: [
    { key: 'actual/a/0', revision: 2 ** 40 + 7 },
    { key: 'gone', revision: 0 },
  ],
  puts: [
    { key: 'actual/a/0', value: `{"text":"${'ü🐝'.repeat(400)}"}` },
    { key: 'cell/b', value: '', leaseId: '7587862094404612345' },
  ],
  deletes: ['x', 'y'],
};

it('writes a transaction as the etcd3 package reads it', () => {
  const question = { mutations: [claim, { compare: [], puts: [] }], alone: false, asks: true };
  const encoded = encodeTxn({ ...question, fence: { key: 'leader', revision: 300 } });
  const read = peer('txn').requestDeserialize(encoded);
  expect(read).toMatchObject({
    compare: [{ result: 'Equal', target: 'Mod', key: bytes('leader'), mod_revision: '300' }],
    success: [
      {
        request_txn: {
          compare: [
            { key: bytes('actual/a/0'), mod_revision: String(2 ** 40 + 7), target: 'Mod' },
            { key: bytes('gone'), mod_revision: '0', target: 'Mod' },
          ],
          success: [
            { request_put: { key: bytes('actual/a/0'), value: bytes(claim.puts[0]?.value ?? '') } },
            { request_put: { key: bytes('cell/b'), lease: '7587862094404612345' } },
            { request_delete_range: { key: bytes('x') } },
            { request_delete_range: { key: bytes('y') } },
          ],
          failure: [
            { request_range: { key: bytes('actual/a/0') } },
            { request_range: { key: bytes('cell/b') } },
          ],
        },
      },
      { request_txn: { compare: [], success: [], failure: [] } },
    ],
  });
});

it('writes one mutation alone, and the deletion of a range', () => {
  const alone = encodeTxn({ mutations: [claim], alone: true, fence: undefined, asks: false });
  expect(peer('txn').requestDeserialize(alone)).toMatchObject({
    compare: [{ key: bytes('actual/a/0') }, { key: bytes('gone') }],
    failure: [],
  });
  const gone = { from: 'event/', to: 'event/5' };
  const range = encodeTxn({ mutations: [], alone: false, fence: undefined, asks: false, gone });
  expect(peer('txn').requestDeserialize(range)).toMatchObject({
    success: [{ request_delete_range: { key: bytes('event/'), range_end: bytes('event/5') } }],
  });
});

it('reads the answer to a transaction as the etcd3 package writes it', () => {
  const found = {
    key: bytes('a'),
    value: bytes('“b”'),
    mod_revision: '70000',
    create_revision: '3',
    lease: '-1',
  };
  const inner = {
    header: null,
    succeeded: false,
    responses: [{ response_range: { kvs: [found], more: true } }],
  };
  const nothing = { succeeded: false, responses: [{ response_range: { kvs: [] } }] };
  const put = { succeeded: true, responses: [{ response_put: { header: { revision: '5' } } }] };
  const responses = [inner, nothing, put].map((one) => ({ response_txn: one }));
  const header = { cluster_id: '18446744073709551615', member_id: '9', revision: '81234', raft_term: '4' };
  const answer = decodeTxn(peer('txn').responseSerialize({ header, succeeded: true, responses }));
  expect(answer).toEqual({
    succeeded: true,
    revision: 81_234,
    found: [],
    inner: [
      { succeeded: false, revision: 0, inner: [], found: [{ key: 'a', value: '“b”', revision: 70_000 }] },
      { succeeded: false, revision: 0, inner: [], found: [undefined] },
      { succeeded: true, revision: 0, inner: [], found: [] },
    ],
  });
});

it('writes and reads a watch as the etcd3 package does', () => {
  const create = encodeWatch({ what: 'create', from: '/skep/', to: '/skep0', fromRevision: 99_999 });
  expect(peer('watch').requestDeserialize(create)).toMatchObject({
    create_request: { key: bytes('/skep/'), range_end: bytes('/skep0'), start_revision: '99999' },
  });
  expect(peer('watch').requestDeserialize(encodeWatch({ what: 'progress' }))).toMatchObject({
    progress_request: {},
  });
  const answer = peer('watch').responseSerialize({
    header: { revision: '12' },
    watch_id: '-1',
    created: true,
    canceled: true,
    compact_revision: '44',
    cancel_reason: 'because',
    events: [
      { type: 'Put', kv: { key: bytes('a'), value: bytes('{"ü":1}'), mod_revision: '11', version: '3' } },
      { type: 'Delete', kv: { key: bytes('b'), mod_revision: '12' }, prev_kv: { key: bytes('b') } },
    ],
  });
  expect(decodeWatch(answer)).toEqual({
    created: true,
    canceled: true,
    compactRevision: 44,
    cancelReason: 'because',
    fragment: false,
    changes: [
      { key: 'a', record: { key: 'a', value: '{"ü":1}', revision: 11 } },
      { key: 'b', record: undefined },
    ],
    revision: 12,
  });
  // The package's own description of the message ends before the field that says so.
  const more = Buffer.concat([answer, Buffer.from([7 * 8, 1])]);
  expect(decodeWatch(more).fragment).toBe(true);
});

it('refuses what is no message', () => {
  expect(() => decodeTxn(bytes('what a proxy says'))).toThrow(/invalid wire type|out of range/);
});
