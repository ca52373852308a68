//! What a guard remembers of a held session beside times, addresses and digests, in at most 64 bytes.
//!
//! One attribute for all of it, because in a guard of 25 sessions every name counts: as attributes of their own they
//! would not fit into one read unit. Bytes at the end that are zero are left out, so what is seldom set stands last.
//!
//! | bytes | what |
//! |---|---|
//! | 0, 1 | flags |
//! | 2 | score of the last validate |
//! | 3 to 5 | idle timeout, seconds |
//! | 6 to 9 | absolute expiry |
//! | 10 to 12 | last seen where the session is held |
//! | 13, 14 | day of the last lesson |
//! | 15, 16 | country |
//! | 17 to 20 | autonomous system |
//! | 21 to 26 | latitude, longitude, radius |
//! | 27 to 42 | latest accepted address, an IPv4 address in the first four |
//! | 43 to 48 | where else the session was let in: autonomous system, day |
//! | 49 to 51 | suspicion: since when |
//! | 52 to 55 | another fingerprint the session was let in with |
//! | 56 to 63 | fingerprints that were tried: how many, since when, the latest |
//!
//! Times are seconds since the session was opened, 3 bytes: 194 days, longer than any session lives. The expiry is
//! milliseconds since then, 4 bytes: 49 days.

use std::net::IpAddr;
use std::time::Duration;

use super::item::Bytes;
use crate::model::{Elsewhere, Geo, Guesses, HeldSession, Instant, OtherFingerprint, Standing, Trail};

/// The length when everything is set.
#[cfg(test)]
pub(super) const LONGEST: usize = 64;

const RELAY: u16 = 1;
const PROVEN: u16 = 1 << 1;
const ANONYMOUS: u16 = 1 << 2;
const GEO: u16 = 1 << 3;
const TOLD: u16 = 1 << 4;
const LATEST_V4: u16 = 1 << 5;
const LATEST_V6: u16 = 1 << 6;
const HOME: u16 = 1 << 7;
const ELSEWHERE: u16 = 1 << 8;
const ELSEWHERE_KNOWN: u16 = 1 << 9;
const ELSEWHERE_HIRED: u16 = 1 << 10;
const SUSPICION: u16 = 1 << 11;
const OTHER_FINGERPRINT: u16 = 1 << 12;
const UPGRADED: u16 = 1 << 13;
const KNOWN: u16 = 1 << 14;
const GUESSES: u16 = 1 << 15;

pub(super) fn pack(session: &HeldSession) -> Vec<u8> {
    let trail = &session.trail;
    let after = |at: Instant| {
        let seconds = at
            .secs()
            .saturating_sub(session.created_at.secs())
            .clamp(0, 0xff_ffff);
        three(u32::try_from(seconds).unwrap_or(0))
    };
    let standing = trail.other_fingerprint.map(|it| it.standing);
    let flags = [
        (RELAY, trail.relay),
        (PROVEN, trail.proven),
        (ANONYMOUS, session.anonymous),
        (GEO, session.geo.is_some()),
        (TOLD, trail.told),
        (LATEST_V4, trail.latest.is_some_and(|it| it.is_ipv4())),
        (LATEST_V6, trail.latest.is_some_and(|it| it.is_ipv6())),
        (HOME, trail.home_at.is_some()),
        (ELSEWHERE, trail.elsewhere.is_some()),
        (ELSEWHERE_KNOWN, trail.elsewhere.is_some_and(|it| it.known)),
        (ELSEWHERE_HIRED, trail.elsewhere.is_some_and(|it| it.hired)),
        (SUSPICION, trail.suspicion.is_some()),
        (OTHER_FINGERPRINT, standing.is_some()),
        (UPGRADED, standing == Some(Standing::Upgraded)),
        (KNOWN, standing == Some(Standing::Known)),
        (GUESSES, trail.guesses.is_some()),
    ]
    .into_iter()
    .filter(|(_, set)| *set)
    .fold(0, |flags, (bit, _)| flags | bit);

    let mut packed = Vec::with_capacity(64);
    packed.extend(flags.to_be_bytes());
    packed.push(session.risk);
    packed.extend(three(
        u32::try_from(session.idle_timeout.as_secs()).unwrap_or(u32::MAX),
    ));
    let lifetime = session.absolute_expiry.since(session.created_at).as_millis();
    packed.extend(u32::try_from(lifetime).unwrap_or(u32::MAX).to_be_bytes());
    packed.extend(trail.home_at.map_or([0; 3], after));
    packed.extend(trail.learnt_on.unwrap_or(0).to_be_bytes());
    let country = session.country.as_deref().map(str::as_bytes);
    let country: Option<[u8; 2]> = country.and_then(|it| it.try_into().ok());
    packed.extend(country.unwrap_or_default());
    packed.extend(session.asn.unwrap_or(0).to_be_bytes());
    let (latitude, longitude, radius) = session
        .geo
        .map_or((0, 0, 0), |geo| (geo.latitude, geo.longitude, geo.radius_km));
    packed.extend(latitude.to_be_bytes());
    packed.extend(longitude.to_be_bytes());
    packed.extend(radius.to_be_bytes());
    let mut latest = [0; 16];
    match trail.latest {
        Some(IpAddr::V4(v4)) => {
            for (to, from) in latest.iter_mut().zip(v4.octets()) {
                *to = from;
            }
        }
        Some(IpAddr::V6(v6)) => latest = v6.octets(),
        None => {}
    }
    packed.extend(latest);
    packed.extend(trail.elsewhere.map_or([0; 4], |it| it.asn.to_be_bytes()));
    packed.extend(trail.elsewhere.map_or([0; 2], |it| it.on.to_be_bytes()));
    packed.extend(trail.suspicion.map_or([0; 3], after));
    packed.extend(trail.other_fingerprint.map_or([0; 4], |it| it.start));
    packed.push(trail.guesses.map_or(0, |it| it.count));
    packed.extend(trail.guesses.map_or([0; 3], |it| after(it.since)));
    packed.extend(trail.guesses.map_or([0; 4], |it| it.latest));
    let kept = packed
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    packed.truncate(kept);
    packed
}

