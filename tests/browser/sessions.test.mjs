/** Pages of other origins that call the session API with their user's own token, in Chromium. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser } from './browser.mjs';
import { openCloud } from './cloud.mjs';
import { openPages } from './pages.mjs';

let service;
let pages;
let otherPages;
let browser;

before(async () => {
  pages = await openPages();
  otherPages = await openPages();
  service = await openCloud([], [`AllowedOrigins=http://localhost:${pages.port}`]);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  pages?.close();
  otherPages?.close();
  await service?.close();
});

/** What a page of this server is told: status, body and what it may read of the headers, or that it may read nothing. */
async function asked(of, path, options = {}, credential = service.token) {
  const page = await browser.context.newPage();
  try {
    await page.goto(`http://localhost:${of.port}${of.page({})}`);
    return await page.evaluate(
      async ([url, init]) => {
        try {
          const response = await fetch(url, init);
          const text = await response.text();
          return {
            status: response.status,
            body: text && JSON.parse(text),
            challenge: response.headers.get('www-authenticate'),
          };
        } catch (error) {
          return { error: error.name };
        }
      },
      [
        `${service.origin}${path}`,
        { ...options, headers: { authorization: `Bearer ${credential}`, ...options.headers } },
      ],
    );
  } finally {
    await page.close();
  }
}

const opening = (key) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', 'idempotency-key': key },
  body: JSON.stringify({ ip_address: '203.0.113.42', user_agent: 'Mozilla/5.0' }),
});

test("a page of a listed origin opens, lists and revokes its user's sessions", async () => {
  const opened = await asked(pages, '/api/v1/sessions/create', opening('page-1'));
  assert.equal(opened.body?.success, true, JSON.stringify(opened));
  const id = opened.body.session_id;
  const headers = { 'x-session-id': id };
  const listed = await asked(pages, '/api/v1/sessions/active', { headers });
  assert.deepEqual(
    listed.body.sessions.map((it) => [it.session_id, it.is_current]),
    [[id, true]],
  );
  const fetched = await asked(pages, `/api/v1/session/${id}`);
  assert.equal(fetched.status, 200);
  const revoked = await asked(pages, `/api/v1/sessions/${id}`, { method: 'DELETE' });
  assert.equal(revoked.status, 200);
});

test('a page learns that its token is none any more', async () => {
  const refused = await asked(pages, '/api/v1/sessions/active', {}, 'a.b.c');
  assert.deepEqual([refused.status, refused.challenge !== null], [401, true]);
});

test('a page of another origin reads nothing, and its preflights are refused', async () => {
  assert.deepEqual(await asked(otherPages, '/api/v1/sessions/active'), { error: 'TypeError' });
  const opened = await asked(otherPages, '/api/v1/sessions/create', opening('page-2'));
  assert.deepEqual(opened, { error: 'TypeError' });
  const listed = await asked(pages, '/api/v1/sessions/active');
  assert.equal(listed.body.total_count, 0, 'nothing was opened');
});

test('no page sends cookies along, and none reads what an API key is answered', async () => {
  const withCookies = await asked(pages, '/api/v1/sessions/active', { credentials: 'include' });
  assert.deepEqual(withCookies, { error: 'TypeError' });
  const byKey = await asked(pages, '/v1/clients/alice/sessions', {}, service.apiKey);
  assert.deepEqual(byKey, { error: 'TypeError' });
  const routes = ['/v1/clients/individuals/alice', '/v1/clients/alice/data'];
  for (const path of routes) assert.deepEqual(await asked(pages, path), { error: 'TypeError' }, path);
});
