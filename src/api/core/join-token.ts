/**
 * How a join token is written: `SKEP1-<SHA-256 of the cluster's authority>-<id>-<secret>`. Whoever joins compares the
 * hash with the certificate that the server shows before the secret leaves the host.
 */
import { SkepError } from '../../base/core/errors.ts';
import { type Rng, randomName } from '../../base/core/rng.ts';

export interface TokenText {
  /** SHA-256 of the authority's certificate. */
  readonly pin: Uint8Array;
  readonly id: string;
  readonly secret: string;
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const pinBytes = 32;
const idLength = 8;
/** 26 of 36 letters are 134 bits. */
const secretLength = 26;

export const newTokenId = (rng: Rng): string => randomName(rng, idLength);
export const newTokenSecret = (rng: Rng): string => randomName(rng, secretLength);

export function formatToken({ pin, id, secret }: TokenText): string {
  return `SKEP1-${base32(pin)}-${id}-${secret}`;
}

/** Throws `InvalidRequest`; the message never holds what was given, which may be a secret. */
export function parseToken(text: string): TokenText {
  const match = /^SKEP1-([a-z2-7]{52})-([a-z0-9]{8})-([a-z0-9]{26})$/.exec(text.trim());
  if (match === null) {
    throw new SkepError('InvalidRequest', 'this is no join token', {
      field: 'token',
      hint: 'it is one line that begins with SKEP1-: `skep token create --role cell` prints one',
    });
  }
  const [, hash = '', id = '', secret = ''] = match;
  return { pin: fromBase32(hash), id, secret };
}

function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(held >> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + alphabet[(held << (5 - bits)) & 31];
}

function fromBase32(text: string): Uint8Array {
  const bytes = new Uint8Array(pinBytes);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const letter of text) {
    held = (held << 5) | alphabet.indexOf(letter);
    bits += 5;
    if (bits >= 8 && at < pinBytes) {
      bits -= 8;
      bytes[at++] = (held >> bits) & 255;
    }
    held &= (1 << bits) - 1;
  }
  return bytes;
}
