//! What versions before holdfast-risk-5 stored is read, kept and carried over. The fixture is a table that the last of
//! them wrote, with what it read from it.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use shared::model::{
    Anonymity, AutonomousSystem, Context, Facts, HeldSession, Instant, Located, Place, Point, Reason, Sample,
    SessionId,
};
use shared::service::context;
use shared::store::{Learnt, Touch, Touched};

use crate::profiles::located;
use crate::world::{IP, TABLE, USER_AGENT, World, subject};

const HOME: (u32, &str, (f64, f64)) = (64_496, "FR", (48.86, 2.35));

/// One session, as the earlier version read it.
struct Earlier(Value);

impl Earlier {
    fn text(&self, name: &str) -> Option<&str> {
        self.0[name].as_str()
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.0[name].as_i64()
    }

    fn is(&self, name: &str) -> bool {
        self.0[name].as_bool().unwrap()
    }

    fn instant(&self, name: &str) -> Option<Instant> {
        self.number(name).map(Instant::from_millis)
    }

    fn what(&self) -> &str {
        self.text("what").unwrap()
    }

    fn name(&self) -> &str {
        self.text("subject").unwrap()
    }

    fn id(&self) -> SessionId {
        SessionId::from_compact(self.text("id").unwrap()).unwrap()
    }

    fn system(&self) -> Option<u32> {
        self.number("asn").map(|it| u32::try_from(it).unwrap())
    }

    fn address(&self) -> &str {
        let family = if self.is("latest_is_ipv6") { "ipv6" } else { "ipv4" };
        self.text(family).unwrap()
    }

    /// The context the session is held by.
    fn context(&self) -> Context {
        self.context_at(self.address(), self.system())
    }

    fn context_at(&self, ip: &str, asn: Option<u32>) -> Context {
        let degrees = |at: usize| self.0["geo"][at].as_f64().map(|it| it / 100.0);
        let point = degrees(0).zip(degrees(1));
        let place = self.text("country").map(|country| Place {
            country_code: Some(country.to_owned()),
            point: point.map(|(latitude, longitude)| Point {
                latitude,
                longitude,
                radius_km: 50,
            }),
            ..Place::default()
        });
        let relay = self.is("relay");
        let facts = Facts {
            place: place.map_or_else(Located::default, |it| Located::At(Box::new(it))),
            system: asn.map(|number| AutonomousSystem {
                number,
                organisation: None,
            }),
            anonymity: Anonymity {
                relay: relay.then_some(true),
                hosting: (self.is("anonymous") && !relay).then_some(true),
                ..Anonymity::default()
            },
        };
        let sent = self.is("fingerprint_sent").then_some("device-1");
        context(ip, USER_AGENT, sent, true, facts).0
    }
}

/// A world with that table in it, at the time it was written, and its sessions.
async fn world() -> (World, Vec<Earlier>) {
    let fixture: Value = serde_json::from_str(include_str!("../fixtures/before-risk-5.json")).unwrap();
    let world = World::new().await;
    for item in fixture["items"].as_array().unwrap() {
        world.engine.put(TABLE, item);
    }
    world
        .clock
        .advance_millis(fixture["now"].as_i64().unwrap() - world.now().millis());
    // The stream brought all of it to the earlier version.
    world.stream();
    let sessions = fixture["sessions"].as_array().unwrap();
    (world, sessions.iter().cloned().map(Earlier).collect())
}

async fn held(world: &World, session: &Earlier) -> HeldSession {
    let key = subject(session.name()).key(&world.tenant.id);
    let guard = world.sessions.store().guard(&world.tenant.id, &key).await;
    let guard = guard.unwrap().unwrap();
    guard
        .find(session.id())
        .unwrap_or_else(|| panic!("{}", session.what()))
        .clone()
}

/// The entry as it is stored.
async fn entry(world: &World, session: &Earlier) -> HashMap<String, AttributeValue> {
    let key = subject(session.name()).key(&world.tenant.id);
    let text = |it: String| AttributeValue::S(it);
    let found = world
        .engine
        .client()
        .get_item()
        .table_name(TABLE)
        .key("pk", text(format!("{}#U#{}", world.tenant.id, key.as_str())))
        .key("sk", text("guard".to_owned()))
        .send()
        .await
        .unwrap();
    let sessions = found.item.unwrap()["m"].as_m().unwrap().clone();
    sessions[&session.id().to_compact()].as_m().unwrap().clone()
}

