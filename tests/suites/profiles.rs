//! A subject is known by what it was accepted with, and by nothing else.

use std::time::Duration;

use shared::model::{
    Anonymity, AutonomousSystem, Context, Facts, Located, Place, Point, Profile, Reason, SessionId, Subject,
};
use shared::policy::AbsoluteTimeout;
use shared::service::{Batch, SteppedUp, context};
use tests::proxy::{Fault, When};

use crate::world::{IP, USER_AGENT, World, subject};

/// A system, its country, and a place there.
pub(crate) type Origin<'a> = (u32, &'a str, (f64, f64));

/// A context whose address is known, with a fingerprint that was sent.
pub(crate) fn located(ip: &str, (asn, country, at): Origin<'_>, fingerprint: &str) -> Context {
    let facts = Facts {
        place: Located::At(Box::new(Place {
            country_code: Some(country.to_owned()),
            point: Some(Point {
                latitude: at.0,
                longitude: at.1,
                radius_km: 50,
            }),
            ..Place::default()
        })),
        system: Some(AutonomousSystem {
            number: asn,
            organisation: None,
        }),
        anonymity: Anonymity::default(),
    };
    context(ip, USER_AGENT, Some(fingerprint), true, facts).0
}

const PARIS: Origin<'_> = (64_496, "FR", (48.86, 2.35));
const WORK: Origin<'_> = (64_497, "FR", (48.86, 2.35));
const NEW_YORK: Origin<'_> = (64_500, "US", (40.71, -74.01));

fn home() -> Context {
    located(IP, PARIS, "device-1")
}

fn abroad() -> Context {
    located("192.0.2.5", NEW_YORK, "device-1")
}

/// A subject that was at home and at work, so that a second session of it is judged by a profile.
async fn known(world: &World) -> SessionId {
    let id = world.open_in("alice", &home()).await;
    world.settle().await;
    world
        .score_in("alice", id, &located("203.0.113.60", WORK, "device-1"))
        .await;
    world.settle().await;
    id
}

#[tokio::test]
async fn what_one_session_proved_excuses_another() {
    let world = World::new().await;
    let id = known(&world).await;
    let second = world.open_in("alice", &home()).await;
    let at_work = located("203.0.113.61", WORK, "device-1");
    let score = async |id| world.score_in("alice", id, &at_work).await;
    assert_eq!(
        score(second).await,
        Some(15),
        "25 and -10: the first was only let in"
    );
    world.step_up("alice", id, &at_work).await;
    world.settle().await;
    let third = world.open_in("alice", &home()).await;
    assert_eq!(score(third).await, Some(0), "5 and -10");
    let stranger = world.open_in("bob", &home()).await;
    assert_eq!(
        world.score_in("bob", stranger, &at_work).await,
        Some(15),
        "25 and -10"
    );
}

#[tokio::test]
async fn where_a_session_that_ended_well_was_on_three_days_is_known() {
    for (days, reason, expected) in [
        (3, Reason::LoggedOut, 0),
        (2, Reason::LoggedOut, 15),
        (3, Reason::Revoked, 15),
    ] {
        let mut world = World::new().await;
        world.tenant.policy.absolute_timeout = AbsoluteTimeout::Aal1;
        let id = world.open_in("alice", &home()).await;
        let at_work = located("203.0.113.61", WORK, "device-1");
        for _ in 0..days {
            assert_eq!(world.score_in("alice", id, &at_work).await, Some(15));
            world.settle().await;
            world.wait(Duration::from_hours(23));
        }
        let (tenant, key) = (&world.tenant.id, subject("alice").key(&world.tenant.id));
        let ended = world
            .sessions
            .end(tenant, &key, id, reason, None, world.now())
            .await;
        ended.unwrap();
        world.settle().await;
        let next = world.open_in("alice", &home()).await;
        let score = world.score_in("alice", next, &at_work).await;
        assert_eq!(score, Some(expected), "{days} {reason:?}");
    }
}

#[tokio::test]
async fn a_thief_who_passed_has_taught_nothing_once_all_sessions_are_revoked() {
    let world = World::new().await;
    let id = world.open_in("alice", &home()).await;
    world.settle().await;
    let thief = located("203.0.113.61", WORK, "device-1");
    let score = world.score_in("alice", id, &thief).await;
    assert_eq!(score, Some(15), "he has copied all else");
    world.settle().await;
    let key = subject("alice").key(&world.tenant.id);
    let ended = world.sessions.end_all(&world.tenant.id, &key, world.now()).await;
    assert_eq!(ended.unwrap(), 1);
    world.settle().await;
    let profile = world.profile("alice").await;
    assert_eq!((profile.networks.len(), profile.devices.len()), (0, 0));
    world.wait(Duration::from_secs(1));
    let second = world.open_in("alice", &home()).await;
    world.settle().await;
    let score = world.score_in("alice", second, &thief).await;
    assert_eq!(score, Some(15), "as the first time");
}

