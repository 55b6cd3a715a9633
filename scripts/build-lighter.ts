/**
 * Packages of which every start of `skep` would load more than it uses, for scripts/build.ts. Fails when one no longer
 * looks as it did.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

interface Patch {
  /** The file, from node_modules on. */
  readonly file: string;
  readonly find: RegExp;
  readonly replace: string;
}

const patches: readonly Patch[] = [
  // Half of zod are its messages in fifty languages, of which English is set by zod itself.
  { file: 'zod/v4/locales/index.js', find: /^export \{ default as (?!en\b).*\n/gm, replace: '' },
  // It loads all that it can tell of a machine, as large as the cell's half of the program; the agent asks for memory.
  {
    file: 'systeminformation/lib/index.js',
    find: /^[\s\S]*^const memory = require\('\.\/memory'\);$[\s\S]*^exports\.mem = memory\.mem;$[\s\S]*$/m,
    replace: "exports.mem = require('./memory').mem;\n",
  },
  // Checks and writers made of a route's JSON schema: our routes have none, zod looks at what comes in.
  ...['@fastify/ajv-compiler/index.js', '@fastify/fast-json-stringify-compiler/index.js'].map((file) => ({
    file,
    find: /^[\s\S]*^module\.exports = (AjvCompiler|SerializerSelector)$[\s\S]*$/m,
    replace: `module.exports = () => () => { throw new Error('${file} is not part of this build'); };\n`,
  })),
  // For commands that are programs of their own; ours are not.
  {
    file: 'commander/lib/command.js',
    find: /^const childProcess = require\('node:child_process'\);$/m,
    replace: "const childProcess = { spawn: (...all) => require('node:child_process').spawn(...all) };",
  },
];

/** @param modules the folder node_modules, resolved */
export function lighterPackages(modules: string): Plugin {
  return {
    name: 'lighter-packages',
    setup(build) {
      const seen = new Set<string>();
      for (const { file, find, replace } of patches) {
        const path = join(modules, file);
        build.onLoad({ filter: new RegExp(`${path.replaceAll('.', '\\.')}$`) }, () => {
          const contents = readFileSync(path, 'utf8');
          if (contents.match(find) === null)
            throw new Error(`${file} no longer has ${find}: see scripts/build-lighter.ts`);
          seen.add(file);
          return { contents: contents.replace(find, replace) };
        });
      }
      build.onEnd(() => {
        const missed = patches.filter(({ file }) => !seen.has(file)).map(({ file }) => file);
        if (missed.length > 0)
          throw new Error(`nobody loads ${missed.join(', ')}: see scripts/build-lighter.ts`);
      });
    },
  };
}
