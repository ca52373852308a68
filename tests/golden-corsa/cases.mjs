// The requests whose answers are recorded: every rule of the model broken alone and together, and what surrounds them.

const SESSION = {
  clientId: '123e4567-e89b-12d3-a456-426614174000',
  referenceId: 'sess_abc123',
  ipAddress: '203.0.113.42',
  device: {
    fingerprint: 'a1b2c3d4e5f6g7h8i9j0',
    userAgent: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36',
    browser: 'Chrome',
    browserVersion: '120.0.6099.109',
    os: 'macOS',
    osVersion: '14.2.1',
    deviceType: 'DESKTOP',
    screenResolution: '1920x1080',
    language: 'en-US',
    timezone: 'America/New_York',
  },
  startedAt: '2024-01-15T10:30:00Z',
};
const SMALL = { clientId: 'client-1', ipAddress: '192.0.2.1', device: { fingerprint: 'f' } };

const cases = [];
function ask(id, method, path, body, headers = {}) {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const all = { authorization: 'Bearer golden:token', ...(text === undefined ? {} : { 'content-type': 'application/json' }), ...headers };
  for (const [name, value] of Object.entries(all)) if (value === null) delete all[name];
  cases.push({ id, method, path, headers: all, body: text ?? null });
}
const create = (id, body, headers) => ask(`create/${id}`, 'POST', '/v1/sessions', body, headers);
const update = (id, body, headers) => ask(`update/${id}`, 'PUT', '/v1/sessions/an-id', body, headers);
const store = (id, body) => ask(`client/${id}`, 'POST', '/v1/clients/individuals', body);
const change = (id, body) => ask(`change/${id}`, 'PUT', '/v1/clients/individuals/client-1', body);
/** The small session with one property set, or left out by `undefined`. */
const having = (name, value) => ({ ...SMALL, [name]: value });
const device = (name, value) => having('device', { ...SMALL.device, [name]: value });

create('published', SESSION);
create('smallest', SMALL);
create('unknown-keys', { ...SMALL, other: 1, device: { ...SMALL.device, other: [1] } });
create('nothing', {});
create('everything-null', Object.fromEntries(Object.keys(SESSION).map((name) => [name, null])));
create('everything-a-number', Object.fromEntries(Object.keys(SESSION).map((name) => [name, 1])));
create('optional-null', { ...SMALL, referenceId: null, startedAt: null });
create('device-optional-null', having('device', Object.fromEntries(Object.keys(SESSION.device).map((name) => [name, name === 'fingerprint' ? 'f' : null]))));
create('device-everything-a-number', having('device', Object.fromEntries(Object.keys(SESSION.device).map((name) => [name, 1]))));
create('keys-in-another-order', Object.fromEntries(Object.entries(SESSION).reverse()));

const odd = { null: null, number: 1, fraction: 1.5, zero: 0, true: true, false: false, list: [], object: {}, 'list-of-text': ['a'], empty: '', space: ' ' };
for (const name of ['clientId', 'ipAddress', 'device', 'referenceId', 'startedAt']) {
  create(`${name}/missing`, having(name, undefined));
  for (const [kind, value] of Object.entries(odd)) create(`${name}/${kind}`, having(name, value));
}
for (const name of Object.keys(SESSION.device)) {
  create(`device.${name}/missing`, device(name, undefined));
  for (const kind of ['null', 'number', 'true', 'list', 'object', 'empty']) create(`device.${name}/${kind}`, device(name, odd[kind]));
}
create('device/list-of-one', having('device', [{ fingerprint: 'f' }]));
create('device/list-of-two', having('device', [{ fingerprint: 'f' }, {}]));
create('device/list-of-null', having('device', [null]));
create('device/list-of-list', having('device', [[]]));
create('device/text', having('device', 'f'));
create('device/deep', having('device', { fingerprint: 'f', a: { b: { c: { d: {} } } } }));

