/**
 * A tour of pages in a browser that nobody drives: each page loads a script and the collector, calls it, and leads to the
 * next. What old libraries do to a page can so disturb no driver, and Debian's Firefox is visited in the same way.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { newProfile, removeProfile } from './browser.mjs';
import { built } from './built.mjs';

const CHROMIUM = process.env.HOLDFAST_CHROMIUM ?? '/usr/bin/chromium';
const FIREFOX = process.env.HOLDFAST_FIREFOX || '/usr/bin/firefox-esr';
/** A page that takes longer ends the tour. */
const MILLISECONDS_PER_PAGE = 30_000;

/** How a browser is started on an address, by its name; and whether it is shown more than the real libraries. */
export const BROWSERS = {
  chromium: {
    program: CHROMIUM,
    extremes: true,
    start: (profile, url) => [
      '--headless',
      '--no-sandbox',
      '--no-first-run',
      `--user-data-dir=${profile}`,
      url,
    ],
  },
  firefox: { program: FIREFOX, extremes: true, start: firefox({}) },
  'firefox that resists fingerprinting': {
    program: FIREFOX,
    extremes: false,
    start: firefox({ 'privacy.resistFingerprinting': true }),
  },
};

function firefox(preferences) {
  const all = {
    'app.update.enabled': false,
    'browser.aboutwelcome.enabled': false,
    'browser.shell.checkDefaultBrowser': false,
    'datareporting.policy.dataSubmissionEnabled': false,
    ...preferences,
  };
  const written = Object.entries(all).map(
    (it) => `user_pref(${it.map((part) => JSON.stringify(part)).join(', ')});`,
  );
  return (profile, url) => {
    writeFileSync(join(profile, 'user.js'), written.join('\n'));
    return ['--headless', '--no-remote', '--profile', profile, url];
  };
}

/**
 * Shows the pages to the browser, one after another.
 *
 * @param scripts - what each page loads before the collector, by the page's name
 * @returns what each page sent (`payload`) and what its call came to (`result`), by its name
 */
export async function tour({ program, start }, scripts) {
  // The window has its size only when the first page has been shown.
  const names = ['opening', ...Object.keys(scripts)];
  const visits = names.map(() => ({}));
  let reached = () => undefined;
  const server = createServer(async (request, response) => {
    const [, kind, number] = new URL(request.url, 'http://tour').pathname.split('/');
    const index = Number(number);
    if (kind === 'page') reached(index);
    const answer = {
      page: () => ['text/html', index < names.length ? page(index) : ''],
      before: () => ['text/javascript', scripts[names[index]] ?? ''],
      'client.js': () => ['text/javascript', built('client.js')],
      call: () => ['text/javascript', call(index)],
      client: () => ['application/json', '{"token":"t"}'],
      done: () => ['text/plain', ''],
    }[kind];
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    if (request.method === 'POST') visits[index][kind] = Buffer.concat(chunks).toString();
    const [type, content] = answer?.() ?? ['text/plain', ''];
    response.writeHead(answer ? 200 : 404, { 'content-type': `${type};charset=utf-8` });
    response.end(content);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const profile = newProfile();
  const url = `http://localhost:${server.address().port}/page/0`;
  // A group of its own, so that its helpers end with it.
  const browser = spawn(program, start(profile, url), { detached: true, stdio: 'ignore' });
  const ended = once(browser, 'exit');
  try {
    await new Promise((resolve, reject) => {
      let timer;
      reached = (index) => {
        clearTimeout(timer);
        if (index === names.length) return resolve();
        const late = () => reject(new Error(`the page ${names[index]} does not end`));
        timer = setTimeout(late, MILLISECONDS_PER_PAGE);
      };
      reached(0);
      browser.once('error', reject);
      browser.once('exit', () => reject(new Error(`${program} ended by itself`)));
    });
  } finally {
    try {
      process.kill(-browser.pid, 'SIGKILL');
      await ended;
    } catch {
      // It never began.
    }
    removeProfile(profile);
    server.close();
    server.closeAllConnections();
  }
  return Object.fromEntries(
    visits.map(({ client, done }, index) => [names[index], { payload: parsed(client), result: done }]),
  );
}

/** What is no JSON is shown as it is. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The page of that number. */
function page(index) {
  const scripts = [`/before/${index}`, '/client.js', `/call/${index}`];
  const attributes = `data-site-key="pk_1" data-client-url="/client/${index}"`;
  const elements = scripts.map((src) => `<script src="${src}" ${attributes}></script>`);
  return `<!doctype html><html lang="en"><head><title>Shop</title></head><body>${elements.join('')}</body></html>`;
}

/** Calls the collector, tells what came of it, and goes on to the next page. */
function call(index) {
  return `(async () => {
  let told;
  try {
    const result = await sendClientTelemetry({ accountId: '1' });
    const frames = document.getElementsByTagName('iframe').length;
    told = result.ok ? 'token ' + (await result.json()).token + ', frames left: ' + frames : result.errors[0].message;
  } catch (error) {
    told = 'thrown: ' + error;
  }
  const request = new XMLHttpRequest();
  request.open('POST', '/done/${index}');
  request.onloadend = () => { location.href = '/page/${index + 1}'; };
  request.send(told);
})();`;
}
