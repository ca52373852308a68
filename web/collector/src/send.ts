/** Sends evidence, and tells what came of it. */

import type { Evidence } from './collect.js';
import { toJson } from './json.js';
import { ANSWER_LIMIT, attemptNow, pause } from './limits.js';
import { drawNonce } from './nonce.js';
import type { Payload } from './payload.js';
import { fromAnswer, fromError } from './result.js';
import type { TelemetryResult } from './types.js';

/** Browsers refuse `keepalive` for more than 64 KiB in flight. A character is up to three bytes, and the page has its own. */
const MOST_KEPT_ALIVE = 16 * 1024;
/** Before the second attempt, in milliseconds. */
const BREATH = 300;

/** What is sent, but for the nonce. */
export type Visit = Evidence & { collectedAt: number; externalIds: Record<string, string> | undefined };

/**
 * Sends once, and once more where the network failed. The second sending has a nonce of its own: the service refuses a
 * nonce it has seen, so a copy of a sending whose answer was lost would be refused for ever. A visit may thus be counted
 * twice, which harms nobody. An answer of any kind, and an answer that did not come in time, is not tried again.
 */
export async function send(url: string, visit: Visit): Promise<TelemetryResult> {
  try {
    return await attemptOnce(url, visit, true);
  } catch (error) {
    if (isLate(error)) return late();
    if (navigator.onLine === false) return fromError({ message: 'the browser is offline' });
  }
  await pause(BREATH);
  try {
    return await attemptOnce(url, visit, false);
  } catch (error) {
    // A browser tells a page no more than this.
    return isLate(error)
      ? late()
      : fromError({ message: 'no answer: the network failed, or the service does not allow this origin' });
  }
}

/** The body of one sending. */
export function toPayload(visit: Visit, nonce: string): Payload {
  const { collectedAt, externalIds, components, automation } = visit;
  return { version: 1, nonce, collectedAt, ...(externalIds && { externalIds }), components, automation };
}

async function attemptOnce(url: string, visit: Visit, first: boolean): Promise<TelemetryResult> {
  const body = toJson(toPayload(visit, drawNonce()));
  // Without one, an answer may be late.
  const abort = attemptNow(() => new AbortController());
  const timer = setTimeout(() => abort?.abort(), ANSWER_LIMIT);
  try {
    // A string is sent as text/plain, which needs no preflight.
    const answer = await fetch(url, {
      method: 'POST',
      body,
      credentials: 'omit',
      cache: 'no-store',
      // Under a page's `no-referrer` a request to its own origin would say `Origin: null`, which no site allows.
      referrerPolicy: 'strict-origin',
      // The browser may have refused the first for what the page itself keeps alive.
      keepalive: first && body.length <= MOST_KEPT_ALIVE,
      ...(abort && { signal: abort.signal }),
    });
    return await fromAnswer(answer);
  } finally {
    clearTimeout(timer);
  }
}

function isLate(error: unknown): boolean {
  return (error as { name?: unknown } | null)?.name === 'AbortError';
}

function late(): TelemetryResult {
  return fromError({ message: `no answer within ${ANSWER_LIMIT / 1000} seconds` });
}
