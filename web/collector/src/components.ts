/** Turns what FingerprintJS found into what is sent. */

import type { Finding, Findings } from './library.js';
import { hash as hashInBrowser } from './hash.js';
import { toJson } from './json.js';
import { attemptNow } from './limits.js';
import type { Components, Hash } from './payload.js';
import { defined } from './probes/browser.js';

/** The part of the components that FingerprintJS feeds. A source that failed, or says that it cannot tell, is left out. */
export function toComponents(found: Findings, hash: (text: string) => Hash = hashInBrowser): Components {
  const hashed = (value: unknown): Hash | undefined => {
    const text = toJson(value);
    return text === undefined ? undefined : attemptNow(() => hash(text));
  };

  const canvas = read(found.canvas);
  const plugins = read(found.plugins);
  const basics = object(read(found.webGlBasics));
  const extensions = object(read(found.webGlExtensions));

  return defined({
    platform: read(found.platform),
    vendor: read(found.vendor),
    vendorFlavors: read(found.vendorFlavors),
    touch: read(found.touchSupport),
    hardwareConcurrency: read(found.hardwareConcurrency),
    deviceMemory: read(found.deviceMemory),
    architecture: read(found.architecture),
    canvasGeometry: hashed(picture(canvas?.geometry)),
    canvasText: hashed(picture(canvas?.text)),
    audio: hashed(atLeast(0, read(found.audio))),
    math: hashed(read(found.math)),
    fonts: hashed(read(found.fonts)),
    fontPreferences: hashed(read(found.fontPreferences)),
    domBlockers: hashed(read(found.domBlockers)),
    webglVendor: basics && (basics.vendorUnmasked || basics.vendor),
    webglRenderer: basics && (basics.rendererUnmasked || basics.renderer),
    webglParameters: hashed(
      extensions && [
        basics?.version,
        basics?.shadingLanguageVersion,
        extensions.contextAttributes,
        extensions.parameters,
        extensions.shaderPrecisions,
      ],
    ),
    webglExtensions: hashed(
      extensions && [extensions.extensions, extensions.extensionParameters, extensions.unsupportedExtensions],
    ),
    colorGamut: read(found.colorGamut),
    contrast: read(found.contrast),
    forcedColors: read(found.forcedColors),
    hdr: read(found.hdr),
    invertedColors: read(found.invertedColors),
    monochrome: read(found.monochrome),
    reducedMotion: read(found.reducedMotion),
    reducedTransparency: read(found.reducedTransparency),
    cookiesEnabled: read(found.cookiesEnabled),
    localStorage: read(found.localStorage),
    sessionStorage: read(found.sessionStorage),
    indexedDb: read(found.indexedDB),
    openDatabase: read(found.openDatabase),
    pdfViewer: read(found.pdfViewerEnabled),
    plugins: hashed(plugins),
    pluginCount: plugins?.length,
    // -2 and -3: on an insecure page, or in a frame of another site, the browser does not say.
    applePay: atLeast(-1, read(found.applePay)),
    privateClickMeasurement: read(found.privateClickMeasurement),
  });
}

function read<T>(finding: Finding<T> | undefined): T | undefined {
  return finding && 'value' in finding ? finding.value : undefined;
}

/** The library says with numbers below zero that there is nothing to be had. */
function atLeast(least: number, value: number | undefined): number | undefined {
  return value !== undefined && value >= least ? value : undefined;
}

function object<T extends object>(value: T | number | undefined): T | undefined {
  return typeof value === 'object' ? value : undefined;
}

/** The library says with a word that there is no picture: `unsupported`, `skipped`, or `unstable` for one with noise. */
function picture(drawn: string | undefined): string | undefined {
  return drawn?.startsWith('data:') ? drawn : undefined;
}
