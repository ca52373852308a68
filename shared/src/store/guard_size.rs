//! The largest guard there can be, by DynamoDB's own rules of size, costs one read unit.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::*;
use crate::model::{Elsewhere, Geo, Guesses, OtherFingerprint, Standing, Trail};
use crate::policy::Policy;

const READ_UNIT: usize = 4096;
const START: Instant = Instant::from_millis(1_999_999_999_999);

/// Bytes of a value: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(blob) => blob.as_ref().len(),
        AttributeValue::N(number) => {
            let digits = number.trim_start_matches('-').len();
            digits.div_ceil(2) + 1 + usize::from(number.starts_with('-'))
        }
        AttributeValue::M(map) => {
            3 + map
                .iter()
                .map(|(name, it)| 1 + name.len() + size(it))
                .sum::<usize>()
        }
        // Nothing is said of a set; three bytes, as of a list.
        AttributeValue::Bs(members) => 3 + members.iter().map(|it| it.as_ref().len()).sum::<usize>(),
        other => panic!("{other:?}"),
    }
}

fn largest_session() -> HeldSession {
    HeldSession {
        created_at: START,
        last_activity_at: START,
        idle_timeout: Duration::from_mins(1439),
        absolute_expiry: START + AbsoluteTimeout::LONGEST,
        fingerprint: Sample::Supplied([0xff; 16]),
        ipv4: Some(Ipv4Addr::BROADCAST),
        ipv6: Some(Ipv6Addr::from_bits(u128::MAX)),
        user_agent: [0xff; 8],
        risk: 99,
        country: Some("ZZ".to_owned()),
        asn: Some(u32::MAX),
        geo: Some(Geo {
            latitude: -8999,
            longitude: -17_999,
            radius_km: 999,
        }),
        anonymous: true,
        trail: Trail {
            relay: true,
            proven: true,
            told: true,
            learnt_on: Some(u16::MAX),
            home_at: Some(START + Duration::from_hours(699)),
            suspicion: Some(START + Duration::from_hours(700)),
            latest: Some(Ipv6Addr::from_bits(u128::MAX).into()),
            elsewhere: Some(Elsewhere {
                asn: u32::MAX,
                known: true,
                hired: true,
                on: u16::MAX,
            }),
            other_fingerprint: Some(OtherFingerprint {
                start: [0xff; 4],
                standing: Standing::Known,
            }),
            guesses: Some(Guesses {
                count: u8::MAX,
                since: START + Duration::from_hours(699),
                latest: [0xff; 4],
            }),
        },
    }
}

fn largest_entry() -> AttributeValue {
    held_item(&largest_session())
}

fn id(number: usize) -> SessionId {
    SessionId::draw(
        START + Duration::from_millis(number as u64),
        &crate::clock::System,
    )
    .unwrap()
}

/// The largest guard, but for what it was told last.
fn largest(last: Vec<(&str, AttributeValue)>) -> usize {
    let tenant: TenantId = "t".repeat(63).parse().unwrap();
    let subject = crate::model::Subject::new("alice").unwrap().key(&tenant);
    let due = due_of(&subject, START);
    let mut item = Key::guard(&tenant, &subject).attributes();
    item.extend([
        (REMOVED_AT.to_owned(), time(START)),
        (REMOVAL_COUNT.to_owned(), number(99_999_999)),
        (REVOKED_ALL_AT.to_owned(), time(START)),
        (ERASED_AT.to_owned(), time(START)),
        (PACE.to_owned(), bytes(&Pace::begin(START, 1, 25).to_bytes())),
        (TTL.to_owned(), ttl(START, KEPT)),
        (SCHEMA.to_owned(), number(SCHEMA_VERSION)),
        (DUE_HASH.to_owned(), text(due.hash)),
        (DUE_AT.to_owned(), time(due.at)),
    ]);
    item.extend(last.into_iter().map(|(name, value)| (name.to_owned(), value)));
    item.iter().map(|(name, it)| name.len() + size(it)).sum()
}

fn entries() -> AttributeValue {
    let entries = (0..Policy::MOST_CONCURRENT).map(|number| (id(number).to_compact(), largest_entry()));
    AttributeValue::M(entries.collect())
}

/// The largest guard, by what left it and has to be known still, and with which clock its issuer had.
fn largest_after(left: usize, mut last: Vec<(&str, AttributeValue)>) -> usize {
    let clock = IssuerClock::of_bytes([0xff; 8]);
    last.extend(gone((100..).take(left).map(id)).map(|it| (GONE, it)));
    last.extend([(CLOSED, time(START)), (REVOKER_CLOCK, bytes(&clock.to_bytes()))]);
    largest(last)
}

#[test]
fn the_largest_guard_fits_into_one_read_unit() {
    let none = || AttributeValue::M(HashMap::new());
    let evicted = removals(&[(id(99), Reason::Evicted)]);
    println!("an entry: {} B", size(&largest_entry()));
    // The last create found fewer than `MOST_GONE`, or has seen the guard and forgot them.
    let cases = [
        (
            "filled",
            largest_after(MOST_GONE - 1, vec![(SESSIONS, entries())]),
        ),
        (
            "one evicted",
            largest_after(1, vec![(SESSIONS, entries()), (REMOVALS, evicted)]),
        ),
        (
            "all ended at once",
            largest_after(
                MOST_GONE - 1,
                vec![(SESSIONS, none()), (REVOKED_SESSIONS, entries())],
            ),
        ),
    ];
    for (case, bytes) in cases {
        println!("{case}: {bytes} B");
        assert!(bytes <= READ_UNIT, "{case}: {bytes}");
    }
}

#[test]
fn a_session_is_read_with_the_addresses_it_was_stored_with() {
    let (tenant, v4, v6) = (
        "acme".parse().unwrap(),
        Ipv4Addr::new(192, 0, 2, 1),
        "2001:db8:1:2::".parse().unwrap(),
    );
    let subject = crate::model::Subject::new("alice").unwrap().key(&tenant);
    for (ipv4, ipv6) in [
        (None, None),
        (Some(v4), None),
        (None, Some(v6)),
        (Some(v4), Some(v6)),
    ] {
        let session = HeldSession {
            ipv4,
            ipv6,
            ..largest_session()
        };
        let sessions = HashMap::from([(id(1).to_compact(), held_item(&session))]);
        let mut item = Key::guard(&tenant, &subject).attributes();
        item.insert(SESSIONS.to_owned(), AttributeValue::M(sessions));
        item.insert(SCHEMA.to_owned(), number(SCHEMA_VERSION));
        let read = Guard::read(&item).unwrap();
        let [(_, read)] = &read.sessions[..] else {
            panic!("{read:?}")
        };
        assert_eq!((read.ipv4, read.ipv6), (ipv4, ipv6));
    }
}
