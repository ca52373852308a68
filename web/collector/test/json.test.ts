import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toJson } from '../src/json.js';

const VALUES: unknown[] = [
  { version: 1, absent: undefined, nothing: null, no: false, list: [1, undefined, 'two', [], {}] },
  ['"quoted"', '\u2028', 'lone \ud800', -0, 1e21, NaN, Infinity, () => 0, Symbol('s')],
  new Float32Array([0.5, 2]),
  { '': { 'a"b': [null] } },
  'text',
  0.1,
  null,
  undefined,
];

test('what is sent and hashed is the JSON that the language writes', () => {
  for (const value of VALUES) assert.equal(toJson(value), JSON.stringify(value));
});

test('no toJSON of a page changes it', () => {
  const expected = VALUES.map((value) => JSON.stringify(value));
  const kinds = [Object, Array, String, Number] as unknown as { prototype: { toJSON?: () => string } }[];
  for (const { prototype } of kinds) prototype.toJSON = () => 'replaced';
  let written;
  try {
    written = VALUES.map((value) => toJson(value));
  } finally {
    for (const { prototype } of kinds) delete prototype.toJSON;
  }
  assert.deepEqual(written, expected);
});
