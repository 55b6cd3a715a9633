import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type AgentConfigInput, checkAgentConfig } from '../core/agent-config.ts';
import { asTold, readServers, readServing, writeServers, writeServing } from './serving-file.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'skep-serving-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const told = (more: Partial<AgentConfigInput>) => {
  const checked = checkAgentConfig({ name: 'h2', dataDir, address: '127.0.0.2', ...more });
  if (!checked.ok) throw new Error(checked.problems[0]?.reason);
  return asTold(checked.config);
};
const serves = (is: boolean) => writeServing(dataDir, { v: 1, serves: is, reason: 'a test', at: 1 });
const joining = { join: ['127.0.0.1:7400'] };

it('founds a cluster when it joins none, and else is a cell until it is told', () => {
  expect(told({ server: 'auto' })).toMatchObject({ server: true, join: [] });
  expect(told({ server: 'auto', ...joining })).toMatchObject({ server: false });
});

it('is what it was told last, through a restart', () => {
  serves(true);
  expect(told({ server: 'auto', ...joining }).server).toBe(true);
  serves(false);
  expect(told({ server: 'auto', ...joining }).server).toBe(false);
  expect(told({ server: true }).server).toBe(false);
});

it('is no server where the settings say so, whatever it was told', () => {
  serves(true);
  expect(told({ server: false, ...joining }).server).toBe(false);
});

it('asks the servers that it learnt of, and never itself: a founder that comes back founds no second cluster', () => {
  writeServers(dataDir, ['127.0.0.3:7400', '127.0.0.2:7400']);
  expect(told({ server: 'auto', ...joining }).join).toEqual(['127.0.0.1:7400', '127.0.0.3:7400']);
  expect(told({ server: true }).join).toEqual([]);
  serves(true);
  expect(told({ server: true }).join).toEqual(['127.0.0.3:7400']);
});

it('does not guess at a file that cannot be read', () => {
  writeFileSync(join(dataDir, 'serving.json'), '{');
  expect(() => told({ server: 'auto', ...joining })).toThrow(/serving\.json cannot be read/);
  expect(readServers(dataDir)).toEqual([]);
  serves(true);
  expect(readServing(dataDir)).toMatchObject({ serves: true });
});
