import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { QuietAgent } from './engine.ts';

it('what docker-modem prints of each request does not grow with the sockets in use', () => {
  const agent = new QuietAgent({ keepAlive: true });
  expect(inspect({ agent }, { showHidden: true, depth: null })).toBe('{ agent: Agent }');
});
