/** Collects the evidence. Nothing is collected before a page asks for it. */

import { toComponents } from './components.js';
import { findBot, findComponents, libraryConfidence } from './library.js';
import { attempt, attemptNow, COLLECTION_LIMIT, within } from './limits.js';
import type { Automation, Components } from './payload.js';
import { readGlobals, readWebdriver } from './probes/automation.js';
import { defined, readBrowser, readUserAgentData } from './probes/browser.js';
import { readFrameMismatches, readWorkerMismatches } from './probes/mismatches.js';

/** What is known of this browser. */
export interface Evidence {
  components: Components;
  automation: Automation;
}

/** Runs every probe, each guarded by itself; after three seconds what is there is returned. */
export async function collect(options: { workerProbe?: boolean | undefined } = {}): Promise<Evidence> {
  const evidence: Evidence = {
    components: readBrowser(),
    automation: defined({
      webdriver: attemptNow(readWebdriver),
      globals: attemptNow(readGlobals),
      devtoolsProtocol: null,
    }),
  };
  await within(COLLECTION_LIMIT, fill(evidence, options)).catch(() => undefined);
  return { components: { ...evidence.components }, automation: { ...evidence.automation } };
}

async function fill({ components, automation }: Evidence, options: { workerProbe?: boolean | undefined }) {
  const pending = [find(components, 'userAgentData', readUserAgentData)];
  if (options.workerProbe) pending.push(find(automation, 'workerMismatches', readWorkerMismatches));

  const findings = await findComponents();
  const found = toComponents(findings);
  put(components, found);
  put(components, { libraryConfidence: attemptNow(() => libraryConfidence(found.platform)) });

  pending.push(find(automation, 'detector', () => findBot(findings)));
  pending.push(find(automation, 'iframeMismatches', readFrameMismatches));
  for (const probe of pending) await probe;
}

async function find<T extends object, Name extends keyof T>(
  into: T,
  name: Name,
  probe: () => T[Name] | PromiseLike<T[Name]>,
): Promise<void> {
  put(into, { [name]: await attempt(probe) } as { [K in keyof T]?: T[K] });
}

/** A probe that found nothing leaves what is there. */
function put<T extends object>(into: T, members: { [K in keyof T]?: T[K] | undefined }): void {
  Object.assign(into, defined(members as { [K in keyof T]: T[K] | undefined }));
}
