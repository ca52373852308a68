/** The collector in a browser: what pages, people and networks do to it. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newProfile, openBrowser, removeProfile, UNMASKED, visit } from './browser.mjs';
import { built, wrongWith } from './built.mjs';
import { openCloud } from './cloud.mjs';
import { openPages, script } from './pages.mjs';

/** What a device keeps when its owner travels, learns a language, or buys a larger screen. */
const STABLE = [
  'platform',
  'vendor',
  'vendorFlavors',
  'hardwareConcurrency',
  'deviceMemory',
  'architecture',
  'canvasGeometry',
  'canvasText',
  'audio',
  'math',
  'fonts',
  'fontPreferences',
  'webglVendor',
  'webglRenderer',
  'webglParameters',
  'webglExtensions',
  'plugins',
  'pluginCount',
];

let endpoint;
let pages;
let refusedPages;
let browser;

before(async () => {
  pages = await openPages();
  refusedPages = await openPages();
  endpoint = await openCloud([shop(''), insecureShop('')]);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  pages?.close();
  refusedPages?.close();
  await endpoint?.close();
});

const shop = (path) => `http://localhost:${pages.port}${path}`;
const insecureShop = (path) => `http://shop.example.test:${pages.port}${path}`;
const collector = (attributes = {}) =>
  script(`${endpoint.origin}/client.js`, { 'data-site-key': endpoint.siteKey, ...attributes });
const plain = (attributes) => pages.page({ scripts: [collector(attributes)] });
const outcome = ({ page }) => page.evaluate(() => window.outcome);

/** Calls the function in the page, and returns what can be carried out of it. */
function call({ page }, ...args) {
  return page.evaluate(async (given) => {
    const begun = performance.now();
    const result = await window.sendClientTelemetry(...given);
    const { ok, status, token, errors } = result;
    return { ok, status, token, errors, json: await result.json(), milliseconds: performance.now() - begun };
  }, args);
}

function assertQuiet(seen, ...hosts) {
  assert.deepEqual(seen.complaints, []);
  const allowed = [`localhost:${pages.port}`, new URL(endpoint.origin).host, ...hosts];
  for (const host of seen.hosts) assert.ok(allowed.includes(host), `a request went to ${host}`);
}

/** The evidence that one browser sends. */
async function evidence(options, url = shop(plain())) {
  const own = await openBrowser(options);
  try {
    const seen = await visit(own.context, url);
    const result = await call(seen);
    assert.ok(result.ok, JSON.stringify(result.errors));
    assertQuiet(seen, new URL(url).host);
    const [payload] = seen.payloads;
    assert.equal(wrongWith(payload), undefined);
    return payload;
  } finally {
    await own.close();
  }
}

const stable = ({ components }) => Object.fromEntries(STABLE.map((name) => [name, components[name]]));

test('what is sent is what the contract says, and small', async (t) => {
  const seen = await visit(browser.context, shop(plain()));
  const result = await call(seen);
  const [payload] = seen.payloads;
  assert.equal(wrongWith(payload), undefined);
  const bytes = Buffer.byteLength(seen.posts[0].postData());
  t.diagnostic(`${bytes} bytes, ${Math.round(result.milliseconds)} ms from call to token`);
  assert.ok(bytes < 8 * 1024, `${bytes} bytes`);
  assert.match(seen.posts[0].headers()['content-type'], /^text\/plain/);
  assert.equal(seen.posts[0].headers().cookie, undefined);
  assert.equal('externalIds' in payload, false);
  for (const name of STABLE) assert.notEqual(payload.components[name], undefined, name);
  assert.deepEqual(payload.automation.iframeMismatches, []);
  assert.equal('workerMismatches' in payload.automation, false);
  // Playwright's browser says of itself that it is driven.
  assert.equal(payload.automation.webdriver, true);
  assert.equal(payload.automation.detector.bot, true);
  await seen.page.close();
});

test('two strings are a customer and a transaction', async () => {
  const seen = await visit(browser.context, shop(plain()));
  assert.ok((await call(seen, 'c1', 't1')).ok);
  assert.deepEqual(seen.payloads[0].externalIds, { customerId: 'c1', transactionId: 't1' });
  await seen.page.close();
});

