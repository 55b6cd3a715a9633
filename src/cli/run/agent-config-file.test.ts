import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SkepError } from '../../base/core/errors.ts';
import { loadAgentConfig } from './agent-config-file.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skep-config-'));
  file = join(folder, 'agent.yaml');
});
afterEach(() => rmSync(folder, { recursive: true }));

function refusal(yaml: string, flags = {}): string {
  writeFileSync(file, yaml);
  try {
    loadAgentConfig(file, flags);
  } catch (error) {
    expect(error).toBeInstanceOf(SkepError);
    return (error as SkepError).message;
  }
  throw new Error('the configuration was accepted');
}

it('reads the file and lets flags win, setting by setting', () => {
  writeFileSync(file, 'name: host-a\ncell:\n  zone: rack-1\n  containers: 10\n');
  const config = loadAgentConfig(file, { cell: { zone: 'rack-2' } });
  expect(config).toMatchObject({ name: 'host-a', cell: { zone: 'rack-2', containers: 10 } });
});

it('names file, line, field, reason and the value', () => {
  expect(refusal('name: host-a\nports:\n  api: 70000\n')).toBe(
    `${file}:3: ports.api: must be 1 to 65535 (it is 70000)`,
  );
});

it('finds the line of an unknown setting', () => {
  expect(refusal('name: host-a\n\ncell:\n  zone: a\n  memroyMb: 5\n')).toBe(
    `${file}:5: cell.memroyMb: is not a known setting (it is 5)`,
  );
});

it('says when the wrong value came from a flag', () => {
  expect(refusal('name: host-a\n', { address: 'here' })).toMatch(/^flag: address: must be an IPv4 address/);
});

it('says where YAML is broken', () => {
  expect(refusal('name: host-a\njoin: [1\ncell: {}\n')).toMatch(
    new RegExp(`^${file}:[23]:\\d+: not valid YAML`),
  );
});

it('says when the named file is missing', () => {
  expect(() => loadAgentConfig(join(folder, 'none.yaml'), {})).toThrow(/none\.yaml: cannot be read: ENOENT/);
});
