/**
 * What may import what. The compiler keeps the rings apart (tsconfig.*.json); this keeps the columns apart,
 * the cores free of packages, and every package in the one folder that owns it. CONTRIBUTING.md has the map.
 */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { expect, test } from 'vitest';
import { imports, isCore, isTest, root, type Source, sources } from './sources.ts';

/** Column → the columns it may import besides itself. `api/core` and `api/client` are columns of their own. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  model: [],
  base: ['model'],
  store: ['model', 'base'],
  scheduler: ['model', 'base', 'store'],
  agent: ['model', 'base', 'api/core'],
  'api/core': ['model', 'base'],
  'api/client': ['model', 'base', 'api/core'],
  api: ['model', 'base', 'store', 'api/core'],
  router: ['model', 'base', 'api/core', 'api/client'],
  tui: ['model', 'base', 'api/core', 'api/client'],
  cli: ['model', 'base', 'api/core', 'api/client'],
};

/** The folders that own a foreign thing. Only composition roots and tests import them. */
const adapters = [
  'src/store/etcd/',
  'src/store/memory/',
  'src/agent/docker/',
  'src/agent/host/',
  'src/agent/terminal/',
  'src/base/node/',
  'src/api/http/',
  'src/router/haproxy/',
  'src/router/dns/',
  'src/tui/blessed/',
  'src/tui/terminal/',
];

/** Package → the path prefixes that may import it. */
const owners: Readonly<Record<string, readonly string[]>> = {
  zod: ['src/'],
  etcd3: ['src/store/etcd/'],
  protobufjs: ['src/store/etcd/'],
  dockerode: ['src/agent/docker/'],
  'tar-stream': ['src/agent/docker/'],
  systeminformation: ['src/agent/host/'],
  fastify: ['src/api/http/'],
  ws: ['src/base/node/'],
  commander: ['src/cli/'],
  yaml: ['src/cli/'],
  pino: ['src/base/node/'],
  blessed: ['src/tui/blessed/'],
  'blessed-contrib': ['src/tui/blessed/'],
  '@xterm/headless': ['src/tui/terminal/', 'src/agent/terminal/'],
  '@xterm/addon-unicode11': ['src/tui/terminal/', 'src/agent/terminal/'],
  '@xterm/addon-serialize': ['src/agent/terminal/'],
  re2js: ['src/api/'],
  // Pure: how many cells a text takes. The one package besides zod that a core may import.
  'string-width': ['src/tui/core/'],
  '@lydell/node-pty': ['src/agent/host/'],
  '@peculiar/x509': ['src/base/node/'],
  // What @peculiar/x509 cannot be loaded without.
  'reflect-metadata': ['src/base/node/'],
};

/** Packages that compute and do nothing else. */
const purePackages: readonly string[] = ['zod', 'string-width'];

const packageName = (spec: string): string =>
  spec
    .split('/')
    .slice(0, spec.startsWith('@') ? 2 : 1)
    .join('/');

const isRoot = (path: string): boolean => path.startsWith('src/cli/run/') || path === 'src/cli/main.ts';

function column(path: string): string {
  if (path.startsWith('src/api/core/')) return 'api/core';
  if (path.startsWith('src/api/client')) return 'api/client';
  return path.split('/')[1] ?? '';
}

/** What is wrong with one import of one source file, or nothing. */
function offence(from: string, spec: string): string | undefined {
  const says = (why: string) => `${from} imports ${spec}: ${why}`;
  if (spec.startsWith('node:')) return isCore(from) ? says('a core does no I/O') : undefined;
  if (!spec.startsWith('.')) return packageOffence(from, packageName(spec), says);
  const to = posix.join(posix.dirname(from), spec);
  if (!spec.endsWith('.ts')) return says("write './x.ts'");
  if (!to.startsWith('src/')) return says('outside src');
  if (isTest(to)) return says('a test is imported by nobody');
  if (isRoot(from)) return undefined;
  if (isRoot(to)) return says('a composition root is imported by nobody else');
  if (isCore(from) && !isCore(to)) return says('a core imports model and cores only');
  const adapter = adapters.find((folder) => to.startsWith(folder));
  if (adapter && !from.startsWith(adapter)) return says(`${adapter} is built in src/cli/run only`);
  const mine = column(from);
  const theirs = column(to);
  if (mine === theirs || allowed[mine]?.includes(theirs)) return undefined;
  return says(`${mine} may import ${allowed[mine]?.join(', ') || 'no other column'}, not ${theirs}`);
}

