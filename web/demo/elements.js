/** Small makers of elements. Texts become text nodes: nothing from an answer is ever read as markup. */

/**
 * @param {string} name - of the element, with classes: `p.hint`
 * @param {object} [attributes] - those that are undefined are left out
 * @param {...(Node | string)} children - those that are undefined or null are left out
 */
export function element(name, attributes, ...children) {
  const [tag, ...classes] = name.split('.');
  const made = document.createElement(tag);
  if (classes.length > 0) made.className = classes.join(' ');
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

/** Puts the children in place of what the element with that id holds. */
export function fill(id, ...children) {
  document.getElementById(id).replaceChildren(...children.filter((child) => child !== undefined));
}

/** A moment as its reader's clock shows it. */
export function time(at, options) {
  return element('time', { datetime: at.toISOString() }, at.toLocaleString(undefined, options));
}

/** What is null: never shown as no. */
export const unknown = () => element('span.unknown', {}, 'not known');

/** What an answer left out because there is nothing of the kind. */
export const nothing = () => element('span.unknown', {}, 'nothing to show');

/** A list of names and values. */
export function facts(...pairs) {
  return element(
    'dl.facts',
    {},
    ...pairs.filter(Boolean).flatMap(([name, value]) => [term(name), detail(value)]),
  );
}

const term = (name) => element('dt', {}, name);
const detail = (value) => element('dd', {}, value);

/**
 * A table whose rows become blocks where it is narrow. Roles are written out because browsers forget those of a table that
 * is not laid out as one.
 *
 * @param {string} name - what the table shows, for those who do not see where it stands
 * @param {string[]} columns - the first one names the row
 * @param {(Node | string)[][]} rows
 */
export function table(name, columns, rows, kind = '') {
  const head = columns.map((column) => element('th', { role: 'columnheader', scope: 'col' }, column));
  const body = rows.map((cells) =>
    element(
      'tr',
      { role: 'row' },
      ...cells.map((cell, n) =>
        n === 0
          ? element('th', { role: 'rowheader', scope: 'row' }, cell)
          : element('td', { role: 'cell', 'data-column': columns[n] }, cell),
      ),
    ),
  );
  return element(
    `table${kind}`,
    { role: 'table', 'aria-label': name },
    element('thead', { role: 'rowgroup' }, element('tr', { role: 'row' }, ...head)),
    element('tbody', { role: 'rowgroup' }, ...body),
  );
}
