/** Takes secrets out of text that leaves the cluster. Pure; the doctor's bundle is made through it. */

const removed = '[removed]';

/** Shorter values, numbers and the words of JSON keep no secret, and would riddle the text. */
const shortestValue = 4;
const plain = /^(?:true|false|null|\d{1,5})$/;

/**
 * Removes each of the values wherever it stands, and the value of whatever is called a secret.
 * @param values such as every value of every environment
 */
export function redact(text: string, values: Iterable<string>): string {
  let result = text;
  // Longest first: one that contains another goes whole.
  const known = [...new Set(values)].filter((value) => value.length >= shortestValue && !plain.test(value));
  for (const value of known.sort((a, b) => b.length - a.length)) {
    for (const form of formsOf(value)) if (result.includes(form)) result = result.replaceAll(form, removed);
  }
  return result.replace(named, `$1${removed}`).replace(inUrls, `$1${removed}@`);
}

/** As it is, and as it stands in JSON, which is what logs are. */
function formsOf(value: string): string[] {
  const inJson = JSON.stringify(value).slice(1, -1);
  return inJson === value ? [value] : [value, inJson, JSON.stringify(inJson).slice(1, -1)];
}

const named =
  /((?:pass(?:word|wd)?|secret|token|api[_-]?key|private[_-]?key|credentials?|authorization)["']?\s*[:=]\s*)(?:"(?:[^"\\]|\\.)*"|'[^']*'|(?:Bearer |Basic )?[^\s,;"'}]+)/gi;
const inUrls = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/:@"']+:[^\s/@"']+@/gi;
