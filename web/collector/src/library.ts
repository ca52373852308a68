/**
 * Runs FingerprintJS and BotD, source by source and each under a time limit.
 *
 * Neither is run through its `load`, which would wait for a source that hangs. `load` is also the only place that knows
 * their vendor's statistics server, so the bundle does not even contain its address. The price is that these exports
 * may change with a minor version, so the versions are pinned.
 */

import { collect as collectForBots, detect, detectors, sources as botSources } from '@fingerprintjs/botd';
import {
  isAndroid,
  isWebKit,
  loadSources,
  prepareForSources,
  sources,
  type BuiltinComponents,
} from '@fingerprintjs/fingerprintjs';
import { attempt, IDLE_LIMIT, LIBRARY_LIMIT, PROBE_LIMIT, within } from './limits.js';
import type { Automation } from './payload.js';

/** What a source found, or why it found nothing. */
export type Finding<T> = { value: T } | { error: unknown };

/** Findings by the library's names; a source that has not answered yet is absent. */
export type Findings = {
  [Name in keyof BuiltinComponents]?: Finding<Value<BuiltinComponents[Name]>>;
};

type Value<Component> = Component extends { value: infer T } ? T : never;
type Source = (options: { cache: Cache }) => unknown;

/** Where FingerprintJS keeps the graphics context it made. */
type Cache = object;

/**
 * The graphics processor is asked once per page. Browsers end the oldest of more than 16 contexts, which would be the
 * page's own; and a context that was asked once answers otherwise the second time, because asking enables extensions.
 */
const GRAPHICS: readonly string[] = ['webGlBasics', 'webGlExtensions'];
const graphics: Record<string, object> = {};
const cache: Cache = {};

/** Runs FingerprintJS, but for the sources that the build leaves out. What was found when time is up is returned as it is. */
export async function findComponents(): Promise<Findings> {
  const findings: Record<string, Finding<unknown>> = {};
  const watched: Record<string, Source> = {};
  for (const [name, source] of Object.entries(sources)) {
    const asked = GRAPHICS.includes(name) ? once(name, source as Source) : (source as Source);
    watched[name] = watch(asked, (finding) => {
      findings[name] = finding;
    });
  }
  await attempt(async () => {
    await attempt(() => prepareForSources(), IDLE_LIMIT);
    await loadSources(watched, { cache }, [])();
  }, LIBRARY_LIMIT);
  return { ...findings } as Findings;
}

/** Runs BotD. It takes the graphics processor's names from what was found before, instead of a context of its own. */
export async function findBot({ webGlBasics }: Findings): Promise<Automation['detector']> {
  const limited: Record<string, () => Promise<unknown>> = {};
  for (const [name, source] of Object.entries(botSources)) {
    limited[name] = async () => within<unknown>(PROBE_LIMIT, source());
  }
  limited['webGL'] = async () => {
    if (webGlBasics && 'value' in webGlBasics && typeof webGlBasics.value === 'object')
      return webGlBasics.value;
    throw new Error('no graphics context');
  };
  const components = (await collectForBots(limited)) as Parameters<typeof detect>[0];
  const [, verdict] = detect(components, detectors);
  return verdict.bot ? { bot: true, kind: verdict.botKind } : { bot: false, kind: null };
}

/**
 * What FingerprintJS says of its own id's worth: a constant per platform. It does not export the function, and Safari
 * before 16.4, of which it thinks better (0.5), is not told apart here.
 */
export function libraryConfidence(platform: string | undefined): number {
  if (isAndroid()) return 0.4;
  if (isWebKit()) return 0.3;
  if (/^Win/.test(platform ?? '')) return 0.6;
  if (/^Mac/.test(platform ?? '')) return 0.5;
  return 0.7;
}

/** The source, telling what it finds as soon as it does. A source may answer at once, later, or with a second stage. */
export function watch(source: Source, tell: (finding: Finding<unknown>) => void): Source {
  const failed = (error: unknown): never => {
    tell({ error });
    throw error;
  };
  const found = (value: unknown): unknown => {
    tell({ value });
    return value;
  };
  const stage = (run: () => unknown, next: (value: unknown) => unknown): unknown => {
    let value: unknown;
    try {
      value = run();
    } catch (error) {
      return failed(error);
    }
    return isPromise(value) ? within(PROBE_LIMIT, value).then(next, failed) : next(value);
  };
  return (options) =>
    stage(
      () => source(options),
      (value) => (typeof value === 'function' ? () => stage(() => value(), found) : found(value)),
    );
}

/** The source, asked until it first gives an object; a number says that there are no graphics. */
function once(name: string, source: Source): Source {
  return (options) => {
    const known = graphics[name];
    if (known) return known;
    const value = source(options);
    if (typeof value === 'object' && value !== null) graphics[name] = value;
    return value;
  };
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
