import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (name: string) => readFileSync(name, 'utf8');
const document = read('../../docs/collector.md');

interface Schema {
  properties: Record<'components' | 'automation', { properties: Record<string, unknown> }>;
}

test('the document names everything that is collected', () => {
  const { properties } = JSON.parse(read('payload.schema.json')) as Schema;
  const collected = [properties.components, properties.automation].flatMap((group) =>
    Object.keys(group.properties),
  );
  const named = new Set(
    [...document.matchAll(/^\| (`\w+`(?:, `\w+`)*) \|/gm)].flatMap(([, names]) => names?.split(', ')),
  );
  assert.deepEqual(
    collected.filter((name) => !named.has(`\`${name}\``)),
    [],
  );
});

test('the document says how large client.js is', () => {
  const built = JSON.parse(read('dist/integrity.json')) as Record<string, { bytes: number }>;
  assert.ok(document.includes(`| \`client.js\` | ${built['client.js']?.bytes.toLocaleString('en')} |`));
});

test('the notices name the versions that are built in', () => {
  const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> };
  for (const file of ['../../NOTICE', 'NOTICE', 'README.md', '../../docs/collector.md']) {
    const text = read(file);
    assert.ok(text.includes(`FingerprintJS ${devDependencies['@fingerprintjs/fingerprintjs']}`), file);
    assert.ok(text.includes(`BotD ${devDependencies['@fingerprintjs/botd']}`), file);
  }
});
