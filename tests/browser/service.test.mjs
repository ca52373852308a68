/** Page, service and backend together: what a site does, and what the service makes of its visitors. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { newProfile, openBrowser, removeProfile, UNMASKED, visit } from './browser.mjs';
import { openCloud } from './cloud.mjs';
import { openPages, script } from './pages.mjs';

/** The published commands of a backend, to the letter. */
const COMMANDS = {
  client: `curl https://api.cside.com/token/v1/client \\
  --request POST \\
  --header "Content-Type: text/plain" \\
  --data "$CSIDE_FINGERPRINT_SESSION_TOKEN"`,
  clientId: `curl https://api.cside.com/token/v1/clientId \\
  --request POST \\
  --header "Content-Type: text/plain" \\
  --data "$CSIDE_FINGERPRINT_SESSION_TOKEN"`,
};
const SPOOFED =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';

let service;
let pages;
let refusedPages;
let browser;

before(async () => {
  pages = await openPages();
  refusedPages = await openPages();
  service = await openCloud([`http://localhost:${pages.port}`]);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  pages?.close();
  refusedPages?.close();
  await service?.close();
});

const collector = () => script(`${service.origin}/client.js`, { 'data-site-key': service.siteKey });
const page = (of, ...scripts) =>
  `http://localhost:${of.port}${of.page({ scripts: [collector(), ...scripts] })}`;

/** Runs a published command with only its host changed, as a backend on another machine would. */
async function run(command, token) {
  const ours = command.replace('https://api.cside.com', service.origin);
  const env = { PATH: process.env.PATH, CSIDE_FINGERPRINT_SESSION_TOKEN: token };
  const { stdout } = await promisify(execFile)('bash', ['-c', ours], { env });
  return stdout;
}

/** What the service knows of a visit. */
async function datapoints(token) {
  const response = await fetch(`${service.origin}/token/v2/verify`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.apiKey}` },
    body: token,
  });
  assert.equal(response.status, 200);
  return response.json();
}

/** Lets the page call the function; returns what came of it. */
const call = (at) =>
  at.evaluate(async () => {
    const { ok, status, token, errors } = await window.sendClientTelemetry();
    return { ok, status, token, errors };
  });

/**
 * One visit of a browser that is opened for it: what was sent, and what the service knows of it.
 *
 * @param prepare - told of the page before it goes there
 */
async function visitOf(options, prepare) {
  const own = await openBrowser(options);
  try {
    const seen = await visit(own.context, page(pages), prepare);
    const { token, errors } = await call(seen.page);
    assert.ok(token, JSON.stringify(errors));
    assert.deepEqual(seen.complaints, []);
    return { payload: seen.payloads[0], bundle: await datapoints(token) };
  } finally {
    await own.close();
  }
}

test('a page of another origin runs both published snippets, its backend both published commands', async () => {
  const visits = [];
  for (const snippet of ['/older.js', '/newer.js']) {
    const seen = await visit(browser.context, page(pages, script(snippet)));
    const { sessionToken } = await seen.page.evaluate(() => window.outcome);
    const [own, other] = [`localhost:${pages.port}`, new URL(service.origin).host];
    assert.deepEqual([...seen.hosts].toSorted(), [own, other].toSorted());
    assert.deepEqual(seen.complaints, []);
    await seen.page.close();

    const bundle = JSON.parse(await run(COMMANDS.client, sessionToken));
    assert.equal(bundle.externalIds.accountId, '1234567890');
    assert.equal(bundle.externalIds.email, snippet === '/older.js' ? 'user@example.com' : undefined);
    assert.equal(bundle.domain, 'localhost');
    assert.equal(bundle.ip.address, '127.0.0.1');
    assert.equal(bundle.browser.userAgent, seen.payloads[0].components.userAgent);
    assert.match(bundle.clientId, /^[0-9a-f]{32}$/);
    // The text and nothing else, not even the end of a line.
    assert.equal(await run(COMMANDS.clientId, sessionToken), bundle.clientId);
    // For half an hour a token can be exchanged again; every way of it gives the same.
    assert.deepEqual(JSON.parse(await run(COMMANDS.client, sessionToken)), bundle);
    // With a key the reasons are told, too.
    const { bot, signals, risk, ...rest } = await datapoints(sessionToken);
    const least = { low: 0, medium: 45, high: 80 }[risk.level];
    assert.deepEqual(bundle, {
      ...rest,
      bot: { ...bot, reasons: [] },
      signals: { ...signals, findings: [] },
      risk: { ...risk, score: least, reasons: [] },
    });
    visits.push(bundle);
  }
  const [first, second] = visits;
  assert.equal(first.clientId, second.clientId);
  assert.equal(first.identification.seenCount + 1, second.identification.seenCount);
  assert.notEqual(first.sessionId, second.sessionId);

  assert.equal(await run(COMMANDS.clientId, `${'eyJ'.repeat(9)}.e30.e30`), '');
  const gone = await fetch(`${service.origin}/token/v1/clientId`, { method: 'POST', body: 'no.such.token' });
  assert.deepEqual([gone.status, await gone.text()], [404, '']);
});

test('a page of an origin that is not allowed gets no token, and may not even ask for one', async () => {
  /** What `fetch` gives to a page: a status that it may read, or nothing. */
  const ask = (at, path, headers) =>
    at.evaluate(
      ([url, sent]) =>
        fetch(url, { method: 'POST', headers: sent, body: '{}' }).then(
          (it) => it.status,
          () => null,
        ),
      [`${service.origin}${path}`, headers],
    );
  const json = { 'content-type': 'application/json' };
  const client = `/client?siteKey=${service.siteKey}`;

  const { page: allowed } = await visit(browser.context, page(pages));
  assert.ok((await call(allowed)).token);
  // The preflight was answered, and what is wrong with the body can be read.
  assert.equal(await ask(allowed, client, json), 400);
  assert.equal(await ask(allowed, '/client?siteKey=site_unknown', json), null);
  await allowed.close();

  const { page: refused } = await visit(browser.context, page(refusedPages));
  const { ok, token, errors } = await call(refused);
  assert.deepEqual({ ok, token }, { ok: false, token: undefined });
  assert.ok(errors.length > 0);
  for (const headers of [json, { 'content-type': 'text/plain' }]) {
    assert.equal(await ask(refused, client, headers), null);
  }
  await refused.close();

  for (const [origin, status, echoed] of [
    [`http://localhost:${pages.port}`, 400, `http://localhost:${pages.port}`],
    [`http://localhost:${refusedPages.port}`, 403, null],
    [`http://127.0.0.1:${pages.port}`, 403, null],
    ['null', 403, null],
  ]) {
    const answer = await fetch(`${service.origin}${client}`, {
      method: 'POST',
      headers: { origin },
      body: '{}',
    });
    assert.equal(answer.status, status, origin);
    assert.equal(answer.headers.get('access-control-allow-origin'), echoed, origin);
    assert.equal(answer.headers.get('vary'), 'Origin', origin);
  }
});

