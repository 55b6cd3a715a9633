/**
 * Writes or checks docs/diego-conformance.md: which of Diego's tested behaviours Skep has, differs from, or lacks.
 *
 *     node scripts/conformance.ts            says whether the page is up to date, with the totals
 *     node scripts/conformance.ts --write    writes it
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, sources, withoutComments } from '../test/repo/sources.ts';
import { problemsOf, renderDocument, totalsOf } from './conformance/document.ts';
import { findMarkers, type Markers } from './conformance/markers.ts';
import { sections } from './conformance/sections.ts';

export const documentPath = 'docs/diego-conformance.md';

/** The markers in all tests of the repository but those of this table itself. */
export function repositoryMarkers(): Markers {
  const files = sources('src', 'test').filter(
    ({ path }) => /\.(?:test|contract)\.ts$/.test(path) && !path.startsWith('test/repo/'),
  );
  return findMarkers(files.map(({ path, text }) => ({ path, text: withoutComments(text) })));
}

/** The page as it is; '' when there is none. */
export function currentDocument(): string {
  try {
    return readFileSync(join(root, documentPath), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function main(args: readonly string[]): number {
  const markers = repositoryMarkers();
  const problems = problemsOf(sections, markers);
  for (const problem of problems) console.error(`conformance: ${problem}`);
  const wanted = renderDocument(sections, markers);
  const { passes, differs, notYet } = totalsOf(sections, markers);
  const isCurrent = currentDocument() === wanted;
  if (args.includes('--write') && !isCurrent) writeFileSync(join(root, documentPath), wanted);
  const state = isCurrent
    ? 'is up to date'
    : args.includes('--write')
      ? 'was written'
      : 'is out of date: add --write';
  console.log(`${documentPath} ${state}: ${passes} pass, ${differs} differ on purpose, ${notYet} not yet`);
  return problems.length === 0 && (isCurrent || args.includes('--write')) ? 0 : 1;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
