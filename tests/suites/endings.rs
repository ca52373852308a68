//! Every ending leaves a stamped record with its reason, however its stream records arrive.

use std::time::Duration;

use shared::model::{Ending, Reason, SessionId};
use shared::policy::AtLimit;
use shared::service::{State, Verdict};
use shared::store::Removed;
use tests::proxy::{Fault, When};

use crate::world::{IP, USER_AGENT, World, subject};

async fn end(world: &World, id: SessionId, reason: Reason) -> bool {
    let key = subject("alice").key(&world.tenant.id);
    world
        .sessions
        .end(&world.tenant.id, &key, id, reason, None, world.now())
        .await
        .unwrap()
}

/// One session ended on every path; the session and the reason its record must have.
async fn all_endings(world: &mut World) -> Vec<(SessionId, Reason)> {
    let key = subject("alice").key(&world.tenant.id);
    world.tenant.policy.max_concurrent = 3;
    world.tenant.policy.risk.stolen = 60;
    let (out, revoked, evicted) = (
        world.open("alice").await,
        world.open("alice").await,
        world.open("alice").await,
    );
    assert!(end(world, out, Reason::LoggedOut).await);
    assert!(end(world, revoked, Reason::Revoked).await);
    world.wait(Duration::from_secs(1));
    let (stolen, idle, _) = (
        world.open("alice").await,
        world.open("alice").await,
        world.open("alice").await,
    );
    assert!(!world.live("alice").await.contains(&evicted));
    let thief = ("203.0.113.9", "curl/8.5.0");
    world.try_validate_from("alice", stolen, thief).await.unwrap();
    let mut ended = vec![
        (out, Reason::LoggedOut),
        (revoked, Reason::Revoked),
        (evicted, Reason::Evicted),
    ];
    assert!(
        !world.live("alice").await.contains(&stolen),
        "revoked by its score"
    );
    ended.push((stolen, Reason::SuspectedTheft));
    world.wait(Duration::from_mins(60));
    let cleaned = world
        .sessions
        .clean_subject(&world.tenant.id, &key, world.now())
        .await
        .unwrap();
    assert!(1 <= cleaned.expired);
    ended.push((idle, Reason::IdleTimeout));
    let (one, two) = (world.open("alice").await, world.open("alice").await);
    assert_eq!(
        world
            .sessions
            .end_all(&world.tenant.id, &key, world.now())
            .await
            .unwrap(),
        2
    );
    ended.extend([
        (one, Reason::LoggedOutEverywhere),
        (two, Reason::LoggedOutEverywhere),
    ]);
    ended
}

async fn assert_stamped(world: &World, ended: &[(SessionId, Reason)]) {
    for (id, reason) in ended {
        assert_eq!(world.ending(*id).await.map(|it| it.reason), Some(*reason));
    }
}

#[tokio::test]
async fn every_path_leaves_its_reason() {
    let mut world = World::new().await;
    let ended = all_endings(&mut world).await;
    world.settle().await;
    assert_stamped(&world, &ended).await;
}

#[tokio::test]
async fn batches_may_come_twice_and_backwards_and_around_a_poison_record() {
    let mut world = World::new().await;
    let ended = all_endings(&mut world).await;
    let records = world.stream();
    let key = format!("acme#U#{}", subject("mallory").key(&world.tenant.id).as_str());
    let poison = serde_json::json!({ "dynamodb": { "OldImage": { "pk": { "S": key }, "m": { "S": "?" } } } });
    for record in records.iter().rev().chain(&records).chain(records.iter().rev()) {
        assert!(
            shared::store::change(&poison).is_err(),
            "a corrupt image is refused"
        );
        world.settle_one(record).await;
    }
    assert_stamped(&world, &ended).await;
}

#[tokio::test]
async fn what_a_late_handler_says_does_not_replace_what_happened() {
    let world = World::with(World::limited(1, AtLimit::EvictOldest)).await;
    let evicted = world.open("alice").await;
    world.open("alice").await;
    // The holder logs out a session that has just been evicted: the record has the handler's word first.
    assert!(!end(&world, evicted, Reason::LoggedOut).await);
    world.settle().await;
    assert_eq!(world.ending(evicted).await.unwrap().reason, Reason::Evicted);
}

#[tokio::test]
async fn a_session_that_had_expired_is_not_logged_out() {
    let world = World::new().await;
    let opened = world.now();
    let id = world.open("alice").await;
    world.wait(Duration::from_mins(61));
    assert!(!end(&world, id, Reason::LoggedOut).await);
    world.settle().await;
    let ending = world.ending(id).await.unwrap();
    assert_eq!(
        (ending.reason, ending.at),
        (Reason::IdleTimeout, opened + Duration::from_mins(60))
    );
}

#[tokio::test]
async fn a_deletion_by_ttl_ends_nothing() {
    let world = World::new().await;
    let id = world.open("alice").await;
    let records = world.stream();
    let mut record = records.last().unwrap().clone();
    record["dynamodb"]["OldImage"] = record["dynamodb"]["NewImage"].take();
    record["userIdentity"] =
        serde_json::json!({ "type": "Service", "principalId": "dynamodb.amazonaws.com" });
    assert!(shared::store::change(&record).unwrap().is_none());
    assert_eq!(world.ending(id).await, None);
}

