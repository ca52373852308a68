/** The demo page: what it shows, to anybody, whatever its server answers. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { violations } from '../browser/accessibility.mjs';
import { openBrowser } from '../browser/browser.mjs';
import { openCloud } from '../browser/cloud.mjs';
import { openPages } from '../browser/pages.mjs';
import { arrive, named, NARROWEST, PHONE, press, settled, text } from './visitor.mjs';

let site;
let origin;
let browser;
before(async () => {
  site = await openCloud();
  origin = named(site);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await site?.close();
});

const come = (options) => arrive(browser.context, origin, options);

/** The page asked nobody else, and its console is empty. */
function assertQuiet({ hosts, complaints }) {
  assert.deepEqual([...hosts], [new URL(origin).host]);
  assert.deepEqual(complaints, []);
}

/** Every value in an object, however deep. */
const leaves = (it) =>
  typeof it === 'object' && it !== null && !Array.isArray(it) ? Object.values(it).flatMap(leaves) : [it];

/** Answers of the backend in place of the site's own. */
const answering = (what, status, body) => (page) =>
  page.route(`**/demo/api/${what}`, (route) =>
    route.fulfill({
      status,
      contentType: 'application/json',
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  );

/** An answer of `validate`. */
const validated = (score, factors, more = {}) => ({
  is_valid: score < 80,
  error_message: score < 80 ? null : 'session refused: it looks stolen',
  session_id: '018d0cab-c440-7abc-8123-456789abcdef',
  is_suspicious: 45 <= score,
  risk_score: score,
  risk: {
    score,
    level: score < 45 ? 'low' : score < 80 ? 'suspicious' : 'stolen',
    action: score < 45 ? 'allow' : score < 80 ? 'step_up' : 'refuse',
    mode: 'enforce',
    model_version: 'holdfast-risk-3',
    confidence: 'medium',
    factors,
  },
  ...more,
});

test('every datapoint of the bundle is shown, and what is null is not known', async () => {
  let bundle;
  const seen = await come({
    before: (page) => {
      page.on('response', async (response) => {
        if (response.url().endsWith('/exchange')) bundle = await response.json();
      });
    },
  });
  const { page } = seen;
  const groups = await page.locator('#groups h3').allInnerTexts();
  assert.deepEqual(groups, [
    'Visit',
    'Identification',
    'Bot',
    'Browser',
    'Device',
    'IP address',
    'Environment',
    'Signals',
    'Risk of the visit',
  ]);
  const { findings, ...signals } = bundle.signals;
  const shown = leaves({ ...bundle, signals, externalIds: null });
  assert.equal(await page.locator('#groups dd').count(), shown.length);
  assert.equal(
    await page.locator('#groups dd', { hasText: /^not known$/ }).count(),
    leaves({ ...bundle, signals }).filter((it) => it === null).length,
  );
  assert.equal(await page.locator('#groups tbody tr').count(), findings.length);
  assert.match(await text(page, '#groups'), new RegExp(bundle.browser.userAgent.replace(/[()/.]/g, '\\$&')));
  assert.match(await text(page, '#browser-summary'), new RegExp(bundle.clientId ?? 'not known'));
  // The page attaches the subject, as a site does with its own name for the visitor.
  assert.deepEqual(Object.keys(bundle.externalIds), ['accountId']);
  assertQuiet(seen);
  await page.close();
});

test('a session that another browser tries to use with the same token is refused, and over for both', async () => {
  const seen = await come();
  const { page } = seen;
  const opened = await press(page, 'Open a session', 'open');
  assert.equal(opened.success, true);
  assert.match(await text(page, '#session-facts'), new RegExp(opened.session_id));

  const here = await press(page, 'Validate from this browser', 'validate');
  await assertShown(page, here);
  const elsewhere = await press(page, 'Validate from another browser', 'validate');
  await assertShown(page, elsewhere);
  assert.ok(here.risk_score < elsewhere.risk_score, 'another browser scores higher');
  assert.equal(here.is_valid, true);
  assert.equal(elsewhere.is_valid, false);
  // The token is genuine. What tells the thief is that it is not that browser's own.
  const names = elsewhere.risk.factors.map(({ name }) => name);
  for (const name of ['browser_and_os_other', 'components_counted'])
    assert.ok(names.includes(name), names.join());
  const step = elsewhere.risk_score - here.risk_score;
  assert.match(
    await text(page, '#session-status'),
    new RegExp(`score ${elsewhere.risk_score} of 100, .*\\+${step} since`),
  );
  const changes = await text(page, '.difference');
  assert.match(changes, new RegExp(`${here.risk_score} → ${elsewhere.risk_score} \\(\\+${step}\\)`));
  assert.match(changes, /after ip_same/);
  assert.match(await text(page, '.score'), new RegExp(elsewhere.sent.current_ip.replaceAll('.', '\\.')));
  assert.equal(await page.locator('#history tbody tr').count(), 2);

  await press(page, 'Validate from this browser', 'validate');
  await assertNotLive(page);
  const states = await page.locator('#history tbody td:nth-child(5)').allInnerTexts();
  assert.deepEqual(
    states.map((it) => it.replace(/^\S+ /, '')),
    ['Not live', 'Refused', 'Active'],
  );
  assertQuiet(seen);
  await page.close();
});

test('it works by the number of this machine as by its name', async () => {
  const seen = await arrive(browser.context, site.origin);
  await press(seen.page, 'Open a session');
  await press(seen.page, 'Validate from this browser');
  assert.match(await text(seen.page, '.verdict'), /Active/);
  assert.deepEqual([[...seen.hosts], seen.complaints], [[new URL(site.origin).host], []]);
  await seen.page.close();
});

test('a session that is ended is over', async () => {
  const seen = await come();
  const { page } = seen;
  await press(page, 'Open a session', 'open');
  const ended = await press(page, 'End the session', 'end');
  assert.equal(ended.success, true);
  await press(page, 'Validate from this browser', 'validate');
  await assertNotLive(page);
  assertQuiet(seen);
  await page.close();
});

async function assertNotLive(page) {
  assert.match(await text(page, '.verdict'), /Not live/);
  assert.match(await text(page, '.advice'), /session not found/);
}

/** What is on the page is what the answer says, and its points add up. */
async function assertShown(page, { is_valid, risk_score, is_suspicious, risk }) {
  assert.equal(await text(page, '.number strong'), String(risk_score));
  assert.match(
    await text(page, '.verdict'),
    is_valid ? (is_suspicious ? /Suspicious/ : /Active/) : /Refused/,
  );
  const rows = await page.locator('.factors tbody tr').allInnerTexts();
  assert.equal(rows.length, risk.factors.length);
  for (const { name, points, current, expected } of risk.factors) {
    const row = rows.find((it) => it.includes(name));
    assert.ok(row, name);
    assert.ok(row.includes(`${points > 0 ? '+' : ''}${points}`.replace('-', '−')), row);
    for (const shown of [current, expected]) assert.ok(row.includes(shown ?? 'nothing to show'), row);
  }
  const sum = risk.factors.reduce((total, { points }) => total + points, 0);
  assert.ok((await text(page, '.sum')).includes(`= ${sum}`.replace('-', '−')));
  assert.equal(Math.min(Math.max(sum, 0), 100), risk_score);
}

test('nothing is wrong with it for anybody: light, dark, on a phone, at the narrowest, in high contrast', async () => {
  const ways = {
    light: {},
    dark: { media: { colorScheme: 'dark' } },
    phone: { size: PHONE },
    'dark phone': { size: PHONE, media: { colorScheme: 'dark' } },
    narrowest: { size: NARROWEST },
    'forced colours': { media: { forcedColors: 'active' } },
  };
  for (const [name, options] of Object.entries(ways)) {
    const seen = await come(options);
    const { page } = seen;
    if (name === 'light') assert.deepEqual(await violations(page), [], `${name}, at first`);
    await press(page, 'Open a session');
    await press(page, 'Validate from this browser');
    await press(page, 'Validate from another browser');
    await page.route('**/demo/api/validate', (route) => route.abort());
    await press(page, 'Validate from this browser');
    assert.equal(await page.locator('#session-problem .problem').count(), 1);
    assert.deepEqual(await violations(page), [], `${name}, with scores and a problem`);
    const { wide, width } = await page.evaluate(() => ({
      wide: document.documentElement.scrollWidth,
      width: document.documentElement.clientWidth,
    }));
    assert.ok(wide <= width, `${name}: ${wide} of ${width} pixels`);
    await page.close();
  }
});

test('with texts twice as large nothing is cut off or has to be scrolled sideways', async () => {
  const { page } = await come({ size: { width: 640, height: 800 } });
  await press(page, 'Open a session');
  await press(page, 'Validate from another browser');
  await page.evaluate(() => {
    document.documentElement.style.fontSize = '200%';
  });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 640, `${wide} pixels`);
  await page.close();
});

test('the keyboard alone suffices, and what has the focus is seen to have it', async () => {
  const { page } = await come();
  const walk = async () => {
    await page.keyboard.press('Tab');
    return page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      return {
        name: document.activeElement.innerText.trim(),
        outlined: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
      };
    });
  };
  const stops = [];
  for (let n = 0; n < 7; n++) stops.push(await walk());
  assert.deepEqual(
    stops.map(({ name }) => name),
    [
      'Skip to the demo',
      'Open a session',
      'Validate from this browser',
      'Validate from another browser',
      'End the session',
      'Read this browser again',
      'All datapoints of this visit',
    ],
  );
  for (const { name, outlined } of stops) assert.ok(outlined, name);

  const back = async (times) => {
    for (let n = 0; n < times; n++) await page.keyboard.press('Shift+Tab');
  };
  await back(5);
  await page.keyboard.press('Enter');
  await settled(page);
  assert.match(await text(page, '#session-status'), /A session is open/);
  await walk();
  await page.keyboard.press('Space');
  await settled(page);
  assert.match(await text(page, '#session-status'), /Validated from this browser/);
  await walk();
  await walk();
  await page.keyboard.press('Enter');
  await settled(page);
  assert.match(await text(page, '#session-status'), /ended/);
  // What was pressed keeps the focus, though it cannot be used now, and says why.
  assert.equal(await page.evaluate(() => document.activeElement.id), 'end');
  await page.keyboard.press('Enter');
  assert.match(await text(page, '#session-status'), /not live any more/);
  await back(1);
  await page.keyboard.press('Enter');
  await settled(page);
  assert.match(await text(page, '#session-status'), /Validated from another browser: not live/);
  await page.close();
});

