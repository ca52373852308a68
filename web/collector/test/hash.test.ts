import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { hash } from '../src/hash.js';
import { sha256 } from '../src/sha256.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('the fallback meets the published vectors (NIST CSRC examples)', () => {
  const vectors: [string, string][] = [
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ];
  for (const [message, digest] of vectors) assert.equal(hex(sha256(Buffer.from(message))), digest);
});

test('the fallback agrees with another implementation for every length around a block', () => {
  for (let length = 0; length < 300; length++) {
    const message = Buffer.from(Array.from({ length }, (_, index) => (index * 151 + length * 31) & 255));
    assert.equal(
      hex(sha256(message)),
      createHash('sha256').update(message).digest('hex'),
      `length ${length}`,
    );
  }
});

test('a hash is the first half of the SHA-256 of the UTF-8', () => {
  for (const text of ['', 'abc', 'Grüße, 世界 🌍', 'lone surrogate \ud800', 'x'.repeat(40_000)]) {
    const whole = createHash('sha256').update(text, 'utf8').digest('hex');
    assert.equal(hash(text), whole.slice(0, 32));
  }
});
