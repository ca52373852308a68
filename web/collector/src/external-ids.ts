/** Reads the arguments of a call. */

import type { ExternalIds } from './types.js';

/**
 * The site's names as strings. Numbers, big integers and booleans are printed; anything else is left out, so that
 * `{accountId: undefined}` is no id rather than the id "undefined".
 */
export function readExternalIds(
  first?: ExternalIds | string | null,
  second?: string | null,
): Record<string, string> | undefined {
  const given: ExternalIds =
    typeof first === 'object' && first !== null ? first : { customerId: first, transactionId: second };
  const ids: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (['string', 'number', 'bigint', 'boolean'].includes(typeof value)) ids[name] = String(value);
  }
  return Object.keys(ids).length > 0 ? ids : undefined;
}
