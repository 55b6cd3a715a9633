/** Files → a tar archive (ustar), in memory: a doctor's bundle is some megabytes of text. Pure. */

export interface TarFile {
  /** At most 100 bytes of ASCII, without a leading slash. */
  readonly name: string;
  readonly content: Uint8Array;
}

const blockBytes = 512;

/** @param at the files' time, milliseconds since the epoch */
export function tarOf(files: readonly TarFile[], at: number): Uint8Array {
  const parts = files.flatMap(({ name, content }) => [header(name, content.length, at), padded(content)]);
  parts.push(new Uint8Array(2 * blockBytes));
  const archive = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    archive.set(part, offset);
    offset += part.length;
  }
  return archive;
}

function padded(content: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(content.length / blockBytes) * blockBytes);
  whole.set(content);
  return whole;
}

/** Numbers are octal text; the checksum counts its own field as spaces. Source: POSIX, pax. */
function header(name: string, size: number, at: number): Uint8Array {
  const block = new Uint8Array(blockBytes);
  const put = (offset: number, text: string): void => {
    for (let i = 0; i < text.length; i++) block[offset + i] = text.charCodeAt(i);
  };
  const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`;
  put(0, name);
  put(100, octal(0o600, 8));
  put(108, octal(0, 8));
  put(116, octal(0, 8));
  put(124, octal(size, 12));
  put(136, octal(Math.floor(at / 1_000), 12));
  put(148, ' '.repeat(8));
  put(156, '0');
  put(257, 'ustar\0');
  put(263, '00');
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return block;
}
