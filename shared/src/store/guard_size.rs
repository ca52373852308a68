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
        other => panic!("{other:?}"),
    }
}

fn largest_entry() -> AttributeValue {
    held_item(&HeldSession {
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
    })
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

#[test]
fn the_largest_guard_fits_into_one_read_unit() {
    let bytes = largest(vec![
        (SESSIONS, entries()),
        (REMOVALS, removals(&[(id(99), Reason::Evicted)])),
    ]);
    println!(
        "the largest guard: {bytes} B, an entry: {} B",
        size(&largest_entry())
    );
    assert!(bytes <= READ_UNIT, "{bytes}");
}

#[test]
fn a_guard_whose_sessions_were_all_ended_at_once_fits_into_one_read_unit() {
    let clock = IssuerClock::of_bytes([0xff; 8]);
    let bytes = largest(vec![
        (SESSIONS, AttributeValue::M(HashMap::new())),
        (REVOKED_SESSIONS, entries()),
        (REVOKER_CLOCK, bytes(&clock.to_bytes())),
    ]);
    println!("all ended at once: {bytes} B");
    assert!(bytes <= READ_UNIT, "{bytes}");
}
