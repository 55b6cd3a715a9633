/** RE2 for core/expression.ts: its time grows with the text and no faster. Loaded when logs are opened, or chosen by --grep. */
import type { RE2JS } from 're2js';
import type { CompileLinear } from '../core/expression.ts';

/** Steps of the compiled expression: with the length of a line it bounds what one match can take. */
const programMax = 300;

/** Compiles with that engine. What it makes throws for what is no expression, or is too large. */
export const linearExpression =
  (engine: typeof RE2JS): CompileLinear =>
  (source, ignoresCase) => {
    const program = engine.compile(source, ignoresCase ? engine.CASE_INSENSITIVE : 0);
    if (program.programSize() > programMax) throw new RangeError('the expression is too large');
    return {
      test: (text) => program.test(text),
      ranges(text) {
        const ranges: (readonly [number, number])[] = [];
        const matcher = program.matcher(text);
        while (matcher.find())
          if (matcher.end() > matcher.start()) ranges.push([matcher.start(), matcher.end()]);
        return ranges;
      },
    };
  };

/** The engine, once it is loaded. */
export async function loadLinear(): Promise<CompileLinear> {
  return linearExpression((await import('re2js')).RE2JS);
}

/**
 * Begins to load the engine when it is asked for first, and has it from then on; undefined until it is there, and where
 * it cannot be loaded.
 */
export function lazyLinear(): () => CompileLinear | undefined {
  let compile: CompileLinear | undefined;
  let isAsked = false;
  return () => {
    if (!isAsked) {
      isAsked = true;
      loadLinear().then(
        (loaded) => (compile = loaded),
        () => undefined,
      );
    }
    return compile;
  };
}
