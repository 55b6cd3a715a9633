/** What `skep why NAME/INDEX` says of the place of an instance. */
import { expect, test } from 'vitest';
import type { Standing } from '../../api/core/standing-shapes.ts';
import type { CellId } from '../../model/ids.ts';
import { standingLines } from './standing-prose.ts';

const plain = (_colour: string, text: string): string => text;
const terms = { fill: 0.1, starting: 0.25, locality: 0, binPack: 0 };
const standing: Standing = {
  summary: 'no other cell would take it',
  rules: ['tag gpu'],
  cells: 3,
  candidates: 1,
  ranking: [{ cellId: 'a' as CellId, zone: 'z\u001b[31m', isHere: true, inZone: 0, terms, score: 0.35 }],
};

test('the sentence, the rules and the scores; what the cluster said is escaped', () => {
  const lines = standingLines(standing, plain);
  expect(lines.slice(1, 5)).toEqual([
    'Where it is',
    '  no other cell would take it',
    '  It asks for: tag gpu',
    '  1 of 3 cells would take it; the lower score wins:',
  ]);
  expect(lines.at(-1)).toMatch(/a \(here\) +0\.350 .* 0\.250 +0\.100$/);
  expect(lines.join('\n')).not.toContain('\u001b');
});

test('columns for the label are there when instances are spread by one', () => {
  const [row] = standing.ranking;
  const ranking = row === undefined ? [] : [{ ...row, label: '', inLabel: 2 }];
  expect(standingLines({ ...standing, ranking }, plain).join('\n')).toMatch(
    /LABEL +IN LABEL[\s\S]*\(none\) +2/,
  );
});
