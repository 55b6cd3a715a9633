/**
 * Bundles the program into dist/: skep.mjs (what starts, ESM for Node 24), the parts
 * that it loads when they are wanted, their source maps, proto/ (what etcd3 reads from
 * disk at run time), blessed/ (descriptions of terminals), pty-linux-*.node (pseudo-terminals), install.sh with
 * packaging/ (which the release installs itself with) and package.json. Nothing in dist needs node_modules.
 *
 *     node scripts/build.ts [--entry FILE] [--out DIR]
 */
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build, type Plugin } from 'esbuild';
import { blessedParts, copyBlessedFiles } from './build-blessed.ts';
import { lazyBuiltins } from './build-builtins.ts';
import { lighterPackages } from './build-lighter.ts';
import { copyInstaller } from './install-script.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
// Resolved, because esbuild names files by where they really are.
const modules = realpathSync(join(root, 'node_modules'));

/** How etcd3 names the .proto files that it reads from beside itself, and where dist has them. */
const proto = { find: '`${__dirname}/../proto/', replace: '`${__dirname}/proto/etcd3/' };

/** Fails when the package no longer looks as it did. */
function protoFiles(): Plugin {
  return {
    name: 'proto-files',
    setup(b) {
      let patched = 0;
      b.onLoad({ filter: /node_modules\/etcd3\/lib\/.*\.js$/ }, ({ path }) => {
        const contents = readFileSync(path, 'utf8');
        patched += contents.split(proto.find).length - 1;
        return { contents: contents.replaceAll(proto.find, proto.replace) };
      });
      b.onEnd(() => {
        if (patched === 0)
          throw new Error('etcd3 no longer loads its proto files as scripts/build.ts expects');
      });
    },
  };
}

/**
 * Of dockerode, what Skep never calls: an engine behind SSH (ssh2, which takes 15 MB of an agent's memory as soon as
 * it is loaded) and BuildKit. Calling one throws.
 */
const leftOut = ['docker-modem/lib/ssh.js', 'dockerode/lib/session.js', 'dockerode/lib/buildkit.js'];

function leaveOut(): Plugin {
  return {
    name: 'leave-out',
    setup(b) {
      const seen = new Set<string>();
      b.onLoad({ filter: /node_modules\/(docker-modem|dockerode)\/lib\/.*\.js$/ }, ({ path }) => {
        const part = leftOut.find((name) => path === join(modules, name));
        if (part === undefined) return undefined;
        seen.add(part);
        const message = JSON.stringify(`${part} is not part of this build`);
        return { contents: `module.exports = () => { throw new Error(${message}); };` };
      });
      b.onEnd(() => {
        const missed = leftOut.filter((part) => !seen.has(part));
        if (missed.length > 0) throw new Error(`dockerode no longer loads ${missed.join(', ')}`);
      });
    },
  };
}

/** What pseudo-terminals are made with, from node_modules on: compiled, and so not part of the bundle. */
const ptyFile = (arch: string): string => `@lydell/node-pty-linux-${arch}/pty.node`;

/** For the few that load by a name made at run time; made then, because every part of the program begins with it. */
const banner =
  "const require = (id) => process.getBuiltinModule('node:module').createRequire(import.meta.url)(id);";

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      entry: { type: 'string', default: join(root, 'src/cli/main.ts') },
      out: { type: 'string', default: join(root, 'dist') },
    },
  });
  const out = resolve(values.out);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  await build({
    entryPoints: [resolve(values.entry)],
    outdir: out,
    entryNames: 'skep',
    // Beside skep.mjs: __dirname must be the folder that holds proto/.
    chunkNames: '[name]-[hash]',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // `skep ps` then reads and compiles the few parts that it runs: a third less time from shell to prompt.
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    minifySyntax: true,
    minifyWhitespace: true,
    banner: { js: banner },
    define: {
      'process.env.SKEP_VERSION': JSON.stringify(version),
      __filename: 'import.meta.filename',
      __dirname: 'import.meta.dirname',
    },
    plugins: [lazyBuiltins(), lighterPackages(modules), protoFiles(), leaveOut(), blessedParts(modules)],
    logLevel: 'warning',
  });
  cpSync(join(modules, 'etcd3/proto'), join(out, 'proto/etcd3'), { recursive: true });
  copyBlessedFiles(modules, out);
  copyInstaller(root, out);
  // Where src/agent/host/pty-module.ts looks for it. A release for another processor gets another (release.ts).
  cpSync(join(modules, ptyFile(process.arch)), join(out, `pty-linux-${process.arch}.node`));
  const manifest = { name: 'skep', version, private: true, type: 'module', bin: { skep: 'skep.mjs' } };
  writeFileSync(join(out, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const parts = readdirSync(out).filter((file) => file.endsWith('.mjs'));
  const megabytes = parts.reduce((sum, file) => sum + statSync(join(out, file)).size, 0) / 1e6;
  console.log(
    `${join(out, 'skep.mjs')}: skep ${version}, ${megabytes.toFixed(1)} MB in ${parts.length} files`,
  );
}

await main();