test('two calls at once are two visits', async () => {
  const seen = await visit(browser.context, shop(plain()));
  const [first, second] = await Promise.all([call(seen), call(seen)]);
  assert.ok(first.ok && second.ok);
  assert.notEqual(seen.payloads[0].nonce, seen.payloads[1].nonce);
  assert.deepEqual(stable(seen.payloads[0]), stable(seen.payloads[1]));
  await seen.page.close();
});

test('many calls leave nothing behind, and take no graphics context from the page', async () => {
  const seen = await visit(browser.context, shop(plain()));
  const own = await seen.page.evaluate(async () => {
    const before = document.body.innerHTML;
    const context = document.createElement('canvas').getContext('webgl');
    // Browsers end the oldest of more than 16 contexts.
    for (let n = 0; n < 20; n++) await window.sendClientTelemetry();
    return { lost: context.isContextLost(), untouched: document.body.innerHTML === before };
  });
  assert.deepEqual(own, { lost: false, untouched: true });
  assertQuiet(seen);
  for (const payload of seen.payloads) assert.deepEqual(stable(payload), stable(seen.payloads[0]));
  await seen.page.close();
});

test('a strict content security policy has nothing to report', async () => {
  const { integrity } = JSON.parse(built('integrity.json'))['client.js'];
  const fromService = collector({ integrity, crossorigin: 'anonymous' });
  const fromShop = script('/client.js', {
    'data-site-key': endpoint.siteKey,
    'data-client-url': `${endpoint.origin}/client`,
  });
  const cases = [
    [fromService, `default-src 'none'; script-src 'self' ${endpoint.origin}; connect-src ${endpoint.origin}`],
    [fromShop, `default-src 'none'; script-src 'self'; connect-src ${endpoint.origin}; base-uri 'none'`],
    [
      fromShop,
      `default-src 'none'; script-src 'self'; style-src 'self'; connect-src ${endpoint.origin}; frame-src 'none'; child-src 'none'; worker-src 'none'`,
    ],
  ];
  for (const [element, policy] of cases) {
    const path = pages.page({
      scripts: [script('/violations.js'), element, script('/older.js')],
      headers: { 'content-security-policy': policy },
    });
    const seen = await visit(browser.context, shop(path));
    const { sessionToken } = await outcome(seen);
    assert.ok(sessionToken);
    assert.deepEqual(await seen.page.evaluate(() => window.violations), []);
    assertQuiet(seen);
    for (const name of STABLE) assert.notEqual(seen.payloads[0].components[name], undefined, name);
    await seen.page.close();
  }
});

test('a page that sends no referrer still says to its own origin where it is', async () => {
  const path = pages.page({
    scripts: [script('/client.js', { 'data-site-key': 'pk_1', 'data-client-url': '/origin' })],
    headers: { 'referrer-policy': 'no-referrer' },
  });
  const seen = await visit(browser.context, shop(path));
  assert.equal((await call(seen)).token, shop(''));
  await seen.page.close();
});

test('the package is configured by the page', async () => {
  const seen = await visit(browser.context, shop(pages.page({})));
  const results = await seen.page.evaluate(
    async ([siteKey, clientUrl]) => {
      const { configure, sendClientTelemetry } = await import('/index.js');
      const unconfigured = await sendClientTelemetry();
      configure({ siteKey, clientUrl });
      const { ok, token } = await sendClientTelemetry();
      return { unconfigured: unconfigured.errors, ok, token };
    },
    [endpoint.siteKey, `${endpoint.origin}/client`],
  );
  assert.equal(results.unconfigured[0].field, 'siteKey');
  assert.ok(results.ok && results.token);
  assertQuiet(seen);
  await seen.page.close();
});

test('a global may configure what the element does not', async () => {
  const seen = await visit(browser.context, shop(pages.page({ scripts: [script('/client.js')] })));
  const { errors } = await call(seen);
  assert.equal(errors[0].field, 'siteKey');
  await seen.page.evaluate(
    ([siteKey, clientUrl]) => {
      window.HoldfastTelemetry = { siteKey, clientUrl };
    },
    [endpoint.siteKey, `${endpoint.origin}/client`],
  );
  assert.ok((await call(seen)).ok);
  await seen.page.close();
});

