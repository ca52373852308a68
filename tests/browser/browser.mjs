/** Debian's Chromium under Playwright, and what is watched while it shows a page. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const executablePath = process.env.HOLDFAST_CHROMIUM ?? '/usr/bin/chromium';

/** A person's Chrome as well as headless Chromium can play it: it hides that it is driven. */
export const UNMASKED = ['--disable-blink-features=AutomationControlled'];

/**
 * A browser with a profile of its own.
 *
 * @param profile - folder of the profile; a new one that goes with the browser where it is left out
 * @param incognito - whether nothing of the profile is to be seen, and nothing is to stay
 */
export async function openBrowser({ args = [], env = {}, profile, incognito = false } = {}) {
  const options = {
    executablePath,
    headless: true,
    args: [
      // CI is root in a container.
      '--no-sandbox',
      // Names that a page on plain http may have; an address of loopback alone would be a secure context.
      '--host-resolver-rules=MAP *.test 127.0.0.1',
      ...args,
    ],
    env: { ...process.env, ...env },
  };
  // Or Playwright makes every window of one size.
  const window = { viewport: null };
  if (incognito) {
    const browser = await started(() => chromium.launch(options));
    return { context: await browser.newContext(window), close: () => browser.close() };
  }
  const folder = profile ?? newProfile();
  const context = await started(() => chromium.launchPersistentContext(folder, { ...options, ...window }));
  return {
    context,
    async close() {
      await context.close();
      if (!profile) removeProfile(folder);
    },
  };
}

/** Chromium crashes now and then before it is there. Nothing was tried by then, so it is started once more. */
async function started(start) {
  try {
    return await start();
  } catch (error) {
    console.error(`started once more: ${error.message.split('\n')[0]}`);
    return start();
  }
}

/** A folder for a profile. */
export function newProfile() {
  return mkdtempSync(join(tmpdir(), 'holdfast-browser-'));
}

/** Removes it. Chromium's helpers may still be writing when it has ended. */
export function removeProfile(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

/**
 * Opens the address, and notes what the page does: hosts it asks, what it posts, telemetry among it, and complaints.
 *
 * @param before - told of the page before it goes there
 */
export async function visit(context, url, before = async () => undefined) {
  const page = await context.newPage();
  const seen = { page, hosts: new Set(), complaints: [], payloads: [], posts: [] };
  page.on('request', (request) => {
    const { protocol, host, pathname } = new URL(request.url());
    if (!['data:', 'blob:', 'about:'].includes(protocol)) seen.hosts.add(host);
    if (request.method() === 'POST') {
      seen.posts.push(request);
      if (pathname === '/client') seen.payloads.push(JSON.parse(request.postData()));
    }
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) seen.complaints.push(message.text());
  });
  page.on('pageerror', (error) => seen.complaints.push(String(error)));
  await before(page);
  await page.goto(url);
  return seen;
}
