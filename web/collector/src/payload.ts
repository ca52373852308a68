/** The body of `POST /client`, version 1. A member that is absent was not collected. */

/** First 16 bytes of a SHA-256, as 32 lower-case hexadecimal digits. */
export type Hash = string;

export interface Payload {
  version: 1;
  /** 16 random bytes as base64url; drawn anew for each sending, so that a copy can be told from a second visit. */
  nonce: string;
  /** When it was collected by the browser's clock, in milliseconds since 1970. */
  collectedAt: number;
  externalIds?: Record<string, string>;
  components: Components;
  automation: Automation;
}

export interface Components {
  userAgent?: string;
  platform?: string;
  vendor?: string;
  vendorFlavors?: string[];
  userAgentData?: UserAgentData;
  languages?: string[];
  timeZone?: string;
  /** As `Date.prototype.getTimezoneOffset`: minutes to add to local time to get UTC. */
  timeZoneOffsetMinutes?: number;
  screen?: ScreenSize;
  window?: WindowSize;
  touch?: Touch;
  hardwareConcurrency?: number;
  deviceMemory?: number;
  /** The sign bit of a NaN in memory, which differs between processor families. */
  architecture?: number;
  canvasGeometry?: Hash;
  canvasText?: Hash;
  audio?: Hash;
  math?: Hash;
  fonts?: Hash;
  fontPreferences?: Hash;
  domBlockers?: Hash;
  webglVendor?: string;
  webglRenderer?: string;
  webglParameters?: Hash;
  webglExtensions?: Hash;
  colorGamut?: string;
  contrast?: number;
  forcedColors?: boolean;
  hdr?: boolean;
  invertedColors?: boolean;
  monochrome?: number;
  reducedMotion?: boolean;
  reducedTransparency?: boolean;
  cookiesEnabled?: boolean;
  localStorage?: boolean;
  sessionStorage?: boolean;
  indexedDb?: boolean;
  openDatabase?: boolean;
  pdfViewer?: boolean;
  plugins?: Hash;
  pluginCount?: number;
  /** 1 can pay, 0 cannot, -1 the browser has no Apple Pay. */
  applePay?: number;
  privateClickMeasurement?: string;
  /** What FingerprintJS publishes of its own id's worth on this platform, 0 to 1. */
  libraryConfidence?: number;
}

export interface Brand {
  brand: string;
  version: string;
}

export interface UserAgentData {
  brands?: Brand[];
  fullVersionList?: Brand[];
  mobile?: boolean;
  platform?: string;
  platformVersion?: string;
  architecture?: string;
  bitness?: string;
  model?: string;
}

/** CSS pixels. */
export interface ScreenSize {
  width?: number;
  height?: number;
  availableWidth?: number;
  availableHeight?: number;
  colorDepth?: number;
  pixelRatio?: number;
}

/** CSS pixels. */
export interface WindowSize {
  innerWidth?: number;
  innerHeight?: number;
  outerWidth?: number;
  outerHeight?: number;
}

export interface Touch {
  maxTouchPoints?: number;
  touchEvent?: boolean;
  touchStart?: boolean;
}

export interface Automation {
  webdriver?: boolean;
  detector?: { bot: boolean; kind: string | null };
  /** Names of globals that tools for automation leave behind. */
  globals?: string[];
  /**
   * Always null in this version. The known probe (an `Error` with a getter, given to `console.debug`) writes to every
   * visitor's console, takes a person's open developer tools for a program, and did not notice Playwright in Chromium 148.
   */
  devtoolsProtocol: null;
  /** What a frame of the page's own sees otherwise than the page. */
  iframeMismatches?: string[];
  /** What a worker of the page's own sees otherwise than the page. */
  workerMismatches?: string[];
}
