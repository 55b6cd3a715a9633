/**
 * Has the bundle take Node's own modules by `require`, for scripts/build.ts. An ES import of one reads every property
 * that it exports when it is loaded, lazy ones too: `import 'node:http'` alone loads undici with its HTTP/2 for the
 * WebSocket that nobody wants, which took a third of the time of `skep ps` and megabytes of an agent's memory.
 */
import { isBuiltin } from 'node:module';
import type { Plugin } from 'esbuild';

const namespace = 'node-builtin';

/** Imports of Node's modules, as properties that are read when they are used. */
export function lazyBuiltins(): Plugin {
  return {
    name: 'lazy-builtins',
    setup(build) {
      // Apart for each file that imports one, so that it lies in that file's part: a shared one would be a part of its own.
      build.onResolve({ filter: /^(node:)?[a-z_/0-9]+$/ }, ({ path, kind, importer }) => {
        const name = path.replace(/^node:/, '');
        // What is imported on demand stays as it is: esbuild would leave such a module without its names.
        return isBuiltin(path) && (kind === 'import-statement' || kind === 'require-call')
          ? { path: `${name} in ${importer}`, namespace, pluginData: name }
          : undefined;
      });
      build.onLoad({ filter: /.*/, namespace }, ({ pluginData }) => ({
        contents: `module.exports = process.getBuiltinModule(${JSON.stringify(`node:${pluginData}`)});`,
        loader: 'js',
      }));
    },
  };
}