#[tokio::test]
async fn an_end_whose_stamp_failed_is_stamped_from_the_stream() {
    let world = World::new().await;
    let id = world.open("alice").await;
    let is_record = |it: &tests::proxy::Request| it.key("sk") == Some("session");
    world.proxy.fault(
        When::always().operation("UpdateItem").matching(is_record),
        [Fault::InternalError],
    );
    assert!(
        end(&world, id, Reason::LoggedOut).await,
        "the guard alone decides"
    );
    world.proxy.heal();
    assert_eq!(world.ending(id).await, None);
    world.settle().await;
    assert_eq!(world.ending(id).await.unwrap().reason, Reason::LoggedOut);
}

#[tokio::test]
async fn a_session_without_record_is_taken_back() {
    let world = World::new().await;
    world.open("alice").await;
    let is_record =
        |it: &tests::proxy::Request| it.operation == "PutItem" && it.body.to_string().contains("#S#");
    world
        .proxy
        .fault(When::always().matching(is_record), [Fault::InternalError]);
    assert!(world.try_open("alice").await.is_err());
    world.proxy.heal();
    assert_eq!(world.live("alice").await.len(), 1);
}

#[tokio::test]
async fn a_removal_by_a_clock_that_is_ahead_costs_the_next_one_nothing() {
    let world = World::new().await;
    let (tenant, store) = (&world.tenant.id, world.sessions.store());
    let key = subject("alice").key(tenant);
    let (one, two) = (world.open("alice").await, world.open("alice").await);
    world.open("alice").await;
    let behind = world.now();
    world.wait(Duration::from_secs(5));
    let ahead = world.now();
    store
        .remove(tenant, &key, (one, None), Reason::Revoked, ahead)
        .await
        .unwrap();
    let remove = store.remove(tenant, &key, (two, None), Reason::Revoked, behind);
    let (removed, usage) = world.proxy.measure(remove).await;
    assert!(matches!(removed.unwrap(), Removed::Session(_)));
    assert_eq!(usage.requests, 1);
    let guard = store.guard(tenant, &key).await.unwrap().unwrap();
    assert_eq!(guard.removed_at, Some(behind), "no mark lies ahead");
    let again = store.remove(tenant, &key, (one, None), Reason::Revoked, behind);
    assert!(matches!(again.await.unwrap(), Removed::Absent { .. }));
    assert_eq!(store.remove_all(tenant, &key, behind).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_record_tells_the_address_its_session_was_accepted_from_last() {
    let world = World::new().await;
    for (way, last) in [
        (["2001:db8::7", IP], IP),
        (["198.51.100.8", "2001:db8::7"], "2001:db8::7"),
    ] {
        let id = world.open("alice").await;
        for ip in way {
            world.wait(Duration::from_mins(5));
            let seen = world.try_validate_from("alice", id, (ip, USER_AGENT)).await;
            assert!(matches!(seen.unwrap(), Verdict::Held { .. }), "{way:?}");
        }
        assert!(end(&world, id, Reason::LoggedOut).await);
        world.settle().await;
        let record = world.sessions.store().record(&world.tenant.id, id).await;
        assert_eq!(record.unwrap().unwrap().last_ip.as_deref(), Some(last));
    }
}

#[tokio::test]
async fn a_session_whose_time_ran_out_ended_once_whoever_revokes_it_later() {
    for (cleaned, settled, everywhere) in [
        (false, false, false),
        (false, true, false),
        (true, false, false),
        (true, true, false),
        (false, false, true),
        (false, true, true),
    ] {
        let world = World::new().await;
        let case = format!("cleaned {cleaned}, settled {settled}, everywhere {everywhere}");
        let (tenant, key) = (&world.tenant.id, subject("alice").key(&world.tenant.id));
        let id = world.open("alice").await;
        let ran_out = Ending {
            at: world.now() + Duration::from_mins(60),
            reason: Reason::IdleTimeout,
        };
        let told = async || {
            let fetched = world.sessions.fetch(tenant, id, world.now()).await;
            match fetched.unwrap().unwrap().state {
                State::Ended(ending) => ending,
                State::Active => panic!("{case}: alive"),
            }
        };
        world.wait(Duration::from_mins(60));
        assert_eq!(told().await, ran_out, "{case}");
        if cleaned {
            let clean = world.sessions.clean_subject(tenant, &key, world.now());
            assert_eq!(clean.await.unwrap().expired, 1);
        }
        if settled {
            world.settle().await;
        }
        world.wait(Duration::from_mins(5));
        if everywhere {
            let ended = world.sessions.end_all(tenant, &key, world.now()).await;
            assert_eq!(ended.unwrap(), 0, "{case}");
        } else {
            assert!(!end(&world, id, Reason::Revoked).await, "{case}");
            assert!(!end(&world, id, Reason::LoggedOut).await, "{case}");
        }
        let after = told().await;
        assert_eq!(after.reason, Reason::IdleTimeout, "{case}");
        if settled || !cleaned {
            assert_eq!(after, ran_out, "{case}");
        }
        world.settle().await;
        assert_eq!(told().await, ran_out, "{case}");
        assert_eq!(world.ending(id).await, Some(ran_out), "{case}");
    }
}
