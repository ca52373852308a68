/** The committed collector: its files, and the form of what it sends. */

import { readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';

const collector = new URL('../../web/collector/', import.meta.url);

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