async fn is_of_now(world: &World, session: &Earlier) -> bool {
    let entry = entry(world, session).await;
    let earlier = ["i", "x", "r"].map(|name| entry.contains_key(name));
    assert!(earlier == [true; 3] || earlier == [false; 3], "{entry:?}");
    earlier == [false; 3]
}

#[track_caller]
fn assert_kept(session: &Earlier, now: &HeldSession) {
    let what = session.what();
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|it| format!("{it:02x}"))
            .collect::<Vec<_>>()
            .concat()
    };
    let network = |text: &str| HeldSession::held_part(text.parse().unwrap()).to_string();
    assert_eq!(Some(now.created_at), session.instant("created_at"), "{what}");
    assert_eq!(
        Some(now.absolute_expiry),
        session.instant("absolute_expiry"),
        "{what}"
    );
    let idle = u64::try_from(session.number("idle_seconds").unwrap()).unwrap();
    assert_eq!(now.idle_timeout, Duration::from_secs(idle), "{what}");
    assert_eq!(
        now.ipv4.map(|it| it.to_string()).as_deref(),
        session.text("ipv4"),
        "{what}"
    );
    assert_eq!(
        now.ipv6.map(|it| it.to_string()),
        session.text("ipv6").map(network),
        "{what}"
    );
    assert_eq!(now.country.as_deref(), session.text("country"), "{what}");
    assert_eq!(now.asn, session.system(), "{what}");
    let geo = now
        .geo
        .map(|it| serde_json::json!([it.latitude, it.longitude, it.radius_km]));
    assert_eq!(geo.unwrap_or_default(), session.0["geo"], "{what}");
    assert_eq!(now.anonymous, session.is("anonymous"), "{what}");
    assert_eq!(now.trail.relay, session.is("relay"), "{what}");
    assert_eq!(now.trail.proven, session.is("proven"), "{what}");
    let (sent, digest) = match now.fingerprint {
        Sample::Supplied(digest) => (true, digest),
        Sample::Computed(digest) => (false, digest),
    };
    assert_eq!(sent, session.is("fingerprint_sent"), "{what}");
    assert_eq!(Some(hex(&digest).as_str()), session.text("fingerprint"), "{what}");
    assert_eq!(
        Some(hex(&now.user_agent).as_str()),
        session.text("user_agent"),
        "{what}"
    );
}

#[tokio::test]
async fn every_session_of_an_earlier_version_is_held_by_what_it_was_held_by() {
    let (world, sessions) = world().await;
    assert!(10 < sessions.len());
    for session in &sessions {
        assert!(!is_of_now(&world, session).await, "{}", session.what());
        let now = held(&world, session).await;
        assert_kept(session, &now);
        let what = session.what();
        assert_eq!(
            Some(now.last_activity_at),
            session.instant("last_activity_at"),
            "{what}"
        );
        assert_eq!(Some(i64::from(now.risk)), session.number("risk"), "{what}");
        assert_eq!(
            now.trail.learnt_on.map(i64::from),
            session.number("learnt_on"),
            "{what}"
        );
        assert_eq!(now.trail.suspicion, session.instant("suspected_since"), "{what}");
        assert_eq!(
            now.latest_address().map(|it| it.to_string()).as_deref(),
            Some(session.address()),
            "{what}"
        );
    }
}

#[tokio::test]
async fn a_session_of_an_earlier_version_is_validated_and_then_stored_as_sessions_are_now() {
    let (_, sessions) = world().await;
    for at in 0..sessions.len() {
        let (world, sessions) = world().await;
        let session = &sessions[at];
        let (what, name, id) = (session.what(), session.name(), session.id());
        let touch_interval = held(&world, session).await.touch_interval();
        world.wait(touch_interval + Duration::from_secs(1));
        let context = session.context();
        assert_eq!(world.score_in(name, id, &context).await, Some(0), "{what}");
        assert!(is_of_now(&world, session).await, "{what}");
        let now = held(&world, session).await;
        assert_kept(session, &now);
        assert_eq!(now.last_activity_at, world.now(), "{what}");
        assert_eq!(now.trail.suspicion, None, "{what}");
        assert_eq!(world.score_in(name, id, &context).await, Some(0), "{what}");
        // Its neighbours in the guard are as they were.
        for other in sessions.iter().filter(|it| it.name() == name && it.id() != id) {
            assert_kept(other, &held(&world, other).await);
            assert!(!is_of_now(&world, other).await, "{}", other.what());
        }
    }
}

