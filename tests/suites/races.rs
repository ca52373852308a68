//! What has ended stays ended, however requests overlap and however often they are sent.

use std::time::Duration;

use shared::model::{Context, Facts, Reason, SessionId};
use shared::policy::Policy;
use shared::service::{Outcome, Proof, SteppedUp, Validation, Verdict, context};
use tests::proxy::{Fault, When};

use crate::profiles::located;
use crate::world::{IP, USER_AGENT, World, subject};

/// Ends a session in one of four ways, chosen by `round`.
async fn end(world: &World, name: &str, id: SessionId, round: usize) {
    let (tenant, key, now) = (&world.tenant.id, subject(name).key(&world.tenant.id), world.now());
    match round % 4 {
        0 => world
            .sessions
            .end(tenant, &key, id, Reason::Revoked, None, now)
            .await
            .map(drop),
        1 => world
            .sessions
            .end(tenant, &key, id, Reason::LoggedOut, None, now)
            .await
            .map(drop),
        2 => world.sessions.end_all(tenant, &key, now).await.map(drop),
        _ => world.sessions.clean_subject(tenant, &key, now).await.map(drop),
    }
    .unwrap();
}

/// Another network, which is no reason to refuse.
const ELSEWHERE: (&str, &str) = ("203.0.113.80", USER_AGENT);

/// Each round sets two validates against one end: 10,000 races in all.
const ROUNDS: usize = 5_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_validate_that_starts_after_an_end_finds_the_session_held() {
    let world = World::direct(Policy::default()).await;
    for round in 0..ROUNDS {
        let name = format!("subject-{}", round % 50);
        let id = world.open(&name).await;
        // Far enough for a touch to be due, so that each validate also writes; the clean-up rounds expire.
        world.wait(Duration::from_mins(if round % 4 == 3 { 60 } else { 4 }));
        let early = async {
            // One of the two also changes what the session is known by.
            let _ = tokio::join!(
                world.is_held(&name, id),
                world.try_validate_from(&name, id, ELSEWHERE)
            );
        };
        let ended = async {
            end(&world, &name, id, round).await;
            assert!(
                !world.is_held(&name, id).await,
                "round {round}: held after the end was acknowledged"
            );
        };
        tokio::join!(early, ended);
        assert!(!world.live(&name).await.contains(&id), "round {round}: came back");
    }
}

#[tokio::test]
async fn a_token_from_before_a_revoke_all_opens_nothing() {
    let world = World::new().await;
    let key = subject("alice").key(&world.tenant.id);
    world.open("alice").await;
    let before = world.now() - Duration::from_secs(5);
    world.wait(Duration::from_secs(1));
    world
        .sessions
        .end_all(&world.tenant.id, &key, world.now())
        .await
        .unwrap();
    world.wait(Duration::from_secs(1));
    assert_eq!(
        world.try_open_issued("alice", before).await.unwrap(),
        Outcome::Overruled
    );
    assert!(matches!(
        world.try_open("alice").await.unwrap(),
        Outcome::Opened { .. }
    ));
}

#[tokio::test]
async fn a_revoke_all_also_holds_for_a_subject_who_never_had_a_session() {
    let world = World::new().await;
    let before = world.now() - Duration::from_secs(5);
    world
        .sessions
        .end_all(
            &world.tenant.id,
            &subject("bob").key(&world.tenant.id),
            world.now(),
        )
        .await
        .unwrap();
    assert_eq!(
        world.try_open_issued("bob", before).await.unwrap(),
        Outcome::Overruled
    );
}

/// A create whose answer is lost after it was committed, with `between` happening before the SDK sends it again.
async fn create_with_lost_answer(
    world: &std::sync::Arc<World>,
    between: impl Future<Output = ()> + Send + 'static,
) -> Outcome {
    let is_guard = |it: &tests::proxy::Request| it.key("sk") == Some("guard");
    let create = || When::nth(1).operation("UpdateItem").matching(is_guard);
    world.proxy.fault(create(), [Fault::LostAfterCommit]);
    world
        .proxy
        .before(When::nth(2).operation("UpdateItem").matching(is_guard), between);
    world.try_open("alice").await.unwrap()
}

pub(crate) fn own_client(world: &World) -> shared::service::Sessions {
    let store = shared::store::Store::new(world.engine.client(), crate::world::TABLE.to_owned());
    shared::service::Sessions::new(
        store,
        std::sync::Arc::new(shared::clock::System),
        Duration::from_hours(2160),
    )
}

