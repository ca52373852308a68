/** `@holdfast/collector`: the collector for pages that are bundled. */

import { makeClient } from './client.js';
import { firstOf } from './configuration.js';
import type { Configuration, SendClientTelemetry } from './types.js';

export type {
  Configuration,
  ExternalIds,
  SendClientTelemetry,
  TelemetryAnswer,
  TelemetryError,
  TelemetryResult,
} from './types.js';

let configured: Configuration = {};

/** Sets where to send and on whose behalf. What a later call leaves out stays as it was. */
export function configure(configuration: Configuration): void {
  configured = firstOf(configuration, configured);
}

/** Collects evidence about this browser, sends it, and resolves with a token for your backend. It never rejects. */
export const sendClientTelemetry: SendClientTelemetry = makeClient(
  () => configured,
  () => document.baseURI,
);