for (const [name, count] of [['longest', 255], ['too-long', 256]]) {
  create(`clientId/${name}`, having('clientId', 'a'.repeat(count)));
  create(`clientId/${name}-astral`, having('clientId', '\u{1f980}'.repeat(count)));
  create(`device.fingerprint/${name}`, device('fingerprint', 'a'.repeat(count)));
}
create('clientId/100000', having('clientId', 'a'.repeat(100000)));
create('device.userAgent/100000', device('userAgent', 'a'.repeat(100000)));
create('referenceId/longest', having('referenceId', 'a'.repeat(512)));
create('referenceId/too-long', having('referenceId', 'a'.repeat(513)));
create('referenceId/one', having('referenceId', 'a'));
for (const [name, text] of Object.entries({
  slash: 'a/b', 'null-character': 'a\0b', newline: 'a\nb', delete: 'a\x7fb', 'next-line': 'a\x85b', percent: 'a%2Fb', backslash: 'a\\b', 'right-to-left': 'a\u202eb',
  hash: 'a#b', question: 'a?b', 'letters-of-other-scripts': 'заказ', 'too-long-with-slash': '/'.repeat(513),
})) {
  create(`referenceId/${name}`, having('referenceId', text));
  create(`clientId/${name}`, having('clientId', text));
}
for (const type of ['DESKTOP', 'MOBILE', 'TABLET', 'UNKNOWN', 'desktop', 'Desktop', 'PHONE', ' DESKTOP', 'toString', '__proto__']) {
  create(`device.deviceType/${type}`, device('deviceType', type));
}
for (const address of [
  '192.0.2.1', '0.0.0.0', '255.255.255.255', '256.0.0.1', '192.0.2', '192.0.2.1.1', '192.0.2.01', '0x7f.0.0.1', '2130706433', '127.1', ' 192.0.2.1', '192.0.2.1 ',
  '192.0.2.1:80', '192.0.2.1/24', '::', '::1', '2001:db8::1', '2001:DB8::1', '2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8:::1', '2001:db8::1::2',
  '2001:db8:1:2:3:4:5:6:7', '2001:db8', '::ffff:192.0.2.1', '::ffff:c000:201', '64:ff9b::192.0.2.1', '1:2:3:4:5:6:192.0.2.1', '::192.0.2.1', '[2001:db8::1]', '[::1]:80',
  'fe80::1%eth0', 'fe80::1%25eth0', 'fe80::1%', '2001:db8::g', '12345::', '1::2:3:4:5:6:7', '1:2:3:4:5:6:7::', '::2:3:4:5:6:7:8', 'localhost', 'example.com',
  '١٩٢.٠.٢.١', '192。0。2。1', '192.0.2.1\n', '::ffff:0:192.0.2.1', 'a'.repeat(100000),
]) create(`ip/${address.length < 50 ? address : 'long'}`, having('ipAddress', address));
const TIMES = [
  '2024-01-15T10:30:00Z', '2024-01-15T10:30:00.5Z', '2024-01-15T10:30:00.123Z', '2024-01-15T10:30:00.123456Z', '2024-01-15T10:30:00.123456789Z', '2024-01-15T10:30:00,5Z',
  '2024-01-15T10:30:00+02:00', '2024-01-15T10:30:00-05:30', '2024-01-15T10:30:00+0200', '2024-01-15T10:30:00+02', '2024-01-15T10:30Z', '2024-01-15T10Z',
  '2024-01-15T10:30:00', '2024-01-15 10:30:00Z', '2024-01-15', '2024-01', '2024', '20240115', '20240115T103000Z', '2024-W03-1', '2024-015', '2024-01-15t10:30:00z',
  '2024-02-29T00:00:00Z', '2023-02-29T00:00:00Z', '2024-13-01T00:00:00Z', '2024-01-32T00:00:00Z', '2024-00-10T00:00:00Z', '2024-01-15T24:00:00Z', '2024-01-15T25:00:00Z',
  '2024-01-15T10:60:00Z', '2024-01-15T10:30:60Z', '2024-01-15T10:30:00+24:00', '2024-01-15T10:30:00+14:00', '+002024-01-15T10:30:00Z', '-000001-01-01T00:00:00Z',
  '1969-12-31T23:59:59Z', '9999-12-31T23:59:59Z', '10000-01-01T00:00:00Z', '0000-01-01T00:00:00Z', '1705314600', '1705314600000', 'now', 'Mon, 15 Jan 2024 10:30:00 GMT', ' 2024-01-15T10:30:00Z',
  '2024-01-15T10:30:00Z ', '2024-1-5T10:30:00Z', '15/01/2024', '2024-01-15T10:30:00 Z', '2024-01-15T10:30:00+2:00', '2024-06-31',
];
for (const time of TIMES) create(`time/${time}`, having('startedAt', time));

update('published', { endedAt: '2024-01-15T12:00:00Z' });
update('nothing', {});
update('unknown-key', { status: 'ended' });
for (const [kind, value] of Object.entries(odd)) update(`endedAt/${kind}`, { endedAt: value });
for (const time of TIMES.slice(0, 14)) update(`time/${time}`, { endedAt: time });

store('nothing', {});
store('all', { referenceId: 'IND123', alias: 'Big Customer', activityStatus: 'ACTIVE', accountStatus: 'APPROVED', tags: ['vip'], controls: ['review'] });
store('groups', { referenceId: 'IND123', general: { firstName: 'A' }, address: {} });
for (const name of ['referenceId', 'alias', 'activityStatus', 'accountStatus', 'tags']) {
  for (const [kind, value] of Object.entries(odd)) store(`${name}/${kind}`, { [name]: value });
}
store('activityStatus/lower', { activityStatus: 'active' });
store('accountStatus/CLOSED', { accountStatus: 'CLOSED' });
store('referenceId/too-long', { referenceId: 'a'.repeat(256) });
store('referenceId/newline', { referenceId: 'a\nb' });
store('referenceId/slash', { referenceId: 'a/b' });
store('tags/50', { tags: Array(50).fill('t') });
store('tags/51', { tags: Array(51).fill('t') });
store('tags/51-numbers', { tags: Array(51).fill(1) });
store('tags/of-numbers', { tags: [1] });
store('tags/of-null', { tags: [null] });
store('tags/too-long', { tags: ['a'.repeat(256)] });
store('everything-wrong', { referenceId: 1, alias: 1, activityStatus: 1, accountStatus: 1, tags: 1, controls: [1] });
change('nothing', {});
change('all', { alias: 'a', activityStatus: 'NOT_ACTIVE', accountStatus: 'FROZEN', tagsToAdd: ['a'], tagsToRemove: ['b'], controlsToAdd: ['c'], controlsToRemove: ['d'] });
change('everything-wrong', { referenceId: 1, alias: 1, activityStatus: 1, accountStatus: 1, tagsToAdd: 1, tagsToRemove: [1], controlsToAdd: {}, controlsToRemove: 'a' });

