use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::*;
use crate::auth::testing::{acme, key_caller, user_caller};
use crate::model::{
    AutonomousSystem, Ending, HeldSession, Located, Pfid, Place, Point, Sample, SessionId, Subject, Trail,
};

const CHROME: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/91.0.4472.114 Safari/537.36";

fn melbourne() -> Facts {
    Facts {
        place: Located::At(Box::new(Place {
            country_code: Some("AU".to_owned()),
            country: Some("Australia".to_owned()),
            region: Some("Victoria".to_owned()),
            region_code: Some("VIC".to_owned()),
            city: Some("Melbourne".to_owned()),
            point: Some(Point {
                latitude: -37.8159,
                longitude: 144.9669,
                radius_km: 20,
            }),
            time_zone: Some("Australia/Melbourne".to_owned()),
        })),
        system: Some(AutonomousSystem {
            number: 4764,
            organisation: None,
        }),
        ..Facts::default()
    }
}

fn opened() -> Instant {
    Instant::from_secs(1_234_567_890)
}

fn held() -> HeldSession {
    HeldSession {
        created_at: opened(),
        last_activity_at: opened(),
        idle_timeout: Duration::from_hours(1),
        absolute_expiry: opened() + Duration::from_hours(24),
        fingerprint: Sample::computed("x"),
        ipv4: Some(Ipv4Addr::new(198, 51, 100, 7)),
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

/// A session that was opened just now.
pub(in crate::face::prefactor) fn session() -> Fetched {
    let id: SessionId = "011f71fb-0450-7abc-8123-456789abcdef".parse().unwrap();
    Fetched {
        record: SessionRecord {
            ip: "198.51.100.7".to_owned(),
            facts: melbourne(),
            user_agent: CHROME.to_owned(),
            fingerprint: "f1".to_owned(),
            ..SessionRecord::new(id, &Subject::new("alice").unwrap(), held().tenure(), opened())
        },
        held: Some(held()),
        state: State::Active,
    }
}

pub(in crate::face::prefactor) fn told(session: &Fetched) -> Summary {
    summary(&acme(), session, &Intelligence::none()).unwrap()
}

/// One that ended half an hour later.
pub(in crate::face::prefactor) fn ended(reason: Reason) -> Fetched {
    let at = opened() + Duration::from_mins(30);
    let mut session = session();
    session.held = None;
    session.record.last_ip = Some("2001:db8::1".to_owned());
    session.record.last_activity_at = Some(opened() + Duration::from_mins(29));
    session.state = State::Ended(Ending { at, reason });
    session
}

#[test]
fn a_session_is_told_with_every_published_field() {
    let told = serde_json::to_value(told(&session())).unwrap();
    let seen = serde_json::json!({
        "asn": 4764, "at": 1_234_567_890, "city": "Melbourne", "country_code": "AU",
        "lat_long": [-37.8159, 144.9669], "region_code": "VIC", "remote_ip": "198.51.100.7",
        "timezone": "Australia/Melbourne", "user_agent": CHROME,
    });
    let fields: Vec<_> = told.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        fields,
        [
            "account_id",
            "authenticated_identity_id",
            "device_id",
            "domain_id",
            "first_seen",
            "id",
            "last_seen",
            "pool_id",
            "session_type",
            "status",
            "title",
            "type"
        ]
    );
    assert_eq!((&told["first_seen"], &told["last_seen"]), (&seen, &seen));
    assert_eq!(told["title"], "Chrome on macOS");
    assert_eq!(told["session_type"], "browser");
    assert_eq!(told["type"], "session");
    let ids = fields.iter().filter(|it| it.ends_with("_id") || **it == "id");
    let ids: std::collections::HashSet<_> = ids.map(|it| told[*it].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 6, "six ids of six kinds");
    for id in ids {
        assert_eq!(id.parse::<Pfid>().unwrap().partition(), acme().partition);
    }
}

#[test]
fn the_canonical_states_have_their_words() {
    assert_eq!(told(&session()).status, "new");
    let mut used = session();
    if let Some(held) = &mut used.held {
        held.last_activity_at = opened() + Duration::from_mins(5);
    }
    assert_eq!(told(&used).status, "authenticated");
    let mut observed = session();
    (observed.held, observed.record.tenure) = (None, Tenure::Observed);
    assert_eq!(told(&observed).status, "authenticated");
    for (reason, status) in [
        (Reason::LoggedOut, "complete"),
        (Reason::IdleTimeout, "complete"),
        (Reason::AbsoluteTimeout, "complete"),
        (Reason::Pending, "complete"),
        (Reason::LoggedOutEverywhere, "revoked"),
        (Reason::Revoked, "revoked"),
        (Reason::Evicted, "revoked"),
        (Reason::SuspectedTheft, "revoked"),
    ] {
        assert_eq!(told(&ended(reason)).status, status, "{reason:?}");
    }
}

#[test]
fn revoke_is_offered_to_whom_may_do_it_while_it_can_be_done() {
    let user = user_caller("https://issuer.example.com", "alice", 1000);
    let reader = key_caller("k1", [Scope::SessionsRead]);
    let writer = key_caller("k1", [Scope::SessionsWrite]);
    for (caller, may) in [(&user, true), (&reader, false), (&writer, true)] {
        assert_eq!(may_revoke(caller, &session()), may);
        assert!(!may_revoke(caller, &ended(Reason::LoggedOut)));
    }
}

#[test]
fn the_last_use_is_where_the_session_was_accepted_last() {
    let seen = |session: &Fetched| told(session).last_seen.unwrap();
    let mut moved = session();
    if let Some(held) = &mut moved.held {
        held.trail.latest = Some(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2).into());
    }
    moved.record.latest_user_agent = Some(CHROME.replace("Chrome/91", "Chrome/92"));
    assert_eq!(seen(&moved).remote_ip, "2001:db8::2");
    assert_eq!(
        seen(&moved).asn,
        None,
        "facts of one address are not told of another"
    );
    assert!(seen(&moved).user_agent.contains("Chrome/92"));
    assert!(told(&moved).first_seen.unwrap().user_agent.contains("Chrome/91"));

    // Back where it was opened, and elsewhere in the first family, while the other's address is still known.
    for back in [Ipv4Addr::new(198, 51, 100, 7), Ipv4Addr::new(203, 0, 113, 9)] {
        if let Some(held) = &mut moved.held {
            held.trail.latest = Some(back.into());
        }
        assert_eq!(seen(&moved).remote_ip, back.to_string());
    }

    let over = ended(Reason::Revoked);
    assert_eq!(seen(&over).remote_ip, "2001:db8::1");
    assert_eq!(seen(&over).at, 1_234_567_890 + 29 * 60);
}

