// Records how the real NestJS and class-validator answer the requests of `cases.mjs`.
//
//     npm ci                     once
//     node record.mjs            writes corsa.json; with TZ=UTC, as dates without an offset are local time
//     node record.mjs --check    compares instead, and fails on a difference
//
// Needs the packages of package-lock.json. To raise one: `npm install <package>@<version>`, record again, and read the
// difference.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import http from 'node:http';

import { cases } from './cases.mjs';
import { start } from './model.mjs';

const CORPUS = new URL('corsa.json', import.meta.url);
const PACKAGES = ['@nestjs/common', '@nestjs/core', '@nestjs/platform-express', 'class-transformer', 'class-validator'];

/** One exchange by hand: `fetch` tidies paths and adds headers. */
function send(port, { method, path, headers, body }) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, method, path, headers: { ...headers, 'content-length': Buffer.byteLength(body ?? '') } }, (reply) => {
      const parts = [];
      reply.on('data', (part) => parts.push(part));
      reply.on('end', () => resolve({ status: reply.statusCode, type: reply.headers['content-type'] ?? null, answer: Buffer.concat(parts).toString() }));
    });
    request.on('error', reject);
    request.end(body ?? '');
  });
}

const require = createRequire(import.meta.url);
const app = await start();
const port = app.getHttpServer().address().port;
const recorded = [];
for (const it of cases) recorded.push({ ...it, ...(await send(port, it)) });
await app.close();

const ids = recorded.map((it) => it.id);
const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
if (twice.length) throw new Error(`two cases have the same id: ${twice}`);
const from = Object.fromEntries(PACKAGES.map((name) => [name, require(`${name}/package.json`).version]));
from.node = process.versions.node.split('.')[0];
// One case a line, so that a difference shows the case it is in.
const lines = recorded.map((it) => JSON.stringify(it)).join(',\n');
const text = `{"recorded_from": ${JSON.stringify(from)},\n"cases": [\n${lines}\n]}\n`;

if (!process.argv.includes('--check')) {
  writeFileSync(CORPUS, text);
  console.log(`corsa.json: ${recorded.length} cases`);
} else {
  const committed = readFileSync(CORPUS, 'utf8');
  const before = JSON.parse(committed).recorded_from.node;
  if (before !== from.node) {
    console.log(`NOT CHECKED: recorded with Node ${before}, and this is ${from.node}, whose JSON errors read otherwise`);
    process.exit(77);
  }
  const [old, now] = [committed.split('\n'), text.split('\n')];
  const changed = now.filter((line) => !old.includes(line));
  for (const line of changed) console.log(line.slice(0, 400));
  if (committed !== text) process.exit(1);
  console.log(`corsa.json: ${recorded.length} cases, as recorded`);
}