const fn three(number: u32) -> [u8; 3] {
    let number = if 0xff_ffff < number { 0xff_ffff } else { number };
    let [_, bytes @ ..] = number.to_be_bytes();
    bytes
}

/// Reads what was packed into a session that knows when it was created.
pub(super) fn unpack(packed: &[u8], session: &mut HeldSession) {
    let mut rest = Bytes::of(packed);
    let flags = u16::from_be_bytes(rest.next());
    let has = |bit| flags & bit != 0;
    let created_at = session.created_at;
    let number = |[a, b, c]: [u8; 3]| u32::from_be_bytes([0, a, b, c]);
    let time = |packed| Instant::from_secs(created_at.secs().saturating_add(i64::from(number(packed))));
    let [risk] = rest.next();
    session.risk = risk;
    session.idle_timeout = Duration::from_secs(number(rest.next()).into());
    session.absolute_expiry = created_at + Duration::from_millis(u32::from_be_bytes(rest.next()).into());
    let home_at = time(rest.next());
    let day = u16::from_be_bytes(rest.next());
    session.country = country(rest.next());
    session.asn = Some(u32::from_be_bytes(rest.next())).filter(|it| *it != 0);
    let geo = geo(&mut rest);
    session.geo = has(GEO).then_some(geo);
    session.anonymous = has(ANONYMOUS);
    let latest: [u8; 16] = rest.next();
    let latest = if has(LATEST_V6) {
        Some(IpAddr::from(latest))
    } else {
        let [a, b, c, d, ..] = latest;
        has(LATEST_V4).then(|| IpAddr::from([a, b, c, d]))
    };
    let elsewhere = Elsewhere {
        asn: u32::from_be_bytes(rest.next()),
        on: u16::from_be_bytes(rest.next()),
        known: has(ELSEWHERE_KNOWN),
        hired: has(ELSEWHERE_HIRED),
    };
    let suspicion = time(rest.next());
    let other_fingerprint = OtherFingerprint {
        start: rest.next(),
        standing: if has(KNOWN) {
            Standing::Known
        } else if has(UPGRADED) {
            Standing::Upgraded
        } else {
            Standing::Unexplained
        },
    };
    let [count] = rest.next();
    let guesses = Guesses {
        count,
        since: time(rest.next()),
        latest: rest.next(),
    };
    session.trail = Trail {
        relay: has(RELAY),
        proven: has(PROVEN),
        told: has(TOLD),
        learnt_on: (day != 0).then_some(day),
        home_at: has(HOME).then_some(home_at),
        suspicion: has(SUSPICION).then_some(suspicion),
        latest,
        elsewhere: has(ELSEWHERE).then_some(elsewhere),
        other_fingerprint: has(OTHER_FINGERPRINT).then_some(other_fingerprint),
        guesses: has(GUESSES).then_some(guesses),
    };
}

