/**
 * What blessed and the chart of blessed-contrib need to be bundled: they load widgets by names made at run time, and
 * terminal descriptions from beside themselves. For scripts/build.ts. Fails when a package no longer looks as it did.
 */
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

interface Patch {
  /** The file, from node_modules on. */
  readonly file: string;
  readonly find: RegExp;
  readonly replace: string;
}

/** These want packages that are not there (term.js, pty.js), or programs; none of them is used. */
const leftOut = ['Terminal', 'Video', 'OverlayImage'];

const patches: readonly Patch[] = [
  {
    file: 'blessed/lib/tput.js',
    find: /__dirname \+ '\/\.\.\/usr\//g,
    replace: "__dirname + '/blessed/usr/",
  },
  // Outside of node_modules Node warns of it, in the middle of the screen.
  { file: 'blessed/lib/gpmclient.js', find: /new Buffer\(/g, replace: 'Buffer.alloc(' },
  { file: 'drawille-blessed-contrib/index.js', find: /new Buffer\(/g, replace: 'Buffer.alloc(' },
];

/** @param modules the folder node_modules, resolved */
export function blessedParts(modules: string): Plugin {
  return {
    name: 'blessed-parts',
    setup(build) {
      build.onLoad({ filter: /node_modules\/blessed\/lib\/widget\.js$/ }, ({ path }) => ({
        contents: staticWidgets(readFileSync(path, 'utf8')),
      }));
      for (const { file, find, replace } of patches) {
        const path = join(modules, file);
        build.onLoad({ filter: new RegExp(`${path.replaceAll('.', '\\.')}$`) }, () => {
          const contents = readFileSync(path, 'utf8');
          if (contents.match(find) === null)
            throw new Error(`${file} no longer has ${find}: see scripts/build-blessed.ts`);
          return { contents: contents.replaceAll(find, replace) };
        });
      }
    },
  };
}

/** The loop over the names of widgets, as requires that a bundler can see. */
function staticWidgets(source: string): string {
  const listed = /widget\.classes = \[([^\]]+)\];/.exec(source);
  const loop = /widget\.classes\.forEach\(function\(name\) \{[^}]+\}\);/.exec(source);
  if (listed?.[1] === undefined || loop === null)
    throw new Error('blessed/lib/widget.js no longer loads its widgets as scripts/build-blessed.ts expects');
  const names = [...listed[1].matchAll(/'(\w+)'/g)].map(([, name = '']) => name);
  const kept = names.filter((name) => !leftOut.includes(name));
  const requires = kept.map((name) => {
    const file = name.toLowerCase();
    return `widget.${name} = widget.${file} = require('./widgets/${file}');`;
  });
  return source
    .replace(listed[0], `widget.classes = ${JSON.stringify(kept)};`)
    .replace(loop[0], requires.join('\n'));
}

/** The terminal descriptions, to where the bundle looks for them. */
export function copyBlessedFiles(modules: string, out: string): void {
  for (const name of ['linux', 'xterm', 'xterm-256color'])
    cpSync(join(modules, 'blessed/usr', name), join(out, 'blessed/usr', name));
}
