//! Where and when the browser believes to be, held against where its address is.

use crate::useragent::DeviceClass;

use super::claims::Claims;
use super::finding::Findings;
use super::weights::{LOCALE, OFFSET, ZONE_FAR, ZONE_OTHER, ZONE_UTC};
use super::zone::Zone;

/// Apart from this on two zones are far from each other, minutes.
const FAR: i32 = 180;
/// Laws change offsets by an hour, and machines learn of it late, minutes.
const LAW: i32 = 60;
/// Places that are known no better than this are known by their country alone.
const COUNTRY_RADIUS_KM: u16 = 1000;

/// Holds time zone and languages against the place of the address. Answers whether the zones differ, where both are
/// known.
pub(super) fn find(claims: &Claims<'_>, findings: &mut Findings) -> Option<bool> {
    let zones = Zones::of(claims);
    let differ = zones.differ();
    let facts = claims.observed.facts;
    if let (Some(named), Some(told)) = (zones.named(), zones.told)
        && LAW < (named - told).abs()
    {
        findings.note(OFFSET, Some(&hours(told)), Some(&hours(named)));
    }
    // Behind a relay, a VPN or Tor the address is elsewhere by intent, which is weighed by itself.
    if !facts.anonymity.any() {
        if differ == Some(true) {
            let current = zones
                .browser
                .map_or_else(|| zones.told.map(hours), |it| Some(it.name.to_owned()));
            let expected = zones.address.map(|it| it.name);
            findings.note(ZONE_OTHER, current.as_deref(), expected);
            let place = facts.place();
            let vague = place
                .and_then(|it| it.point)
                .is_some_and(|it| COUNTRY_RADIUS_KM <= it.radius_km);
            if zones.far() && !vague {
                findings.note(ZONE_FAR, current.as_deref(), expected);
            }
        }
        locale(claims, findings);
    }
    if let Some(zone) = zones.browser
        && claims.class() == DeviceClass::Desktop
        && UNIVERSAL.contains(&zone.name)
    {
        findings.note(ZONE_UTC, Some(zone.name), None);
    }
    differ
}

/// Names of the zone that machines have to which nobody told where they are.
const UNIVERSAL: [&str; 8] = [
    "UTC",
    "Etc/UTC",
    "Etc/GMT",
    "Etc/UCT",
    "Etc/Universal",
    "Etc/Zulu",
    "UCT",
    "Universal",
];

/// Zones and offsets of one visit. Offsets are minutes that local time is ahead of UTC.
struct Zones {
    /// The browser's.
    browser: Option<Zone>,
    /// What the browser says the offset is.
    told: Option<i32>,
    /// The address's.
    address: Option<Zone>,
}

impl Zones {
    fn of(claims: &Claims<'_>) -> Self {
        let components = claims.components;
        let place = claims.observed.facts.place();
        let zone = |name: &str| Zone::find(name, claims.observed.now);
        Self {
            browser: components.time_zone.as_deref().and_then(zone),
            // Browsers count the other way round.
            told: components
                .time_zone_offset_minutes
                .map(|it| i32::from(it).saturating_neg()),
            address: place.and_then(|it| it.time_zone.as_deref()).and_then(zone),
        }
    }

    /// The offset of the zone that the browser names.
    fn named(&self) -> Option<i32> {
        Some(self.browser?.offset)
    }

    /// Whether the browser's offset, by name or as told, is another than the address's.
    fn differ(&self) -> Option<bool> {
        let address = self.address?.offset;
        let (named, told) = (self.named(), self.told);
        if named.is_none() && told.is_none() {
            return None;
        }
        let other = |it: Option<i32>| it.is_some_and(|it| it != address);
        Some(other(named) || other(told))
    }

    /// Whether the zone that the browser names is far from the address's, and not of its country.
    fn far(&self) -> bool {
        let (Some(browser), Some(address)) = (self.browser, self.address) else {
            return false;
        };
        FAR <= (browser.offset - address.offset).abs() && !same_country(browser.name, address.name)
    }
}

