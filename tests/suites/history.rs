//! Sessions of either kind are read, listed and ended alike.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use shared::model::{Reason, SessionId, SessionRecord, Tenure};
use shared::service::{Outcome, Sessions, State};
use tests::proxy::{Fault, When};

use crate::world::{TABLE, World, subject};

/// Tells of a session that alice opened elsewhere an hour ago.
async fn observed(world: &World, name: &str) -> SessionId {
    let now = world.now();
    let id = SessionId::draw(now, &shared::clock::System).unwrap();
    let record = SessionRecord {
        started_at: now - Duration::from_hours(1),
        reference_id: Some("visit-1".to_owned()),
        ip: "198.51.100.7".to_owned(),
        fingerprint: "a1b2".to_owned(),
        ..SessionRecord::new(id, &subject(name), Tenure::Observed, now)
    };
    let tenant = &world.tenant.id;
    world
        .sessions
        .observe(tenant, &subject(name), &record)
        .await
        .unwrap();
    let fetched = world.sessions.fetch(tenant, id, now).await.unwrap().unwrap();
    assert_eq!((fetched.record, fetched.state), (record, State::Active));
    id
}

/// How a session stands: nothing while it lives.
async fn end(world: &World, id: SessionId) -> Option<Reason> {
    let fetched = world.sessions.fetch(&world.tenant.id, id, world.now()).await;
    match fetched.unwrap().unwrap().state {
        State::Active => None,
        State::Ended(ending) => Some(ending.reason),
    }
}

async fn revoke(world: &World, name: &str, id: SessionId) -> bool {
    let key = subject(name).key(&world.tenant.id);
    let ended = world
        .sessions
        .end(&world.tenant.id, &key, id, Reason::Revoked, None, world.now());
    ended.await.unwrap()
}

#[tokio::test]
async fn a_session_of_either_kind_is_revoked_once() {
    let world = World::new().await;
    for id in [observed(&world, "alice").await, world.open("alice").await] {
        assert_eq!(end(&world, id).await, None);
        assert!(!revoke(&world, "bob", id).await);
        assert_eq!(end(&world, id).await, None);
        assert!(revoke(&world, "alice", id).await);
        assert_eq!(end(&world, id).await, Some(Reason::Revoked));
        world.wait(Duration::from_millis(1));
        assert!(!revoke(&world, "alice", id).await);
    }
}

#[tokio::test]
async fn a_revoke_all_ends_what_was_observed_before_it_and_nothing_later() {
    let world = World::new().await;
    let (tenant, key) = (&world.tenant.id, subject("alice").key(&world.tenant.id));
    let before = observed(&world, "alice").await;
    let held = world.open("alice").await;
    world.wait(Duration::from_secs(1));
    assert_eq!(
        world.sessions.end_all(tenant, &key, world.now()).await.unwrap(),
        1
    );
    assert!(!revoke(&world, "alice", before).await);
    world.wait(Duration::from_secs(1));
    let after = observed(&world, "alice").await;
    for (id, reason) in [
        (before, Some(Reason::LoggedOutEverywhere)),
        (held, Some(Reason::LoggedOutEverywhere)),
        (after, None),
    ] {
        assert_eq!(end(&world, id).await, reason);
    }
}

#[tokio::test]
async fn an_end_in_the_future_counts_when_it_has_come() {
    let world = World::new().await;
    let id = observed(&world, "alice").await;
    let at = world.now() + Duration::from_mins(5);
    let set = world
        .sessions
        .store()
        .set_end(&world.tenant.id, id, Some(at), world.now());
    assert_eq!(set.await.unwrap().unwrap().ended.unwrap().at, at);
    assert_eq!(end(&world, id).await, None);
    world.wait(Duration::from_mins(5));
    assert_eq!(end(&world, id).await, Some(Reason::LoggedOut));
}

#[tokio::test]
async fn an_end_that_is_set_later_does_not_take_back_a_revoke() {
    let world = World::new().await;
    let id = observed(&world, "alice").await;
    assert!(revoke(&world, "alice", id).await);
    let later = world.now() + Duration::from_hours(1);
    let set = world
        .sessions
        .store()
        .set_end(&world.tenant.id, id, Some(later), world.now());
    assert_eq!(set.await.unwrap().unwrap().ended.unwrap().reason, Reason::Revoked);
    assert_eq!(end(&world, id).await, Some(Reason::Revoked));
    let absent = SessionId::draw(world.now(), &shared::clock::System).unwrap();
    let set = world
        .sessions
        .store()
        .set_end(&world.tenant.id, absent, None, world.now());
    assert_eq!(set.await.unwrap(), None);
}

