import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { strangers } from './strangers.ts';

class Connection extends EventEmitter {
  readonly remoteAddress: string;
  readonly remotePort: number;
  isOpen = true;

  constructor(remoteAddress: string, remotePort: number) {
    super();
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
  }

  destroy(): void {
    this.isOpen = false;
    this.emit('close');
  }
}

test('one too many ends the oldest of the address that has most, and nobody else', () => {
  const ended: string[] = [];
  const known = strangers((from) => void ended.push(from), 4);
  const good = new Connection('10.0.0.1', 1);
  known.add(good as never);
  const bad = Array.from({ length: 50 }, (_, i) => new Connection('10.6.6.6', i + 1));
  for (const connection of bad) known.add(connection as never);
  expect(known.count).toBe(4);
  expect(good.isOpen).toBe(true);
  expect(bad.filter(({ isOpen }) => isOpen)).toEqual(bad.slice(-3));
  expect(ended).toEqual(Array.from({ length: 47 }, () => '10.6.6.6'));
});

test('who has proved something, or has gone, takes no place', () => {
  const known = strangers(() => undefined, 2);
  const friend = new Connection('10.0.0.1', 1);
  known.add(friend as never);
  known.trust(friend);
  const gone = new Connection('10.0.0.2', 1);
  known.add(gone as never);
  gone.destroy();
  expect(known.count).toBe(0);
  for (let port = 1; port < 10; port++) known.add(new Connection('10.0.0.3', port) as never);
  expect(friend.isOpen).toBe(true);
});
