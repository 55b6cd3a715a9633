/**
 * The rows of a population that pass a filter, in the order of a column: keys with what they are sorted by, and
 * never rows. Kept current row by row; shared by every view that asks for the same. Used by population.ts.
 */
import type { ClusterState } from '../../store/core/state.ts';
import { naturalKey } from '../core/natural-order.ts';
import type { ViewColumn } from '../core/view-columns.ts';
import { stateSeverity } from '../core/view-columns.ts';
import type { ViewFilter } from '../core/view-filter.ts';
import type { Scalar, ViewKind } from '../core/view-shapes.ts';
import { type Compare, OrderList } from './order-list.ts';
import type { ViewSource } from './source.ts';

/** A row that is there, as a population knows it. */
export interface Ref {
  readonly key: string;
  /** The key for comparing: core/natural-order.ts. */
  readonly order: string;
  state: string;
}

/** Different texts that an order remembers the place of. */
const sortTextsMax = 5_000;

type SortValue = string | number | null;
/** A row in an order; the population's own Ref where rows are sorted by nothing but their key. */
type Entry = Pick<Ref, 'key' | 'order'> & { readonly value?: SortValue };

export interface OrderSpec {
  readonly kind: ViewKind;
  readonly filter: ViewFilter;
  readonly faults: boolean;
  readonly column: ViewColumn;
  readonly descending: boolean;
}

export class Order {
  readonly spec: OrderSpec;
  readonly #source: ViewSource;
  readonly #list: OrderList<Entry>;
  readonly #byKey: boolean;
  /**
   * What each row is in the list as. Without a filter and by key that is the population's own Ref, always: no
   * map of 250,000 entries is needed to know it.
   */
  readonly #members: Map<string, Entry> | undefined;

  /** States, cells and images are the same for very many rows: each is made once, and is one text in memory. */
  readonly #sortTexts = new Map<string, string>();

  constructor(spec: OrderSpec, source: ViewSource) {
    this.spec = spec;
    this.#source = source;
    this.#byKey = source.keyColumn === spec.column.id;
    this.#members = this.#byKey && spec.filter.isEmpty && !spec.faults ? undefined : new Map();
    this.#list = new OrderList(this.#byKey ? byKey(spec.descending) : byValue(spec.descending));
  }

  get size(): number {
    return this.#list.size;
  }

  clear(): void {
    this.#list.clear();
    this.#members?.clear();
    this.#sortTexts.clear();
  }

  /** Puts the row where it belongs now, or nowhere. */
  put(ref: Ref, state: ClusterState, now: number): void {
    if (this.#members === undefined) {
      this.#list.add(ref);
      return;
    }
    const before = this.#members.get(ref.key);
    const entry = this.#entryOf(ref, state, now);
    if (entry === undefined) return this.remove(ref);
    if (before !== undefined) {
      if (before === entry || (!this.#byKey && before.value === entry.value)) return;
      this.#list.remove(before);
    }
    this.#members.set(ref.key, entry);
    this.#list.add(entry);
  }

  remove(ref: Ref): void {
    const before = this.#members === undefined ? ref : this.#members.get(ref.key);
    if (before === undefined) return;
    this.#members?.delete(ref.key);
    this.#list.remove(before);
  }

  /** -1 when it is not there. @param ref undefined: no row has that key */
  placeOf(ref: Ref | undefined): number {
    if (ref === undefined) return -1;
    const entry = this.#members === undefined ? ref : this.#members.get(ref.key);
    return entry === undefined ? -1 : this.#list.placeOf(entry);
  }

  keys(start: number, count: number): string[] {
    return this.#list.slice(start, count).map(({ key }) => key);
  }

  /** Undefined when the row does not pass. */
  #entryOf(ref: Ref, state: ClusterState, now: number): Entry | undefined {
    const { kind, filter, faults, column } = this.spec;
    if (faults && !isFault(kind, ref.state)) return undefined;
    if (filter.isEmpty && this.#byKey) return ref;
    const source = this.#source;
    const values = source.values(state, ref.key);
    if (values === undefined) return undefined;
    const row = {
      values,
      get labels() {
        return source.labels(state, ref.key);
      },
    };
    if (!filter.isEmpty && !filter.matches(row, now)) return undefined;
    if (this.#byKey) return ref;
    return { key: ref.key, order: ref.order, value: this.#sortValue(column, values[column.id] ?? null) };
  }

  /** What is sorted by age has the youngest first: the larger its time, the smaller its age. */
  #sortValue({ format }: ViewColumn, value: Scalar): SortValue {
    if (value === null || value === '') return null;
    if (typeof value === 'string') return this.#sortText(value);
    if (typeof value === 'boolean') return value ? 1 : 0;
    return format === 'age' ? -value : value;
  }

  #sortText(value: string): string {
    const known = this.#sortTexts.get(value);
    if (known !== undefined) return known;
    if (this.#sortTexts.size >= sortTextsMax) this.#sortTexts.clear();
    const text = naturalKey(value);
    this.#sortTexts.set(value, text);
    return text;
  }
}

function isFault(kind: ViewKind, state: string): boolean {
  const severity = stateSeverity[kind][state];
  return severity === 'warn' || severity === 'bad';
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const compareKeys: Compare<Entry> = (a, b) => compareText(a.order, b.order) || compareText(a.key, b.key);

const byKey = (descending: boolean): Compare<Entry> =>
  descending ? (a, b) => compareKeys(b, a) : compareKeys;

/** What has no value comes last either way, and among equals the key decides, upwards. */
function byValue(descending: boolean): Compare<Entry> {
  const sign = descending ? -1 : 1;
  return (a, b) => {
    const left = a.value ?? null;
    const right = b.value ?? null;
    if (left === right) return compareKeys(a, b);
    if (left === null) return 1;
    if (right === null) return -1;
    return left < right ? -sign : sign;
  };
}
