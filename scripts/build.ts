/**
 * Bundles the program into dist/: skep.mjs (what starts, ESM for Node 24), the parts
 * that it loads when they are wanted, their source maps, proto/ (what etcd3 and
 * dockerode read from disk at run time), blessed/ (descriptions of terminals), install.sh with
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
import { copyInstaller } from './install-script.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
// Resolved, because esbuild names files by where they really are.
const modules = realpathSync(join(root, 'node_modules'));

/** Packages that load .proto files beside themselves, by the expression they load them with. */
const protos = [
  {
    name: 'etcd3',
    from: 'etcd3/proto',
    find: '`${__dirname}/../proto/',
    replace: '`${__dirname}/proto/etcd3/',
  },
  {
    name: 'dockerode',
    from: 'dockerode/lib/proto',
    find: '(__dirname, "proto", ',
    replace: '(__dirname, "proto", "dockerode", ',
  },
] as const;

/** Points those packages at dist/proto. Fails when a package no longer looks as it did. */
function protoFiles(): Plugin {
  return {
    name: 'proto-files',
    setup(b) {
      const patched = new Map<string, number>();
      b.onLoad({ filter: /node_modules\/(etcd3|dockerode)\/lib\/.*\.js$/ }, ({ path }) => {
        const proto = protos.find(({ name }) => path.startsWith(join(modules, name)));
        const contents = readFileSync(path, 'utf8');
        if (!proto) return { contents };
        const seen = patched.get(proto.name) ?? 0;
        patched.set(proto.name, seen + contents.split(proto.find).length - 1);
        return { contents: contents.replaceAll(proto.find, proto.replace) };
      });
      b.onEnd(() => {
        for (const [name, times] of patched) {
          if (times === 0)
            throw new Error(`${name} no longer loads its proto files as scripts/build.ts expects`);
        }
      });
    },
  };
}

/** Native add-ons that their users do without (ssh2's): requiring one throws, as when it is not built. */
function noNativeAddOns(): Plugin {
  return {
    name: 'no-native-add-ons',
    setup(b) {
      b.onResolve({ filter: /(^cpu-features|\.node)$/ }, ({ path }) => ({ path, namespace: 'absent' }));
      b.onLoad({ filter: /.*/, namespace: 'absent' }, ({ path }) => ({
        contents: `throw new Error(${JSON.stringify(`${path} is not part of this build`)});`,
      }));
    },
  };
}

const banner = [
  "import { createRequire as skepCreateRequire } from 'node:module';",
  'const require = skepCreateRequire(import.meta.url);',
  'const __filename = import.meta.filename;',
  'const __dirname = import.meta.dirname;',
].join('\n');

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
    define: { 'process.env.SKEP_VERSION': JSON.stringify(version) },
    plugins: [protoFiles(), noNativeAddOns(), blessedParts(modules)],
    logLevel: 'warning',
  });
  for (const { name, from } of protos) {
    cpSync(join(modules, from), join(out, 'proto', name), { recursive: true });
  }
  copyBlessedFiles(modules, out);
  copyInstaller(root, out);
  const manifest = { name: 'skep', version, private: true, type: 'module', bin: { skep: 'skep.mjs' } };
  writeFileSync(join(out, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const parts = readdirSync(out).filter((file) => file.endsWith('.mjs'));
  const megabytes = parts.reduce((sum, file) => sum + statSync(join(out, file)).size, 0) / 1e6;
  console.log(
    `${join(out, 'skep.mjs')}: skep ${version}, ${megabytes.toFixed(1)} MB in ${parts.length} files`,
  );
}

await main();
