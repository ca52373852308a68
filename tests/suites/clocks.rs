//! What holds when machines disagree about the time. `tests/simulation` tries far more; these are the cases by name.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use shared::model::{Instant, Reason, SessionId};
use shared::policy::{AtLimit, Policy};
use shared::service::{Open, Outcome, Proof, SteppedUp, Validation, Verdict, context};
use shared::store::{Attempts, Opened, Opening, Withdrawn};
use tests::proxy::{Fault, When};

use crate::profiles::located;
use crate::races::own_client;
use crate::world::{IP, TABLE, USER_AGENT, World, subject, token};

/// How far one machine's clock is ahead of the others', seconds.
const APART: [i64; 6] = [-300, -2, 2, 300, 3_600, 31_536_000];

fn shifted(at: Instant, seconds: i64) -> Instant {
    Instant::from_millis(at.millis() + 1000 * seconds)
}

#[tokio::test]
async fn a_mark_for_the_stream_by_a_machine_that_is_ahead_keeps_no_later_one_out() {
    let world = World::new().await;
    for ahead in APART.into_iter().chain([0, 1]) {
        let now = shifted(world.now(), ahead);
        world.sessions.probe_stream(now).await.unwrap();
        let seen = world.stream();
        let marks = seen.iter().filter(|it| shared::store::is_probe(it));
        assert_eq!(marks.count(), 1, "{ahead}: {seen:?}");
    }
}

#[tokio::test]
async fn a_resumed_create_never_reopens_what_left_long_before() {
    let world = World::direct(World::limited(1, AtLimit::EvictOldest)).await;
    let first = world.draw();
    let since = world.now();
    let opened = open_ahead(&world, first, 0, None, None).await;
    assert!(matches!(opened, Outcome::Opened { id, .. } if id == first));
    // Each takes the one before, so that the guard names the first no more.
    for _ in 0..3 {
        world.wait(Duration::from_secs(1));
        world.open("alice").await;
    }
    let again = open_ahead(&world, first, 0, None, Some(since)).await;
    assert!(
        matches!(again, Outcome::Opened { id, .. } if id != first),
        "{again:?}"
    );
    assert!(!world.live("alice").await.contains(&first));
}

/// Opens a session on a machine whose clock is `ahead` by so many seconds.
async fn open_ahead(
    world: &World,
    id: SessionId,
    ahead: i64,
    issued_at: Option<Instant>,
    resumed: Option<Instant>,
) -> Outcome {
    let (context, fingerprint) = context(IP, USER_AGENT, None, true, shared::model::Facts::default());
    let request = Open {
        tenant: &world.tenant,
        subject: &subject("alice"),
        id,
        context: &context,
        telemetry: None,
        fingerprint: &fingerprint,
        user_agent: USER_AGENT,
        geo_country: None,
        geo_city: None,
        observed_ip: None,
        idle_timeout: Duration::from_mins(60),
        issued: issued_at.map(token),
        now: shifted(world.now(), ahead),
        resumed,
    };
    world.sessions.open(&request).await.unwrap()
}

fn drawn(world: &World, ahead: i64) -> SessionId {
    SessionId::draw(shifted(world.now(), ahead), &shared::clock::System).unwrap()
}

fn is_guard(it: &tests::proxy::Request) -> bool {
    it.key("sk") == Some("guard")
}

#[tokio::test]
async fn a_create_that_is_sent_again_brings_back_nothing_however_far_its_clock_is_ahead() {
    for ahead in APART {
        for everywhere in [false, true] {
            let world = World::new().await;
            world.open("alice").await;
            world.wait(Duration::from_secs(1));
            let id = drawn(&world, ahead);
            let (other, tenant, now) = (own_client(&world), world.tenant.id.clone(), world.now());
            let end = async move {
                let key = subject("alice").key(&tenant);
                if everywhere {
                    assert_eq!(other.end_all(&tenant, &key, now).await.unwrap(), 2);
                } else {
                    assert!(
                        other
                            .end(&tenant, &key, id, Reason::Revoked, None, now)
                            .await
                            .unwrap()
                    );
                }
            };
            let write = |n| When::nth(n).operation("UpdateItem").matching(is_guard);
            world.proxy.fault(write(1), [Fault::LostAfterCommit]);
            world.proxy.before(write(2), end);
            let outcome = open_ahead(&world, id, ahead, None, None).await;
            world.proxy.heal();
            assert!(
                !world.live("alice").await.contains(&id),
                "{ahead} s, {everywhere}"
            );
            match outcome {
                Outcome::Opened { id: other, .. } => assert!(!everywhere && other != id, "{ahead} s"),
                Outcome::Overruled => assert!(everywhere, "{ahead} s"),
                Outcome::LimitReached | Outcome::TooMany(_) => panic!("{ahead} s"),
            }
        }
    }
}

