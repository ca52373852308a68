import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { send, toPayload } from '../src/send.js';

const visit = {
  collectedAt: 1763722253123,
  externalIds: { accountId: '7' },
  components: { platform: 'MacIntel' },
  automation: { devtoolsProtocol: null },
};
const URL_OF_CLIENT = 'https://holdfast.example.com/client?siteKey=pk_1';

interface Sent {
  url: string;
  init: RequestInit;
  nonce: string;
}

/** Stands in for the network: each call takes the next outcome. */
function network(...outcomes: (() => Response | Promise<Response>)[]): Sent[] {
  const sent: Sent[] = [];
  mock.method(globalThis, 'fetch', async (url: string, init: RequestInit) => {
    sent.push({ url, init, nonce: (JSON.parse(init.body as string) as { nonce: string }).nonce });
    const outcome = outcomes.shift();
    assert.ok(outcome, 'sent once too often');
    return outcome();
  });
  return sent;
}

const down = () => {
  throw new TypeError('Failed to fetch');
};
const token = () => new Response('{"token":"t"}');

/** Node 20 has no navigator. */
function browserIs(online: boolean): void {
  Object.defineProperty(globalThis, 'navigator', { value: { onLine: online }, configurable: true });
}

beforeEach(() => browserIs(true));
afterEach(() => mock.restoreAll());

test('the body is the contract, version 1', () => {
  assert.deepEqual(toPayload(visit, 'n'), {
    version: 1,
    nonce: 'n',
    collectedAt: 1763722253123,
    externalIds: { accountId: '7' },
    components: { platform: 'MacIntel' },
    automation: { devtoolsProtocol: null },
  });
  assert.equal('externalIds' in toPayload({ ...visit, externalIds: undefined }, 'n'), false);
});

test('evidence is sent as text, without credentials', async () => {
  const [only, ...more] = await sendAndShow(token);
  assert.equal(more.length, 0);
  assert.ok(only);
  assert.equal(only.url, URL_OF_CLIENT);
  assert.equal(only.init.method, 'POST');
  assert.equal(only.init.credentials, 'omit');
  assert.equal(only.init.keepalive, true);
  assert.equal(only.init.headers, undefined);
  assert.equal(typeof only.init.body, 'string');
});

async function sendAndShow(...outcomes: (() => Response)[]): Promise<Sent[]> {
  const sent = network(...outcomes);
  await send(URL_OF_CLIENT, visit);
  return sent;
}

test('a failed network is tried once more, with a nonce of its own', async () => {
  const sent = network(down, token);
  const result = await send(URL_OF_CLIENT, visit);
  assert.equal(result.token, 't');
  assert.equal(sent.length, 2);
  assert.notEqual(sent[0]?.nonce, sent[1]?.nonce);
});

test('a network that stays down fills errors', async () => {
  network(down, down);
  const result = await send(URL_OF_CLIENT, visit);
  assert.equal(result.ok, false);
  assert.match(result.errors?.[0]?.message ?? '', /no answer/);
});

test('a browser that knows it is offline is not asked twice', async () => {
  browserIs(false);
  const sent = network(down);
  const result = await send(URL_OF_CLIENT, visit);
  assert.match(result.errors?.[0]?.message ?? '', /offline/);
  assert.equal(sent.length, 1);
});

test('an answer is final, whatever it says', async () => {
  for (const status of [400, 403, 429, 500, 503]) {
    const sent = network(() => new Response('{}', { status }));
    const result = await send(URL_OF_CLIENT, visit);
    assert.equal(result.status, status);
    assert.equal(sent.length, 1);
    mock.restoreAll();
  }
});

test('an answer that does not come in time is not waited for twice', async () => {
  const sent = network(() => {
    throw Object.assign(new Error('aborted'), { name: 'AbortError' });
  });
  const result = await send(URL_OF_CLIENT, visit);
  assert.match(result.errors?.[0]?.message ?? '', /within 10 seconds/);
  assert.equal(sent.length, 1);
});

test('a large body is not kept alive, which browsers would refuse', async () => {
  const sent = network(token);
  await send(URL_OF_CLIENT, { ...visit, externalIds: { note: 'ü'.repeat(30_000) } });
  assert.equal(sent[0]?.init.keepalive, false);
});
