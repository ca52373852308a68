/** Shortens what is too large to send. */

import type { Hash } from './payload.js';
import { sha256 } from './sha256.js';

/** The first 16 bytes of the SHA-256 of the text's UTF-8, in hexadecimal: the same with and without `crypto.subtle`. */
export async function hash(text: string, subtle: SubtleCrypto | null = browsersOwn()): Promise<Hash> {
  const bytes = new TextEncoder().encode(text);
  const digest = subtle ? new Uint8Array(await subtle.digest('SHA-256', bytes)) : sha256(bytes);
  return Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function browsersOwn(): SubtleCrypto | null {
  return (typeof crypto !== 'undefined' && crypto.subtle) || null;
}
