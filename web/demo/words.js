/** What the names in answers mean, in a sentence each. `docs/risk.md` and `docs/signals.md` say more. */

/** Groups of factors, in the order in which answers list them. */
const FACTOR_GROUPS = {
  network: 'Network',
  reputation: 'Reputation',
  travel: 'Travel',
  user_agent: 'Browser',
  fingerprint: 'Fingerprint',
  components: 'Device evidence',
  sequence: 'Guesses',
};

/** Why a factor counts. The suite holds the names against docs/risk.md. */
export const FACTORS = {
  ip_same: 'The very address the session is held by.',
  ip_same_shared: 'The same address, which strangers share: it speaks for nobody.',
  ip_same_other_browser: 'The same address, but another browser or system asks: it speaks for nobody.',
  ip_same_prefix: 'Another address of the same small network.',
  asn_same: 'Another network of the same provider.',
  asn_known: 'A provider this user is known to come from.',
  asn_other_country: 'The same provider, in a country this user is not known in.',
  asn_new_same_country: 'A provider new for this user, in the same country.',
  asn_new: 'A provider new for this user; which country is not known.',
  country_known: 'A new provider, in a country this user is known in.',
  country_new: 'A country that neither the session nor the user was seen in.',
  network_other: 'Another network; whose it is, or whose the earlier one was, is not known.',
  network_new_family: 'The session was never seen on this kind of address (IPv4 or IPv6).',
  address_withheld: 'What came is no address of a client, though the session has one.',
  address_not_supplied: 'Your backend sends no addresses.',
  network_unknown: 'No address then, none now: nothing to compare.',
  tenant_allowed: 'Your own list allows this address.',
  tenant_allowed_near: 'Your own list allows this address; its network costs nothing to excuse.',
  address_ordinary: 'An ordinary address: no hosting, VPN, proxy or Tor known.',
  anonymizer_known: 'Hosting, VPN or proxy, as this user is known to use.',
  anonymizer_other: 'Hosting, VPN or proxy, in a session that is held through another one.',
  anonymizer_new: 'Hosting, VPN or proxy, which this user is not known to use.',
  address_hidden: 'An address that is not shown may be any.',
  tor_exit: 'An exit of the Tor network.',
  tenant_denied: 'Your own list denies this address.',
  travel_none: 'The same place, or a journey anyone can make.',
  travel_anonymized: 'Not judged: something stands between the address and its user.',
  travel_uncertain: 'Not judged: one of the places is hardly known.',
  travel_country: 'Another country, with time enough to get there.',
  travel_fast_within_country: 'Far away in the same country, too soon; data about places is coarse.',
  travel_fast: 'Another country, faster than 300 km/h.',
  travel_impossible: 'Another country, faster than an airliner.',
  user_agent_same: 'The same browser and system.',
  user_agent_not_supplied: 'Your backend sends no user agents.',
  user_agent_counted: 'The browser differs, too; another view of the device counts already.',
  user_agent_changed: 'Another text, with nothing to compare it with.',
  browser_newer: 'The same browser after an update.',
  desktop_site: 'A phone or tablet asks for the page of desktops, or no more.',
  automation_new: 'A program speaks where none did.',
  browser_older: 'The same browser in an earlier version; browsers do not go back.',
  browser_unreleased: 'A version of the browser that was not released yet.',
  version_withheld: 'No version is named where one was.',
  browser_other: 'Another browser on the same system.',
  browser_withheld: 'No browser is named where one was.',
  os_other: 'Another operating system.',
  os_withheld: 'No system is named where one was.',
  browser_and_os_other: 'Another browser on another system.',
  user_agent_withheld: 'No user agent where there was one.',
  fingerprint_match: 'The fingerprint the session is held by.',
  fingerprint_known_device: 'Another fingerprint, of a device this user is known to use.',
  fingerprint_never_supplied: 'No fingerprint then, none now: nothing to compare.',
  fingerprint_not_supplied: 'Your backend sends no fingerprints.',
  fingerprint_counted: 'The fingerprint differs, too; another view of the device counts already.',
  fingerprint_changed_with_upgrade: 'Another fingerprint, which a browser update explains.',
  fingerprint_drawn_otherwise: 'Another fingerprint; telemetry shows other drawings of the machine.',
  fingerprint_vouched_for: 'Another fingerprint or none; telemetry shows the very machine.',
  fingerprint_changed_abroad: 'Another fingerprint in a new country: clock and language go along.',
  fingerprint_newly_supplied: 'A fingerprint where there was none.',
  fingerprint_changed: 'Another fingerprint than the session is held by.',
  fingerprint_unvouched_for:
    'Another fingerprint or none, and no telemetry that could vouch for the machine.',
  fingerprint_withheld: 'No fingerprint where there was one.',
  components_same: 'The device that the session was last accepted with.',
  components_same_too: 'The device that the session was last accepted with, and its fingerprint.',
  components_same_kind: 'A device as the session was last accepted with; thousands look like it.',
  components_newly_supplied: 'The device is shown for the first time.',
  components_counted: 'The device evidence differs, too; another view of the device counts already.',
  telemetry_missing_near: 'No telemetry, in a network the user is known in.',
  telemetry_unknown_near: 'The token leads nowhere, in a network the user is known in.',
  telemetry_left_behind: 'The telemetry is from another network; the fingerprint matches.',
  component_changed: 'One thing about the device differs that does not change by itself.',
  components_impossible: 'The browser claims what cannot be true of it.',
  components_drawn_otherwise: 'The browser draws otherwise; the machine may be the same.',
  components_changed: 'Another device: several things differ that do not change by themselves.',
  components_of_another_browser: 'The token is of another browser than the one that sends it.',
  telemetry_from_elsewhere: 'The telemetry was sent from another network than the request.',
  telemetry_withheld: 'No telemetry where there was some, away from the networks the user is known in.',
  telemetry_unknown: 'The token leads nowhere, where telemetry was shown before.',
  fingerprint_guessing: 'Somebody tries one fingerprint after the other.',
};

