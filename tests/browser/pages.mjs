/** The shop whose pages load the collector: another origin than the service. */

import { createServer } from 'node:http';
import { built } from './built.mjs';

/** The published snippets, to the letter; each leaves what came of it in `outcome`. */
const SNIPPETS = {
  older: `
const telemetryResponse = await sendClientTelemetry({
  email: "user@example.com",
  accountId: "1234567890",
});

if (!telemetryResponse?.ok) {
  throw new Error("Fingerprint telemetry request failed.");
}

const { token: sessionToken } = await telemetryResponse.json();

if (!sessionToken) {
  throw new Error("No fingerprint session token returned.");
}
return { sessionToken };`,
  newer: `
const result = await sendClientTelemetry({ accountId: "1234567890" });

if (result.errors) {
  throw new Error(result.errors[0].message);
}
return { sessionToken: result.token };`,
};

const SCRIPTS = {
  '/older.js': `window.outcome = (async () => {${SNIPPETS.older}\n})();`,
  '/newer.js': `window.outcome = (async () => {${SNIPPETS.newer}\n})();`,
  '/violations.js': `window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  violations.push(event.violatedDirective + ' ' + event.blockedURI);
});`,
  '/forged.js': `Object.defineProperty(Navigator.prototype, 'platform', { get: () => 'Win32' });`,
};

/** Serves pages made to measure: what `page` is given decides about their head, body and headers. */
export async function openPages() {
  const pages = new Map();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://pages');
    const page = pages.get(pathname);
    if (page) {
      response.writeHead(200, { 'content-type': 'text/html;charset=utf-8', ...page.headers });
      return response.end(page.html);
    }
    // An endpoint that shows what the browser says of the page.
    if (pathname === '/origin') return response.end(JSON.stringify({ token: request.headers.origin }));
    if (pathname === '/favicon.ico') return response.writeHead(204).end();
    const script =
      SCRIPTS[pathname] ??
      (['/client.js', '/index.js'].includes(pathname) ? built(pathname.slice(1)) : undefined);
    response.writeHead(script ? 200 : 404, { 'content-type': 'text/javascript' });
    response.end(script);
  });
  const port = await listen(server);
  return {
    port,
    /** Puts a page up, and returns its path. */
    page({ scripts = [], headers = {} }) {
      const path = `/page-${pages.size}`;
      const html = `<!doctype html><html lang="en"><head><title>Shop</title></head><body>${scripts.join('')}</body></html>`;
      pages.set(path, { html, headers });
      return path;
    },
    close: () => server.close(),
  };
}

/** Starts the server on the loopback address, and returns its port. */
function listen(server) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server.address().port));
  });
}

/** A `<script>` element. */
export function script(src, attributes = {}) {
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${value}"`);
  return `<script src="${src}"${written.join('')}></script>`;
}
