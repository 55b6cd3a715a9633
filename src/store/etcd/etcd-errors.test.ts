import { expect, test } from 'vitest';
import { toFailure } from './etcd-errors.ts';

const grpc = (code: number, details: string): Error =>
  Object.assign(new Error(`${code} ${details}`), { code, details });

test.each([
  [grpc(14, 'etcdserver: no leader'), 'refused', 'Unavailable'],
  [
    grpc(14, 'No connection established. Last error: connect ECONNREFUSED 127.0.0.1:1'),
    'refused',
    'Unavailable',
  ],
  [grpc(14, 'etcdserver: rpc not supported for learner'), 'refused', 'Unavailable'],
  [grpc(14, 'etcdserver: request timed out'), 'lost', 'Unavailable'],
  [grpc(14, 'etcdserver: leader changed'), 'lost', 'Unavailable'],
  [grpc(14, 'Connection dropped'), 'lost', 'Unavailable'],
  [grpc(4, 'Deadline exceeded'), 'lost', 'Unavailable'],
  [grpc(11, 'etcdserver: mvcc: required revision has been compacted'), 'compacted', 'Unavailable'],
  [grpc(8, 'Received message larger than max (5000000 vs 4194304)'), 'pageTooLarge', 'TooLarge'],
  [grpc(3, 'etcdserver: request is too large'), 'batchTooLarge', 'TooLarge'],
  [grpc(8, 'grpc: received message larger than max (2400000 vs. 2097152)'), 'batchTooLarge', 'TooLarge'],
  [grpc(3, 'etcdserver: too many operations in txn request'), 'batchTooLarge', 'TooLarge'],
  [grpc(8, 'etcdserver: mvcc: database space exceeded'), 'final', 'Unavailable'],
  [grpc(5, 'etcdserver: requested lease not found'), 'final', 'ResourceNotFound'],
  [grpc(16, 'etcdserver: invalid auth token'), 'final', 'Unauthorized'],
  [grpc(3, 'etcdserver: duplicate key given in txn request'), 'final', 'Internal'],
  [new Error('something else'), 'final', 'Internal'],
])('%s', (error, kind, code) => {
  const failure = toFailure(error, 'txn on 127.0.0.1:7401');
  expect(failure).toMatchObject({ kind, code });
  expect(failure.message).toContain('txn on 127.0.0.1:7401');
  expect(failure.cause).toBe(error);
});

test('a failure that is known already stays as it is', () => {
  const failure = toFailure(grpc(14, 'etcdserver: no leader'), 'range');
  expect(toFailure(failure, 'something else')).toBe(failure);
});
