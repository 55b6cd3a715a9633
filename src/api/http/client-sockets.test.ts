import { expect, test } from 'vitest';
import { clientSockets } from './client-sockets.ts';

test('one caller takes only its share, and gives it back once', () => {
  const clients = clientSockets({ all: 5, one: 2 });
  const leave = clients.enter('mallory');
  clients.enter('mallory');
  expect(() => clients.enter('mallory')).toThrow(/mallory has 2 WebSockets open/);
  clients.enter('alice');
  leave();
  leave();
  clients.enter('mallory');
  expect(() => clients.enter('mallory')).toThrow(/mallory has 2/);
});

test('all together take no more than there is', () => {
  const clients = clientSockets({ all: 3, one: 2 });
  for (const name of ['a', 'b', 'c']) clients.enter(name);
  expect(() => clients.enter('d')).toThrow(expect.objectContaining({ code: 'Busy' }));
});
