/** What the page asks of others: the collector in this browser, and the site's backend, which holds the API key. */

/** Longer than the backend's own patience. */
const PATIENCE_MS = 20_000;

/** Something that did not work, in words for whoever looks at the page. */
export class Problem extends Error {
  /**
   * @param {string} problem - what did not work
   * @param {string} advice - what to do
   */
  constructor(problem, advice) {
    super(problem);
    this.advice = advice;
  }
}

/** Who the page is: `{siteKey, subject, thresholds?}`. */
export const config = () => ask('config');

/** Everything that one visit told. */
export const exchange = (token) => ask('exchange', { token });

/** Opens a session for the subject; the answer of `create`. */
export const open = (token) => ask('open', { token });

/**
 * Validates the session; the answer of `validate`, with its explanation, and `sent`: what the backend said of the request.
 *
 * @param {'this' | 'another'} browser - who the request comes from
 */
export const validate = (session_id, token, browser) => ask('validate', { session_id, token, browser });

/** Ends the session; the answer of `logout`. */
export const end = (session_id) => ask('end', { session_id });

/** Lets the collector tell of this browser; returns the token. */
export async function readBrowser({ siteKey, subject }) {
  if (typeof globalThis.sendClientTelemetry !== 'function') {
    throw new Problem(
      'The collector /client.js did not load.',
      'Allow scripts of this site in your content blocker, then reload the page.',
    );
  }
  globalThis.HoldfastTelemetry = { siteKey, clientUrl: '/client' };
  const { token, errors } = await globalThis.sendClientTelemetry({ accountId: subject });
  if (token) return token;
  const why = errors?.map(({ field, message }) => (field ? `${field}: ${message}` : message)).join('; ');
  throw new Problem(
    `The service took no telemetry of this browser: ${why || 'it did not say why'}.`,
    'Open this page at the address that the server printed at its start, wait a minute, and read the browser again.',
  );
}

async function ask(what, body) {
  const asked = body
    ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    : {};
  let response;
  let text;
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    response = await fetch(`/demo/api/${what}`, { ...asked, cache: 'no-store', signal });
    text = await response.text();
  } catch (error) {
    throw error.name === 'TimeoutError'
      ? new Problem(
          `No answer within ${PATIENCE_MS / 1000} seconds.`,
          'See whether the server is busy, then try again.',
        )
      : new Problem('The server cannot be reached.', 'See whether it is still running, then try again.');
  }
  const answer = parsed(text);
  if (response.ok && answer) return answer;
  throw new Problem(
    answer?.problem ??
      `The server answered with status ${response.status} and nothing that this page can read.`,
    answer?.advice ?? "Try again; if it stays, look at the server's log.",
  );
}

/** The JSON object; nothing where it is none. */
function parsed(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
