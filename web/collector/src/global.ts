/** `client.js`: defines the global `sendClientTelemetry`. */

import { makeClient } from './client.js';
import { firstOf, fromGlobal, fromScript } from './configuration.js';
import type { SendClientTelemetry } from './types.js';

declare global {
  interface Window {
    /** Configuration of a page that cannot put it on the script's element. */
    HoldfastTelemetry?: unknown;
    sendClientTelemetry: SendClientTelemetry;
  }
}

// Known only while the script runs for the first time; a module has none. Markup that somebody smuggled into the page,
// such as <img name="currentScript">, can stand in its place.
const script = document.currentScript instanceof HTMLScriptElement ? document.currentScript : null;
const own = fromScript(script);
const base = script?.src || document.baseURI;

window.sendClientTelemetry = makeClient(
  () => firstOf(own, fromGlobal(window.HoldfastTelemetry)),
  () => base,
);