#[tokio::test]
async fn another_device_of_the_subject_is_asked_for_a_proof_once() {
    let world = World::new().await;
    let id = world.open_in("alice", &home()).await;
    let tablet = located("203.0.113.5", (64_498, "FR", (48.86, 2.35)), "tablet");
    assert_eq!(
        world.score_in("alice", id, &tablet).await,
        Some(60),
        "25 and 35, an attacker or a new device"
    );
    world.step_up("alice", id, &tablet).await;
    world.settle().await;
    let second = world.open_in("alice", &home()).await;
    assert_eq!(world.score_in("alice", second, &tablet).await, Some(5));
}

#[tokio::test]
async fn a_thousand_suspicious_requests_teach_nothing_and_evict_nothing() {
    let world = World::new().await;
    let id = known(&world).await;
    let before = world.profile("alice").await;
    for round in 0..1000_u32 {
        let [_, _, high, low] = round.to_be_bytes();
        let origin = (70_000 + round, "US", (40.71, -74.01));
        let context = located(&format!("203.0.{high}.{low}"), origin, "device-1");
        let score = world.score_in("alice", id, &context).await;
        assert!(score.is_some_and(|score| 45 <= score), "{round}: {score:?}");
        world.wait(Duration::from_mins(1));
    }
    world.settle().await;
    assert_eq!(world.profile("alice").await, before);
}

#[tokio::test]
async fn a_lesson_that_the_stream_brings_twice_or_late_is_learnt_once() {
    let world = World::new().await;
    known(&world).await;
    let once = world.profile("alice").await;
    let mut position = tests::engine::StreamPosition::default();
    let records = world.engine.stream(crate::world::TABLE, &mut position);
    for record in records.iter().rev().chain(&records) {
        world.settle_one(record).await;
    }
    assert_eq!(world.profile("alice").await, once);
}

#[tokio::test]
async fn a_batch_that_comes_again_teaches_nothing_that_it_did_not_teach_at_first() {
    let world = World::new().await;
    let id = known(&world).await;
    // A new system and a new device: 65 by itself, so nothing is learnt from the opening.
    let hotel = located("192.0.2.5", (64_498, "FR", (48.86, 2.35)), "tablet");
    world.open_in("alice", &hotel).await;
    // Then the subject proves itself at work with the tablet, and the opening would be 25.
    let at_work = located("203.0.113.60", WORK, "tablet");
    world.step_up("alice", id, &at_work).await;
    world.settle().await;
    let first = world.profile("alice").await;
    assert_eq!((first.devices.len(), first.knows_system(64_498)), (2, false));
    let mut position = tests::engine::StreamPosition::default();
    for record in world.engine.stream(crate::world::TABLE, &mut position) {
        world.settle_one(&record).await;
    }
    assert_eq!(world.profile("alice").await, first);
}

#[tokio::test]
async fn a_guard_teaches_in_order_though_one_of_its_records_has_to_come_again() {
    let world = World::new().await;
    world.open_in("alice", &home()).await;
    let thief = located("192.0.2.5", NEW_YORK, "device-2");
    world.open_in("alice", &thief).await;
    world.open_in("bob", &home()).await;
    let records = world.stream();
    let settle = async |failing: usize| {
        let (mut batch, mut again) = (Batch::default(), Vec::new());
        for (at, record) in records.iter().enumerate() {
            let is_profile = |it: &tests::proxy::Request| it.key("sk") == Some("profile");
            if at < failing {
                let profiles = When::always().operation("GetItem").matching(is_profile);
                world.proxy.fault(profiles, [Fault::InternalError]);
            }
            if world.settle_in(&mut batch, record).await.is_err() {
                again.push(record["dynamodb"]["Keys"]["sk"]["S"].clone());
            }
            world.proxy.heal();
        }
        again.len()
    };
    let guards = records
        .iter()
        .filter(|it| it["dynamodb"]["Keys"]["sk"]["S"] == "guard")
        .count();
    assert_eq!(guards, 3, "{records:#?}");
    assert_eq!(
        settle(first_guard(&records) + 1).await,
        2,
        "both of alice's, and bob is not held up"
    );
    assert!(world.profile("bob").await.knows_country("FR"));
    assert_eq!(settle(0).await, 0);
    let profile = world.profile("alice").await;
    assert!(profile.knows_country("FR") && !profile.knows_country("US"));
}