#[tokio::test]
async fn a_create_sent_again_by_the_sdk_is_one_session() {
    let world = std::sync::Arc::new(World::new().await);
    world.open("alice").await;
    let Outcome::Opened { id, .. } = create_with_lost_answer(&world, async {}).await else {
        panic!()
    };
    let live = world.live("alice").await;
    assert_eq!(live.len(), 2);
    assert!(live.contains(&id));
}

#[tokio::test]
async fn a_create_sent_again_by_the_sdk_does_not_undo_a_revoke_all() {
    let world = std::sync::Arc::new(World::new().await);
    world.open("alice").await;
    let (other, tenant, now) = (own_client(&world), world.tenant.id.clone(), world.now());
    let revoke = async move {
        assert_eq!(
            other
                .end_all(&tenant, &subject("alice").key(&tenant), now)
                .await
                .unwrap(),
            2
        );
    };
    assert_eq!(create_with_lost_answer(&world, revoke).await, Outcome::Overruled);
    assert_eq!(world.live("alice").await, []);
}

#[tokio::test]
async fn a_create_sent_again_by_the_sdk_does_not_bring_back_a_session_that_was_revoked_by_id() {
    let world = std::sync::Arc::new(World::new().await);
    let first = world.open("alice").await;
    let (other, tenant, now) = (own_client(&world), world.tenant.id.clone(), world.now());
    let revoked = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = revoked.clone();
    let revoke = async move {
        let key = subject("alice").key(&tenant);
        let guard = other.store().guard(&tenant, &key).await.unwrap().unwrap();
        let ids: Vec<_> = guard
            .sessions
            .iter()
            .map(|(id, _)| *id)
            .filter(|id| *id != first)
            .collect();
        for id in ids {
            assert!(
                other
                    .end(&tenant, &key, id, Reason::Revoked, None, now)
                    .await
                    .unwrap()
            );
            seen.lock().unwrap().push(id);
        }
    };
    let Outcome::Opened { id, .. } = create_with_lost_answer(&world, revoke).await else {
        panic!()
    };
    let revoked = revoked.lock().unwrap().clone();
    assert_eq!(revoked.len(), 1);
    assert!(!revoked.contains(&id), "another id than the one that was revoked");
    for gone in revoked {
        assert!(!world.live("alice").await.contains(&gone));
    }
}

#[tokio::test]
async fn an_end_sent_again_by_the_sdk_is_told_as_an_end() {
    let world = World::new().await;
    let (tenant, key) = (world.tenant.id.clone(), subject("alice").key(&world.tenant.id));
    let is_guard = |it: &tests::proxy::Request| it.key("sk") == Some("guard");
    let lose = || {
        world.proxy.fault(
            When::nth(1).operation("UpdateItem").matching(is_guard),
            [Fault::LostAfterCommit],
        );
    };

    let id = world.open("alice").await;
    world.proxy.heal();
    lose();
    assert!(
        world
            .sessions
            .end(&tenant, &key, id, Reason::LoggedOut, None, world.now())
            .await
            .unwrap()
    );

    world.proxy.heal();
    for _ in 0..3 {
        world.open("alice").await;
    }
    lose();
    assert_eq!(
        world.sessions.end_all(&tenant, &key, world.now()).await.unwrap(),
        3
    );
}

#[tokio::test]
async fn a_revoke_all_follows_a_clock_that_is_ahead() {
    let world = World::new().await;
    let (tenant, key) = (world.tenant.id.clone(), subject("alice").key(&world.tenant.id));
    let ahead = world.now() + Duration::from_secs(3);
    world.sessions.end_all(&tenant, &key, ahead).await.unwrap();
    world.wait(Duration::from_secs(4));
    let id = world.open("alice").await;
    let behind = world.now() - Duration::from_secs(3);
    world.sessions.end_all(&tenant, &key, behind).await.unwrap();
    assert!(!world.is_held("alice", id).await);
}

