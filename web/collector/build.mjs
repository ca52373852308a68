/**
 * Builds the collector into dist/ and says how large it is.
 *
 *   node build.mjs            builds dist/
 *   node build.mjs --check    builds elsewhere, and fails where dist/ differs
 *   node build.mjs --tests    bundles and runs the unit tests
 *
 * The same sources and lock file give the same bytes on every machine.
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { sourcesLeftOut, withOwnCalls } from './rewrite.mjs';

/** What client.js may weigh with brotli, in bytes. */
const MOST = 20_000;
/** What no bundle may contain: evaluation of text, and the libraries' own ways to call home. */
const FORBIDDEN = [/\beval\(/, /\bFunction\(/, /XMLHttpRequest/, /sendBeacon/, /openfpcdn/, /importScripts/];

/** For every bundle. */
const OPTIONS = {
  bundle: true,
  target: 'es2019',
  platform: 'browser',
  legalComments: 'none',
  // The libraries print in their debugging modes alone.
  drop: ['console'],
  logLevel: 'warning',
};

const root = dirname(fileURLToPath(import.meta.url));
process.chdir(root);
const [mode = ''] = process.argv.slice(2);
if (mode === '--tests') await runTests();
else if (mode === '--check') await check();
else await produce('dist');

async function produce(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await bundle('src/global.ts', join(folder, 'client.js'), 'iife');
  await bundle('src/index.ts', join(folder, 'index.js'), 'esm');
  declarations(folder);

  const client = readFileSync(join(folder, 'client.js'));
  const integrity = `sha384-${createHash('sha384').update(client).digest('base64')}`;
  writeFileSync(
    join(folder, 'integrity.json'),
    `${JSON.stringify({ 'client.js': { integrity, bytes: client.length } }, null, 2)}\n`,
  );
  const brotli = brotliCompressSync(client).length;
  console.log(
    `client.js: ${client.length} bytes, gzip ${gzipSync(client, { level: 9 }).length}, brotli ${brotli}`,
  );
  console.log(`integrity: ${integrity}`);
  if (brotli > MOST) fail(`client.js weighs ${brotli} bytes with brotli; ${MOST} are allowed`);
  for (const file of ['client.js', 'index.js']) {
    const text = readFileSync(join(folder, file), 'utf8');
    for (const pattern of FORBIDDEN) if (pattern.test(text)) fail(`${file} contains ${pattern}`);
  }
}

async function bundle(entry, outfile, format) {
  await build({
    ...OPTIONS,
    entryPoints: [entry],
    outfile,
    format,
    minify: true,
    footer: { js: notice() },
    plugins: [await firstCall()],
  });
}

/**
 * What starts at a page's first call and not when the script is loaded: all but the reading of the configuration. By then
 * there is a document to make a frame in.
 */
async function firstCall() {
  const { outputFiles } = await build({
    ...OPTIONS,
    stdin: {
      contents: `export { makeClient } from './client.js'; export * from './pristine.js';`,
      resolveDir: join(root, 'src'),
    },
    format: 'esm',
    inject: ['src/pristine.ts'],
    plugins: [sourcesLeftOut],
    write: false,
  });
  const [body, exported] = outputFiles[0].text.split(/^(?=export \{$)/m);
  if (!exported) fail('the inner bundle does not end with its exports');
  const contents = `
    const start = () => { ${withOwnCalls(body)} return makeClient; };
    let client;
    export const makeClient = (configuration, base) => async (first, second) => {
      try {
        return await (client ??= start()(configuration, base))(first, second);
      } catch (error) {
        // Not even the page's own language is there.
        const errors = [{ message: 'the collector does not start: ' + error }];
        const result = { ok: false, status: 0, statusText: '', headers: { get: () => null }, errors };
        result.json = async () => ({ errors });
        result.text = async () => '';
        result.clone = () => result;
        return result;
      }
    };`;
  return {
    name: 'first-call',
    setup({ onLoad }) {
      onLoad({ filter: /src\/client\.ts$/ }, () => ({ contents, loader: 'js' }));
    },
  };
}

/** The licences ask for their text in every copy; one text serves packages that share it. */
function notice() {
  const licences = new Map();
  for (const name of ['@fingerprintjs/fingerprintjs', '@fingerprintjs/botd']) {
    const folder = join('node_modules', name);
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const text = readFileSync(join(folder, 'LICENSE'), 'utf8').trim();
    licences.set(text, [...(licences.get(text) ?? []), `${name} ${version}`]);
  }
  const own = 'Holdfast collector, Apache-2.0.';
  const theirs = [...licences].map(([text, names]) => `Contains ${names.join(' and ')}:\n\n${text}`);
  return `/*!\n${[own, ...theirs].join('\n\n')}\n*/`;
}

/** The types of the package: those that index.d.ts reaches. */
function declarations(folder) {
  const all = join('.build', 'types');
  rmSync(all, { recursive: true, force: true });
  run('node_modules/.bin/tsc', [
    '--noEmit',
    'false',
    '--emitDeclarationOnly',
    '--declaration',
    '--rootDir',
    'src',
    '--outDir',
    all,
  ]);
  const wanted = ['index'];
  for (const name of wanted) {
    const text = readFileSync(join(all, `${name}.d.ts`), 'utf8');
    writeFileSync(join(folder, `${name}.d.ts`), text);
    for (const [, other] of text.matchAll(/from '\.\/([\w/-]+)\.js'/g)) {
      if (!wanted.includes(other)) wanted.push(other);
    }
  }
}

async function check() {
  const again = join('.build', 'dist');
  await produce(again);
  const files = new Set([...readdirSync('dist'), ...readdirSync(again)]);
  const differing = [...files].filter(
    (file) => !read(join('dist', file))?.equals(read(join(again, file)) ?? Buffer.alloc(0)),
  );
  if (differing.length > 0) {
    fail(
      `dist/ is not what the sources build (${differing.sort().join(', ')}): run npm run build, and commit it`,
    );
  }
  console.log(`dist/ is what the sources build: ${[...files].sort().join(', ')}`);
}

async function runTests() {
  const outdir = join('.build', 'test');
  rmSync(outdir, { recursive: true, force: true });
  const entryPoints = readdirSync('test')
    .filter((name) => /\.test\.(ts|mjs)$/.test(name))
    .map((name) => join('test', name));
  await build({
    absWorkingDir: root,
    entryPoints,
    outdir,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    outExtension: { '.js': '.mjs' },
    logLevel: 'warning',
  });
  run(process.execPath, [
    '--test',
    '--test-reporter=spec',
    ...readdirSync(outdir).map((name) => join(outdir, name)),
  ]);
}

function read(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

function run(program, args) {
  const { status, error } = spawnSync(program, args, { stdio: 'inherit' });
  if (error) fail(String(error));
  if (status !== 0) process.exit(status ?? 1);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