fn first_guard(records: &[serde_json::Value]) -> usize {
    let guard = |it: &serde_json::Value| it["dynamodb"]["Keys"]["sk"]["S"] == "guard";
    records.iter().position(guard).unwrap()
}

#[tokio::test]
async fn an_untrusted_context_teaches_nothing() {
    let world = World::new().await;
    let own_word = Context {
        trusted: false,
        ..home()
    };
    let id = world.open_in("alice", &own_word).await;
    world.score_in("alice", id, &own_word).await;
    world.settle().await;
    let tenant = &world.tenant.id;
    assert_eq!(
        world.profile("alice").await,
        Profile::empty(tenant, &subject("alice").key(tenant))
    );
}

#[tokio::test]
async fn nothing_is_learnt_where_the_tenant_denies_or_from_an_exit_of_tor() {
    let mut world = World::new().await;
    world.tenant.policy.lists.deny = vec!["US".parse().unwrap()];
    let mut exit = home();
    exit.facts.anonymity.tor = Some(true);
    for (name, context) in [("alice", abroad()), ("bob", exit)] {
        let id = world.open_in(name, &context).await;
        world.score_in(name, id, &context).await;
        world.settle().await;
        let tenant = &world.tenant.id;
        let nobody = Profile::empty(tenant, &subject(name).key(tenant));
        assert_eq!(world.profile(name).await, nobody, "{name}");
    }
}

#[tokio::test]
async fn a_proof_teaches_nothing_that_only_an_untrusted_opening_said() {
    let world = World::new().await;
    let own_word = Context {
        trusted: false,
        ..abroad()
    };
    let id = world.open_in("alice", &own_word).await;
    let unlocated = Context {
        facts: Facts::default(),
        ..home()
    };
    world.step_up("alice", id, &unlocated).await;
    world.settle().await;
    let profile = world.profile("alice").await;
    assert_eq!((profile.countries.len(), profile.networks.len()), (0, 0));
    assert_eq!(profile.devices.len(), 1, "shown along with the proof");
}

#[tokio::test]
async fn who_proved_itself_is_held_by_where_it_is() {
    let world = World::new().await;
    let id = known(&world).await;
    assert_eq!(world.score_in("alice", id, &abroad()).await, Some(49));
    world.wait(Duration::from_hours(12));
    assert_eq!(
        world.score_in("alice", id, &abroad()).await,
        Some(49),
        "waiting is no proof"
    );
    let SteppedUp::Held { score } = world.step_up("alice", id, &abroad()).await else {
        panic!("held");
    };
    assert_eq!(score.get(), 0);
    assert_eq!(world.score_in("alice", id, &abroad()).await, Some(0));
    world.settle().await;
    let profile = world.profile("alice").await;
    assert!(profile.knows_country("US") && profile.knows_country("FR"));
}

#[tokio::test]
async fn waiting_after_a_refusal_that_revokes_nothing_lowers_no_score() {
    let world = World::new().await;
    let id = world.open_in("alice", &home()).await;
    let thief = Context {
        user_agent: "curl/8.7.1".to_owned(),
        ..located("192.0.2.5", NEW_YORK, "device-2")
    };
    assert_eq!(world.score_read_only("alice", id, &thief).await, Some(100));
    let live = world.live("alice").await;
    assert_eq!(live, [id], "the session is left to its owner");
    world.wait(Duration::from_hours(12));
    let copied = abroad();
    assert_eq!(
        world.score_read_only("alice", id, &copied).await,
        Some(49),
        "44 had the clock gone on"
    );
}

#[tokio::test]
async fn what_is_grave_about_an_address_stays_so_after_a_step_up() {
    let mut world = World::new().await;
    world.tenant.policy.lists.deny = vec!["US".parse().unwrap()];
    let id = world.open_in("alice", &home()).await;
    let SteppedUp::Held { score } = world.step_up("alice", id, &abroad()).await else {
        panic!("held");
    };
    assert_eq!(score.get(), 60);
}

#[tokio::test]
async fn nobody_steps_up_what_is_not_held() {
    let world = World::new().await;
    let id = world.open_in("alice", &home()).await;
    let gone = SteppedUp::NotHeld { expired: false };
    assert_eq!(world.step_up("bob", id, &home()).await, gone, "another's");
    assert_eq!(
        world.step_up("alice", world.draw(), &home()).await,
        gone,
        "unknown"
    );
    world.wait(Duration::from_hours(24));
    assert_eq!(
        world.step_up("alice", id, &home()).await,
        SteppedUp::NotHeld { expired: true }
    );
    let key = Subject::new("alice").unwrap().key(&world.tenant.id);
    world
        .sessions
        .end_all(&world.tenant.id, &key, world.now())
        .await
        .unwrap();
    assert_eq!(world.step_up("alice", id, &home()).await, gone);
}