#[tokio::test]
async fn a_revoke_all_ends_what_was_opened_before_it_and_locks_no_backend_out_however_its_clock_goes() {
    for ahead in APART {
        let world = World::new().await;
        let key = subject("alice").key(&world.tenant.id);
        let ids = [world.open("alice").await, world.open("alice").await];
        world.wait(Duration::from_secs(1));
        let at = shifted(world.now(), ahead);
        world.sessions.end_all(&world.tenant.id, &key, at).await.unwrap();
        for id in ids {
            assert!(!world.is_held("alice", id).await, "{ahead} s");
        }
        world.wait(Duration::from_secs(1));
        let id = world.open("alice").await;
        assert!(world.is_held("alice", id).await, "{ahead} s");
        // Nor does a removal leave a mark that lies ahead.
        assert!(
            world
                .sessions
                .end(&world.tenant.id, &key, id, Reason::LoggedOut, None, world.now())
                .await
                .unwrap()
        );
        let guard = world
            .sessions
            .store()
            .guard(&world.tenant.id, &key)
            .await
            .unwrap();
        assert_eq!(guard.unwrap().removed_at, Some(world.now()), "{ahead} s");
    }
}

#[tokio::test]
async fn a_resumed_create_is_refused_after_a_revoke_all() {
    for ahead in [-300, -2, 0, 2, 300] {
        for token in [false, true] {
            for arrived in [false, true] {
                let world = World::new().await;
                let key = subject("alice").key(&world.tenant.id);
                world.open("alice").await;
                world.wait(Duration::from_secs(60));
                // The first sending, on the machine that is ahead; its answer was lost.
                let id = drawn(&world, ahead);
                let issued = token.then(|| world.now() - Duration::from_secs(5));
                let since = shifted(world.now(), ahead);
                if arrived {
                    let first = open_ahead(&world, id, ahead, issued, None).await;
                    assert!(matches!(first, Outcome::Opened { .. }));
                }
                world.wait(Duration::from_secs(3));
                let ended = world.sessions.end_all(&world.tenant.id, &key, world.now()).await;
                ended.unwrap();
                world.wait(Duration::from_secs(20));
                let again = open_ahead(&world, id, 0, issued, Some(since)).await;
                assert_eq!(again, Outcome::Overruled, "{ahead} s, token {token}, {arrived}");
                assert_eq!(
                    world.live("alice").await,
                    [],
                    "{ahead} s, token {token}, {arrived}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_first_sending_that_still_runs_takes_back_nothing_the_second_was_told_of() {
    let world = World::new().await;
    world.open("alice").await;
    let key = subject("alice").key(&world.tenant.id);
    let id = drawn(&world, 0);
    let first = open_ahead(&world, id, 0, None, None).await;
    assert!(matches!(first, Outcome::Opened { .. }));
    let guard = world.sessions.store().guard(&world.tenant.id, &key).await;
    let written = guard.unwrap().unwrap().find(id).unwrap().clone();
    let again = open_ahead(&world, id, 0, None, Some(world.now())).await;
    assert!(matches!(again, Outcome::Opened { id: same, .. } if same == id));
    let late = world
        .sessions
        .store()
        .withdraw(&world.tenant.id, &key, (id, &written), world.now());
    assert_eq!(late.await.unwrap(), Withdrawn::Changed);
    assert!(world.is_held("alice", id).await);
}

#[tokio::test]
async fn a_withdrawal_is_final_whatever_is_delivered_after_it() {
    for first in [false, true] {
        let world = World::with(World::limited(2, AtLimit::Reject)).await;
        let (tenant, key) = (world.tenant.id.clone(), subject("alice").key(&world.tenant.id));
        let pattern = world.open("pattern").await;
        let pattern_key = subject("pattern").key(&tenant);
        let store = world.sessions.store();
        let guard = store.guard(&tenant, &pattern_key).await.unwrap().unwrap();
        let session = guard.find(pattern).unwrap().clone();
        if !first {
            world.open("alice").await;
        }
        for _ in 0..4 {
            let id = world.draw();
            let withdrawn = store.withdraw(&tenant, &key, (id, &session), world.now()).await;
            assert_eq!(withdrawn.unwrap(), Withdrawn::Done);
            let attempts = Attempts::default();
            let late = Opening {
                tenant: &tenant,
                subject: &key,
                id,
                session: &session,
                attempts: &attempts,
            };
            let later = shifted(world.now(), 1);
            for late in [
                store.open_with_room(&late, 2, later).await.unwrap(),
                store.open_first(&late).await.unwrap(),
            ] {
                let Opened::Refused(guard) = late else {
                    panic!("{late:?}")
                };
                assert!(guard.may_have_held(id));
            }
        }
        let live = world.live("alice").await.len();
        assert_eq!(live, usize::from(!first));
        world.open("alice").await;
    }
}

#[tokio::test]
async fn what_was_told_to_have_run_out_is_not_touched_alive() {
    for behind in [2, 300] {
        let world = World::new().await;
        let id = world.open("alice").await;
        world.wait(Duration::from_mins(60));
        assert!(!world.is_held("alice", id).await);
        world.clock.advance_millis(-1000 * behind);
        assert!(!world.is_held("alice", id).await, "{behind} s");
        world.clock.advance_millis(1000 * behind);
        world.settle().await;
        let ending = world.ending(id).await.unwrap();
        assert_eq!(ending.reason, Reason::IdleTimeout);
    }
}

#[tokio::test]
async fn a_session_that_was_used_elsewhere_has_not_run_out_for_who_looked_before() {
    let world = World::new().await;
    let id = world.open("alice").await;
    world.wait(Duration::from_mins(59));
    let (other, tenant, now) = (own_client(&world), world.tenant.clone(), world.now());
    let touch = async move {
        let (context, _) = context(IP, USER_AGENT, None, true, shared::model::Facts::default());
        let request = Validation {
            tenant: &tenant,
            subject: &subject("alice").key(&tenant.id),
            id,
            context: &context,
            telemetry: None,
            record: None,
            may_revoke: true,
            now,
        };
        assert!(matches!(other.validate(&request).await, Ok(Verdict::Held { .. })));
    };
    world.wait(Duration::from_mins(2));
    let removal = When::nth(1).operation("UpdateItem").matching(is_guard);
    world.proxy.before(removal, touch);
    assert!(world.is_held("alice", id).await);
}

#[tokio::test]
async fn a_step_up_wins_over_a_refusal_that_judged_before_it() {
    let facts = (64_496, "FR", (48.86, 2.35));
    let home = located(IP, facts, "device-1");
    let abroad = located("192.0.2.5", (64_500, "US", (40.71, -74.01)), "device-2");
    let policy = Policy {
        risk: shared::policy::RiskPolicy {
            stolen: 60,
            ..Policy::default().risk
        },
        ..Policy::default()
    };
    let world = World::with(policy).await;
    let id = world.open_in("alice", &home).await;
    world.wait(Duration::from_secs(1));
    let (other, tenant, now, there) = (
        own_client(&world),
        world.tenant.clone(),
        world.now(),
        abroad.clone(),
    );
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
    let removal = When::nth(1).operation("UpdateItem").matching(is_guard);
    world.proxy.before(removal, step_up);
    assert_eq!(
        world.score_in("alice", id, &abroad).await,
        Some(0),
        "judged anew, where it was proven"
    );
    assert_eq!(world.live("alice").await, [id]);
    let record = world.sessions.store().record(&world.tenant.id, id).await;
    assert_eq!(record.unwrap().unwrap().ended, None, "nobody stamped it");
}

#[tokio::test]
async fn cleanup_passes_over_what_it_cannot_read_and_drains_the_rest() {
    let world = World::new().await;
    let started = shared::store::Store::hour_of(world.now());
    let shapes = ["schema", "truncated", "shape", "empty", "foreign"];
    for hour in 0..10 {
        world.open(&format!("subject-{hour}")).await;
        for shape in shapes {
            spoil(&world, shape, hour).await;
        }
        world.wait(Duration::from_hours(1));
    }
    world.wait(Duration::from_hours(3));
    let sweep = async || {
        let cleaned = world
            .sessions
            .clean_due(None, u64::MAX, world.now(), || true)
            .await;
        cleaned.unwrap()
    };
    let cleaned = sweep().await;
    assert_eq!(
        (cleaned.expired, cleaned.unreadable, cleaned.complete),
        (10, 50, true)
    );
    sweep().await;
    let mark = world.sessions.store().watermark().await.unwrap().unwrap();
    assert!(started + 10 < mark, "the watermark moves");
    // Its own subject is told that it does not work.
    let key = subject("schema-3").key(&world.tenant.id);
    assert!(
        world
            .sessions
            .clean_subject(&world.tenant.id, &key, world.now())
            .await
            .is_err()
    );
}

/// Puts a guard that is due now and cannot be read.
async fn spoil(world: &World, shape: &str, hour: i64) {
    let name = format!("{shape}-{hour}");
    let id = world.open(&name).await;
    let client = world.engine.client();
    let key = subject(&name).key(&world.tenant.id);
    let text = |it: &str| AttributeValue::S(it.to_owned());
    let update = client
        .update_item()
        .table_name(TABLE)
        .key("pk", text(&format!("{}#U#{}", world.tenant.id, key.as_str())))
        .key("sk", text("guard"));
    let update = match shape {
        "schema" => update
            .update_expression("SET e = :e")
            .expression_attribute_values(":e", AttributeValue::N("99".to_owned())),
        "truncated" => update
            .update_expression("REMOVE m.#id.l")
            .expression_attribute_names("#id", id.to_compact()),
        "shape" => update
            .update_expression("SET m = :m")
            .expression_attribute_values(":m", text("?")),
        "empty" => update.update_expression("REMOVE m"),
        _ => {
            // Another kind of item in the same index.
            let item = world.engine.client();
            item.put_item()
                .table_name(TABLE)
                .item("pk", text(&format!("{}#Z#{hour}", world.tenant.id)))
                .item("sk", text("later"))
                .item(
                    "dh",
                    text(&format!("{}#03", shared::store::Store::hour_of(world.now()))),
                )
                .item("dt", AttributeValue::N(world.now().millis().to_string()))
                .send()
                .await
                .unwrap();
            let ended = world.sessions.end_all(&world.tenant.id, &key, world.now()).await;
            ended.unwrap();
            update.update_expression("REMOVE dh, dt")
        }
    };
    update.send().await.unwrap();
}