test('no page may exchange a token, also not one whose site got it', async () => {
  const { page: allowed } = await visit(browser.context, page(pages));
  const { token } = await call(allowed);
  for (const path of ['/token/v1/client', '/token/v1/clientId', '/token/v2/verify']) {
    const read = await allowed.evaluate(
      ([url, body]) =>
        fetch(url, { method: 'POST', body }).then(
          () => true,
          () => false,
        ),
      [`${service.origin}${path}`, token],
    );
    assert.equal(read, false, path);
    const answer = await fetch(`${service.origin}${path}`, {
      method: 'POST',
      headers: { origin: `http://localhost:${pages.port}` },
      body: token,
    });
    assert.equal(answer.status, 403, path);
  }
  await allowed.close();
});

test('the same browser keeps its client id, whatever one thing its owner changes', async (t) => {
  const profile = newProfile();
  try {
    const first = await visitOf({ profile });
    const { clientId } = first.bundle;
    assert.match(clientId, /^[0-9a-f]{32}$/);
    const { userAgent } = first.payload.components;
    const own = /Chrome\/(\d+)/.exec(userAgent)[1];
    const next = String(Number(own) + 1);

    const changes = {
      'the browser is restarted': [{ profile }],
      'a private window': [{ incognito: true }],
      'another profile': [{}],
      'another time zone': [
        { profile, env: { TZ: 'Asia/Tokyo' } },
        ({ timeZone }) => assert.equal(timeZone, 'Asia/Tokyo'),
      ],
      'another language': [
        { profile, args: ['--lang=de', '--accept-lang=de-DE,de'], env: { LANGUAGE: 'de' } },
        ({ languages }) => assert.match(languages[0], /^de/),
      ],
      'a smaller window': [
        { profile, args: ['--window-size=700,500'] },
        ({ window }) => assert.notDeepEqual(window, first.payload.components.window),
      ],
      'a user agent of the next version': [
        { profile, args: [`--user-agent=${userAgent.replace(`Chrome/${own}`, `Chrome/${next}`)}`] },
        (it) => assert.ok(it.userAgent.includes(`Chrome/${next}`)),
      ],
      'the next version, in its hints, too': [
        { profile },
        (it) => {
          assert.ok(it.userAgent.includes(`Chrome/${next}`));
          assert.equal(it.userAgentData.brands.find(({ brand }) => brand === 'Chromium').version, next);
        },
        (at) => upgrade(at, own, next),
      ],
    };
    let { seenCount } = first.bundle.identification;
    for (const [name, [options, isChanged, prepare]] of Object.entries(changes)) {
      const { bundle, payload } = await visitOf(options, prepare);
      isChanged?.(payload.components);
      assert.equal(bundle.clientId, clientId, name);
      seenCount += 1;
      assert.equal(bundle.identification.seenCount, seenCount, name);
      assert.equal(bundle.identification.firstSeenAt, first.bundle.identification.firstSeenAt, name);
      t.diagnostic(`${name}: confidence ${bundle.identification.confidence}`);
    }

    // Which proves something only because another machine gets another one.
    const other = await visitOf({}, (at) =>
      at.route('**/client?*', (route) => route.continue(otherMachine(route))),
    );
    assert.match(other.bundle.clientId, /^[0-9a-f]{32}$/);
    assert.notEqual(other.bundle.clientId, clientId);
  } finally {
    removeProfile(profile);
  }
});