/// `UTC+09`, `UTC-03/30`.
fn hours(offset: i32) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    match offset.abs() % 60 {
        0 => format!("UTC{sign}{:02}", offset.abs() / 60),
        minutes => format!("UTC{sign}{:02}/{minutes:02}", offset.abs() / 60),
    }
}

/// Countries wide enough to have zones that are far from each other: a mobile network's address may well be at the
/// other end. IANA's `zone1970.tab`.
const WIDE: [&[&str]; 6] = [
    &[
        "America/New_York",
        "America/Detroit",
        "America/Kentucky/Louisville",
        "America/Indiana/Indianapolis",
        "America/Chicago",
        "America/Menominee",
        "America/Denver",
        "America/Boise",
        "America/Phoenix",
        "America/Los_Angeles",
        "America/Anchorage",
        "America/Juneau",
        "America/Nome",
        "America/Adak",
        "Pacific/Honolulu",
        "US/Eastern",
        "US/Central",
        "US/Mountain",
        "US/Pacific",
    ],
    &[
        "America/St_Johns",
        "America/Halifax",
        "America/Moncton",
        "America/Toronto",
        "America/Montreal",
        "America/Winnipeg",
        "America/Regina",
        "America/Edmonton",
        "America/Vancouver",
        "America/Whitehorse",
    ],
    &[
        "Europe/Kaliningrad",
        "Europe/Moscow",
        "Europe/Samara",
        "Europe/Saratov",
        "Europe/Volgograd",
        "Asia/Yekaterinburg",
        "Asia/Omsk",
        "Asia/Novosibirsk",
        "Asia/Barnaul",
        "Asia/Tomsk",
        "Asia/Krasnoyarsk",
        "Asia/Irkutsk",
        "Asia/Chita",
        "Asia/Yakutsk",
        "Asia/Vladivostok",
        "Asia/Khabarovsk",
        "Asia/Magadan",
        "Asia/Sakhalin",
        "Asia/Kamchatka",
        "Asia/Anadyr",
    ],
    &[
        "America/Noronha",
        "America/Belem",
        "America/Fortaleza",
        "America/Recife",
        "America/Bahia",
        "America/Sao_Paulo",
        "America/Cuiaba",
        "America/Manaus",
        "America/Porto_Velho",
        "America/Rio_Branco",
    ],
    &[
        "Australia/Sydney",
        "Australia/Melbourne",
        "Australia/Brisbane",
        "Australia/Hobart",
        "Australia/Adelaide",
        "Australia/Darwin",
        "Australia/Perth",
    ],
    &[
        "America/Cancun",
        "America/Mexico_City",
        "America/Monterrey",
        "America/Merida",
        "America/Chihuahua",
        "America/Mazatlan",
        "America/Hermosillo",
        "America/Tijuana",
    ],
];

fn same_country(one: &str, other: &str) -> bool {
    WIDE.iter()
        .any(|zones| zones.contains(&one) && zones.contains(&other))
}

/// Locales that machines everywhere have.
const ANYWHERE: [&str; 2] = ["en-US", "en-GB"];

fn locale(claims: &Claims<'_>, findings: &mut Findings) {
    let languages = claims.languages();
    let (Some(country), Some(first)) = (claims.observed.facts.alpha_2(), languages.first()) else {
        return;
    };
    let Some(region) = region(first) else { return };
    let at_home = languages
        .iter()
        .filter_map(|it| self::region(it))
        .any(|it| it.eq_ignore_ascii_case(country));
    if !at_home && !ANYWHERE.iter().any(|it| it.eq_ignore_ascii_case(first)) {
        findings.note(LOCALE, Some(&region.to_ascii_uppercase()), Some(country));
    }
}

/// The region of a language tag (BCP 47): `AT` of `de-AT`, `TW` of `zh-Hant-TW`.
fn region(tag: &str) -> Option<&str> {
    tag.split(['-', '_'])
        .skip(1)
        .find(|it| it.len() == 2 && it.bytes().all(|byte| byte.is_ascii_alphabetic()))
}
