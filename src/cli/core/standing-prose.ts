/** Why an instance is where it is, as text: part of what `skep why NAME/INDEX` prints. */
import type { Standing } from '../../api/core/standing-shapes.ts';
import { standingColumns, standingSentences } from '../../api/core/standing-text.ts';
import type { Paint } from './colour.ts';
import { escapeText } from './escape.ts';
import { renderTable } from './table.ts';

/** Nothing but a title, the sentences and a table of the scores. */
export function standingLines(standing: Standing, paint: Paint): string[] {
  const { ranking } = standing;
  const table = renderTable(standingColumns(ranking), ranking, { headers: true, wide: true });
  const lines = [...standingSentences(standing).map((text) => escapeText(text)), ...table];
  return ['', paint('bold', 'Where it is'), ...lines.map((line) => `  ${line}`)];
}
