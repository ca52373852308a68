/** Finds out where to send, and on whose behalf. */

import type { Configuration, TelemetryError } from './types.js';

/** What is left to find out of a configuration: the address, or what is wrong. */
export type Destination = { url: string } | { error: TelemetryError };

/** What is read of the `<script>` element that brought the collector. */
export interface ScriptElement {
  readonly src: string;
  getAttribute(name: string): string | null;
}

/**
 * The configuration on the element: `data-site-key`, `data-client-url`, `data-worker-probe`. An empty attribute counts
 * as absent, but for the last, which is a switch as `async` is.
 */
export function fromScript(script: ScriptElement | null): Configuration {
  if (!script) return {};
  return {
    siteKey: script.getAttribute('data-site-key') || undefined,
    clientUrl: script.getAttribute('data-client-url') || undefined,
    workerProbe: script.getAttribute('data-worker-probe') === null ? undefined : true,
  };
}

/** The configuration in a page's global `HoldfastTelemetry`; members of another type count as absent. */
export function fromGlobal(value: unknown): Configuration {
  if (typeof value !== 'object' || value === null) return {};
  const { siteKey, clientUrl, workerProbe } = value as Record<string, unknown>;
  return {
    siteKey: typeof siteKey === 'string' ? siteKey : undefined,
    clientUrl: typeof clientUrl === 'string' ? clientUrl : undefined,
    workerProbe: typeof workerProbe === 'boolean' ? workerProbe : undefined,
  };
}

/** Member by member, the first that has it. */
export function firstOf(first: Configuration, second: Configuration): Configuration {
  return {
    siteKey: first.siteKey ?? second.siteKey,
    clientUrl: first.clientUrl ?? second.clientUrl,
    workerProbe: first.workerProbe ?? second.workerProbe,
  };
}

/**
 * Where to send. The site key travels in the query, so that a preflight can be judged by it too.
 *
 * @param base - address that a relative `clientUrl` is resolved against
 */
export function destination({ siteKey, clientUrl = '/client' }: Configuration, base: string): Destination {
  let url: URL;
  try {
    url = new URL(clientUrl, base);
  } catch {
    return { error: { field: 'clientUrl', message: `not an address: ${clientUrl}` } };
  }
  if (!/^https?:$/.test(url.protocol)) {
    return { error: { field: 'clientUrl', message: `not an http address: ${url.href}` } };
  }
  if (siteKey) url.searchParams.set('siteKey', siteKey);
  if (!url.searchParams.get('siteKey')) {
    return {
      error: { field: 'siteKey', message: 'the site key is missing: set data-site-key on the script' },
    };
  }
  return { url: url.href };
}
