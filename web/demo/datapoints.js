/** Shows a bundle: what a token is exchanged for. */

import { element, facts, fill, nothing, table, time, unknown } from './elements.js';
import { DATAPOINTS, datapoint, DRIVERS } from './words.js';

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
/** Keys whose values are no words: set in a type that tells 0 from O, and broken anywhere. */
const CODES = new Set(['clientId', 'sessionId', 'fingerprint', 'kind', 'userAgent']);
/** Lists of names that the documentation explains. */
const NAMES = new Set(['reasons']);

/** The lines that say who this is. */
export function showSummary(bundle) {
  const { identification, bot, browser, device, risk } = bundle;
  const name = [words(browser, 'name', 'version'), words(device, 'os', 'osVersion')]
    .filter(Boolean)
    .join(' on ');
  fill(
    'browser-summary',
    facts(
      ['Browser', name || unknown()],
      ['Client id', value('clientId', bundle.clientId)],
      ['Times seen', value('seenCount', identification?.seenCount)],
      [
        'Sure of it',
        identification?.confidence == null ? unknown() : `${Math.round(identification.confidence * 100)} %`,
      ],
      ['Driven by', DRIVERS[bot?.result] ?? unknown()],
      ['Risk of the visit', risk ? `${risk.score} of 100, ${risk.level}` : unknown()],
    ),
  );
}

/** Every group with every value, also of groups and keys that this page does not know. */
export function showDatapoints(bundle) {
  const groups = Object.entries(bundle).filter(([key, it]) => isObject(it) && key !== 'externalIds');
  const visit = Object.fromEntries(
    Object.entries(bundle).filter(([key, it]) => !isObject(it) || key === 'externalIds'),
  );
  const all = { visit, ...Object.fromEntries(groups) };
  const order = [...new Set([...Object.keys(DATAPOINTS), ...Object.keys(all)])].filter((key) => all[key]);
  fill('groups', ...order.map((key) => group(key, all[key])));
}

function group(key, members) {
  const [title, meaning] = DATAPOINTS[key] ?? [datapoint(key)];
  const { findings, ...plain } = members;
  return element(
    'div.group',
    {},
    element('h3', {}, title),
    meaning && element('p.hint', {}, meaning),
    facts(...Object.entries(plain).map(([name, it]) => [datapoint(name), value(name, it)])),
    findings && findingsOf(findings),
  );
}

function findingsOf(findings) {
  if (findings.length === 0) return element('p.hint', {}, 'No findings.');
  const rows = findings.map(({ name, weight, current, expected }) => [
    element('code', {}, name),
    String(weight),
    current ?? nothing(),
    expected ?? nothing(),
  ]);
  return table('Findings', ['Finding', 'Points', 'Seen', 'Expected'], rows, '.stacked');
}

/** A value as people read it. */
function value(key, it) {
  if (it === null || it === undefined) return unknown();
  if (typeof it === 'boolean') return it ? 'yes' : 'no';
  if (Array.isArray(it)) return it.length === 0 ? 'none' : list(key, it);
  if (isObject(it)) return members(it);
  if (CODES.has(key)) return element('code', {}, String(it));
  if (INSTANT.test(it)) return time(new Date(it));
  return String(it);
}

function list(key, items) {
  if (!NAMES.has(key)) return items.map(String).join(', ');
  return element(
    'span',
    {},
    ...items.flatMap((it, n) => [n === 0 ? '' : ', ', element('code', {}, String(it))]),
  );
}

function members(object) {
  const pairs = Object.entries(object).map(([key, it]) => `${key}: ${it}`);
  return pairs.length === 0 ? 'none' : pairs.join(', ');
}

const words = (group, ...keys) =>
  keys
    .map((key) => group?.[key])
    .filter(Boolean)
    .join(' ');
const isObject = (it) => typeof it === 'object' && it !== null && !Array.isArray(it);
