import assert from 'node:assert/strict';
import { test } from 'node:test';
import { destination, firstOf, fromGlobal, fromScript } from '../src/configuration.js';

const BASE = 'https://holdfast.example.com/client.js';

function script(attributes: Record<string, string>) {
  return { src: BASE, getAttribute: (name: string) => attributes[name] ?? null };
}

test('the script element names the site and the endpoint', () => {
  const attributes = {
    'data-site-key': 'pk_1',
    'data-client-url': 'https://t.example.com/c',
    'data-worker-probe': '',
  };
  assert.deepEqual(fromScript(script(attributes)), {
    siteKey: 'pk_1',
    clientUrl: 'https://t.example.com/c',
    workerProbe: true,
  });
});

test('an empty attribute counts as absent', () => {
  const { siteKey, clientUrl, workerProbe } = fromScript(
    script({ 'data-site-key': '', 'data-client-url': '' }),
  );
  assert.deepEqual([siteKey, clientUrl, workerProbe], [undefined, undefined, undefined]);
});

test('without a script element nothing is configured', () => {
  assert.deepEqual(fromScript(null), {});
});

test('a global of another type configures nothing', () => {
  for (const value of [undefined, null, 'pk_1', 7, { siteKey: 7, clientUrl: {}, workerProbe: 'yes' }]) {
    const { siteKey, clientUrl, workerProbe } = fromGlobal(value);
    assert.deepEqual([siteKey, clientUrl, workerProbe], [undefined, undefined, undefined]);
  }
});

test('the first configuration that has a member wins, member by member', () => {
  const merged = firstOf(
    { siteKey: 'a', workerProbe: false },
    { siteKey: 'b', clientUrl: '/c', workerProbe: true },
  );
  assert.deepEqual(merged, { siteKey: 'a', clientUrl: '/c', workerProbe: false });
});

test('evidence goes to /client on the origin the script came from', () => {
  assert.deepEqual(destination({ siteKey: 'pk_1' }, BASE), {
    url: 'https://holdfast.example.com/client?siteKey=pk_1',
  });
});

test('the address of the endpoint is resolved, and keeps its query', () => {
  const cases: [string, string][] = [
    ['/t/c', 'https://holdfast.example.com/t/c?siteKey=a%2Fb'],
    ['https://t.example.com/c', 'https://t.example.com/c?siteKey=a%2Fb'],
    ['/c?region=eu', 'https://holdfast.example.com/c?region=eu&siteKey=a%2Fb'],
    ['/c?siteKey=other', 'https://holdfast.example.com/c?siteKey=a%2Fb'],
  ];
  for (const [clientUrl, url] of cases) {
    assert.deepEqual(destination({ siteKey: 'a/b', clientUrl }, BASE), { url });
  }
});

test('a site key may stand in the address alone', () => {
  assert.deepEqual(destination({ clientUrl: '/c?siteKey=pk_2' }, BASE), {
    url: 'https://holdfast.example.com/c?siteKey=pk_2',
  });
});

test('what is wrong with a configuration is named', () => {
  const cases: [object, string][] = [
    [{}, 'siteKey'],
    [{ siteKey: 'pk_1', clientUrl: 'http://' }, 'clientUrl'],
    [{ siteKey: 'pk_1', clientUrl: 'javascript:alert(1)' }, 'clientUrl'],
    [{ siteKey: 'pk_1', clientUrl: 'data:,x' }, 'clientUrl'],
  ];
  for (const [configuration, field] of cases) {
    const found = destination(configuration, BASE);
    assert.equal('error' in found && found.error.field, field);
  }
});