#[tokio::test]
async fn no_touch_brings_back_what_ended_after_it_had_looked() {
    let is_guard = |it: &tests::proxy::Request| it.key("sk") == Some("guard");
    for seen_from in [(IP, USER_AGENT), ELSEWHERE] {
        for ending in [Reason::Revoked, Reason::LoggedOut, Reason::LoggedOutEverywhere] {
            let world = World::new().await;
            let id = world.open("alice").await;
            // Long enough for a touch to be due.
            world.wait(Duration::from_mins(4));
            let (other, tenant, now) = (own_client(&world), world.tenant.id.clone(), world.now());
            let end = async move {
                let key = subject("alice").key(&tenant);
                if ending == Reason::LoggedOutEverywhere {
                    assert_eq!(other.end_all(&tenant, &key, now).await.unwrap(), 1);
                } else {
                    assert!(other.end(&tenant, &key, id, ending, None, now).await.unwrap());
                }
            };
            let touch = When::nth(1).operation("UpdateItem").matching(is_guard);
            world.proxy.before(touch, end);
            let verdict = world.try_validate_from("alice", id, seen_from).await.unwrap();
            assert!(
                matches!(verdict, Verdict::NotHeld { .. }),
                "{ending:?}: {verdict:?}"
            );
            assert_eq!(world.live("alice").await, [], "{ending:?}");
            world.settle().await;
            assert_eq!(world.ending(id).await.map(|it| it.reason), Some(ending));
        }
    }
}

#[tokio::test]
async fn a_judgement_from_before_a_step_up_does_not_undo_it() {
    let facts = (64_496, "FR", (48.86, 2.35));
    let home = located(IP, facts, "device-1");
    let proven = located("192.0.2.5", (64_500, "US", (40.71, -74.01)), "device-2");
    let newer = USER_AGENT.replace("Chrome/120", "Chrome/121");
    let upgraded = |context: Context| Context {
        user_agent: newer.clone(),
        ..context
    };
    // One that is accepted with another browser, one that is suspicious, and one that may not revoke.
    for (late, score) in [
        (upgraded(located("198.51.100.9", facts, "device-1")), 0),
        (
            located("203.0.113.9", (64_501, "DE", (52.52, 13.41)), "device-1"),
            49,
        ),
        (
            Context {
                user_agent: "curl/8.7.1".to_owned(),
                ..located("203.0.113.9", (64_501, "DE", (52.52, 13.41)), "device-3")
            },
            100,
        ),
    ] {
        let world = World::new().await;
        let id = world.open_in("alice", &home).await;
        world.wait(Duration::from_secs(1));
        let (other, tenant, now) = (own_client(&world), world.tenant.clone(), world.now());
        let there = proven.clone();
        let step_up = async move {
            let proof = Proof {
                telemetry: None,
                tenant: &tenant,
                subject: &subject("alice").key(&tenant.id),
                id,
                context: &there,
                now,
            };
            assert!(matches!(other.step_up(&proof).await, Ok(SteppedUp::Held { .. })));
        };
        let is_guard = |it: &tests::proxy::Request| it.key("sk") == Some("guard");
        let touch = When::nth(1).operation("UpdateItem").matching(is_guard);
        world.proxy.before(touch, step_up);
        assert_eq!(
            world.score_read_only("alice", id, &late).await,
            Some(score),
            "{late:?}"
        );
        world.proxy.heal();

        let key = subject("alice").key(&world.tenant.id);
        let guard = world
            .sessions
            .store()
            .guard(&world.tenant.id, &key)
            .await
            .unwrap();
        let held = guard.unwrap_or_default().find(id).unwrap().clone();
        assert_eq!(held.fingerprint, proven.fingerprint, "{late:?}");
        assert!(held.trail.proven && held.trail.suspicion.is_none(), "{late:?}");
        let record = world.sessions.store().record(&world.tenant.id, id).await.unwrap();
        assert_eq!(
            record.unwrap().current_user_agent(),
            USER_AGENT,
            "the proven browser's"
        );
        assert_eq!(world.score_in("alice", id, &proven).await, Some(0), "{late:?}");
    }
}

#[tokio::test]
async fn a_judgement_whose_write_was_answered_into_the_void_is_written_once() {
    let world = World::new().await;
    let id = world.open("alice").await;
    let is_guard = |it: &tests::proxy::Request| it.key("sk") == Some("guard");
    let lost = When::nth(1).operation("UpdateItem").matching(is_guard);
    world.proxy.fault(lost, [Fault::LostAfterCommit]);
    let newer = USER_AGENT.replace("Chrome/120", "Chrome/121");
    let (context, _) = context(IP, &newer, None, true, Facts::default());
    let request = Validation {
        telemetry: None,
        tenant: &world.tenant,
        subject: &subject("alice").key(&world.tenant.id),
        id,
        context: &context,
        record: None,
        may_revoke: true,
        now: world.now(),
    };
    let verdict = world.sessions.validate(&request).await.unwrap();
    let Verdict::Held { session, .. } = verdict else {
        panic!("{verdict:?}");
    };
    assert_eq!(session.user_agent, context.user_agent_digest());
    let record = world.sessions.store().record(&world.tenant.id, id).await.unwrap();
    assert_eq!(record.unwrap().current_user_agent(), newer);
}
