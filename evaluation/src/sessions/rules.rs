//! The rules of the evaluation of sessions, as `docs/evaluation.md` tells them. Fixed before any weight was touched.

/// Days that are simulated.
pub(crate) const DAYS: u32 = 45;
/// The first second of the first day: 1 October 2026, 00:00 UTC. The browsers of the data are those of June, and every
/// device has lived [`DEVICE_AGE`] days since, so that no upgrade is ahead of the real releases.
pub(crate) const START: i64 = 1_790_812_800;
/// The age of every device at that time, days since its evolution began.
pub(crate) const DEVICE_AGE: f64 = 120.0;

/// A world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Regime {
    /// The shares as stated.
    Base,
    /// Phones roam twice as much, a quarter uses a VPN, travel is three times as frequent, a third sends no fingerprint,
    /// browsers are upgraded each fortnight.
    Hard,
    /// The base, without any fingerprint.
    NoFingerprint,
}

impl Regime {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Hard => "hard",
            Self::NoFingerprint => "no fingerprint",
        }
    }

    /// Shares and rates of this world.
    pub(crate) const fn world(self) -> World {
        match self {
            Self::Base => BASE,
            Self::Hard => World {
                roaming: 2.0,
                vpn: 0.25,
                travel: 3.0,
                no_fingerprint: 0.33,
                fortnightly: true,
                ..BASE
            },
            Self::NoFingerprint => World {
                no_fingerprint: 1.0,
                ..BASE
            },
        }
    }
}

/// What differs between regimes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct World {
    /// How many times as often a phone changes its network.
    pub(crate) roaming: f64,
    /// Share of people who use a VPN from the first day.
    pub(crate) vpn: f64,
    /// Share of people who switch one on for the first time, on a day of the 45.
    pub(crate) first_vpn: f64,
    /// How many times as often people travel.
    pub(crate) travel: f64,
    /// Share of people whose integration sends no fingerprint.
    pub(crate) no_fingerprint: f64,
    /// Whether browsers are upgraded each fortnight.
    pub(crate) fortnightly: bool,
}

const BASE: World = World {
    roaming: 1.0,
    vpn: 0.06,
    first_vpn: 0.05,
    travel: 1.0,
    no_fingerprint: 0.15,
    fortnightly: false,
};

/// A country people live in: its share, time zone with offset as JavaScript tells it, latitude and longitude of its
/// middle, and how far its cities are from there, degrees.
pub(crate) struct Home {
    pub(crate) code: &'static str,
    pub(crate) share: f64,
    pub(crate) zone: &'static str,
    pub(crate) offset: i16,
    pub(crate) middle: (f64, f64),
    pub(crate) extent: (f64, f64),
}

