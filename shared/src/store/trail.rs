//! The facts of a held session's latest accepted address and the way there, in at most 35 bytes.
//!
//! One attribute for all of them, because in a guard of 25 sessions every name counts: as attributes of their own they
//! would not fit into one read unit. Bytes at the end that are zero are left out, so what is seldom set stands last.
//!
//! | bytes | what |
//! |---|---|
//! | 0 | flags |
//! | 1, 2 | day of the last lesson |
//! | 3, 4 | country |
//! | 5 to 8 | autonomous system |
//! | 9 to 14 | latitude, longitude, radius |
//! | 15 to 20 | suspicion: since when, last activity before |
//! | 21 to 27 | earlier autonomous system, when it was left |
//! | 28 to 34 | earlier fingerprint, when it was left |
//!
//! A session held through something has no place, so the flags of both together say that it is a privacy relay alone.
//! Times are seconds since the session was opened, 3 bytes: 194 days, longer than any session lives.

use super::item::Bytes;
use crate::model::{EarlierFingerprint, EarlierSystem, Geo, HeldSession, Instant, Suspicion, Trail};

/// The length when everything is set.
const LONGEST: usize = 35;

const IPV6: u8 = 1;
const PROVEN: u8 = 1 << 1;
const ANONYMOUS: u8 = 1 << 2;
const GEO: u8 = 1 << 3;
const SUSPICION: u8 = 1 << 4;
const EARLIER_SYSTEM: u8 = 1 << 5;
const EARLIER_SYSTEM_IPV6: u8 = 1 << 6;
const EARLIER_FINGERPRINT: u8 = 1 << 7;

pub(super) fn pack(session: &HeldSession) -> Vec<u8> {
    let trail = &session.trail;
    let after = |at: Instant| {
        let seconds = at
            .secs()
            .saturating_sub(session.created_at.secs())
            .clamp(0, 0xff_ffff);
        let [_, bytes @ ..] = u32::try_from(seconds).unwrap_or(0).to_be_bytes();
        bytes
    };
    let flag = |bit, set| if set { bit } else { 0 };
    let flags = flag(IPV6, trail.ipv6)
        | flag(PROVEN, trail.proven)
        | flag(ANONYMOUS, session.anonymous)
        | flag(GEO, session.geo.is_some() || (session.anonymous && trail.relay))
        | flag(SUSPICION, trail.suspicion.is_some())
        | flag(EARLIER_SYSTEM, trail.earlier_system.is_some())
        | flag(
            EARLIER_SYSTEM_IPV6,
            trail.earlier_system.is_some_and(|it| it.ipv6),
        )
        | flag(EARLIER_FINGERPRINT, trail.earlier_fingerprint.is_some());
    let mut packed = Vec::with_capacity(LONGEST);
    packed.push(flags);
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
    packed.extend(trail.suspicion.map_or([0; 3], |it| after(it.since)));
    packed.extend(trail.suspicion.map_or([0; 3], |it| after(it.active_before)));
    packed.extend(trail.earlier_system.map_or([0; 4], |it| it.asn.to_be_bytes()));
    packed.extend(trail.earlier_system.map_or([0; 3], |it| after(it.left_at)));
    packed.extend(trail.earlier_fingerprint.map_or([0; 4], |it| it.start));
    packed.extend(trail.earlier_fingerprint.map_or([0; 3], |it| after(it.left_at)));
    let kept = packed
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    packed.truncate(kept);
    packed
}

pub(super) fn unpack(packed: &[u8], session: &mut HeldSession) {
    let mut rest = Bytes::of(packed);
    let [flags] = rest.next();
    let has = |bit| flags & bit != 0;
    let opened = session.created_at.secs();
    let time = |[a, b, c]: [u8; 3]| {
        Instant::from_secs(opened.saturating_add(i64::from(u32::from_be_bytes([0, a, b, c]))))
    };
    let day = u16::from_be_bytes(rest.next());
    let country: [u8; 2] = rest.next();
    let asn = u32::from_be_bytes(rest.next());
    let geo = Geo {
        latitude: i16::from_be_bytes(rest.next()),
        longitude: i16::from_be_bytes(rest.next()),
        radius_km: u16::from_be_bytes(rest.next()),
    };
    let suspicion = Suspicion {
        since: time(rest.next()),
        active_before: time(rest.next()),
    };
    let system = EarlierSystem {
        asn: u32::from_be_bytes(rest.next()),
        ipv6: has(EARLIER_SYSTEM_IPV6),
        left_at: time(rest.next()),
    };
    let fingerprint = EarlierFingerprint {
        start: rest.next(),
        left_at: time(rest.next()),
    };
    session.country = (country != [0; 2])
        .then(|| String::from_utf8(country.to_vec()).ok())
        .flatten();
    session.asn = (asn != 0).then_some(asn);
    session.geo = (has(GEO) && !has(ANONYMOUS)).then_some(geo);
    session.anonymous = has(ANONYMOUS);
    session.trail = Trail {
        ipv6: has(IPV6),
        relay: has(ANONYMOUS) && has(GEO),
        proven: has(PROVEN),
        learnt_on: (day != 0).then_some(day),
        suspicion: has(SUSPICION).then_some(suspicion),
        earlier_system: has(EARLIER_SYSTEM).then_some(system),
        earlier_fingerprint: has(EARLIER_FINGERPRINT).then_some(fingerprint),
    };
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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

    proptest! {
        #[test]
        fn what_was_packed_is_unpacked(
            flags in any::<[bool; 4]>(),
            day in proptest::option::of(1..=u16::MAX),
            country in proptest::option::of("[A-Z]{2}"),
            asn in proptest::option::of(1..=u32::MAX),
            geo in proptest::option::of(any::<(i16, i16, u16)>()),
            suspicion in proptest::option::of((0..0xff_ffff_i64, 0..0xff_ffff_i64)),
            system in proptest::option::of((any::<u32>(), any::<bool>(), 0..0xff_ffff_i64)),
            fingerprint in proptest::option::of((any::<[u8; 4]>(), 0..0xff_ffff_i64)),
        ) {
            let after = |seconds: i64| Instant::from_secs(1_800_000_000 + seconds);
            let session = HeldSession {
                country,
                asn,
                // What is held through something has no place.
                geo: geo
                    .filter(|_| !flags[0])
                    .map(|(latitude, longitude, radius_km)| Geo { latitude, longitude, radius_km }),
                anonymous: flags[0],
                trail: Trail {
                    ipv6: flags[1],
                    relay: flags[0] && flags[3],
                    proven: flags[2],
                    learnt_on: day,
                    suspicion: suspicion.map(|(since, before)| Suspicion {
                        since: after(since),
                        active_before: after(before),
                    }),
                    earlier_system: system.map(|(asn, ipv6, left)| EarlierSystem { asn, ipv6, left_at: after(left) }),
                    earlier_fingerprint: fingerprint
                        .map(|(start, left)| EarlierFingerprint { start, left_at: after(left) }),
                },
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
        }
    }

    #[test]
    fn a_session_without_facts_takes_no_room() {
        assert!(pack(&opened()).is_empty());
    }
}
