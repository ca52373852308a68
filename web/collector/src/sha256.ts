/**
 * SHA-256 (FIPS 180-4). The browser's own, `crypto.subtle`, is missing on plain http, and a page may have replaced it.
 * Kept here because a library's would be a tenth of the bundle; never used for a secret.
 */

const WORD = 2 ** 32;
const [INITIAL, ROUND] = constants();

/** The 32 bytes of the hash. */
export function sha256(message: Uint8Array): Uint8Array {
  const blocks = padded(message);
  const state = INITIAL.slice();
  const schedule = new Uint32Array(64);
  for (let offset = 0; offset < blocks.byteLength; offset += 64) {
    expand(schedule, blocks, offset);
    compress(state, schedule);
  }
  const hash = new DataView(new ArrayBuffer(32));
  state.forEach((word, index) => hash.setUint32(index * 4, word));
  return new Uint8Array(hash.buffer);
}

/** The message, a one bit, zeros, and its length in bits, as a whole number of blocks (5.1.1). */
function padded(message: Uint8Array): DataView {
  const length = message.length;
  const bytes = new Uint8Array((Math.floor((length + 8) / 64) + 1) * 64);
  bytes.set(message);
  bytes[length] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setUint32(bytes.length - 8, Math.floor((length * 8) / WORD));
  view.setUint32(bytes.length - 4, (length * 8) % WORD);
  return view;
}

/** The message schedule of one block (6.2.2, step 1). */
function expand(schedule: Uint32Array, blocks: DataView, offset: number): void {
  for (let t = 0; t < 16; t++) schedule[t] = blocks.getUint32(offset + t * 4);
  for (let t = 16; t < 64; t++) {
    const early = at(schedule, t - 15);
    const late = at(schedule, t - 2);
    const sigma0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
    const sigma1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
    schedule[t] = at(schedule, t - 16) + sigma0 + at(schedule, t - 7) + sigma1;
  }
}

/** One block (6.2.2, steps 2 to 4). */
function compress(state: Uint32Array, schedule: Uint32Array): void {
  const v = state.slice();
  for (let t = 0; t < 64; t++) {
    const a = at(v, 0);
    const e = at(v, 4);
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const choice = (e & at(v, 5)) ^ (~e & at(v, 6));
    const first = at(v, 7) + sum1 + choice + at(ROUND, t) + at(schedule, t);
    const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const majority = (a & at(v, 1)) ^ (a & at(v, 2)) ^ (at(v, 1) & at(v, 2));
    v.copyWithin(1, 0);
    v[4] = at(v, 4) + first;
    v[0] = first + sum0 + majority;
  }
  v.forEach((word, index) => {
    state[index] = at(state, index) + word;
  });
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

/** Every index here is in range; the type checker cannot know. */
function at(words: Uint32Array, index: number): number {
  return words[index] as number;
}

/**
 * The first 32 bits of the fractional parts of the square roots of the first 8 primes (5.3.3) and of the cube roots of
 * the first 64 (4.2.2). A double has bits to spare for both; the tests hold them against the published ones by the hash.
 */
function constants(): [Uint32Array, Uint32Array] {
  const squares = new Uint32Array(8);
  const cubes = new Uint32Array(64);
  const primes: number[] = [];
  for (let candidate = 2; primes.length < 64; candidate++) {
    if (primes.every((prime) => candidate % prime !== 0)) {
      if (primes.length < 8) squares[primes.length] = fraction(Math.sqrt(candidate));
      cubes[primes.length] = fraction(Math.cbrt(candidate));
      primes.push(candidate);
    }
  }
  return [squares, cubes];
}

function fraction(root: number): number {
  return Math.floor((root % 1) * WORD);
}
