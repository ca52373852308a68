/** `@holdfast/collector`: the collector for pages that are bundled. */
import type { Configuration, SendClientTelemetry } from './types.js';
export type { Configuration, ExternalIds, SendClientTelemetry, TelemetryAnswer, TelemetryError, TelemetryResult, } from './types.js';
/** Sets where to send and on whose behalf. What a later call leaves out stays as it was. */
export declare function configure(configuration: Configuration): void;
/** Collects evidence about this browser, sends it, and resolves with a token for your backend. It never rejects. */
export declare const sendClientTelemetry: SendClientTelemetry;
