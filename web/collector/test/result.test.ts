import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromAnswer, fromError } from '../src/result.js';

const answer = (body: string, init?: ResponseInit) => fromAnswer(new Response(body, init));

test('a token is read both ways', async () => {
  const result = await answer('{"token":"eyJ.a.b"}', { headers: { 'x-request-id': 'r1' } });
  assert.equal(result.ok, true);
  assert.equal(result.status, 200);
  assert.equal(result.headers.get('x-request-id'), 'r1');
  assert.equal(result.token, 'eyJ.a.b');
  assert.equal('errors' in result, false);
  const { token } = await result.json();
  assert.equal(token, 'eyJ.a.b');
  assert.equal(await result.text(), '{"token":"eyJ.a.b"}');
});

test('the body may be read again, from the result and from its clone', async () => {
  const result = await answer('{"token":"t","more":[1]}');
  const first = await result.json();
  delete first.token;
  assert.deepEqual(await result.json(), { token: 't', more: [1] });
  assert.deepEqual(await result.clone().json(), { token: 't', more: [1] });
});

test('a warning beside a token is passed on', async () => {
  const result = await answer('{"token":"t","errors":[{"message":"old"},"plain"]}');
  assert.equal(result.ok, true);
  assert.deepEqual(result.errors, [{ message: 'old' }, { message: 'plain' }]);
});

test('a refusal names the field, and its body can be read', async () => {
  const body = '{"errors":[{"field":"nonce","message":"was used"}]}';
  const result = await answer(body, { status: 409 });
  assert.equal(result.ok, false);
  assert.equal(result.status, 409);
  assert.equal(result.token, undefined);
  assert.deepEqual(result.errors, [{ field: 'nonce', message: 'was used' }]);
  assert.deepEqual(await result.json(), JSON.parse(body));
});

test('without a usable token there is never success, and always an error', async () => {
  const cases: [string, number, RegExp][] = [
    ['{"message":"Too Many Requests"}', 429, /429: Too Many Requests/],
    ['{"token":"t"}', 500, /500/],
    ['<html>', 502, /502/],
    ['<html>', 200, /not a JSON object/],
    ['', 200, /not a JSON object/],
    ['[]', 200, /not a JSON object/],
    ['null', 200, /not a JSON object/],
    ['"token"', 200, /not a JSON object/],
    ['{}', 200, /no token/],
    ['{"token":7}', 200, /no token/],
    ['{"token":""}', 200, /no token/],
    ['{"errors":[]}', 200, /no token/],
    ['{"errors":"x"}', 200, /no token/],
  ];
  for (const [body, status, message] of cases) {
    const result = await answer(body, { status });
    assert.equal(result.ok, false, body);
    assert.equal(result.token, undefined, body);
    assert.match(result.errors?.[0]?.message ?? '', message, body);
    assert.equal(typeof (await result.json()), 'object', body);
    assert.equal(await result.text(), body);
  }
});

test('no answer has the form of one', async () => {
  const result = fromError({ message: 'no answer' });
  assert.equal(result.ok, false);
  assert.equal(result.status, 0);
  assert.equal(result.headers.get('content-type'), null);
  assert.deepEqual(await result.json(), { errors: [{ message: 'no answer' }] });
  assert.equal(await result.text(), '');
});
