//! Where and when the browser believes to be, held against where its address is.

use crate::useragent::DeviceClass;

use super::claims::Claims;
use super::finding::Findings;
use super::weights::{CLOCK, LOCALE, OFFSET, ZONE_FAR, ZONE_OTHER, ZONE_UTC};
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
        && zone.is_universal()
    {
        findings.note(ZONE_UTC, Some(zone.name), None);
    }
    differ
}

/// How far a browser's clock may be from ours before it is told, seconds: sending takes a while.
const CLOCK_APART: u64 = 300;

/// Seconds that the browser's clock is ahead of ours.
pub(super) fn clock(claims: &Claims<'_>, findings: &mut Findings) -> i64 {
    let observed = claims.observed;
    let ahead = observed
        .telemetry
        .collected_at
        .secs()
        .saturating_sub(observed.now.secs());
    if CLOCK_APART < ahead.unsigned_abs() {
        let side = if ahead < 0 { "behind" } else { "ahead" };
        findings.note(
            CLOCK,
            Some(&format!("{} seconds {side}", ahead.unsigned_abs())),
            None,
        );
    }
    ahead
}

/// Zones and offsets of one visit. Offsets are minutes that local time is ahead of UTC.
struct Zones<'a> {
    /// The browser's.
    browser: Option<Zone>,
    /// What the browser says the offset is.
    told: Option<i32>,
    /// The address's.
    address: Option<Zone>,
    /// The address's country, ISO 3166-1 alpha-2.
    country: Option<&'a str>,
}

impl<'a> Zones<'a> {
    fn of(claims: &Claims<'a>) -> Self {
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
            country: claims.observed.facts.alpha_2(),
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
        let same_country =
            browser.shares_country(&address) || self.country.is_some_and(|it| browser.is_of(it));
        FAR <= (browser.offset - address.offset).abs() && !same_country
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
