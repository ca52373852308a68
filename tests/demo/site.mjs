/**
 * The site whose page is tried: the one at HOLDFAST_DEMO (the origin of a running `cargo local`), or a stand-in for it that
 * serves `web/demo` and answers like a service without address data.
 */

import { readFileSync } from 'node:fs';
import { answer, bodyOf, standIn } from '../browser/endpoint.mjs';

const files = new URL('../../web/demo/', import.meta.url);
/** What the page has to work under. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
const TYPES = { html: 'text/html;charset=utf-8', css: 'text/css', js: 'text/javascript' };
const ELSEWHERE = {
  current_ip: '203.0.113.42',
  current_user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
};
const FINGERPRINT = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

/** The site under test. */
export async function openSite() {
  const origin = process.env.HOLDFAST_DEMO?.replace(/\/$/, '');
  if (origin) return { origin, isStandIn: false, close: () => undefined };
  const told = new Map();
  const sessions = new Map();
  const service = await standIn({
    keep: (token, payload) => told.set(token, payload),
    more: async (request, response, { pathname }) => {
      if (serve(pathname, response)) return true;
      if (!pathname.startsWith('/demo/api/')) return false;
      const what = pathname.slice('/demo/api/'.length);
      const input = request.method === 'POST' ? JSON.parse(await bodyOf(request)) : {};
      const [status, body] = reply(what, input, request, { siteKey: service.siteKey, told, sessions });
      answer(response, status, body);
      return true;
    },
  });
  // A name, as people type it; and a page of the stand-in's own origin may tell of itself.
  const own = service.origin.replace('127.0.0.1', 'localhost');
  service.allow(own);
  return { ...service, origin: own };
}

/** A file of the page, and whether there is one. */
function serve(pathname, response) {
  const name = ['/demo', '/demo/'].includes(pathname)
    ? 'index.html'
    : /^\/demo\/([a-z]+\.\w+)$/.exec(pathname)?.[1];
  const type = TYPES[name?.split('.')[1]];
  if (!type) return false;
  const headers = {
    'content-type': type,
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
  };
  response.writeHead(200, headers).end(readFileSync(new URL(name, files)));
  return true;
}

function reply(what, input, request, { siteKey, told, sessions }) {
  const payload = told.get(input.token);
  if ('token' in input && !payload) {
    return [404, { problem: 'The token is over.', advice: 'Read this browser again.' }];
  }
  const here = { current_ip: '127.0.0.1', current_user_agent: request.headers['user-agent'] };
  switch (what) {
    case 'config':
      return [200, { siteKey, subject: 'demo', thresholds: { suspicious: 45, stolen: 80 } }];
    case 'exchange':
      return [200, bundle(payload, here)];
    case 'open': {
      const session_id = crypto.randomUUID();
      sessions.set(session_id, here);
      const expires_at = new Date(Date.now() + 3_600_000).toISOString();
      return [200, { success: true, session_id, fingerprint: FINGERPRINT, expires_at, error: null }];
    }
    case 'validate': {
      const opened = sessions.get(input.session_id);
      const sent = input.browser === 'another' ? ELSEWHERE : here;
      return [200, { ...(opened ? judged(input.session_id, opened, sent) : NOT_HELD), sent }];
    }
    case 'end':
      return sessions.delete(input.session_id)
        ? [200, { success: true, revoked_sessions: 1, revoke_all: false, error: null }]
        : [200, { success: false, revoked_sessions: 0, revoke_all: false, error: 'session not found' }];
    default:
      return [404, { problem: 'There is no such address.', advice: 'Update the page.' }];
  }
}

const NOT_HELD = {
  is_valid: false,
  error_message: 'session not found',
  session_id: null,
  is_suspicious: false,
  risk_score: 0,
};

