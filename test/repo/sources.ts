/** Reading the repository's own files, for the tests that check its shape. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export type Source = { readonly path: string; readonly text: string };

/** Every TypeScript file under the named folders, with paths relative to the root. */
export function sources(...folders: readonly string[]): Source[] {
  return folders.flatMap((folder) =>
    list(join(root, folder))
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `${folder}/${file}`)
      .toSorted()
      .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })),
  );
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

export const isTest = (path: string): boolean => path.endsWith('.test.ts');
export const isCore = (path: string): boolean => /^src\/(model\/|[^/]+\/core\/)/.test(path);

const comments = /\/\*[\s\S]*?\*\/|(?<=^|[\s;{}(),])\/\/[^\n]*/g;

/** The text with its comments blanked out, line numbers kept. */
export function withoutComments(text: string): string {
  return text.replace(comments, (comment) => comment.replace(/[^\n]/g, ' '));
}

const specifiers = [
  /^[ \t]*(?:import|export)\b[^;'"]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^[ \t]*import\s*['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
  /\brequire\(\s*['"]([^'"]+)['"]\s*\)/g,
];

/** What a file imports: static, for its side effects, dynamic, `import('x').Type`, or required. */
export function imports(text: string): string[] {
  const code = withoutComments(text);
  return specifiers.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? ''));
}
