/** One call from a page: configuration, collection, sending. */

import { collect } from './collect.js';
import { destination } from './configuration.js';
import { readExternalIds } from './external-ids.js';
import { fromError } from './result.js';
import { send } from './send.js';
import type { Configuration, ExternalIds, SendClientTelemetry } from './types.js';

/**
 * The function a page calls.
 *
 * @param configuration - asked at each call, so that a page may set it late
 * @param base - address that a relative `clientUrl` is resolved against
 */
export function makeClient(configuration: () => Configuration, base: () => string): SendClientTelemetry {
  return async (first?: ExternalIds | string | null, second?: string | null) => {
    try {
      const wanted = configuration();
      const target = destination(wanted, base());
      if ('error' in target) return fromError(target.error);
      const externalIds = readExternalIds(first, second);
      const collectedAt = Date.now();
      const evidence = await collect(wanted);
      return await send(target.url, { ...evidence, collectedAt, externalIds });
    } catch (error) {
      return fromError({ message: `the collector failed: ${String(error)}` });
    }
  };
}
