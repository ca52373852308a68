/** The service under test: a local cloud of the suite's own, on a free port, in memory. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** The functions may have to be built first. */
const MILLISECONDS_TO_START = 30 * 60 * 1000;
const MILLISECONDS_TO_STOP = 30 * 1000;

/**
 * Starts `cargo local`.
 *
 * @param origins - whose pages may tell the service of their visitors, beside its own
 * @param parameters - of the template, as `Name=value`
 * @returns its origin, the key of its site, an API key, a user's token, and `close`, which may be called twice
 */
export async function openCloud(origins = [], parameters = []) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-cloud-'));
  const [ready, log] = [join(folder, 'ready.json'), join(folder, 'log')];
  const options = ['--ephemeral', '--port', '0', '--dir', folder, '--ready-file', ready];
  // All visitors of a suite come from one address.
  for (const parameter of ['TelemetryPerNetwork=6000', ...parameters]) options.push('--parameter', parameter);
  for (const origin of origins) options.push('--site-origin', origin);

  const written = openSync(log, 'w');
  // A group of its own, so that a compiler it still runs ends with it.
  const cloud = spawn('cargo', ['local', ...options], {
    cwd: root,
    detached: true,
    stdio: ['ignore', written, written],
  });
  closeSync(written);
  const ended = once(cloud, 'exit');
  const signal = (name) => {
    try {
      process.kill(-cloud.pid, name);
    } catch {
      // It has ended.
    }
  };
  const abandon = () => signal('SIGKILL');
  process.once('exit', abandon);
  // Else nothing is told of the end.
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => process.exit(1));

  const close = async () => {
    signal('SIGTERM');
    const timer = setTimeout(abandon, MILLISECONDS_TO_STOP);
    await ended;
    clearTimeout(timer);
    process.removeListener('exit', abandon);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const { url, site_key, api_key, token } = await told(ready, cloud);
    return { origin: url, siteKey: site_key, apiKey: api_key, token, close };
  } catch (error) {
    const end = readFileSync(log, 'utf8').slice(-4000);
    await close();
    throw new Error(`${error.message}; the end of its log:\n${end}`);
  }
}

/** What the cloud says of itself once it answers. */
async function told(ready, cloud) {
  const end = Date.now() + MILLISECONDS_TO_START;
  while (Date.now() < end) {
    if (cloud.exitCode !== null || cloud.signalCode !== null)
      throw new Error('the local cloud ended before it was ready');
    try {
      return JSON.parse(readFileSync(ready, 'utf8'));
    } catch {
      // Not yet.
    }
    await sleep(200);
  }
  throw new Error('the local cloud is not ready');
}
