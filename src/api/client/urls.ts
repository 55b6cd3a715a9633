/** How input becomes a request: path parameters, query string, body. */
import { SkepError } from '../../base/core/errors.ts';

export interface RequestLine {
  readonly method: string;
  /** With the query string. */
  readonly path: string;
  readonly body: unknown;
}

interface Input {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** Throws `InvalidRequest` when a parameter of the path is missing or empty. */
export function requestLine(
  route: { readonly method: string; readonly path: string },
  input: unknown,
): RequestLine {
  const { params = {}, query = {}, body } = input as Input;
  const path = route.path.replace(/:(\w+)/g, (_all, name: string) => {
    const text = textOf(params[name]);
    if (text === '') throw new SkepError('InvalidRequest', `${name}: must not be empty`, { field: name });
    return encodeURIComponent(text);
  });
  return { method: route.method, path: path + queryString(query), body };
}

/** `?a=1&arg=x&arg=y`, or nothing; what is undefined is left out, a list becomes a parameter each. */
export function queryString(query: object): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query) as [string, unknown][]) {
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? (value as unknown[]) : [value])
      search.append(name, textOf(each));
  }
  return search.size === 0 ? '' : `?${search.toString()}`;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
