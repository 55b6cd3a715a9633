/** Whether to colour, and with what. */

export type ColourMode = 'auto' | 'always' | 'never';

/** The flag wins, then NO_COLOR, then FORCE_COLOR or CLICOLOR_FORCE, then what the stream is. */
export function usesColour(
  mode: ColourMode,
  env: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  if (mode !== 'auto') return mode === 'always';
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'] ?? env['CLICOLOR_FORCE'] ?? '';
  if (forced !== '') return forced !== '0';
  return isTerminal && env['TERM'] !== 'dumb';
}

const codes = { red: 31, green: 32, yellow: 33, cyan: 36, dim: 2, bold: 1 } as const;
export type Colour = keyof typeof codes;

export type Paint = (colour: Colour, text: string) => string;

/** Colours text, or leaves it as it is. */
export function painter(isOn: boolean): Paint {
  return (colour, text) => (isOn ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text);
}

const palette = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94] as const;

/** One of ten colours by the hash of a key: the same instance has the same colour in every run. */
export function paintByKey(isOn: boolean, key: string, text: string): string {
  if (!isOn) return text;
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (hash * 31 + key.charCodeAt(i)) >>> 0;
  return `\u001b[${palette[hash % palette.length]}m${text}\u001b[0m`;
}
