/**
 * Compares the page with a frame and a worker of its own. A program that overwrites `navigator` in the page often
 * forgets them.
 */

import { withIframe } from '@fingerprintjs/fingerprintjs';
import { toJson } from '../json.js';
import { PROBE_LIMIT, within } from '../limits.js';

/** What frames can see. Workers have no `vendor`, `maxTouchPoints` or `webdriver`. */
const FRAME = [
  'hardwareConcurrency',
  'languages',
  'maxTouchPoints',
  'platform',
  'userAgent',
  'vendor',
  'webdriver',
];
const WORKER = ['hardwareConcurrency', 'languages', 'platform', 'userAgent'];

type View = Record<string, unknown>;

/** Names of what a frame sees otherwise. */
export function readFrameMismatches(): Promise<string[]> {
  return withIframe((_element, frame) =>
    mismatches(
      view(navigator, Intl, FRAME),
      view(frame.navigator, (frame as typeof globalThis & Window).Intl, FRAME),
    ),
  );
}

/** Names of what a worker sees otherwise. The worker is made from a `blob:` address. */
export async function readWorkerMismatches(): Promise<string[]> {
  const names = toJson(WORKER);
  const program =
    `var v={timeZone:Intl.DateTimeFormat().resolvedOptions().timeZone};` +
    `${names}.forEach(function(n){v[n]=navigator[n]});postMessage(v)`;
  const address = window.URL.createObjectURL(new Blob([program], { type: 'text/javascript' }));
  let worker: Worker | undefined;
  try {
    const started = new Worker(address);
    worker = started;
    const answer = new Promise<View>((resolve, reject) => {
      started.onmessage = (event: MessageEvent<View>) => resolve(event.data);
      started.onerror = (event) => {
        event.preventDefault();
        reject(new Error('the worker does not run'));
      };
    });
    // Limited here too, so that a worker which never answers is ended.
    return mismatches(view(navigator, Intl, WORKER), await within(PROBE_LIMIT, answer));
  } finally {
    worker?.terminate();
    window.URL.revokeObjectURL(address);
  }
}

/** Names of the members that differ, sorted. */
export function mismatches(ours: View, theirs: View): string[] {
  return Object.keys(ours)
    .filter((name) => toJson(ours[name]) !== toJson(theirs[name]))
    .sort();
}

function view(from: Navigator, intl: typeof Intl, names: readonly string[]): View {
  const seen: View = { timeZone: intl.DateTimeFormat().resolvedOptions().timeZone };
  for (const name of names) seen[name] = from[name as keyof Navigator];
  return seen;
}
