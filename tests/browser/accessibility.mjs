/** What axe finds wrong with a page. */

import axe from 'axe-core';

/** Every rule of WCAG 2.2 up to AA, and what axe's makers advise besides. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Names of the rules that are broken, with the elements that break them. Nothing is loaded into the page by its address. */
export async function violations(page) {
  await page.evaluate(axe.source);
  const found = await page.evaluate((tags) => globalThis.axe.run({ runOnly: tags }), TAGS);
  return found.violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
  );
}
