/** Shortens what is too large to send. */

import type { Hash } from './payload.js';
import { sha256 } from './sha256.js';

const DIGITS = '0123456789abcdef';

/** The first 16 bytes of the SHA-256 of the text's UTF-8, in hexadecimal. */
export function hash(text: string): Hash {
  const digest = sha256(new TextEncoder().encode(text));
  let digits = '';
  for (const byte of digest.subarray(0, 16)) digits += DIGITS.charAt(byte >> 4) + DIGITS.charAt(byte & 15);
  return digits;
}