test('an endpoint that is offline fills errors, and nothing is thrown', async () => {
  const gone = await openPages();
  gone.close();
  // Browsers refuse to ask port 9, whatever answers there.
  for (const port of [gone.port, 9]) {
    const clientUrl = `http://127.0.0.1:${port}/client`;
    const seen = await visit(browser.context, shop(plain({ 'data-client-url': clientUrl })));
    const result = await call(seen);
    assert.equal(result.ok, false);
    assert.equal(result.status, 0);
    assert.equal(result.token, undefined);
    assert.match(result.errors[0].message, /no answer/);
    assert.deepEqual(result.json, { errors: result.errors });
    await seen.page.close();
  }
});

test('a browser that is offline fills errors, and nothing is thrown', async () => {
  const seen = await visit(browser.context, shop(plain()));
  await browser.context.setOffline(true);
  const result = await call(seen).finally(() => browser.context.setOffline(false));
  assert.equal(result.ok, false);
  assert.match(result.errors[0].message, /offline/);
  await seen.page.close();
});

test('an origin that is not allowed fills errors, and gets no token', async () => {
  const path = refusedPages.page({ scripts: [collector()] });
  const seen = await visit(browser.context, `http://localhost:${refusedPages.port}${path}`);
  const result = await call(seen);
  assert.equal(result.ok, false);
  assert.equal(result.token, undefined);
  assert.ok(result.errors.length > 0);
  await seen.page.close();
});

test('an unknown site key fills errors', async () => {
  const seen = await visit(browser.context, shop(plain({ 'data-site-key': 'pk_unknown' })));
  const result = await call(seen);
  assert.equal(result.ok, false);
  assert.equal(result.token, undefined);
  assert.ok(result.errors.length > 0);
  await seen.page.close();
});

test('an answer that is none fills errors', async () => {
  const cases = [
    [200, '<html>Sign in to the Wi-Fi</html>', /not a JSON object/],
    [200, '{}', /no token/],
    [429, '{"message":"Too Many Requests"}', /Too Many Requests/],
    [503, '', /503/],
  ];
  const path = plain();
  for (const [status, body, message] of cases) {
    const seen = await visit(browser.context, shop(path), (page) =>
      page.route('**/client?*', (route) =>
        route.fulfill({ status, body, headers: { 'access-control-allow-origin': '*' } }),
      ),
    );
    const result = await call(seen);
    assert.equal(result.ok, false);
    assert.equal(result.status, status);
    assert.match(result.errors[0].message, message);
    assert.equal(seen.posts.length, 1);
    await seen.page.close();
  }
});

test('probes that throw or hang lose nothing but themselves', async (t) => {
  const seen = await visit(browser.context, shop(plain()), (page) =>
    page.addInitScript(() => {
      const never = () => new Promise(() => undefined);
      OfflineAudioContext.prototype.startRendering = never;
      Permissions.prototype.query = never;
      NavigatorUAData.prototype.getHighEntropyValues = never;
      HTMLCanvasElement.prototype.toDataURL = () => {
        throw new Error('blocked');
      };
      WebGLRenderingContext.prototype.getSupportedExtensions = () => {
        throw new Error('blocked');
      };
    }),
  );
  const result = await call(seen);
  assert.ok(result.ok, JSON.stringify(result.errors));
  t.diagnostic(`${Math.round(result.milliseconds)} ms`);
  assert.ok(result.milliseconds < 6000, `${result.milliseconds} ms`);
  const [{ components, automation }] = seen.payloads;
  assert.equal(wrongWith(seen.payloads[0]), undefined);
  for (const lost of ['audio', 'canvasGeometry', 'canvasText', 'webglExtensions'])
    assert.equal(components[lost], undefined);
  for (const kept of [
    'math',
    'fonts',
    'fontPreferences',
    'webglRenderer',
    'plugins',
    'timeZone',
    'libraryConfidence',
  ]) {
    assert.notEqual(components[kept], undefined, kept);
  }
  assert.equal(components.userAgentData.platform, 'Linux');
  assert.equal('platformVersion' in components.userAgentData, false);
  assert.deepEqual(automation.iframeMismatches, []);
  await seen.page.close();
});

test('forged properties are told from those of a frame and a worker', async () => {
  const path = pages.page({ scripts: [script('/forged.js'), collector({ 'data-worker-probe': '' })] });
  const seen = await visit(browser.context, shop(path));
  assert.ok((await call(seen)).ok);
  assert.deepEqual(seen.payloads[0].automation.iframeMismatches, ['platform']);
  assert.deepEqual(seen.payloads[0].automation.workerMismatches, ['platform']);
  assertQuiet(seen);
  await seen.page.close();
});

