/**
 * Regular expressions that operators type, run by RE2: the time a match takes grows with the text and the
 * expression and no faster, so a hostile one holds up nobody.
 */
import { RE2JS } from 're2js';
import { messageOf, SkepError } from '../../base/core/errors.ts';

const sourceMaxChars = 300;
/** Steps of the compiled expression: with the length of a row's text it bounds what one match can take. */
const programMax = 300;

/** Without regard to capitals, anywhere in the text. Throws `InvalidRequest` for one that is none or too large. */
export function compileRegex(source: string): (text: string) => boolean {
  if (source.length > sourceMaxChars) {
    throw tooLarge(
      `the regular expression has ${source.length} characters, at most ${sourceMaxChars} are read`,
    );
  }
  const program = compile(source);
  if (program.programSize() > programMax) {
    throw tooLarge('the regular expression is too large: repeat less in it');
  }
  return (text) => program.test(text);
}

const tooLarge = (message: string): SkepError => new SkepError('InvalidRequest', message);

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source, RE2JS.CASE_INSENSITIVE);
  } catch (error) {
    // It quotes the expression with what it put before it: `error parsing regexp: missing closing ): `(?i)web(``.
    const reason = messageOf(error)
      .replace(/^error parsing regexp: /, '')
      .replace(/: `[^`]*`$/s, '');
    throw new SkepError('InvalidRequest', `it is no regular expression: ${reason}`, { cause: error });
  }
}