#[tokio::test]
async fn where_else_a_session_of_an_earlier_version_is_let_in_is_noted() {
    let (world, sessions) = world().await;
    let located = sessions
        .iter()
        .filter(|it| it.system().is_some() && !it.is("anonymous"));
    for (number, session) in located.enumerate() {
        let (what, name, id) = (session.what(), session.name(), session.id());
        let network = if session.address().starts_with("203.0.113.") {
            "192.0.2"
        } else {
            "203.0.113"
        };
        let away = session.context_at(&format!("{network}.{}", 100 + number), Some(64_510));
        assert_eq!(
            world.score_in(name, id, &away).await,
            Some(15),
            "{what}: 25 and -10"
        );
        assert!(is_of_now(&world, session).await, "{what}");
        let now = held(&world, session).await;
        assert_kept(session, &now);
        assert_eq!(now.trail.elsewhere.map(|it| it.asn), Some(64_510), "{what}");
        let (score, usage) = world.proxy.measure(world.score_in(name, id, &away)).await;
        assert_eq!((score, usage.requests), (Some(15), 1), "{what}");
    }
}

#[tokio::test]
async fn of_two_judgements_of_a_session_of_an_earlier_version_the_second_moves_nothing() {
    let (world, sessions) = world().await;
    let session = &sessions[0];
    let key = subject(session.name()).key(&world.tenant.id);
    let seen = held(&world, session).await;
    let judged = async |risk| {
        let next = HeldSession { risk, ..seen.clone() };
        let touch = Touch {
            id: session.id(),
            now: world.now(),
            learnt: Learnt::Judged {
                seen: &seen,
                next: &next,
            },
        };
        let touched = world.sessions.store().touch(&world.tenant.id, &key, &touch).await;
        touched.unwrap()
    };
    assert_eq!(judged(10).await, Touched::Written);
    assert_eq!(judged(10).await, Touched::Written, "sent twice");
    assert!(matches!(judged(20).await, Touched::Newer(_)));
    assert_eq!(held(&world, session).await.risk, 10);
}

#[tokio::test]
async fn what_a_subject_was_known_by_counts_from_three_days_on() {
    let (world, _) = world().await;
    let profile = world.profile("alice").await;
    assert!(
        profile.knows_system(64_496) && profile.knows_system(64_497),
        "home and work"
    );
    assert!(!profile.knows_system(64_499), "two days in a cafe");
    assert!(profile.knows_country("FR"));
    let Sample::Supplied(device) = located(IP, HOME, "device-1").fingerprint else {
        panic!("it was sent");
    };
    assert!(profile.knows_device(&device));
    let days = |asn| {
        let digest = profile.system(asn);
        let found = profile.networks.iter().find(|it| it.digest == digest);
        found.map(|it| it.days)
    };
    assert_eq!((days(64_497), days(64_499)), (Some(4), Some(2)));
    let carol = world.profile("carol").await;
    assert!(
        !carol.knows_country("US"),
        "proven once, of which the earlier lists say nothing"
    );

    // The days are kept when the profile learns on, and when all sessions are revoked.
    let abroad = located("192.0.2.5", (64_500, "US", (40.71, -74.01)), "device-2");
    let id = world.open_in("alice", &located(IP, HOME, "device-1")).await;
    world.step_up("alice", id, &abroad).await;
    world.settle().await;
    let taught = world.profile("alice").await;
    assert!(taught.knows_country("US") && taught.knows_system(64_497) && !taught.knows_system(64_499));
    let key = subject("alice").key(&world.tenant.id);
    let ended = world.sessions.end_all(&world.tenant.id, &key, world.now()).await;
    assert_eq!(ended.unwrap(), 3);
    world.settle().await;
    let left = world.profile("alice").await;
    assert!(!left.knows_country("US") && left.knows_system(64_497) && left.knows_country("FR"));
}

#[tokio::test]
async fn the_end_of_a_session_of_an_earlier_version_is_written_down() {
    let (world, sessions) = world().await;
    for session in &sessions {
        let (what, id) = (session.what(), session.id());
        let key = subject(session.name()).key(&world.tenant.id);
        let (tenant, now) = (&world.tenant.id, world.now());
        let ended = world
            .sessions
            .end(tenant, &key, id, Reason::LoggedOut, None, now)
            .await;
        ended.unwrap();
        world.settle().await;
        let record = world.sessions.store().record(tenant, id).await.unwrap().unwrap();
        assert_eq!(
            record.ended.map(|it| it.reason),
            Some(Reason::LoggedOut),
            "{what}"
        );
        assert_eq!(
            record.last_activity_at,
            session.instant("last_activity_at"),
            "{what}"
        );
        assert_eq!(record.last_ip.as_deref(), Some(session.address()), "{what}");
        assert!(!world.live(session.name()).await.contains(&id), "{what}");
    }
}
