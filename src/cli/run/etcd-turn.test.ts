import { expect, test } from 'vitest';
import { virtualClock } from '../../../test/kit/virtual-clock.ts';
import { silentLog } from '../../base/log.ts';
import { etcdTurnKey } from '../../store/core/keys.ts';
import { memoryBbs } from '../../store/memory/memory-bbs.ts';
import { type EtcdTrust, inTurn, mayRestart } from './etcd-turn.ts';

const { signal } = new AbortController();

test.each([
  [1, 1, true],
  [2, 2, true],
  [2, 1, false],
  [3, 3, true],
  [3, 2, false],
  [5, 4, true],
  [5, 3, false],
  [7, 5, true],
  [7, 4, false],
])('of %i voters %i answer: one may be away for a moment: %s', (all, answering, may) => {
  expect(mayRestart(all, answering)).toBe(may);
});

function world(answering: number) {
  const clock = virtualClock();
  const bbs = memoryBbs({ clock });
  const etcd: EtcdTrust = {
    isCurrent: () => false,
    restart: async () => undefined,
    voters: async () => ({ all: 3, answering }),
  };
  const turn = (server: string, work: () => Promise<void>) =>
    inTurn({ server, bbs, clock, log: silentLog }, etcd, signal, work);
  return { bbs, clock, turn };
}

test('one server at a time; the next when that one is done, also when it failed', async () => {
  const { bbs, turn } = world(3);
  const done: string[] = [];
  await turn('a', async () => {
    await expect(turn('b', async () => void done.push('b'))).rejects.toThrow(/another server restarts/);
    done.push('a');
  });
  await expect(
    turn('b', async () => {
      throw new Error('etcd does not come back');
    }),
  ).rejects.toThrow('does not come back');
  expect((await bbs.read([etcdTurnKey], { signal })).records).toEqual([undefined]);
  await turn('c', async () => void done.push('c'));
  expect(done).toEqual(['a', 'c']);
});

test('a server that died in its turn holds up the others for a minute', async () => {
  const { clock, turn } = world(3);
  const hanging = turn('a', () => new Promise(() => undefined));
  hanging.catch(() => undefined);
  await clock.advance(30_000);
  await expect(turn('b', async () => undefined)).rejects.toThrow(/another server/);
  await clock.advance(31_000);
  await turn('b', async () => undefined);
});

test('none is restarted while the others are no majority', async () => {
  const { turn } = world(2);
  await expect(turn('a', async () => undefined)).rejects.toThrow('2 of 3 etcd members answer');
});