/// Reads what version `holdfast-risk-4` packed: of the latest accepted address and the way there. A session that it moved
/// is held by what it moved to.
///
/// | bytes | what |
/// |---|---|
/// | 0 | flags |
/// | 1, 2 | day of the last lesson |
/// | 3, 4 | country |
/// | 5 to 8 | autonomous system |
/// | 9 to 14 | latitude, longitude, radius |
/// | 15 to 17 | suspicion: since when |
pub(super) fn unpack_earlier(packed: &[u8], session: &mut HeldSession) {
    let mut rest = Bytes::of(packed);
    let [flags] = rest.next();
    let has = |bit: u8| flags & 1 << bit != 0;
    let day = u16::from_be_bytes(rest.next());
    session.country = country(rest.next());
    session.asn = Some(u32::from_be_bytes(rest.next())).filter(|it| *it != 0);
    let geo = geo(&mut rest);
    let [a, b, c] = rest.next();
    let since = i64::from(u32::from_be_bytes([0, a, b, c]));
    let (ipv6, proven, anonymous, located, suspected) = (has(0), has(1), has(2), has(3), has(4));
    session.geo = (located && !anonymous).then_some(geo);
    session.anonymous = anonymous;
    let (v4, v6) = (session.ipv4.map(IpAddr::V4), session.ipv6.map(IpAddr::V6));
    session.trail = Trail {
        relay: anonymous && located,
        proven,
        learnt_on: (day != 0).then_some(day),
        home_at: Some(Instant::from_secs(session.last_activity_at.secs())),
        suspicion: suspected.then(|| Instant::from_secs(session.created_at.secs().saturating_add(since))),
        latest: if ipv6 { v6.or(v4) } else { v4.or(v6) },
        ..Trail::default()
    };
}

fn geo(packed: &mut Bytes<'_>) -> Geo {
    Geo {
        latitude: i16::from_be_bytes(packed.next()),
        longitude: i16::from_be_bytes(packed.next()),
        radius_km: u16::from_be_bytes(packed.next()),
    }
}

fn country(code: [u8; 2]) -> Option<String> {
    String::from_utf8(code.to_vec()).ok().filter(|_| code != [0; 2])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Sample;

    fn opened() -> HeldSession {
        let start = Instant::from_millis(1_800_000_000_123);
        HeldSession {
            created_at: start,
            last_activity_at: start,
            idle_timeout: Duration::from_hours(1),
            absolute_expiry: start + Duration::from_hours(24),
            fingerprint: Sample::computed("x"),
            ipv4: None,
            ipv6: None,
            user_agent: [0; 8],
            risk: 0,
            country: None,
            asn: None,
            geo: None,
            anonymous: false,
            trail: Trail::default(),
        }
    }

    fn any_trail() -> impl Strategy<Value = Trail> {
        let time =
            || proptest::option::of((0..0xff_ffff_i64).prop_map(|it| Instant::from_secs(1_800_000_000 + it)));
        let standing =
            proptest::sample::select(vec![Standing::Unexplained, Standing::Upgraded, Standing::Known]);
        let other =
            (any::<[u8; 4]>(), standing).prop_map(|(start, standing)| OtherFingerprint { start, standing });
        let elsewhere =
            (any::<u32>(), any::<bool>(), any::<bool>(), any::<u16>()).prop_map(|(asn, known, hired, on)| {
                Elsewhere {
                    asn,
                    known,
                    hired,
                    on,
                }
            });
        let guesses =
            (any::<u8>(), time(), any::<[u8; 4]>()).prop_filter_map("a time", |(count, since, latest)| {
                Some(Guesses {
                    count,
                    since: since?,
                    latest,
                })
            });
        let flags = any::<[bool; 3]>();
        let day = proptest::option::of(1..=u16::MAX);
        let latest = proptest::option::of(any::<IpAddr>());
        (
            (flags, day, time(), time(), latest),
            proptest::option::of(elsewhere),
            proptest::option::of(other),
            proptest::option::of(guesses),
        )
            .prop_map(
                |((flags, learnt_on, home_at, suspicion, latest), elsewhere, other_fingerprint, guesses)| {
                    Trail {
                        relay: flags[0],
                        proven: flags[1],
                        told: flags[2],
                        learnt_on,
                        home_at,
                        suspicion,
                        latest,
                        elsewhere,
                        other_fingerprint,
                        guesses,
                    }
                },
            )
    }

    proptest! {
        #[test]
        fn what_was_packed_is_unpacked(
            trail in any_trail(),
            anonymous in any::<bool>(),
            risk in 0..=100_u8,
            idle in 0..=86_400_u64,
            lifetime in 0..=30 * 86_400_000_u64,
            country in proptest::option::of("[A-Z]{2}"),
            asn in proptest::option::of(1..=u32::MAX),
            geo in proptest::option::of(any::<(i16, i16, u16)>()),
        ) {
            let session = HeldSession {
                country,
                asn,
                geo: geo.map(|(latitude, longitude, radius_km)| Geo { latitude, longitude, radius_km }),
                anonymous,
                risk,
                idle_timeout: Duration::from_secs(idle),
                absolute_expiry: opened().created_at + Duration::from_millis(lifetime),
                trail,
                ..opened()
            };
            let packed = pack(&session);
            prop_assert!(packed.len() <= LONGEST);
            let mut read = opened();
            unpack(&packed, &mut read);
            prop_assert_eq!(read, session);
        }

        #[test]
        fn any_bytes_are_read(packed in proptest::collection::vec(any::<u8>(), 0..80)) {
            unpack(&packed, &mut opened());
            unpack_earlier(&packed, &mut opened());
        }
    }
}
