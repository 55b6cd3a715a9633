/** YAML for `-o yaml` and the terminal UI. A module of ours, since the bundler gives a package imported at run time no named exports. */
import { Document, type Pair, Scalar, visit } from 'yaml';
import { escapeData, isUnsafe } from './core/escape.ts';

export { parse, stringify } from 'yaml';

/** For a terminal: what it would obey is written as an escape, so that the data stays the same. */
export function stringifySafely(data: unknown): string {
  const document = new Document(data);
  visit(document, {
    Pair: (_key, pair: Pair) => quote(pair.key),
    Scalar: (_key, scalar) => quote(scalar),
  });
  return escapeData(document.toString());
}

function quote(node: unknown): void {
  if (node instanceof Scalar && typeof node.value === 'string' && isUnsafe(node.value))
    node.type = Scalar.QUOTE_DOUBLE;
}
