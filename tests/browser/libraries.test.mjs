/** The collector on pages that replaced parts of the language: what it sends is what it sends from a plain page. */

import assert from 'node:assert/strict';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { wrongWith } from './built.mjs';
import { BROWSERS, tour } from './tour.mjs';

const fromNpm = (path) => readFileSync(new URL(`node_modules/${path}`, import.meta.url), 'utf8');
/** Packages of Debian, which may not be had everywhere. */
const fromDebian = (path) => {
  const file = `/usr/share/javascript/${path}`;
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
};

/** The real ones. MooTools from npm is the part without elements, that from Debian is all of it. */
const LIBRARIES = {
  'MooTools 1.5.2': fromNpm('mootools/lib/mootools-core-1.5.2-server.js'),
  'MooTools 1.4.5': fromDebian('mootools/mootools-core.min.js'),
  'Prototype 1.7.3': fromDebian('prototype/prototype-1.7.3.js'),
  'zone.js 0.16.3': fromNpm('zone.js/bundles/zone.umd.js'),
  'es6-promise 4.2.8': `${fromNpm('es6-promise/dist/es6-promise.js')};window.Promise = ES6Promise;`,
  'core-js 3.50.0': fromNpm('core-js-bundle/minified.js'),
};

/** Pages that are worse than any library: every name of these kinds is replaced by what throws, or lies. */
const every = (holder, replacement, but = []) => `{
  const but = ${JSON.stringify(['constructor', ...but])};
  const holder = ${holder};
  for (const name of Object.getOwnPropertyNames(holder)) {
    const { value, configurable } = Object.getOwnPropertyDescriptor(holder, name);
    if (typeof value === 'function' && configurable && but.indexOf(name) < 0) {
      Object.defineProperty(holder, name, { value: ${replacement}, configurable: true, writable: true });
    }
  }
}`;
const THROWS = 'function () { throw new Error("replaced") }';
const REPLACED = {
  'as Prototype 1.6 does, toJSON and from': `
    Array.from = (it) => (it ? [].slice.call(it) : []);
    Object.toJSON = (it) => '"' + it + '"';
    for (const kind of [Object, Array, String, Number, Date]) kind.prototype.toJSON = function () { return '[' + this + ']'; };`,
  'methods of lists':
    every('Array.prototype', THROWS, ['indexOf']) + 'Array.prototype[Symbol.iterator] = null;',
  'methods of strings': every('String.prototype', THROWS),
  'methods of functions': every('Function.prototype', THROWS),
  'methods of numbers and regular expressions':
    every('Number.prototype', THROWS) + every('RegExp.prototype', THROWS),
  'functions of Array, JSON, Math, Reflect and String': ['Array', 'JSON', 'Math', 'Reflect', 'String']
    .map((holder) => every(holder, 'function () { return [] }'))
    .join('\n'),
  'functions of Object': every('Object', 'function () { return {} }', [
    'getOwnPropertyNames',
    'getOwnPropertyDescriptor',
    'defineProperty',
  ]),
  constructors: `for (const name of ['Array', 'ArrayBuffer', 'DataView', 'Date', 'Float32Array', 'JSON', 'Map', 'Math',
    'Number', 'Object', 'Promise', 'Reflect', 'RegExp', 'Set', 'String', 'TextEncoder', 'Uint8Array', 'Uint32Array', 'URL',
    'btoa', 'parseInt', 'parseFloat', 'isNaN', 'AbortController', 'Headers', 'Element', 'Event', 'Document']) window[name] = undefined;`,
  'the clock, chance and idle time': `Date.now = () => 0; window.requestIdleCallback = () => 1; Math.random = () => 0;
    Object.defineProperty(window, 'crypto', { value: {}, configurable: true });`,
  'nothing, but all is frozen': `for (const kind of [Array, Date, Error, Function, Number, Object, Promise, RegExp, String])
    Object.freeze(kind.prototype);`,
  'members of all objects and lists': `Object.prototype.extend = function () { return this };
    Array.prototype.each = Array.prototype.forEach; Array.prototype.toJSON = () => 'list';`,
};

const MARK = '__playwright_mark';
const marked = (scripts) =>
  Object.fromEntries(
    Object.entries(scripts).map(([name, script]) => [name, `${script}\n;window.${MARK} = 1;`]),
  );
const present = Object.fromEntries(Object.entries(LIBRARIES).filter(([, script]) => script));

const notHere = ({ program }) => {
  try {
    accessSync(program, constants.X_OK);
    return undefined;
  } catch {
    return `NOT CHECKED: ${program} is not on this machine`;
  }
};

for (const [name, { extremes, ...browser }] of Object.entries(BROWSERS)) {
  test(`in ${name} a page that replaced parts of the language sends what a plain page sends`, async (t) => {
    const missing = notHere(browser);
    if (missing) return t.skip(missing);
    for (const library of Object.keys(LIBRARIES)) {
      if (!(library in present)) t.diagnostic(`NOT CHECKED: ${library} is not on this machine`);
    }
    const begun = performance.now();
    const scripts = { plain: '', ...marked(present), ...(extremes && marked(REPLACED)) };
    const visits = await tour(browser, scripts);
    const { components, automation } = visits.plain.payload;
    for (const hashed of ['audio', 'math', 'fonts', 'fontPreferences', 'plugins']) {
      assert.match(components[hashed], /^[0-9a-f]{32}$/, hashed);
    }
    assert.deepEqual(automation.globals, []);
    for (const page of Object.keys(scripts)) {
      const { payload, result } = visits[page];
      assert.equal(result, 'token t, frames left: 0', page);
      assert.equal(wrongWith(payload), undefined, page);
      // The client id is made of these, and of nothing else that a page can touch.
      assert.deepEqual(payload.components, components, page);
      const globals = page === 'plain' ? [] : [MARK];
      assert.deepEqual(payload.automation, { ...automation, globals }, page);
      assert.deepEqual(payload.externalIds, { accountId: '1' }, page);
      assert.ok(
        Math.abs(payload.collectedAt - Date.now()) < 10 * 60 * 1000,
        `${page}: ${payload.collectedAt}`,
      );
    }
    const drawn = new Set(Object.values(visits).map(({ payload }) => payload.nonce));
    assert.equal(drawn.size, Object.keys(visits).length);
    if (!extremes) {
      // From another profile, too: what the browser draws at random is not in it.
      const { opening } = await tour(browser, {});
      assert.deepEqual(opening.payload.components, components);
      assert.equal(components.timeZone, 'Atlantic/Reykjavik');
    }
    t.diagnostic(`${drawn.size} pages, ${Math.round(performance.now() - begun)} ms`);
  });
}
