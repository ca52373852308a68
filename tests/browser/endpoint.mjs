/**
 * The service that the pages talk to: the one at HOLDFAST_ENDPOINT, or a stand-in for it.
 *
 * For a real one set
 *   HOLDFAST_ENDPOINT    its origin, such as http://127.0.0.1:3000
 *   HOLDFAST_SITE_KEY    a site key that allows the origin http://localhost:<HOLDFAST_PAGE_PORT>
 *   HOLDFAST_PAGE_PORT   the port that the allowed pages are served from
 */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import Ajv from 'ajv/dist/2020.js';

const collector = new URL('../../web/collector/', import.meta.url);
const FIVE_MINUTES = 5 * 60 * 1000;
const MOST_BYTES = 64 * 1024;

/** A file of the committed collector. */
export function built(name) {
  return readFileSync(new URL(`dist/${name}`, collector));
}

/** Says what is wrong with a body of `POST /client`; nothing if it is as the contract wants it. */
export const wrongWith = (() => {
  const schema = JSON.parse(readFileSync(new URL('payload.schema.json', collector), 'utf8'));
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
  const valid = ajv.compile(schema);
  return (payload) => (valid(payload) ? undefined : ajv.errorsText(valid.errors));
})();

/** The service under test. */
export async function openEndpoint() {
  const origin = process.env.HOLDFAST_ENDPOINT?.replace(/\/$/, '');
  if (!origin) return standIn();
  const siteKey = process.env.HOLDFAST_SITE_KEY;
  if (!siteKey || !process.env.HOLDFAST_PAGE_PORT) {
    throw new Error('HOLDFAST_ENDPOINT needs HOLDFAST_SITE_KEY and HOLDFAST_PAGE_PORT');
  }
  const { ok } = await fetch(`${origin}/client.js`);
  if (!ok) throw new Error(`${origin}/client.js is not served`);
  return { origin, siteKey, isStandIn: false, allow: () => undefined, close: () => undefined };
}

/** Answers with JSON. */
export function answer(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** The body of a request. */
export async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * Does what the contract of `/client` says.
 *
 * @param more - answers what else is asked: given request, response and address, it says whether it did
 * @param keep - told of each token and of what was sent for it
 */
export async function standIn({ more = async () => false, keep = () => undefined } = {}) {
  const siteKey = 'pk_stand_in';
  const allowed = new Set();
  const nonces = new Set();

  const refuse = (response, status, field, message) =>
    answer(response, status, { errors: [{ field, message }] });

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://stand-in');
    if (request.method === 'GET' && url.pathname === '/client.js') {
      // Anybody may load the script, and `integrity` needs it to be readable.
      response.writeHead(200, { 'content-type': 'text/javascript', 'access-control-allow-origin': '*' });
      response.end(built('client.js'));
      return;
    }
    if (await more(request, response, url)) return;
    if (url.pathname !== '/client') return answer(response, 404, { message: 'Not Found' });

    const { origin } = request.headers;
    response.setHeader('vary', 'origin');
    if (!allowed.has(origin)) return refuse(response, 403, 'origin', 'this origin is not allowed');
    response.setHeader('access-control-allow-origin', origin);
    if (request.method === 'OPTIONS') {
      response.writeHead(204, { 'access-control-allow-methods': 'POST' });
      response.end();
      return;
    }
    if (url.searchParams.get('siteKey') !== siteKey)
      return refuse(response, 403, 'siteKey', 'unknown site key');

    const body = await bodyOf(request);
    if (body.length > MOST_BYTES) return refuse(response, 413, 'body', 'more than 64 KiB');
    let payload;
    try {
      payload = JSON.parse(body.toString('utf8'));
    } catch {
      return refuse(response, 400, 'body', 'not JSON');
    }
    const wrong = wrongWith(payload);
    if (wrong) return refuse(response, 400, 'body', wrong);
    if (Math.abs(Date.now() - payload.collectedAt) > FIVE_MINUTES) {
      return refuse(response, 400, 'collectedAt', 'not of now');
    }
    if (nonces.has(payload.nonce)) return refuse(response, 409, 'nonce', 'was used');
    nonces.add(payload.nonce);
    const token = `eyJhbGciOiJIUzI1NiJ9.${payload.nonce}.stand-in`;
    keep(token, payload);
    answer(response, 200, { token });
  });
  const port = await listen(server, 0);
  return {
    origin: `http://127.0.0.1:${port}`,
    siteKey,
    isStandIn: true,
    allow: (origin) => allowed.add(origin),
    close: () => server.close(),
  };
}

/** Starts the server on the loopback address, and returns its port. */
export function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server.address().port));
  });
}
