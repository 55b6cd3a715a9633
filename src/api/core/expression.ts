/**
 * What is typed to find text: a regular expression that can never hold up the screen. JavaScript's own engine takes
 * time without end for some (`(a+)+$`); it is used only where it cannot. All others are run by an engine whose time
 * grows with the text and no faster, which the shell brings. Used by the pages of the UI
 * that search what is here already, and by `skep logs --grep`.
 */

export interface Expression {
  /** It is no regular expression, or none that can be run safely: looked for as it stands. */
  readonly isLiteral: boolean;
  test(text: string): boolean;
  /** Where it is found, as [from, to), in order. */
  ranges(text: string): readonly (readonly [number, number])[];
}

export type LinearExpression = Omit<Expression, 'isLiteral'>;

/** Compiles for the engine of linear time. Throws for what it does not know, such as back references. */
export type CompileLinear = (source: string, ignoresCase: boolean) => LinearExpression;

/** A longer one is looked for as it stands. */
const sourceMaxLength = 300;
/** With one unbounded repetition time may grow with the square of the text: up to here that is half a millisecond. */
const squareMaxLength = 512;
/** `a?a?a?…` doubles the ways with each. */
const optionalMax = 8;

/**
 * @param linear absent where that engine is not there (yet)
 * @param ignoresCase unless told: when there are no capitals in it
 */
export function expressionOf(
  source: string,
  linear: CompileLinear | undefined,
  ignoresCase = source === source.toLowerCase(),
): Expression {
  const native = nativeOf(source, ignoresCase);
  if (native === undefined) return literalOf(source, ignoresCase);
  const cost = costOf(source);
  if (cost === 'linear') return { isLiteral: false, ...native };
  const safe = linear === undefined ? undefined : attempt(() => linear(source, ignoresCase));
  if (cost === 'square') return { isLiteral: false, ...byLength(native, safe ?? beginning(native)) };
  return safe === undefined ? literalOf(source, ignoresCase) : { isLiteral: false, ...safe };
}

function nativeOf(source: string, ignoresCase: boolean): LinearExpression | undefined {
  if (source.length > sourceMaxLength) return undefined;
  return attempt(() => running(new RegExp(source, ignoresCase ? 'gi' : 'g')));
}

const byLength = (short: LinearExpression, long: LinearExpression): LinearExpression => ({
  test: (text) => (text.length <= squareMaxLength ? short : long).test(text),
  ranges: (text) => (text.length <= squareMaxLength ? short : long).ranges(text),
});

/** Looks no further than it may. */
const beginning = ({ test, ranges }: LinearExpression): LinearExpression => ({
  test: (text) => test(text.slice(0, squareMaxLength)),
  ranges: (text) => ranges(text.slice(0, squareMaxLength)),
});

function literalOf(source: string, ignoresCase: boolean): Expression {
  const escaped = source.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return { isLiteral: true, ...running(new RegExp(escaped, ignoresCase ? 'gi' : 'g')) };
}

function running(expression: RegExp): LinearExpression {
  return {
    test(text) {
      expression.lastIndex = 0;
      return expression.test(text);
    },
    ranges(text) {
      expression.lastIndex = 0;
      return Array.from(text.matchAll(expression), (match): readonly [number, number] => [
        match.index,
        match.index + match[0].length,
      ]).filter(([from, to]) => to > from);
    },
  };
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    // Half typed, meant as text, or beyond what the engine knows: it is looked for as it stands, and that is said.
    return undefined;
  }
}

/** How JavaScript's engine may take it: `square` has one unbounded repetition of a single character. */
export function costOf(source: string): 'linear' | 'square' | 'unbounded' {
  // What is escaped and what is in a class is one character, whatever stands there.
  const plain = source.replace(/\\./gs, 'x').replace(/\[\^?\]?[^\]]*\]/g, 'x');
  const groups = plain.replace(/\(\?(?:[:=!]|<[=!]|<\w+>)/g, '(');
  const repeats = groups.match(/[*+{]/g)?.length ?? 0;
  const optional = groups.match(/\?/g)?.length ?? 0;
  const repeatsGroup = /\)[*+{]/.test(groups);
  if (repeats > 1 || repeatsGroup || optional > optionalMax) return 'unbounded';
  return repeats === 1 ? 'square' : 'linear';
}
