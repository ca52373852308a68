/** Facts that the browser states about itself. */

import type { Brand, Components, ScreenSize, UserAgentData, WindowSize } from '../payload.js';
import { attempt, attemptNow } from '../limits.js';

/** WICG User-Agent Client Hints, in Chromium on secure contexts alone. */
interface ClientHints {
  brands?: Brand[];
  mobile?: boolean;
  platform?: string;
  getHighEntropyValues?(hints: string[]): Promise<UserAgentData>;
}

type Stated = Pick<Components, 'userAgent' | 'languages' | 'timeZone' | 'timeZoneOffsetMinutes'> &
  Pick<Components, 'screen' | 'window'>;

const HIGH_ENTROPY = ['architecture', 'bitness', 'fullVersionList', 'model', 'platformVersion'] as const;

/** Everything that can be read at once. */
export function readBrowser(): Stated {
  return defined({
    userAgent: attemptNow(() => navigator.userAgent),
    languages: attemptNow(() => [...navigator.languages]),
    timeZone: attemptNow(() => Intl.DateTimeFormat().resolvedOptions().timeZone),
    timeZoneOffsetMinutes: attemptNow(() => new Date().getTimezoneOffset()),
    screen: attemptNow(readScreen),
    window: attemptNow(readWindow),
  });
}

/** `navigator.userAgentData`; the high-entropy part is missing where a permissions policy keeps it. */
export async function readUserAgentData(): Promise<UserAgentData | undefined> {
  const hints = (navigator as Navigator & { userAgentData?: ClientHints }).userAgentData;
  if (!hints) return undefined;
  const details: UserAgentData = (await attempt(() => hints.getHighEntropyValues?.([...HIGH_ENTROPY]))) ?? {};
  return defined({
    brands: plainBrands(hints.brands),
    fullVersionList: plainBrands(details.fullVersionList),
    mobile: hints.mobile,
    platform: hints.platform,
    platformVersion: details.platformVersion,
    architecture: details.architecture,
    bitness: details.bitness,
    model: details.model,
  });
}

/** Without the members that are undefined. */
export function defined<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}

function plainBrands(brands: Brand[] | undefined): Brand[] | undefined {
  return brands?.map(({ brand, version }) => ({ brand, version }));
}

function readScreen(): ScreenSize {
  return {
    width: screen.width,
    height: screen.height,
    availableWidth: screen.availWidth,
    availableHeight: screen.availHeight,
    colorDepth: screen.colorDepth,
    pixelRatio: devicePixelRatio,
  };
}

function readWindow(): WindowSize {
  return { innerWidth, innerHeight, outerWidth, outerHeight };
}