#[test]
fn a_session_told_of_was_last_seen_when_it_was_told_of_and_never_after_its_end() {
    let mut observed = session();
    (observed.held, observed.record.tenure) = (None, Tenure::Observed);
    let at = |session: &Fetched| told(session).last_seen.unwrap().at - opened().secs();
    assert_eq!(at(&observed), 0);
    observed.record.updated_at = Some(opened() + Duration::from_mins(10));
    assert_eq!(at(&observed), 600);
    observed.state = State::Ended(Ending {
        at: opened() + Duration::from_mins(5),
        reason: Reason::LoggedOut,
    });
    assert_eq!(at(&observed), 300);
}

#[test]
fn an_address_is_told_canonically_or_not_at_all() {
    for (sent, printed) in [
        ("198.51.100.7", Some("198.51.100.7")),
        ("::ffff:198.51.100.7", Some("198.51.100.7")),
        ("2001:DB8:0:0::1", Some("2001:db8::1")),
        ("198.51.100.7:80", Some("198.51.100.7")),
        ("fe80::1%eth0", Some("fe80::1")),
        ("198.51.100.7, 203.0.113.7", None),
        ("unknown", None),
        ("", None),
    ] {
        let mut session = session();
        session.record.ip = sent.to_owned();
        let first = told(&session).first_seen.map(|it| it.remote_ip);
        assert_eq!(first.as_deref(), printed, "{sent}");
    }
}

#[test]
fn a_title_is_browser_and_system_and_a_program_is_no_browser() {
    let named = |agent: &str, browser: Option<&str>, os: Option<&str>| {
        let mut session = session();
        session.record.user_agent = agent.to_owned();
        session.record.device.browser = browser.map(str::to_owned);
        session.record.device.os = os.map(str::to_owned);
        let told = told(&session);
        (told.title, told.session_type)
    };
    for (agent, browser, os, title, kind) in [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
            None,
            None,
            "Firefox on Windows",
            "browser",
        ),
        ("curl/8.5.0", None, None, "curl", "api"),
        ("MyBackend/2.0", None, None, "MyBackend", "api"),
        (
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            None,
            None,
            "Googlebot",
            "api",
        ),
        ("", Some("Chrome"), Some("macOS"), "Chrome on macOS", "browser"),
        ("", None, Some("macOS"), "Unknown browser on macOS", "browser"),
        ("", None, None, "Unknown device", "browser"),
    ] {
        let (told, told_kind) = named(agent, browser, os);
        assert_eq!((told.as_str(), told_kind), (title, kind), "{agent}");
    }
}

#[test]
fn a_device_is_one_persons_on_every_session() {
    let one = told(&session());
    let mut other = session();
    other.record.subject = "bob".to_owned();
    let other = told(&other);
    assert_ne!(one.device_id, other.device_id);
    assert_ne!(one.authenticated_identity_id, other.authenticated_identity_id);
    assert_eq!((one.account_id, one.pool_id), (other.account_id, other.pool_id));
}
