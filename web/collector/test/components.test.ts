import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toComponents } from '../src/components.js';
import type { Findings } from '../src/library.js';

/** Shows what is hashed instead of hashing it. */
const shown = (text: string) => `#${text}`;
const map = (found: object) => toComponents(found as Findings, shown);

test('what the library found is sent under the names of the contract', () => {
  const components = map({
    platform: { value: 'MacIntel' },
    vendor: { value: 'Google Inc.' },
    vendorFlavors: { value: ['chrome'] },
    touchSupport: { value: { maxTouchPoints: 0, touchEvent: false, touchStart: false } },
    hardwareConcurrency: { value: 8 },
    indexedDB: { value: true },
    pdfViewerEnabled: { value: true },
    canvas: { value: { winding: true, geometry: 'data:image/png;g', text: 'data:image/png;t' } },
    audio: { value: 124.04347527516074 },
    fonts: { value: ['Arial'] },
    plugins: { value: [{ name: 'PDF Viewer', description: '', mimeTypes: [] }] },
    contrast: { value: -1 },
    monochrome: { value: 0 },
  });
  assert.deepEqual(components, {
    platform: 'MacIntel',
    vendor: 'Google Inc.',
    vendorFlavors: ['chrome'],
    touch: { maxTouchPoints: 0, touchEvent: false, touchStart: false },
    hardwareConcurrency: 8,
    indexedDb: true,
    pdfViewer: true,
    canvasGeometry: '#"data:image/png;g"',
    canvasText: '#"data:image/png;t"',
    audio: '#124.04347527516074',
    fonts: '#["Arial"]',
    plugins: '#[{"name":"PDF Viewer","description":"","mimeTypes":[]}]',
    pluginCount: 1,
    contrast: -1,
    monochrome: 0,
  });
});

test('a source that failed is left out, and takes nothing else with it', () => {
  const error = { error: new Error('blocked') };
  assert.deepEqual(
    map({
      canvas: error,
      audio: error,
      plugins: error,
      webGlBasics: error,
      platform: error,
      vendor: { value: '' },
    }),
    { vendor: '' },
  );
});

test('what the library cannot tell was not collected', () => {
  const cases: object[] = [
    {},
    { deviceMemory: { value: undefined } },
    { audio: { value: -1 } },
    { audio: { value: -4 } },
    { canvas: { value: { winding: false, geometry: 'unsupported', text: 'unsupported' } } },
    { canvas: { value: { winding: true, geometry: 'skipped', text: 'unstable' } } },
    { webGlBasics: { value: -1 }, webGlExtensions: { value: -2 } },
    { applePay: { value: -3 } },
    { domBlockers: { value: undefined } },
  ];
  for (const found of cases) assert.deepEqual(map(found), {}, JSON.stringify(found));
});

test('the graphics processor is named by the unmasked strings, else by the masked ones', () => {
  const masked = {
    version: 'WebGL 1.0',
    vendor: 'WebKit',
    renderer: 'WebKit WebGL',
    shadingLanguageVersion: 'GLSL',
  };
  const named = (unmasked: object) => {
    const { webglVendor, webglRenderer } = map({ webGlBasics: { value: { ...masked, ...unmasked } } });
    return [webglVendor, webglRenderer];
  };
  assert.deepEqual(named({ vendorUnmasked: 'Apple', rendererUnmasked: 'M2' }), ['Apple', 'M2']);
  assert.deepEqual(named({ vendorUnmasked: '', rendererUnmasked: '' }), ['WebKit', 'WebKit WebGL']);
});

test('a hash that fails loses that component alone', () => {
  const found = { audio: { value: 1 }, math: { value: { acos: 1 } }, vendor: { value: 'x' } };
  const broken = (text: string) => {
    if (text === '1') throw new Error('no');
    return shown(text);
  };
  assert.deepEqual(toComponents(found as unknown as Findings, broken), {
    math: '#{"acos":1}',
    vendor: 'x',
  });
});