/** As model holdfast-risk-3 scores it where nothing is known of addresses. */
function judged(session_id, opened, sent) {
  const same = sent === ELSEWHERE ? false : sent.current_ip === opened.current_ip;
  const browser = same ? family(opened) : 'Firefox 128 on Linux';
  const factors = [
    {
      group: 'network',
      ...(same ? { name: 'ip_same', points: -30 } : { name: 'network_other', points: 10 }),
      current: same ? '127.0.0.0/24' : '203.0.113.0/24',
      expected: '127.0.0.0/24',
    },
    {
      group: 'user_agent',
      ...(same ? { name: 'user_agent_same', points: 0 } : { name: 'browser_other', points: 50 }),
      current: browser,
      expected: family(opened),
    },
    { group: 'fingerprint', name: 'fingerprint_match', points: -10 },
  ];
  const sum = factors.reduce((total, { points }) => total + points, 0);
  const score = Math.min(Math.max(sum, 0), 100);
  const suspicious = score >= 45;
  return {
    is_valid: true,
    error_message: null,
    session_id,
    is_suspicious: suspicious,
    risk_score: score,
    risk: {
      score,
      level: suspicious ? 'suspicious' : 'low',
      action: suspicious ? 'step_up' : 'allow',
      mode: 'enforce',
      model_version: 'holdfast-risk-3',
      confidence: 'medium',
      factors,
    },
  };
}

const family = ({ current_user_agent }) =>
  `Chrome ${/Chrome\/(\d+)/.exec(current_user_agent)?.[1] ?? '0'} on Linux`;

/** What such a service knows of a visit. */
function bundle({ components, automation, externalIds }, { current_ip, current_user_agent }) {
  const now = new Date().toISOString();
  const { screen } = components;
  const driven = automation.webdriver === true;
  const findings = [
    ...(driven ? [{ group: 'bot', name: 'webdriver', weight: 80 }] : []),
    { group: 'device', name: 'software_graphics', weight: 15, current: 'SwiftShader' },
  ];
  const reasons = findings.map(({ name }) => name);
  return {
    clientId: '5f2c1d0a9be84f6f8f0e2c7d41a6b3e9',
    sessionId: crypto.randomUUID(),
    timestamp: now,
    domain: 'localhost',
    externalIds: externalIds ?? {},
    identification: {
      fingerprint: 'a1b2c3d4e5f60718293a4b5c6d7e8f90',
      firstSeenAt: now,
      lastSeenAt: now,
      seenCount: 1,
      confidence: 0.93,
      subjectCount: 1,
    },
    bot: driven
      ? { detected: true, result: 'bot', kind: 'webdriver', reasons: ['webdriver'] }
      : { detected: null, result: 'unknown', kind: null, reasons: [] },
    browser: {
      name: 'Chrome',
      version: /Chrome\/([\d.]+)/.exec(current_user_agent)?.[1] ?? null,
      engine: 'Blink',
      userAgent: current_user_agent,
      language: components.languages?.[0] ?? null,
      languages: components.languages ?? null,
      cookiesEnabled: components.cookiesEnabled ?? null,
      incognito: null,
    },
    device: {
      type: 'DESKTOP',
      os: 'Linux',
      osVersion: null,
      screenResolution: screen ? `${screen.width}x${screen.height}` : null,
      colorDepth: screen?.colorDepth ?? null,
      pixelRatio: screen?.pixelRatio ?? null,
      touch: components.touch ? components.touch.maxTouchPoints > 0 : null,
      cpuCores: components.hardwareConcurrency ?? null,
      memoryGb: components.deviceMemory ?? null,
    },
    ip: {
      address: current_ip,
      version: 4,
      country: null,
      countryCode: null,
      region: null,
      city: null,
      latitude: null,
      longitude: null,
      timezone: null,
      asn: null,
      isp: null,
      isVpn: null,
      isProxy: null,
      isTor: null,
      isDatacenter: null,
    },
    environment: {
      timezone: components.timeZone ?? null,
      timezoneOffsetMinutes: components.timeZoneOffsetMinutes ?? null,
      timezoneMismatch: null,
      virtualMachine: true,
      devtoolsOpen: null,
      headless: null,
      tampered: false,
    },
    signals: { throwawayEmail: null, maskedEmail: null, findings },
    risk: { score: driven ? 95 : 15, level: driven ? 'high' : 'low', reasons },
  };
}