function packageOffence(from: string, name: string, says: (why: string) => string): string | undefined {
  const places = owners[name];
  if (!places) return says('the package has no owner in test/repo/layers.test.ts');
  if (isCore(from) && !purePackages.includes(name)) return says('a core imports no package but zod');
  return places.some((place) => from.startsWith(place)) ? undefined : says(`${places.join(', ')} owns it`);
}

const offences = (files: readonly Source[]): string[] =>
  files.flatMap(({ path, text }) => imports(text).flatMap((spec) => offence(path, spec) ?? []));

const shipped = sources('src').filter((file) => !isTest(file.path));

test('every import in src respects columns, rings and owners', () => {
  expect(offences(shipped)).toEqual([]);
});

test('every file lies in a known column', () => {
  expect(shipped.map((file) => file.path).filter((path) => !(column(path) in allowed))).toEqual([]);
});

test('every dependency that ships has an owner', () => {
  const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
    dependencies: Record<string, string>;
  };
  expect(Object.keys(manifest.dependencies).filter((name) => !owners[name])).toEqual([]);
});

test('every adapter folder is in the edge ring, and out of the shell ring', () => {
  const edge = readFileSync(`${root}tsconfig.edge.json`, 'utf8');
  const shell = readFileSync(`${root}tsconfig.shell.json`, 'utf8');
  expect(adapters.filter((folder) => !edge.includes(`"${folder}**/*.ts"`))).toEqual([]);
  expect(adapters.filter((folder) => !shell.includes(`"${folder.slice(0, -1)}"`))).toEqual([]);
});

test.each([
  ['src/model/ids.ts', "import { x } from '../base/core/rng.ts';"],
  ['src/scheduler/brain.ts', "import { x } from '../agent/cell.ts';"],
  ['src/agent/cell.ts', "import type { X } from '../scheduler/brain.ts';"],
  ['src/agent/cell.ts', "import { x } from '../store/bbs.ts';"],
  ['src/api/core/routes.ts', "import { x } from '../server.ts';"],
  ['src/api/client/rows.ts', "import { x } from '../server.ts';"],
  ['src/tui/app.ts', "import { x } from '../store/bbs.ts';"],
  ['src/cli/commands/ps.ts', "const x = await import('../../api/server.ts');"],
  ['src/cli/commands/ps.ts', "import { x } from '../run/agent.ts';"],
  ['src/scheduler/core/auction.ts', "import {\n  a,\n  b,\n} from '../auctioneer.ts';"],
  ['src/scheduler/core/auction.ts', "import { readFile } from 'node:fs';"],
  ['src/scheduler/core/auction.ts', "import { pino } from 'pino';"],
  ['src/store/replica.ts', "export * from './etcd/etcd-bbs.ts';"],
  ['src/store/etcd/etcd-bbs.ts', "import { x } from '../memory/memory-bbs.ts';"],
  ['src/store/memory/memory-bbs.ts', "import { Etcd3 } from 'etcd3';"],
  ['src/agent/runtime.ts', "import Docker from 'dockerode';"],
  ['src/api/server.ts', "import fastify from 'fastify';"],
  ['src/api/server.ts', "import 'left-pad';"],
  ['src/api/server.ts', "import { x } from './core/routes.js';"],
  ['src/api/server.ts', "import { x } from '../../test/kit/clock.ts';"],
])('catches %s: %s', (path, text) => {
  expect(offences([{ path, text }])).toHaveLength(1);
});

test.each([
  ['src/cli/run/agent.ts', "import { x } from '../../store/etcd/etcd-bbs.ts';"],
  ['src/cli/main.ts', "const { run } = await import('./run/dev.ts');"],
  ['src/base/node/ws-socket.ts', "import WebSocket from 'ws';\nimport { x } from '../socket.ts';"],
  ['src/agent/session.ts', "import { x } from '../api/core/cell.ts';"],
  ['src/model/ids.ts', "import { z } from 'zod';"],
  ['src/scheduler/core/converge.ts', "import type { X } from '../../store/core/fold.ts';"],
  ['src/store/etcd/etcd-bbs.ts', "import { Etcd3 } from 'etcd3';\nimport { x } from './errors.ts';"],
  ['src/api/server.ts', "// import { x } from '../agent/cell.ts';"],
])('allows %s: %s', (path, text) => {
  expect(offences([{ path, text }])).toEqual([]);
});
