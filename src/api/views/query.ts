/** What a query must be beyond its shape: a scope that its kind has, a column that is there. */
import type { z } from 'zod';
import { SkepError } from '../../base/core/errors.ts';
import { didYouMean } from '../core/nearest.ts';
import { stateSeverity, type ViewColumn, viewColumns } from '../core/view-columns.ts';
import type { ViewFilter } from '../core/view-filter.ts';
import type { ViewKind, viewQuerySchema } from '../core/view-shapes.ts';
import type { OrderSpec } from './order.ts';
import type { Scope, ViewSource } from './source.ts';

/** A query with defaults filled in. */
export type CheckedQuery = z.output<typeof viewQuerySchema>;

/** Throws `InvalidRequest` for what makes no sense for this kind. */
export function orderSpecOf(query: CheckedQuery, source: ViewSource, filter: ViewFilter): OrderSpec {
  const { kind, faults, sort } = query;
  checkScope(kind, query.scope, source);
  if (faults && Object.keys(stateSeverity[kind]).length === 0) {
    throw new SkepError('InvalidRequest', `${kind} have no states, so none of them is at fault`, {
      field: 'faults',
    });
  }
  const column = columnOf(kind, sort?.column);
  return { kind, filter, faults, column, descending: sort?.descending ?? false };
}

function checkScope(kind: ViewKind, scope: Scope, { scopes }: ViewSource): void {
  for (const [name, value] of Object.entries(scope)) {
    if (value === undefined || scopes.some((each) => each === name)) continue;
    throw new SkepError('InvalidRequest', `${kind} cannot be narrowed by ${name}`, {
      field: `scope.${name}`,
      hint: `${kind} can be narrowed by ${scopes.join(', ')}`,
    });
  }
}

/** The first column unless told. */
function columnOf(kind: ViewKind, id: string | undefined): ViewColumn {
  const columns = viewColumns[kind];
  const found = id === undefined ? columns[0] : columns.find((column) => column.id === id);
  if (found !== undefined) return found;
  const ids = columns.map((column) => column.id);
  throw new SkepError('InvalidRequest', `${kind} have no column "${id}" to sort by`, {
    field: 'sort.column',
    hint: didYouMean(id ?? '', ids) ?? `columns: ${ids.join(', ')}`,
  });
}