/** Makes the browser say everywhere that it is the next version, as an update does. */
async function upgrade(at, own, next) {
  const session = await at.context().newCDPSession(at);
  const told = await at.evaluate(async () => ({
    userAgent: navigator.userAgent,
    languages: navigator.languages.join(','),
  }));
  const brands = [
    { brand: 'Chromium', version: next },
    { brand: 'Not)A;Brand', version: '24' },
  ];
  await session.send('Emulation.setUserAgentOverride', {
    userAgent: told.userAgent.replace(`Chrome/${own}`, `Chrome/${next}`),
    acceptLanguage: told.languages,
    userAgentMetadata: {
      brands,
      fullVersionList: brands.map(({ brand, version }) => ({ brand, version: `${version}.0.0.0` })),
      platform: 'Linux',
      platformVersion: '',
      architecture: 'x86',
      bitness: '64',
      model: '',
      mobile: false,
    },
  });
}

/** The same sending from a machine with other graphics, sound and fonts. */
function otherMachine(route) {
  const payload = JSON.parse(route.request().postData());
  const turned = (hash) => [...hash].toReversed().join('');
  for (const [name, value] of Object.entries(payload.components)) {
    if (/^[0-9a-f]{32}$/.test(value)) payload.components[name] = turned(value);
  }
  Object.assign(payload.components, {
    webglVendor: 'Google Inc. (NVIDIA)',
    webglRenderer: 'ANGLE (NVIDIA, NVIDIA GeForce RTX 3060, OpenGL 4.5)',
    hardwareConcurrency: 24,
    deviceMemory: 32,
    screen: { ...payload.components.screen, width: 3840, height: 2160 },
  });
  return { postData: JSON.stringify(payload) };
}

test('a browser that is driven without a window is called a bot, by what it says itself', async () => {
  const { bundle } = await visitOf({});
  assert.equal(bundle.bot.result, 'bot');
  assert.equal(bundle.bot.detected, true);
  for (const reason of ['webdriver', 'headless_browser', 'detector_bot']) {
    assert.ok(bundle.bot.reasons.includes(reason), `${reason} is not in ${bundle.bot.reasons}`);
  }
  assert.equal(bundle.environment.headless, true);
  // It lies about nothing.
  assert.equal(bundle.environment.tampered, false);
  assert.equal(bundle.risk.level, 'high');
});

test('a spoofed user agent is told by the service, although the check in the browser sees no bot', async () => {
  const { payload, bundle } = await visitOf({ args: [...UNMASKED, `--user-agent=${SPOOFED}`] });
  assert.deepEqual(payload.automation.detector, { bot: false, kind: null });
  assert.equal(payload.automation.webdriver, false);
  assert.equal(payload.components.userAgent, SPOOFED);

  const findings = Object.fromEntries(bundle.signals.findings.map((it) => [it.name, it]));
  for (const name of ['hints_browser_mismatch', 'hints_os_mismatch', 'platform_mismatch']) {
    assert.ok(findings[name], `${name} is not in ${Object.keys(findings)}`);
  }
  assert.deepEqual([findings.hints_os_mismatch.current, findings.hints_os_mismatch.expected].toSorted(), [
    'Linux',
    'Windows',
  ]);
  assert.equal(bundle.environment.tampered, true);
  assert.equal(bundle.risk.level, 'high');
  // Nothing proves a program, and nobody is called a person who contradicts himself.
  assert.notEqual(bundle.bot.result, 'human');
});

test('a service that has gone fills errors, and nothing is thrown', async () => {
  const seen = await visit(browser.context, page(pages));
  await service.close();
  const { ok, status, token, errors } = await call(seen.page);
  assert.deepEqual({ ok, status, token }, { ok: false, status: 0, token: undefined });
  assert.match(errors[0].message, /no answer/);
});
