/** Tells one sending from a copy of it. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** 16 random bytes as 22 characters of base64url, the last of which holds two bits. */
export function drawNonce(): string {
  let nonce = '';
  for (const byte of crypto.getRandomValues(new Uint8Array(22)))
    nonce += ALPHABET.charAt(byte & (nonce.length < 21 ? 63 : 48));
  return nonce;
}
