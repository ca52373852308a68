//! Whether a person can have travelled from where the session was to where the request comes from.

use crate::model::Geo;

use super::evidence::Evidence;
use super::factor::Factor;
use super::network::is_home;
use super::weights::{
    ADDRESS_NOT_SUPPLIED, ADDRESS_WITHHELD, TRAVEL_ANONYMIZED, TRAVEL_COUNTRY, TRAVEL_FAST,
    TRAVEL_IMPOSSIBLE, TRAVEL_NONE, TRAVEL_UNCERTAIN, TRAVEL_WITHIN, Weight,
};

/// Mean radius of the Earth (IUGG), kilometres.
const EARTH_RADIUS_KM: f64 = 6371.0;
/// A place that is known no better than this is a country or less.
const USELESS_RADIUS_KM: u16 = 1000;
/// What no airliner does, kilometres an hour, and how far one has to have gone for it to count.
const IMPOSSIBLE: (u64, u64) = (1000, 300);
/// What only an airliner does, kilometres an hour.
const FAST: u64 = 300;
/// Two requests are taken to be this many seconds apart at least: clocks and queues differ by as much.
const LEAST_SECONDS: u64 = 60;

/// What the journey says from where the session is held, since it was last seen there; none where either end is not
/// known to be anywhere. The network stands to the session as `place` says.
pub(super) fn weigh(evidence: &Evidence<'_>, place: Weight) -> Option<Weight> {
    if [ADDRESS_WITHHELD, ADDRESS_NOT_SUPPLIED].contains(&place) {
        return None;
    }
    let (held, context) = (evidence.held, evidence.context);
    let facts = &context.facts;
    let here = facts.place().and_then(|it| it.point).and_then(Geo::of);
    let country = facts.alpha_2();
    let was_somewhere = held.anonymous || held.geo.is_some() || held.country.is_some();
    let is_somewhere = facts.anonymity.any() || here.is_some() || country.is_some();
    if !was_somewhere || !is_somewhere {
        return None;
    }
    // One network is one place, whatever the data makes of its addresses.
    if is_home(place) {
        return Some(TRAVEL_NONE);
    }
    if held.anonymous || facts.anonymity.any() {
        return Some(TRAVEL_ANONYMIZED);
    }
    let other_country = match (held.country.as_deref(), country) {
        (Some(before), Some(now)) => before != now,
        _ => false,
    };
    let journey = match (held.geo, here) {
        (Some(from), Some(to)) => of_distance(certain_distance(from, to), evidence),
        _ => None,
    };
    // Where in a country an address is, data says badly: carriers and providers announce anywhere.
    let journey = journey.map(|it| if other_country { it } else { TRAVEL_WITHIN });
    Some(match journey {
        Some(weight) => weight,
        None if other_country => TRAVEL_COUNTRY,
        None if held.geo.is_none_or(is_useless) || here.is_none_or(is_useless) => TRAVEL_UNCERTAIN,
        None => TRAVEL_NONE,
    })
}

/// The factor, with country and system of both ends.
pub(super) fn factor(evidence: &Evidence<'_>, weight: Weight) -> Factor {
    let current = evidence.context.facts.alpha_2().map(str::to_owned);
    weight.factor(current, evidence.held.country.clone())
}

/// What it takes to have gone this many kilometres since the session was last seen where it is held.
fn of_distance(kilometres: u64, evidence: &Evidence<'_>) -> Option<Weight> {
    let passed = evidence.time().since(evidence.home_at()).as_secs();
    let seconds = passed.max(LEAST_SECONDS);
    let faster_than = |speed: u64| speed.saturating_mul(seconds) < kilometres.saturating_mul(3600);
    let (impossible, far) = IMPOSSIBLE;
    if faster_than(impossible) && far < kilometres {
        Some(TRAVEL_IMPOSSIBLE)
    } else {
        faster_than(FAST).then_some(TRAVEL_FAST)
    }
}

/// The distance that is left when both ends are as near to each other as their radii allow, whole kilometres.
fn certain_distance(from: Geo, to: Geo) -> u64 {
    if is_useless(from) || is_useless(to) {
        return 0;
    }
    let uncertain = u64::from(from.radius_km) + u64::from(to.radius_km);
    distance(from, to).saturating_sub(uncertain)
}

const fn is_useless(geo: Geo) -> bool {
    USELESS_RADIUS_KM <= geo.radius_km
}

/// Great-circle distance by the haversine formula, whole kilometres.
fn distance(from: Geo, to: Geo) -> u64 {
    let radians = |hundredths: i16| (f64::from(hundredths) / 100.0).to_radians();
    let half_sine = |one: f64, other: f64| ((one - other) / 2.0).sin().powi(2);
    let (latitude, other_latitude) = (radians(from.latitude), radians(to.latitude));
    let across = latitude.cos() * other_latitude.cos();
    let square = half_sine(latitude, other_latitude)
        + across * half_sine(radians(from.longitude), radians(to.longitude));
    let kilometres = 2.0 * EARTH_RADIUS_KM * square.clamp(0.0, 1.0).sqrt().asin();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to half the Earth's circumference"
    )]
    let whole = kilometres as u64;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn geo(latitude: i16, longitude: i16, radius_km: u16) -> Geo {
        Geo {
            latitude,
            longitude,
            radius_km,
        }
    }

    #[test]
    fn distances_are_those_of_a_globe() {
        let (paris, new_york, sydney) = (geo(4886, 235, 0), geo(4071, -7401, 0), geo(-3387, 15121, 0));
        for (from, to, kilometres) in [
            (paris, paris, 0),
            (paris, new_york, 5837),
            (paris, sydney, 16_960),
            (geo(0, 17_950, 0), geo(0, -17_950, 0), 111),
            (geo(9000, 0, 0), geo(-9000, 0, 0), 20_015),
        ] {
            let found = distance(from, to);
            assert!(found.abs_diff(kilometres) <= 5, "{from:?} {to:?} {found}");
            assert_eq!(found, distance(to, from));
        }
    }

    #[test]
    fn both_radii_are_taken_from_the_distance() {
        let apart = |one, other| certain_distance(geo(0, 0, one), geo(0, 1000, other));
        assert_eq!(apart(0, 0), 1111);
        assert_eq!(apart(200, 50), 861);
        assert_eq!(apart(700, 700), 0);
        assert_eq!(apart(1000, 0), 0);
    }
}