for (const [name, body] of Object.entries({
  empty: '', space: ' ', brace: '{', bracket: '[', quote: '"', 'trailing-comma': '{"clientId":"a",}', 'single-quotes': "{'clientId':'a'}", 'no-colon': '{"clientId"}', 'unquoted': '{clientId:"a"}',
  'two-values': '{} {}', word: 'nul', comment: '{} // a', 'bad-escape': '{"clientId":"\\x"}', 'control-character': '{"clientId":"\n"}', 'leading-zero': '{"clientId":01}', 'lonely-minus': '{"clientId":-}',
  'not-a-number': '{"clientId":NaN}', infinity: '{"clientId":Infinity}', 'byte-order-mark': '\ufeff{}', text: '"a"', number: '1', true: 'true', null: 'null', list: '[]', 'list-of-objects': '[{}]',
  'list-of-good': JSON.stringify([SMALL]), 'duplicate-key': '{"clientId":"a","clientId":"b","ipAddress":"192.0.2.1","device":{"fingerprint":"f"}}',
  'duplicate-nested-key': '{"clientId":"b","ipAddress":"192.0.2.1","device":{"fingerprint":"f","fingerprint":"g"}}',
  'lone-surrogate': '{"clientId":"\\ud800","ipAddress":"192.0.2.1","device":{"fingerprint":"f"}}',
  'proto': '{"__proto__":{"clientId":"a"},"ipAddress":"192.0.2.1","device":{"fingerprint":"f"}}',
})) create(`json/${name}`, body);
for (const depth of [32, 33, 100, 3000]) create(`json/depth-${depth}`, `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`);
create('json/depth-33-good', `{"clientId":"a","ipAddress":"192.0.2.1","device":{"fingerprint":"f","x":${'['.repeat(31)}${']'.repeat(31)}}}`);
create('size/largest', `${JSON.stringify(SMALL)}${' '.repeat(102400 - JSON.stringify(SMALL).length)}`);
create('size/too-large', ' '.repeat(102401));
create('body/none', undefined);
for (const [name, type] of Object.entries({ none: null, text: 'text/plain', form: 'application/x-www-form-urlencoded', charset: 'application/json; charset=utf-8', 'charset-latin1': 'application/json; charset=latin1', problem: 'application/problem+json', upper: 'APPLICATION/JSON' })) {
  create(`content-type/${name}`, SMALL, { 'content-type': type });
}

create('auth/none', SMALL, { authorization: null });
create('auth/wrong', SMALL, { authorization: 'Bearer a:b' });
create('auth/none-and-invalid', {}, { authorization: null });
create('auth/none-and-broken', '{', { authorization: null });
create('auth/lacks-scope', SMALL, { authorization: 'Bearer golden:reader' });
create('auth/lacks-scope-and-invalid', {}, { authorization: 'Bearer golden:reader' });

ask('get/found', 'GET', '/v1/sessions/an-id');
for (const id of ['no-session', 'is-broken', 'is-away']) ask(`get/${id}`, 'GET', `/v1/sessions/${id}`);
for (const id of ['no-session', 'ends-before-it-starts', 'still-running', 'other-body']) ask(`update-fails/${id}`, 'PUT', `/v1/sessions/${id}`, {});
ask('list/empty', 'GET', '/v1/clients/a/sessions');
ask('list/no-client', 'GET', '/v1/clients/no-client/sessions');

for (const [method, path] of [
  ['GET', '/v1'], ['GET', '/v1/'], ['GET', '/v1/x'], ['GET', '/v1/sessions'], ['DELETE', '/v1/sessions'], ['DELETE', '/v1/sessions/an-id'], ['PATCH', '/v1/sessions/an-id'], ['POST', '/v1/sessions/an-id'],
  ['GET', '/v1/sessions/a/b'], ['GET', '/v1/clients'], ['GET', '/v1/clients/a'], ['POST', '/v1/clients/a/sessions'], ['GET', '/v1/x?a=1&b=%20'], ['GET', '/v1/x%20y'], ['GET', '/v1//sessions'],
  ['GET', '/v1/sessions/'], ['GET', '/v1/sessions/an-id/'], ['GET', '/V1/SESSIONS/an-id'], ['POST', '/v1/clients/partners'], ['HEAD', '/v1/x'], ['HEAD', '/v1/sessions/an-id'], ['OPTIONS', '/v1/sessions'],
]) ask(`route/${method} ${path}`, method, path);

export { cases };