test('an honest worker sees what the page sees', async () => {
  const seen = await visit(browser.context, shop(plain({ 'data-worker-probe': '' })));
  assert.ok((await call(seen)).ok);
  assert.deepEqual(seen.payloads[0].automation.workerMismatches, []);
  await seen.page.close();
});

test('a page that sees into no frame collects with what it has', async () => {
  const path = pages.page({
    scripts: [collector()],
    headers: { 'content-security-policy': 'sandbox allow-scripts' },
  });
  const seen = await visit(browser.context, shop(path), (page) =>
    page.route('**/client?*', (route) =>
      route.fulfill({ body: '{"token":"t"}', headers: { 'access-control-allow-origin': '*' } }),
    ),
  );
  assert.equal((await call(seen)).token, 't');
  const [payload] = seen.payloads;
  assert.equal(wrongWith(payload), undefined);
  for (const name of ['canvasText', 'audio', 'math', 'webglRenderer', 'plugins']) {
    assert.notEqual(payload.components[name], undefined, name);
  }
  await seen.page.close();
});

test('a page that neither has its language nor sees into a frame gets errors, and nothing is thrown', async () => {
  const path = pages.page({
    scripts: ['<script>window.Set = undefined</script>', collector()],
    headers: { 'content-security-policy': 'sandbox allow-scripts' },
  });
  const seen = await visit(browser.context, shop(path));
  const { ok, status, token, errors, json } = await call(seen);
  assert.deepEqual({ ok, status, token }, { ok: false, status: 0, token: undefined });
  assert.match(errors[0].message, /does not start/);
  assert.deepEqual(json, { errors });
  await seen.page.close();
});

test('a visitor whose clock is wrong gets a token all the same', async () => {
  for (const minutes of [10, -10, 60 * 24 * 400]) {
    // In frames too, as the clock of the machine would be.
    const seen = await visit(browser.context, shop(plain()), (page) =>
      page.addInitScript((shift) => {
        const now = Date.now.bind(Date);
        Date.now = () => now() + shift;
      }, minutes * 60_000),
    );
    const { ok, errors } = await call(seen);
    const away = (seen.payloads[0].collectedAt - Date.now()) / 60_000;
    assert.ok(Math.abs(away - minutes) < 5, `the clock was ${away} minutes away, not ${minutes}`);
    assert.ok(ok, JSON.stringify(errors));
    await seen.page.close();
  }
});

test('the same browser shows the same stable components', async (t) => {
  const profile = newProfile();
  try {
    const first = await evidence({ profile });
    const expected = stable(first);
    const variants = [
      ['restarted', { profile }],
      ['another profile', {}],
      ['incognito', { args: ['--incognito'] }],
      ['time zone', { env: { TZ: 'Asia/Tokyo' } }],
      ['language', { args: ['--lang=de', '--accept-lang=de-DE,de'], env: { LANGUAGE: 'de' } }],
      ['window', { args: ['--window-size=700,500'] }],
      ['not driven', { args: UNMASKED }],
      [
        'version of the user agent',
        { args: [`--user-agent=${first.components.userAgent.replace(/Chrome\/\d+/, 'Chrome/149')}`] },
      ],
    ];
    const seen = {};
    for (const [name, options] of variants) {
      seen[name] = (await evidence(options)).components;
      assert.deepEqual(stable({ components: seen[name] }), expected, name);
    }
    // The variants are what they claim to be.
    assert.equal(seen['time zone'].timeZone, 'Asia/Tokyo');
    assert.equal(seen['time zone'].timeZoneOffsetMinutes, -540);
    assert.match(seen.language.languages[0], /^de/);
    assert.notDeepEqual(seen.window.window, first.components.window);
    assert.match(seen['version of the user agent'].userAgent, /Chrome\/149/);
    t.diagnostic(`${variants.length + 1} browsers`);
  } finally {
    removeProfile(profile);
  }
});

test('a page without crypto.subtle sends the same hashes', async () => {
  const path = plain();
  const secure = await evidence({}, shop(path));
  const insecure = await evidence({}, insecureShop(path));
  for (const name of ['canvasText', 'audio', 'math', 'fonts', 'webglParameters', 'plugins']) {
    assert.equal(insecure.components[name], secure.components[name], name);
  }
  assert.equal(insecure.components.userAgentData, undefined);
});