test('a button that works says so, and cannot be pressed twice', async () => {
  const asked = [];
  let answer;
  const { page } = await come({
    media: { reducedMotion: 'reduce' },
    before: (it) =>
      it.route('**/demo/api/open', (route) => {
        asked.push(route);
        answer = () => route.continue();
      }),
  });
  const button = page.getByRole('button', { name: 'Open a session' });
  await button.click();
  // Playwright waits for what is said to be disabled; people do not.
  await button.click({ force: true });
  assert.equal(await button.getAttribute('aria-busy'), 'true');
  assert.equal(await text(page, '#session-status'), 'Opening a session …');
  assert.equal(
    await page.evaluate(() => document.getAnimations().length),
    0,
    'nothing moves for who wants that',
  );
  await answer();
  await settled(page);
  assert.equal(asked.length, 1);
  await page.close();
});

test('a button that has to wait for another says for which', async () => {
  const { page } = await come();
  const button = page.getByRole('button', { name: 'Validate from this browser' });
  assert.equal(await button.getAttribute('aria-disabled'), 'true');
  await button.click({ force: true });
  assert.equal(await text(page, '#session-status'), 'Open a session first.');
  await page.close();
});

test('what fails is said with what to do, and can be tried again', async () => {
  const over = { problem: 'The token is over.', advice: 'Read this browser again.' };
  const limit = {
    success: false,
    session_id: null,
    fingerprint: null,
    expires_at: null,
    error: 'maximum number of concurrent sessions reached',
  };
  const cases = [
    ['browser', answering('config', 503, '<html>'), /status 503/, /log/],
    ['browser', answering('exchange', 404, over), /The token is over/, /Read this browser again/],
    ['browser', answering('exchange', 200, '[]'), /status 200/, /log/],
    [
      'browser',
      (page) => page.route('**/demo/api/exchange', (route) => route.abort()),
      /cannot be reached/,
      /running/,
    ],
    [
      'browser',
      (page) => page.route('**/client.js', (route) => route.abort()),
      /did not load/,
      /content blocker/,
    ],
    [
      'browser',
      (page) =>
        page.route('**/client?*', (route) =>
          route.fulfill({
            status: 403,
            body: '{"errors":[{"field":"origin","message":"this origin is not allowed"}]}',
          }),
        ),
      /origin: this origin is not allowed/,
      /address/,
    ],
    ['session', answering('open', 200, limit), /maximum number of concurrent sessions/, /End another/],
    [
      'session',
      answering('open', 503, { problem: 'Holdfast does not answer.', advice: 'Wait.' }),
      /Holdfast does not answer/,
      /Wait\./,
    ],
  ];
  for (const [panel, before, problem, advice] of cases) {
    const { page } = await come({ before });
    if (panel === 'session') await press(page, 'Open a session');
    const alert = page.locator(`#${panel}-problem[role=alert]`);
    assert.match(await alert.innerText(), problem);
    assert.match(await alert.innerText(), advice);
    assert.equal(await text(page, `#${panel}-status`), '');
    if (panel === 'browser')
      assert.match(await text(page, '#session-status'), /No session can be opened yet/);
    await page.unrouteAll();
    if (!String(problem).includes('load')) {
      await press(page, panel === 'session' ? 'Open a session' : 'Read this browser again');
      assert.equal(await alert.innerText(), '');
    }
    await page.close();
  }
});

