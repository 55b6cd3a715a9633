/** The version of this program: package.json's in a checkout, the one beside the bundle when installed. */
import { readFileSync } from 'node:fs';

export function version(): string {
  for (const path of ['./package.json', '../../../package.json']) {
    try {
      const found = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
        name?: unknown;
        version?: unknown;
      };
      if (found.name === 'skep' && typeof found.version === 'string') return found.version;
    } catch {
      // Not there: the next place.
      continue;
    }
  }
  return '0.0.0';
}
