/**
 * Completes package-lock.json after `npm install` behind a registry that does not carry packages for other
 * platforms: npm then leaves them out, and a later `npm ci` refuses the lock. They are added with the platform
 * that their name says, so that `npm ci` passes over them. Does nothing when nothing is missing.
 *
 *     node scripts/complete-lock.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

type Entry = {
  version?: string;
  dev?: true;
  optional?: true;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
};
type Lock = { packages: Record<string, Entry> };

const systems = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const processors = [
  'arm64',
  'arm',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
];
const libraries: Readonly<Record<string, string>> = {
  musl: 'musl',
  musleabihf: 'musl',
  gnu: 'glibc',
  gnueabihf: 'glibc',
};

const path = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const lock = JSON.parse(readFileSync(path, 'utf8')) as Lock;

/** Adds the dependency to the lock unless it is there, or its name says no platform. */
function complete(parent: string, dependency: string, range: string): boolean {
  const key = `node_modules/${dependency}`;
  if (lock.packages[key] ?? lock.packages[`${parent}/${key}`]) return false;
  const words = dependency === 'fsevents' ? ['darwin'] : dependency.split(/[-/]/);
  const os = systems.filter((name) => words.includes(name));
  const cpu = processors.filter((name) => words.includes(name));
  const libc = words.flatMap((word) => libraries[word] ?? []);
  const version = /\d+\.\d+\.\d+\S*/.exec(range)?.[0];
  if (version === undefined || os.length + cpu.length === 0) return false;
  lock.packages[key] = {
    version,
    ...(cpu.length > 0 ? { cpu } : {}),
    ...(lock.packages[parent]?.dev ? { dev: true } : {}),
    ...(libc.length > 0 ? { libc } : {}),
    optional: true,
    ...(os.length > 0 ? { os } : {}),
  };
  return true;
}

const added = Object.entries(lock.packages).flatMap(([parent, entry]) =>
  Object.entries(entry.optionalDependencies ?? {}).filter(([name, range]) => complete(parent, name, range)),
);
if (added.length > 0) {
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, 'en')),
  );
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
}
console.log(`package-lock.json: ${added.length} packages for other platforms added`);