test('a session that was taken for stolen is said to be refused, and another can be opened', async () => {
  const factors = [
    { group: 'network', name: 'country_new', points: 45, current: 'US', expected: 'FR' },
    { group: 'travel', name: 'travel_impossible', points: 30, current: 'US', expected: 'FR' },
    {
      group: 'user_agent',
      name: 'browser_other',
      points: 50,
      current: 'Firefox 127',
      expected: 'Chrome 126',
    },
  ];
  const { page } = await come({ before: answering('validate', 200, validated(100, factors)) });
  await press(page, 'Open a session');
  await press(page, 'Validate from another browser');
  assert.match(await text(page, '.verdict'), /Refused/);
  assert.match(await text(page, '.advice'), /session refused: it looks stolen/);
  assert.match(await text(page, '.sum'), /50 \+ 45 \+ 30 = 125; scores end at 100/);
  assert.match(await text(page, '#session-facts'), /Refused/);
  assert.deepEqual(await violations(page), []);
  await press(page, 'Open a session');
  assert.match(await text(page, '#session-facts'), /Active/);
  await page.close();
});

test('a token that leads nowhere is said to, and nothing but the page gets an answer', async () => {
  const post = (what, body, headers = {}) =>
    fetch(`${origin}/demo/api/${what}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  for (const [what, token] of [
    ['exchange', 'no token'],
    ['exchange', `eyJhbGciOiJIUzI1NiJ9.e30.${'A'.repeat(43)}`],
    ['open', 'no token'],
  ]) {
    const answer = await post(what, { token });
    assert.equal(answer.status, 404, what);
    assert.match((await answer.json()).advice, /^Read this browser again/);
  }
  assert.equal((await post('end', { session_id: 's' }, { origin: 'http://shop.example.com' })).status, 403);

  const elsewhere = await openPages();
  const page = await browser.context.newPage();
  await page.goto(`http://localhost:${elsewhere.port}${elsewhere.page({})}`);
  for (const [path, type] of [
    ['config', undefined],
    ['open', 'text/plain'],
  ]) {
    const answered = page.waitForResponse(`**/demo/api/${path}`);
    // As far as a page of another origin gets without being asked for its permission.
    await page.evaluate(
      ([url, kind]) =>
        fetch(url, {
          mode: 'no-cors',
          ...(kind && { method: 'POST', headers: { 'content-type': kind }, body: '{"token":"t"}' }),
        }),
      [`${origin}/demo/api/${path}`, type],
    );
    assert.equal((await answered).status(), 403, path);
  }
  await page.close();
  elsewhere.close();
});

test('names the page does not know are shown as they are', async () => {
  const factors = [{ group: 'weather', name: 'rain_new', points: 20 }];
  const { page } = await come({
    before: async (it) => {
      await answering('validate', 200, validated(20, factors))(it);
      await answering('exchange', 200, { clientId: null, weather: { isRaining: true, umbrellaCount: null } })(
        it,
      );
    },
  });
  const groups = await text(page, '#groups');
  assert.match(groups, /Weather\s+Is raining\s+yes\s+Umbrella count\s+not known/);
  await press(page, 'Open a session');
  await press(page, 'Validate from this browser');
  assert.match(await text(page, '.factors tbody'), /Weather rain_new\s+Rain new\.\s+\+20/);
  await page.close();
});

test('what an answer contains is text, never markup', async () => {
  const hostile = '<img src=x onerror="document.title=1"><b>bold</b>';
  const factors = [{ group: 'network', name: hostile, points: 10, current: hostile, expected: hostile }];
  const seen = await come({
    before: async (it) => {
      await answering(
        'validate',
        200,
        validated(10, factors, { sent: { current_ip: hostile, current_user_agent: hostile } }),
      )(it);
      await answering('exchange', 200, {
        clientId: hostile,
        [hostile]: { [hostile]: [hostile] },
        externalIds: { [hostile]: hostile },
      })(it);
    },
  });
  const { page } = seen;
  await press(page, 'Open a session');
  await press(page, 'Validate from this browser');
  assert.equal(await page.locator('main img, main b').count(), 0);
  assert.equal(await page.title(), 'Holdfast demo');
  assert.ok((await text(page, '.factors')).includes(hostile));
  assertQuiet(seen);
  await page.close();
});

test('every factor of the documentation has its sentence, and no other', async () => {
  const { page } = await come();
  const explained = await page.evaluate(() =>
    import('/demo/words.js').then(({ FACTORS }) => Object.keys(FACTORS)),
  );
  const documented = readFileSync(new URL('../../docs/risk.md', import.meta.url), 'utf8')
    .split('\n')
    .map((line) => /^\| \w+ \| `(\w+)` \| -?\d+ \|/.exec(line)?.[1])
    .filter(Boolean);
  assert.ok(documented.length > 40, 'the table was found');
  assert.deepEqual(explained.toSorted(), documented.toSorted());
  await page.close();
});