#[tokio::test]
async fn a_history_is_read_page_by_page_the_newest_first() {
    let world = World::new().await;
    let (tenant, key) = (&world.tenant.id, subject("alice").key(&world.tenant.id));
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(world.open("alice").await);
        world.wait(Duration::from_secs(1));
    }
    ids.push(world.open("alice").await);
    ids.reverse();
    let mut read = Vec::new();
    let mut after = None;
    loop {
        let (page, usage) = world
            .proxy
            .measure(
                world
                    .sessions
                    .history(tenant, &key, 2, after.as_ref(), world.now()),
            )
            .await;
        let page = page.unwrap();
        assert_eq!(usage.requests, 2);
        read.extend(page.sessions.iter().map(|it| it.record.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(read, ids);
    assert_eq!(end(&world, ids[5]).await, Some(Reason::Evicted));
}

/// How long the subject's guard will be kept from now.
async fn kept(world: &World, name: &str) -> Duration {
    let key = subject(name).key(&world.tenant.id);
    let item = world
        .engine
        .client()
        .get_item()
        .table_name(TABLE)
        .key(
            "pk",
            AttributeValue::S(format!("{}#U#{}", world.tenant.id, key.as_str())),
        )
        .key("sk", AttributeValue::S("guard".to_owned()))
        .send()
        .await
        .unwrap()
        .item
        .unwrap();
    let until = item["t"].as_n().unwrap().parse::<i64>().unwrap();
    Duration::from_secs(u64::try_from(until - world.now().secs()).unwrap())
}

#[tokio::test]
async fn a_revoke_all_is_known_as_long_as_the_records_it_ended() {
    let day = Duration::from_hours(24);
    for (retention, expected) in [(31, 120), (90, 120), (400, 400), (3650, 3650)] {
        let mut world = World::new().await;
        let store = world.sessions.store().clone();
        let random = std::sync::Arc::new(shared::clock::System);
        world.sessions = Sessions::new(store, random, day * retention);
        let tenant = &world.tenant.id;
        let told = observed(&world, "alice").await;
        let key = subject("alice").key(tenant);
        world.sessions.end_all(tenant, &key, world.now()).await.unwrap();
        assert_eq!(kept(&world, "alice").await, day * expected, "revoke-all");
        assert_eq!(end(&world, told).await, Some(Reason::LoggedOutEverywhere));

        // No later write shortens it.
        world.wait(Duration::from_secs(1));
        let id = world.open("alice").await;
        assert_eq!(kept(&world, "alice").await, day * expected, "open");
        world.wait(Duration::from_hours(1) - Duration::from_secs(1));
        assert!(world.is_held("alice", id).await);
        assert_eq!(kept(&world, "alice").await, day * expected, "touch");
        world.open("bob").await;
        assert_eq!(kept(&world, "bob").await, day * expected, "first");
    }
}

/// The record of a session that never came to be held.
async fn orphan(world: &World, name: &str) -> SessionId {
    let id = world.open(name).await;
    let store = world.sessions.store();
    let mut record = store.record(&world.tenant.id, id).await.unwrap().unwrap();
    record.id = world.draw();
    world
        .sessions
        .observe(&world.tenant.id, &subject(name), &record)
        .await
        .unwrap();
    assert!(revoke(world, name, id).await);
    record.id
}

#[tokio::test]
async fn records_without_session_make_no_page_short_and_no_list_expensive() {
    let world = World::new().await;
    let (tenant, key) = (&world.tenant.id, subject("alice").key(&world.tenant.id));
    for _ in 0..3 {
        world.open("alice").await;
        world.wait(Duration::from_secs(1));
    }
    for _ in 0..15 {
        orphan(&world, "alice").await;
        world.wait(Duration::from_secs(1));
    }
    let newest = world
        .sessions
        .newest(tenant, &key, 18, world.now())
        .await
        .unwrap();
    let ids: Vec<_> = newest.iter().map(|it| it.record.id).collect();
    assert_eq!(ids.len(), 18);
    let (mut read, mut after) = (Vec::new(), None);
    loop {
        let page = world
            .sessions
            .history(tenant, &key, 4, after.as_ref(), world.now());
        let (page, usage) = world.proxy.measure(page).await;
        let page = page.unwrap();
        assert!(usage.requests <= 3, "{usage:#?}");
        read.extend(page.sessions.iter().map(|it| it.record.id));
        after = page.next;
        if after.is_none() {
            break;
        }
        assert_eq!(page.sessions.len(), 4);
    }
    assert_eq!(read, ids);
}

#[tokio::test]
async fn a_refused_create_leaves_nothing_in_the_history() {
    let world = World::new().await;
    let (tenant, key) = (&world.tenant.id, subject("alice").key(&world.tenant.id));
    let before = world.now() - Duration::from_secs(5);
    world.sessions.end_all(tenant, &key, world.now()).await.unwrap();
    world.wait(Duration::from_secs(1));
    let refused = world.try_open_issued("alice", before).await.unwrap();
    assert_eq!(refused, Outcome::Overruled);
    let records = world.sessions.store().history(tenant, &key, 10, None);
    assert_eq!(records.await.unwrap().records, []);
    let opened = world.open("alice").await;
    let records = world.sessions.store().history(tenant, &key, 10, None);
    let ids: Vec<_> = records.await.unwrap().records.iter().map(|it| it.id).collect();
    assert_eq!(ids, [opened]);
}

#[tokio::test]
async fn a_create_that_failed_leaves_nothing_in_the_history() {
    let world = World::new().await;
    let id = world.open("alice").await;
    let key = subject("alice").key(&world.tenant.id);
    for sort in ["guard", "session"] {
        for fault in [Fault::InternalError, Fault::LostAfterCommit] {
            // Every sending of one request; what takes it back is answered.
            let matching = move |it: &tests::proxy::Request| it.key("sk") == Some(sort);
            let when = When::first(3).operation(if sort == "guard" { "UpdateItem" } else { "PutItem" });
            world.proxy.fault(when.matching(matching), [fault]);
            let opened = world.try_open("alice").await;
            world.proxy.heal();
            assert!(opened.is_err(), "{sort}, {fault:?}: {opened:?}");
            let records = world.sessions.store().history(&world.tenant.id, &key, 10, None);
            let ids: Vec<_> = records.await.unwrap().records.iter().map(|it| it.id).collect();
            assert_eq!(ids, [id], "{sort}, {fault:?}");
            assert_eq!(world.live("alice").await, [id], "{sort}, {fault:?}");
        }
    }
}

#[tokio::test]
async fn a_withdrawn_session_that_is_opened_after_all_has_its_record() {
    let world = World::new().await;
    let (tenant, key) = (&world.tenant.id, subject("alice").key(&world.tenant.id));
    let store = world.sessions.store();
    let id = orphan(&world, "alice").await;
    let written = store.record(tenant, id).await.unwrap().unwrap();
    let owner = subject("alice");
    store
        .withdraw_record(tenant, &subject("bob").key(tenant), id, world.now())
        .await
        .unwrap();
    assert_eq!(
        store.record(tenant, id).await.unwrap().unwrap(),
        written,
        "another's"
    );
    store
        .withdraw_record(tenant, &key, id, world.now())
        .await
        .unwrap();
    let withdrawn = store.record(tenant, id).await.unwrap().unwrap();
    assert_eq!(withdrawn.ended.map(|it| it.reason), Some(Reason::Withdrawn));
    assert_eq!(world.sessions.fetch(tenant, id, world.now()).await.unwrap(), None);
    world.sessions.observe(tenant, &owner, &written).await.unwrap();
    assert_eq!(store.record(tenant, id).await.unwrap().unwrap(), written);
}

#[tokio::test]
async fn a_long_issuer_is_kept_whole_so_that_a_session_keeps_its_owner() {
    let world = World::new().await;
    let issuer = format!("https://issuer.example.com/{}", "a".repeat(480));
    let owner = shared::model::Subject::of_issuer(&issuer, "alice").unwrap();
    let id = observed(&world, "alice").await;
    let store = world.sessions.store();
    let mut record = store.record(&world.tenant.id, id).await.unwrap().unwrap();
    (record.id, record.issuer) = (world.draw(), Some(issuer));
    world
        .sessions
        .observe(&world.tenant.id, &owner, &record)
        .await
        .unwrap();
    let kept = store.record(&world.tenant.id, record.id).await.unwrap().unwrap();
    assert_eq!(kept.owner(), Some(owner));
}
