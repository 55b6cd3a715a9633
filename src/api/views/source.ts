/** Where the rows of one kind of view come from. One file a kind implements it; view-index.ts asks it. */

import type { ClusterState, Touched } from '../../store/core/state.ts';
import type { Scalar, ViewQuery } from '../core/view-shapes.ts';

export type Scope = NonNullable<ViewQuery['scope']>;
export type Values = Readonly<Record<string, Scalar>>;
export type Labels = Readonly<Record<string, string>>;

/**
 * Rows by key. It keeps no rows: each is made of the state when it is asked for. A key costs the same to ask
 * about however many there are.
 */
export interface ViewSource {
  /** The column that holds nothing but the key, if there is one: sorting by it needs no rows. */
  readonly keyColumn: string | undefined;
  /** Which parts of a scope it understands. */
  readonly scopes: readonly (keyof Scope)[];
  /** Keys of all rows in scope, and maybe more: `stateOf` decides. May be iterated while the state changes. */
  keys(state: ClusterState, scope: Scope): Iterable<string>;
  /** Keys of the rows that may have come, gone or changed. Called once for each batch of changes. */
  touched(touched: Touched, state: ClusterState, scope: Scope): Iterable<string>;
  /** About how many keys there are, to tell how far work on them is; asked once, when it begins. */
  estimate(state: ClusterState, scope: Scope): number;
  /** The state of a row as it is counted, '' for a kind without states; undefined when it is not there. */
  stateOf(state: ClusterState, key: string, scope: Scope): string | undefined;
  /** By column id; undefined when it is not there. */
  values(state: ClusterState, key: string): Values | undefined;
  labels(state: ClusterState, key: string): Labels;
}

/** Text of a workload may be 50 kB long: a row carries its beginning. */
export const textMaxChars = 400;

export function clipText(text: string): string {
  return text.length <= textMaxChars ? text : `${text.slice(0, textMaxChars - 1)}…`;
}

/** `app=web,tier=front`, all of them, in the order of the names. */
export function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return pairs.map(([name, value]) => (value === '' ? name : `${name}=${value}`)).join(',');
}

export const noLabels: Labels = {};