const fn home(
    code: &'static str,
    share: f64,
    (zone, offset): (&'static str, i16),
    middle: (f64, f64),
    extent: (f64, f64),
) -> Home {
    Home {
        code,
        share,
        zone,
        offset,
        middle,
        extent,
    }
}

/// Where people live, and where they travel to. Those with share 0 are destinations and places of thieves alone.
pub(crate) const HOMES: [Home; 30] = [
    home("US", 28.0, ("America/New_York", 240), (39.0, -92.0), (7.0, 20.0)),
    home("GB", 8.0, ("Europe/London", -60), (52.8, -1.8), (2.5, 1.8)),
    home("DE", 9.0, ("Europe/Berlin", -120), (51.0, 10.2), (2.6, 3.2)),
    home("FR", 8.0, ("Europe/Paris", -120), (47.0, 2.4), (3.0, 3.2)),
    home("ES", 5.0, ("Europe/Madrid", -120), (40.2, -3.6), (2.6, 3.8)),
    home("IT", 5.0, ("Europe/Rome", -120), (43.2, 12.0), (3.2, 3.0)),
    home("NL", 4.0, ("Europe/Amsterdam", -120), (52.1, 5.2), (0.7, 0.9)),
    home("PL", 4.0, ("Europe/Warsaw", -120), (52.0, 19.3), (1.8, 3.0)),
    home("SE", 3.0, ("Europe/Stockholm", -120), (58.8, 15.2), (2.8, 2.0)),
    home("BR", 8.0, ("America/Sao_Paulo", 180), (-19.0, -46.0), (8.0, 6.0)),
    home(
        "MX",
        3.0,
        ("America/Mexico_City", 360),
        (21.0, -101.0),
        (3.0, 5.0),
    ),
    home("IN", 6.0, ("Asia/Kolkata", -330), (20.5, 78.0), (6.5, 4.5)),
    home("JP", 4.0, ("Asia/Tokyo", -540), (35.8, 137.5), (2.0, 3.0)),
    home("AU", 3.0, ("Australia/Sydney", -600), (-33.5, 147.0), (4.0, 5.0)),
    home("CA", 2.0, ("America/Toronto", 240), (46.5, -84.0), (3.0, 15.0)),
    home("PT", 0.0, ("Europe/Lisbon", -60), (39.5, -8.3), (1.5, 0.5)),
    home("GR", 0.0, ("Europe/Athens", -180), (38.8, 22.8), (1.5, 1.5)),
    home("TR", 0.0, ("Europe/Istanbul", -180), (39.5, 32.0), (1.5, 4.0)),
    home("CH", 0.0, ("Europe/Zurich", -120), (47.0, 8.0), (0.4, 0.8)),
    home("AT", 0.0, ("Europe/Vienna", -120), (47.8, 14.5), (0.5, 1.8)),
    home("TH", 0.0, ("Asia/Bangkok", -420), (13.8, 100.8), (3.0, 1.5)),
    home("AE", 0.0, ("Asia/Dubai", -240), (24.8, 55.0), (0.4, 0.5)),
    home("RU", 0.0, ("Europe/Moscow", -180), (55.7, 44.0), (2.5, 9.0)),
    home("UA", 0.0, ("Europe/Kyiv", -180), (49.3, 31.0), (1.5, 4.0)),
    home("RO", 0.0, ("Europe/Bucharest", -180), (45.4, 25.4), (1.2, 2.0)),
    home("VN", 0.0, ("Asia/Ho_Chi_Minh", -420), (15.5, 107.0), (5.0, 1.0)),
    home("ID", 0.0, ("Asia/Jakarta", -420), (-6.8, 109.5), (0.8, 3.0)),
    home("CN", 0.0, ("Asia/Shanghai", -480), (32.0, 114.0), (6.0, 6.0)),
    home("NG", 0.0, ("Africa/Lagos", -60), (8.0, 6.5), (2.5, 2.5)),
    home(
        "ZA",
        0.0,
        ("Africa/Johannesburg", -120),
        (-28.5, 26.0),
        (3.0, 4.0),
    ),
];

/// Cities of each country.
pub(crate) const CITIES: usize = 6;
/// How far the data may be off, kilometres; DB-IP names no radius.
pub(crate) const RADIUS_KM: u16 = 200;
/// Share of an access network's blocks that the data puts into the city they are used in.
pub(crate) const WELL_LOCATED: f64 = 0.85;

/// Words in the names of systems that sell access to people.
pub(crate) const ACCESS_WORDS: &[&str] = &[
    "telecom",
    "telekom",
    "telefonica",
    "telecomunicac",
    "telecommunic",
    "vodafone",
    "orange",
    "communications",
    "cable",
    "broadband",
    "mobile",
    "wireless",
    "comcast",
    "charter",
    "verizon",
    "at&t",
    "cox ",
    "t-mobile",
    "telstra",
    "optus",
    "jio",
    "airtel",
    "softbank",
    "kddi",
    "docomo",
    "free sas",
    "sfr",
    "francaise du radio",
    "bouygues",
    "sky uk",
    "virgin media",
    "talktalk",
    "hutchison",
    "telefonos",
    "movil",
    "tim s",
    "claro",
    "kpn",
    "ziggo",
    "telia",
    "tele2",
    "wind tre",
    "fastweb",
    "iliad",
    "rogers",
    "bell canada",
    "shaw",
    "telus",
    "polska",
    "polkomtel",
    "frontier",
    "sanchar",
    "bsnl",
    "jcom",
    "biglobe",
    "tpg",
    "iinet",
    "netcologne",
    "m-net",
    "ewe tel",
];
/// Words in the names of those among them that are mobile carriers.
pub(crate) const MOBILE_WORDS: &[&str] = &[
    "mobil",
    "wireless",
    "cellco",
    "cellular",
    "movil",
    "docomo",
    "hutchison",
    "jio",
    "t-mobile",
    "vodafone",
    "telefonica",
    "orange",
    "airtel",
    "softbank",
    "kddi",
    "tim s",
    "claro",
    "telia",
    "tele2",
    "optus",
    "telstra",
    "verizon",
    "free",
];
/// Words that rule a system out as access.
pub(crate) const NO_ACCESS_WORDS: &[&str] = &[
    "host",
    "cloud",
    "server",
    "data",
    "defense",
    "defence",
    "universit",
    "research",
    "bank",
    "amazon",
    "microsoft",
    "google",
    "oracle",
    "level 3",
    "cogent",
    "colo",
    "carrier",
    "backbone",
    "satellite",
];
/// Words in the names of systems that rent machines, where the lists do not know them.
pub(crate) const HOSTING_WORDS: &[&str] = &[
    "hosting",
    "hostinger",
    "datacenter",
    "data center",
    "datacentre",
    "dedicated",
    "vps",
    "cloud",
    "m247",
    "colo",
];
/// Fewest IPv4 addresses of an access network in its country.
pub(crate) const ACCESS_ADDRESSES: u64 = 1 << 16;
/// Share of VPN exits, and of class A5's, whose system the lists know.
pub(crate) const LISTED_EXITS: f64 = 0.7;

/// Share of people with a laptop or desktop, and with a phone. Everybody has one of them.
pub(crate) const LAPTOP: f64 = 0.85;
pub(crate) const PHONE: f64 = 0.85;
/// Visits of a person a day, in the mean, and events of a visit after the first.
pub(crate) const VISITS: f64 = 3.2;
pub(crate) const MORE_EVENTS: f64 = 2.4;
/// Minutes between two events of a visit, in the mean.
pub(crate) const PAUSE_MINUTES: f64 = 4.0;
/// Share of visits that end with a logout.
pub(crate) const LOGOUT: f64 = 0.08;

/// Share of people whose tenant keeps sessions for 30 days (`aal1`, idle 24 hours); all others' for 24 hours.
pub(crate) const LONG_SESSIONS: f64 = 0.3;
/// Idle timeouts of the others, minutes.
pub(crate) const IDLE_MINUTES: [u64; 5] = [60, 60, 240, 240, 1440];

/// Share of homes with IPv6 beside IPv4, and of their requests that use it.
pub(crate) const DUAL_STACK: f64 = 0.55;
pub(crate) const OVER_IPV6: f64 = 0.75;
/// Share of homes with a /56, the others have a /48.
pub(crate) const SMALL_PREFIX: f64 = 0.7;
/// Days between two IPv4 addresses (and IPv6 prefixes) of a home: a share of homes has one a day.
pub(crate) const RENEWAL_DAYS: f64 = 20.0;
pub(crate) const DAILY_RENEWAL: f64 = 0.25;
/// Share of carriers with IPv6.
pub(crate) const CARRIER_IPV6: f64 = 0.6;

/// Share of people with an office, and of their weekday visits from 9 to 17 made there.
pub(crate) const OFFICE: f64 = 0.55;
pub(crate) const AT_OFFICE: f64 = 0.7;
/// Share of visits made out of home and office, and of a laptop's among those from the phone's hotspot.
pub(crate) const OUT: f64 = 0.15;
pub(crate) const HOTSPOT: f64 = 0.3;
/// Share of a phone's visits at home or office that go over the carrier, and of visits in which the phone changes
/// between the two.
pub(crate) const CELL: f64 = 0.25;
pub(crate) const SWITCH: f64 = 0.06;
/// Cafes a person knows, and the share of visits to a new one.
pub(crate) const CAFES: usize = 4;
pub(crate) const NEW_CAFE: f64 = 0.15;

/// Days between two journeys in the country and abroad, and how long they take.
pub(crate) const INLAND_EVERY: f64 = 25.0;
pub(crate) const INLAND_DAYS: f64 = 2.0;
pub(crate) const ABROAD_EVERY: f64 = 75.0;
pub(crate) const ABROAD_DAYS: f64 = 5.0;
/// Share of phones abroad whose traffic goes out at home.
pub(crate) const HOME_ROUTED: f64 = 0.6;

/// Share of VPN users that have it on always; the others in this share of visits.
pub(crate) const VPN_ALWAYS: f64 = 0.4;
pub(crate) const VPN_SOMETIMES: f64 = 0.35;
/// Exits a VPN user gets, and share of users whose exits are in another country.
pub(crate) const EXITS: usize = 5;
pub(crate) const EXIT_ABROAD: f64 = 0.25;
/// Share of people with Apple devices who use the privacy relay with Safari.
pub(crate) const RELAY: f64 = 0.15;

/// Share of a phone's visits in desktop-site mode.
pub(crate) const DESKTOP_SITE: f64 = 0.01;
/// Hours between two starts of a browser, in the mean.
pub(crate) const RESTART_HOURS: f64 = 60.0;
/// Share of browsers that disturb their fingerprint anew at each start, beside those of the network.
pub(crate) const PRIVACY_BROWSER: f64 = 0.03;
/// Share of laptops with a second graphics processor, and of their starts that use it.
pub(crate) const SECOND_GPU: f64 = 0.08;
pub(crate) const ON_SECOND_GPU: f64 = 0.3;
/// Share of integrations whose fingerprint covers screen, languages and time zone too.
pub(crate) const WIDE_FINGERPRINT: f64 = 0.6;
/// Share of visits whose fingerprint or telemetry does not arrive.
pub(crate) const FINGERPRINT_LOST: f64 = 0.003;
pub(crate) const TELEMETRY_BLOCKED: f64 = 0.02;
/// Share of people who share their machine and home with the one before them.
pub(crate) const SHARED_MACHINE: f64 = 0.03;

/// Share of suspicions of an honest person that end in a step-up at once.
pub(crate) const STEP_UP: f64 = 0.9;

/// The first day of a theft, requests of a thief, and minutes between them in the mean.
pub(crate) const FIRST_THEFT_DAY: u32 = 15;
pub(crate) const REQUESTS: (usize, usize) = (3, 7);
pub(crate) const THIEF_PAUSE_MINUTES: f64 = 20.0;
/// Minutes from an event of the owner to the thief's first, in the mean; at most 0.9 of the idle timeout.
pub(crate) const THEFT_DELAY_MINUTES: f64 = 15.0;
/// Share of thieves of class A3 who send a fingerprint of their own where the integration has one; the others send none.
pub(crate) const OWN_FINGERPRINT: f64 = 0.5;
/// Share of residential proxies in the network of the owner's own provider.
pub(crate) const OWN_PROVIDER: f64 = 0.125;
/// Share of requests of class A6 that come from where the owner was last; the others from the owner's home.
pub(crate) const SAME_PLACE: f64 = 0.9;
