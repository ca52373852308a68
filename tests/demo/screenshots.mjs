/** Takes the pictures of the demo page in docs/. */

import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openBrowser, UNMASKED } from '../browser/browser.mjs';
import { openCloud } from '../browser/cloud.mjs';
import { arrive, DESKTOP, named, PHONE, press } from './visitor.mjs';

const MOST_BYTES = 200_000;
const TALL = { ...DESKTOP, height: 960 };
const PICTURES = {
  'demo-light': { size: TALL, media: { colorScheme: 'light' } },
  'demo-dark': { size: TALL, media: { colorScheme: 'dark' } },
  'demo-phone': { size: PHONE, media: { colorScheme: 'light' }, until: '.sum' },
};

const site = await openCloud();
const userAgent = await ownUserAgent();
// As a person has it, not as a test does.
const browser = await openBrowser({
  args: [...UNMASKED, '--disable-lcd-text', '--lang=en-GB', `--user-agent=${userAgent}`],
});
try {
  for (const [name, { size, media, until }] of Object.entries(PICTURES)) {
    const { page } = await arrive(browser.context, named(site), {
      size,
      media: { ...media, reducedMotion: 'reduce' },
    });
    await press(page, 'Open a session');
    await press(page, 'Validate from this browser');
    await press(page, 'Validate from another browser');
    await page.evaluate(() => document.activeElement.blur());
    await page.mouse.move(0, 0);
    await page.evaluate(() => window.scrollTo(0, 0));
    const end = until && (await page.locator(until).boundingBox());
    const clip = end && { x: 0, y: 0, width: size.width, height: Math.ceil(end.y + end.height + 8) };
    const path = fileURLToPath(new URL(`../../docs/${name}.png`, import.meta.url));
    await page.screenshot({ path, clip, fullPage: clip !== undefined, animations: 'disabled' });
    const bytes = statSync(path).size;
    console.log(`docs/${name}.png: ${bytes} bytes`);
    if (MOST_BYTES < bytes) throw new Error(`docs/${name}.png has more than ${MOST_BYTES} bytes`);
    await page.close();
  }
} finally {
  await browser.close();
  await site.close();
}

/** The user agent of this Chromium with a window. */
async function ownUserAgent() {
  const headless = await openBrowser();
  const page = await headless.context.newPage();
  const told = await page.evaluate(() => navigator.userAgent);
  await headless.close();
  return told.replace('Headless', '');
}
