/** Somebody who uses the demo page. */

import { visit } from '../browser/browser.mjs';

/** Widths of a desktop's window, of a phone, and the narrowest that WCAG 2.2 asks for. */
export const DESKTOP = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };
export const NARROWEST = { width: 320, height: 640 };

/** Where the page is by its name, as people type it. */
export const named = (site) => site.origin.replace('127.0.0.1', 'localhost');

/**
 * Opens the page, and waits until it has read the browser or has said why not.
 *
 * @param before - told of the page before it goes there
 */
export async function arrive(
  context,
  origin,
  { size = DESKTOP, media = {}, before = async () => undefined } = {},
) {
  const seen = await visit(context, `${origin}/demo`, async (page) => {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme: 'light', ...media });
    await before(page);
  });
  await settled(seen.page);
  return seen;
}

/** Waits until no button is busy. */
export async function settled(page) {
  await page.waitForFunction(
    () =>
      document.querySelector('#look')?.hasAttribute('aria-disabled') &&
      !document.querySelector('[aria-busy]'),
  );
}

/** Presses a button by its words, and returns what the server answered to it, if it was asked. */
export async function press(page, name, asks) {
  const answered = asks && page.waitForResponse(`**/demo/api/${asks}`);
  await page.getByRole('button', { name }).click();
  const answer = asks && (await (await answered).json());
  await settled(page);
  return answer;
}

export const text = (page, selector) => page.locator(selector).innerText();
