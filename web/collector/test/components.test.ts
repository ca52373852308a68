import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toComponents } from '../src/components.js';
import type { Findings } from '../src/library.js';

/** Shows what is hashed instead of hashing it. */
const shown = (text: string) => Promise.resolve(`#${text}`);
const map = (found: object) => toComponents(found as Findings, shown);

test('what the library found is sent under the names of the contract', async () => {
  const components = await map({
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

test('a source that failed is left out, and takes nothing else with it', async () => {
  const error = { error: new Error('blocked') };
  assert.deepEqual(
    await map({
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

test('what the library cannot tell was not collected', async () => {
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
  for (const found of cases) assert.deepEqual(await map(found), {}, JSON.stringify(found));
});

test('the graphics processor is named by the unmasked strings, else by the masked ones', async () => {
  const masked = {
    version: 'WebGL 1.0',
    vendor: 'WebKit',
    renderer: 'WebKit WebGL',
    shadingLanguageVersion: 'GLSL',
  };
  const named = async (unmasked: object) => {
    const { webglVendor, webglRenderer } = await map({ webGlBasics: { value: { ...masked, ...unmasked } } });
    return [webglVendor, webglRenderer];
  };
  assert.deepEqual(await named({ vendorUnmasked: 'Apple', rendererUnmasked: 'M2' }), ['Apple', 'M2']);
  assert.deepEqual(await named({ vendorUnmasked: '', rendererUnmasked: '' }), ['WebKit', 'WebKit WebGL']);
});

test('a hash that fails loses that component alone', async () => {
  const found = { audio: { value: 1 }, math: { value: { acos: 1 } }, vendor: { value: 'x' } };
  const broken = (text: string) => (text === '1' ? Promise.reject(new Error('no')) : shown(text));
  assert.deepEqual(await toComponents(found as unknown as Findings, broken), {
    math: '#{"acos":1}',
    vendor: 'x',
  });
});
