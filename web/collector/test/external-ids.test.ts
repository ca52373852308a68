import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readExternalIds } from '../src/external-ids.js';

test('names are sent as strings', () => {
  const given = {
    email: 'user@example.com',
    accountId: 1234567890,
    big: 12345678901234567890n,
    staff: false,
  };
  assert.deepEqual(readExternalIds(given), {
    email: 'user@example.com',
    accountId: '1234567890',
    big: '12345678901234567890',
    staff: 'false',
  });
});

test('two strings are a customer and a transaction', () => {
  assert.deepEqual(readExternalIds('c1', 't1'), { customerId: 'c1', transactionId: 't1' });
  assert.deepEqual(readExternalIds(undefined, 't1'), { transactionId: 't1' });
  assert.deepEqual(readExternalIds('c1', null), { customerId: 'c1' });
});

test('what is no name is left out', () => {
  const odd = { a: undefined, b: null, c: {}, d: [], e: () => 1 } as unknown as Record<string, string>;
  for (const given of [undefined, null, {}, odd]) assert.equal(readExternalIds(given), undefined);
});
