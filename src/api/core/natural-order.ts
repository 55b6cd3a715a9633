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
  let key = '';
  let copied = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (!isDigit(text, at)) continue;
    let end = at + 1;
    while (isDigit(text, end)) end += 1;
    let first = at;
    while (first < end - 1 && text.charCodeAt(first) === zero) first += 1;
    key += text.slice(copied, at) + String.fromCharCode(zero + end - first) + text.slice(first, end);
    copied = end;
    at = end;
  }
  return copied === 0 ? text : key + text.slice(copied);
}

/** False beyond the end. By hand: a regular expression took most of the time that a list of 250,000 took to open. */
function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= zero && code <= zero + 9;
}
