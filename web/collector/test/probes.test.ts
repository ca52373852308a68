import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawNonce } from '../src/nonce.js';
import { marked } from '../src/probes/automation.js';
import { mismatches } from '../src/probes/mismatches.js';

test('names that tools for automation leave are found among those of a page', () => {
  const names = [
    'alert',
    '__playwright__binding__',
    '$cdc_asdjflasutopfhvcZLmcfl_',
    'cdcFund',
    'Cypress',
    'Cypress',
  ];
  assert.deepEqual(marked(names), ['$cdc_asdjflasutopfhvcZLmcfl_', 'Cypress', '__playwright__binding__']);
});

test('a page cannot make the list of names long', () => {
  const names = Array.from({ length: 100 }, (_, index) => `__playwright${index}${'x'.repeat(1000)}`);
  const found = marked(names);
  assert.equal(found.length, 16);
  assert.ok(found.every((name) => name.length === 64));
});

test('what a frame sees otherwise is named', () => {
  const page = { platform: 'Win32', languages: ['en'], webdriver: false };
  assert.deepEqual(mismatches(page, { ...page }), []);
  assert.deepEqual(mismatches(page, { platform: 'Linux x86_64', languages: ['en', 'de'] }), [
    'languages',
    'platform',
    'webdriver',
  ]);
});

test('a nonce is 16 bytes as 22 characters of base64url, and never the same', () => {
  const drawn = new Set(Array.from({ length: 1000 }, drawNonce));
  assert.equal(drawn.size, 1000);
  for (const nonce of drawn) {
    const bytes = Buffer.from(nonce, 'base64url');
    assert.equal(bytes.length, 16);
    // No bit is left over: strict readers refuse those.
    assert.equal(bytes.toString('base64url'), nonce);
  }
});
