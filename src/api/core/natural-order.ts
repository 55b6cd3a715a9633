/**
 * The order in which people expect names: `web/2` before `web/10`, capitals beside small letters. A name is made
 * into a text once, and those texts compare with `<`, which is what makes sorting 250,000 of them cheap.
 */

/** Longer names are compared by their beginning. */
const orderedChars = 200;
const zero = 48;

/**
 * A text whose order under `<` is the natural order of `name`: small letters, and before every run of digits a
 * character that stands for its length, so that of two numbers the shorter comes first.
 */
export function naturalKey(name: string): string {
  const text = (name.length > orderedChars ? name.slice(0, orderedChars) : name).toLowerCase();
  if (!/\d/.test(text)) return text;
  return text.replace(/\d+/g, (run) => {
    const digits = run.replace(/^0+(?=\d)/, '');
    return String.fromCharCode(zero + digits.length) + digits;
  });
}
