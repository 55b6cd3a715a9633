/** `--check` and `--ready`: a health check in one word. */
import { parseWhole, wrongValue } from './quantity.ts';

export type CheckInput =
  | { readonly kind: 'tcp'; readonly port: number }
  | { readonly kind: 'http'; readonly port: number; readonly path: string }
  | { readonly kind: 'command'; readonly args: string[] };

const expected = 'a check such as tcp:8080, http:8080/ping or cmd:"test -f /ready"';

/** Throws `InvalidRequest` that shows the three forms. */
export function parseCheck(what: string, text: string): CheckInput {
  const [, kind, rest] = /^(tcp|http|cmd):(.+)$/s.exec(text) ?? [];
  if (kind === undefined || rest === undefined) throw wrongValue(what, text, expected);
  if (kind === 'cmd') return { kind: 'command', args: ['sh', '-c', rest] };
  if (kind === 'tcp') return { kind: 'tcp', port: parsePort(what, rest) };
  const slash = rest.indexOf('/');
  const port = parsePort(what, slash < 0 ? rest : rest.slice(0, slash));
  return { kind: 'http', port, path: slash < 0 ? '/' : rest.slice(slash) };
}

function parsePort(what: string, text: string): number {
  return parseWhole(`${what} port`, text, 1, 65_535);
}
