/** However an agent is started, Node is told how much memory it may keep in store: a flag that only its start heeds. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const starters = [
  'packaging/skep.service',
  'packaging/skep.openrc',
  'packaging/install/agent.sh',
  'src/cli/run/local-cluster.ts',
];

test.each(starters)('%s', (file) => {
  const text = readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8');
  const told = [...text.matchAll(/--max-semi-space-size=(\d+)/g)].map(([, size]) => size);
  expect(told).toEqual(['4']);
});
