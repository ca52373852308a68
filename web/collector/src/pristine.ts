/**
 * The language's own objects as the browser made them. Old libraries replace some of the page's (MooTools and Prototype
 * `Array.from`), and zone.js and polyfills wrap others, so they are taken from an empty frame, which is removed at once.
 * Where a page may have no frame, or sees nothing of it, as in a sandbox, they are the page's.
 *
 * Never imported: the build puts these in the place of the globals of the same names, in the libraries too, and lets calls
 * of the language's methods go through `$call` (build.mjs). What tells about the page, such as `navigator` and `Intl`, and
 * what needs it to live, such as timers and `fetch`, stays the page's.
 */

/** What is taken. */
const NAMES = [
  'Array',
  'ArrayBuffer',
  'DataView',
  'Date',
  'Float32Array',
  'Function',
  'Headers',
  'JSON',
  'Math',
  'Number',
  'Object',
  'Reflect',
  'RegExp',
  'Set',
  'String',
  'TextEncoder',
  'URL',
  'Uint32Array',
  'Uint8Array',
  'crypto',
  'isNaN',
  'parseFloat',
  'parseInt',
] as const;

type Language = Pick<typeof globalThis, (typeof NAMES)[number]>;

let from: Language = window as unknown as Language;
try {
  const taken = take();
  // The frame has gone: what lived only with it throws.
  new taken.URL('about:blank');
  new taken.Headers();
  new taken.TextEncoder().encode();
  taken.crypto.getRandomValues(new taken.Uint8Array(1));
  from = taken;
} catch {
  // The page's own have to do.
}

export const {
  Array,
  ArrayBuffer,
  DataView,
  Date,
  Float32Array,
  Headers,
  JSON,
  Math,
  Number,
  Object,
  RegExp,
  Set,
  String,
  TextEncoder,
  URL,
  Uint32Array,
  Uint8Array,
  crypto,
  isNaN,
  parseFloat,
  parseInt,
} = from;

/** The page's own kind, of which async functions return one: callbacks of a frame that is gone are never called. */
export const Promise = (async () => undefined)().constructor;

const { Function } = from;
const { apply } = from.Reflect;
const { map, slice } = Array.prototype;

function take(): Language {
  const frame = document.createElement('iframe');
  const parent = document.documentElement;
  const taken: Record<string, unknown> = {};
  parent.appendChild(frame);
  try {
    // Throws where the frame is of another origin.
    const view = frame.contentWindow as unknown as Record<string, unknown>;
    for (let n = 0; n < NAMES.length; n++) taken[NAMES[n] as string] = view[NAMES[n] as string];
  } finally {
    parent.removeChild(frame);
  }
  return taken as unknown as Language;
}

/** Calls a method by its name: the language's own of a string, function, list or number, else what the object has. */
export function $call(name: string, on: any, ...given: unknown[]): unknown {
  const kind = typeof on;
  const methods: any =
    kind === 'string'
      ? String.prototype
      : kind === 'function'
        ? Function.prototype
        : kind === 'number'
          ? Number.prototype
          : Array.isArray(on)
            ? Array.prototype
            : on;
  return apply(methods[name], on, given);
}

/** A list that can be walked, whatever the page did to the iterators of its own. */
export function $list(value: any): Iterable<unknown> {
  return Array.isArray(value) ? apply(slice, value, []) : value;
}

/** A list of such lists. */
export function $lists(value: Iterable<unknown>): Iterable<unknown> {
  return apply(map, value, [(list: unknown) => $list(list)]);
}

/** The names of an object's own members, and none of what the page gave to all objects. */
export function $keys(value: object): string[] {
  return Object.keys(value);
}

/** A regular expression with the language's own methods. */
export function $regexp(expression: RegExp): RegExp {
  return Object.setPrototypeOf(expression, RegExp.prototype);
}