/** What a group is called. */
export const factorGroup = (group) => FACTOR_GROUPS[group] ?? sentence(group);

/** What a factor means; of one that this page does not know, its name as words. */
export const factorMeaning = (name) => FACTORS[name] ?? `${sentence(name)}.`;

/** Whether the session may be used, as one word, a sign that is not a colour, and what to do. */
export const VERDICTS = {
  active: { word: 'Active', sign: '✓', advice: 'Let the request through.' },
  suspicious: {
    word: 'Suspicious',
    sign: '▲',
    advice: 'Ask the user for a further proof before anything that matters.',
  },
  refused: {
    word: 'Refused',
    sign: '✕',
    advice: 'Treated as stolen: the request is turned away. Sign the user out and let them sign in again.',
  },
  gone: {
    word: 'Not live',
    sign: '–',
    advice: 'There is no such session to use. Let the user sign in again.',
  },
};

export const CONFIDENCE = {
  medium: 'at least two groups had something to compare',
  low: 'little to compare, or the user is hardly known yet',
};

export const MODES = {
  enforce: 'the verdict is acted on',
  monitor: 'scores are only reported, nothing is turned away',
};

/** Who is at the controls. */
export const DRIVERS = { human: 'a person', bot: 'a program' };

/** Groups of datapoints, in the order in which they are shown. */
export const DATAPOINTS = {
  visit: ['Visit', 'Which visit this is, and what the site itself calls the visitor.'],
  identification: ['Identification', 'The device behind the browser, recognised by evidence that stays.'],
  bot: ['Bot', 'Whether a program is at the controls.'],
  browser: ['Browser', 'What the browser says it is.'],
  device: ['Device', 'The machine it runs on, as far as a page can see.'],
  ip: ['IP address', 'Where the request came from; private addresses are nowhere.'],
  environment: ['Environment', 'Time zone, and whether anything was made to look otherwise.'],
  signals: ['Signals', 'What the evidence gave away, each finding with its points.'],
  risk: ['Risk of the visit', "The findings' points, added up; the session's score is another question."],
};

/** Keys whose words are not the key's own. */
const LABELS = {
  clientId: 'Client id',
  sessionId: 'Visit id',
  timestamp: 'Time',
  externalIds: "The site's own names",
  firstSeenAt: 'First seen',
  lastSeenAt: 'Last seen',
  seenCount: 'Times seen',
  subjectCount: 'Users seen with it',
  result: 'Verdict',
  userAgent: 'User agent',
  languages: 'All languages',
  incognito: 'Private window',
  os: 'System',
  osVersion: 'System version',
  pixelRatio: 'Pixels per CSS pixel',
  cpuCores: 'Processors',
  memoryGb: 'Memory, GB',
  asn: 'Autonomous system',
  isp: 'Provider',
  isVpn: 'VPN',
  isProxy: 'Proxy',
  isTor: 'Tor',
  isDatacenter: 'Data centre',
  timezone: 'Time zone',
  timezoneOffsetMinutes: 'Minutes to UTC',
  timezoneMismatch: 'Zone differs from address',
  virtualMachine: 'Virtual machine',
  devtoolsOpen: 'Developer tools open',
  headless: 'Without a window',
  throwawayEmail: 'Throw-away e-mail',
  maskedEmail: 'Masked e-mail',
};

/** What a datapoint is called. */
export const datapoint = (key) => LABELS[key] ?? sentence(key);

/** `cookiesEnabled` and `browser_other` as people write: `Cookies enabled`, `Browser other`. */
function sentence(name) {
  const words = name
    .replaceAll('_', ' ')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
