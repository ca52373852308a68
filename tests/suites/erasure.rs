//! A person's data go when they are told to: all of them, for good, whatever fails on the way, and nobody else's.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use sha2::{Digest, Sha256};
use shared::model::{ClientKind, Device, Facts, Instant, SessionId};
use shared::service::{Counts, Erase, Erased, Ingest, Outcome, StoreClient};
use shared::store::{Error, Visit};
use tests::proxy::{Fault, When};
use tokio::time;

use crate::profiles::located;
use crate::world::{IP, TABLE, USER_AGENT, World, subject, token};

const NAME: &str = "alice@example.com";
const REFERENCE: &str = "visit-of-alice";
const ADDRESS: &str = "203.0.113.60";
const DEVICE: [u8; 16] = [0xd1; 16];

async fn try_erase(world: &World, name: &str, within: Duration) -> Result<Erased, Error> {
    let erase = Erase {
        tenant: &world.tenant,
        client: subject(name).client_id(&world.tenant.id),
        now: world.now(),
        until: time::Instant::now() + within,
    };
    world.sessions.erase(&erase).await
}

async fn erase(world: &World, name: &str) -> Erased {
    try_erase(world, name, Duration::from_secs(60)).await.unwrap()
}

async fn ingest(world: &World, name: &str, reference: Option<&str>) -> SessionId {
    let (client, device) = (subject(name), Device::default());
    let told = Ingest {
        client: &client,
        id: world.draw(),
        reference_id: reference,
        ip: ADDRESS,
        facts: Facts::default(),
        user_agent: USER_AGENT,
        fingerprint: "fingerprint-of-alice",
        device: &device,
        observed_ip: Some("203.0.113.61"),
        started_at: world.now(),
        now: world.now(),
    };
    let told = world.sessions.ingest(&world.tenant, &told).await.unwrap();
    told.unwrap().record.id
}

async fn store_client(world: &World, name: &str) {
    let name = subject(name);
    let told = StoreClient {
        name: Some(&name),
        drawn: name.client_id(&world.tenant.id),
        kind: ClientKind::Individual,
        alias: Some("Alice of Wonderland"),
        activity: None,
        account: None,
        tags: None,
        controls: None,
        upsert: true,
        now: world.now(),
        resumed: false,
    };
    let stored = world.sessions.store_client(&world.tenant.id, &told).await;
    assert!(stored.unwrap().is_some());
}

/// A visit of alice's browser, and the device it was recognised as.
async fn visit(world: &World, number: u8) -> [u8; 32] {
    let digest = [number; 32];
    let visit = Visit {
        at: world.now(),
        ip: ADDRESS.to_owned(),
        user_agent: USER_AGENT.to_owned(),
        client: None,
        traits: Vec::new(),
        tampered: false,
        bundle: format!("{{\"externalIds\":{{\"email\":\"{NAME}\"}}}}"),
    };
    let until = world.now() + Duration::from_hours(24);
    let store = world.sessions.store();
    let put = store.put_visit(&world.tenant.id, &digest, &visit, until);
    put.await.unwrap();
    digest
}

fn sharer(world: &World, name: &str) -> Vec<u8> {
    let key = subject(name).key(&world.tenant.id);
    Sha256::digest(key.as_str())[..16].to_vec()
}

/// Writes into an item what is attached to it, past everything.
async fn attach(world: &World, pk: &str, sk: &str, name: &str, members: &[Vec<u8>]) {
    let set = AttributeValue::Bs(members.iter().map(|it| Blob::new(it.as_slice())).collect());
    world
        .engine
        .client()
        .update_item()
        .table_name(TABLE)
        .key("pk", AttributeValue::S(pk.to_owned()))
        .key("sk", AttributeValue::S(sk.to_owned()))
        .update_expression("ADD #name :set")
        .expression_attribute_names("#name", name)
        .expression_attribute_values(":set", set)
        .send()
        .await
        .unwrap();
}

/// Attaches visits to a session, and the device to the session and to the subject.
async fn link(world: &World, name: &str, id: SessionId, visits: &[[u8; 32]]) {
    let tenant = &world.tenant.id;
    let record = format!("{tenant}#S#{id}");
    let visits: Vec<_> = visits.iter().map(|it| it.to_vec()).collect();
    attach(world, &record, "session", "tv", &visits).await;
    attach(world, &record, "session", "tk", &[DEVICE.to_vec()]).await;
    let device = format!("{tenant}#D#{:032x}", u128::from_be_bytes(DEVICE));
    attach(world, &device, "device", "sj", &[sharer(world, name)]).await;
}

/// Everything in the table.
async fn items(world: &World) -> Vec<HashMap<String, AttributeValue>> {
    let scan = world.engine.client().scan().table_name(TABLE).into_paginator();
    scan.items().send().collect::<Result<_, _>>().await.unwrap()
}

/// What in the table tells of the subject, as `pk sk` and the attributes there are.
async fn traces(world: &World, name: &str) -> BTreeSet<(String, String)> {
    let key = subject(name).key(&world.tenant.id);
    let id = subject(name).client_id(&world.tenant.id).to_string();
    let sharer = format!("{:?}", Blob::new(sharer(world, name)));
    let (ipv4, digest) = ([203, 0, 113, 60], Sha256::digest("fingerprint-of-alice"));
    let words = [
        key.as_str().to_owned(),
        id,
        name.to_owned(),
        REFERENCE.to_owned(),
        ADDRESS.to_owned(),
        "203.0.113.61".to_owned(),
        "fingerprint-of-alice".to_owned(),
        "Wonderland".to_owned(),
        format!("{:?}", Blob::new(ipv4)),
        format!("{:?}", Blob::new(&digest[..16])),
        sharer,
    ];
    let tells = |item: &&HashMap<String, AttributeValue>| {
        let text = format!("{item:?}");
        words.iter().any(|word| text.contains(word))
    };
    let shown = |item: &HashMap<String, AttributeValue>| {
        let names: BTreeSet<_> = item.keys().map(String::as_str).collect();
        let names: Vec<_> = names.into_iter().collect();
        (item["sk"].as_s().unwrap().clone(), names.join(" "))
    };
    items(world).await.iter().filter(tells).map(shown).collect()
}

/// What stays of a subject: two marks that hold times and counts.
fn marks() -> BTreeSet<(String, String)> {
    [
        ("guard", "e m pk ra rl sk t v xa"),
        ("profile", "e pk pv sk t xa"),
    ]
    .map(|(sk, names)| (sk.to_owned(), names.to_owned()))
    .into()
}

/// A subject with something of everything: two live sessions, one that has ended, three that were told of, two of them by
/// a name, visits, a device, a profile, and what was told of the client.
async fn everything(world: &World, name: &str) -> Vec<SessionId> {
    store_client(world, name).await;
    let mut ids = Vec::new();
    for number in 1..=3_u8 {
        let origin = (64_496 + u32::from(number), "FR", (48.86, 2.35));
        let id = world
            .open_in(name, &located(ADDRESS, origin, "fingerprint-of-alice"))
            .await;
        link(world, name, id, &[visit(world, number).await]).await;
        ids.push(id);
        world.wait(Duration::from_secs(1));
    }
    let key = subject(name).key(&world.tenant.id);
    let ended = world
        .sessions
        .end(
            &world.tenant.id,
            &key,
            ids[0],
            shared::model::Reason::LoggedOut,
            None,
            world.now(),
        )
        .await;
    assert!(ended.unwrap());
    for reference in [Some(REFERENCE), Some(REFERENCE), None] {
        world.wait(Duration::from_secs(1));
        ids.push(ingest(world, name, reference).await);
    }
    link(
        world,
        name,
        ids[3],
        &[visit(world, 4).await, visit(world, 5).await],
    )
    .await;
    ids
}

const EVERYTHING: Counts = Counts {
    sessions: 6,
    references: 2,
    telemetry: 5,
    device_links: 1,
    profiles: 1,
    clients: 1,
};

#[tokio::test]
async fn everything_of_a_subject_goes_and_the_receipt_counts_it() {
    let world = World::new().await;
    everything(&world, NAME).await;
    world.settle().await;
    world.wait(Duration::from_secs(1));
    let before = traces(&world, NAME).await;
    assert!(before.len() > 6, "{before:#?}");

    let (erased, usage) = world.proxy.measure(erase(&world, NAME)).await;
    // Six records lead to eleven things; one request asks for what the guard knows.
    assert_eq!(usage.requests, 6 + 6 + 11 + 1, "{usage:#?}");
    assert_eq!((erased.at, erased.complete), (world.now(), true));
    assert_eq!(erased.counts, EVERYTHING);
    assert_eq!(traces(&world, NAME).await, marks());
    world.settle().await;
    assert_eq!(traces(&world, NAME).await, marks());
}

#[tokio::test]
async fn erased_again_there_was_nothing() {
    let world = World::new().await;
    everything(&world, NAME).await;
    world.settle().await;
    for expected in [EVERYTHING, Counts::default(), Counts::default()] {
        // Also within one millisecond.
        let erased = erase(&world, NAME).await;
        assert_eq!((erased.complete, erased.counts), (true, expected));
    }
    let unknown = erase(&world, "nobody").await;
    assert_eq!((unknown.complete, unknown.counts), (true, Counts::default()));
}

#[tokio::test]
async fn nobody_elses_data_go() {
    let mut world = World::new().await;
    let bob = everything(&world, "bob").await;
    everything(&world, NAME).await;
    let acme = std::mem::replace(&mut world.tenant.id, "other".parse().unwrap());
    everything(&world, NAME).await;
    world.settle().await;
    let others = async |world: &World| {
        let of_other = |item: &HashMap<String, AttributeValue>| {
            let pk = item["pk"].as_s().unwrap();
            pk.starts_with("other#") || bob.iter().any(|id| pk.ends_with(&id.to_string()))
        };
        let mut others: Vec<_> = items(world).await.into_iter().filter(of_other).collect();
        others.sort_by_key(|item| format!("{:?} {:?}", item["pk"], item["sk"]));
        others
    };
    let before = others(&world).await;
    world.tenant.id = acme;
    let bobs = traces(&world, "bob").await;
    assert!(erase(&world, NAME).await.complete);
    assert_eq!(others(&world).await, before);
    assert_eq!(traces(&world, "bob").await.len(), bobs.len());
}

#[tokio::test]
async fn nothing_comes_back_from_the_stream_or_an_older_credential() {
    let world = World::new().await;
    let issued = world.now();
    everything(&world, NAME).await;
    // Settling stood still: what the stream tells of comes after the erasure.
    let erased = erase(&world, NAME).await;
    assert_eq!(
        erased.counts,
        Counts {
            profiles: 0,
            ..EVERYTHING
        }
    );
    world.settle().await;
    let mut position = tests::engine::StreamPosition::default();
    let records = world.engine.stream(TABLE, &mut position);
    for record in records.iter().rev().chain(&records) {
        world.settle_one(record).await;
    }
    assert_eq!(traces(&world, NAME).await, marks());

    for issued in [Some(token(issued)), Some(token(world.now())), None] {
        let refused = world.try_open_by(NAME, issued).await.unwrap();
        assert_eq!(refused, Outcome::Overruled);
    }
    assert_eq!(traces(&world, NAME).await, marks());
}

#[tokio::test]
async fn a_subject_begins_anew_and_is_learnt_anew() {
    let world = World::new().await;
    everything(&world, NAME).await;
    world.settle().await;
    assert_eq!(world.profile(NAME).await.networks.len(), 3);
    erase(&world, NAME).await;
    world.settle().await;
    assert_eq!(world.profile(NAME).await.networks, []);

    world.wait(Duration::from_secs(1));
    let origin = (64_600, "FR", (48.86, 2.35));
    let id = world.open_in(NAME, &located(IP, origin, "another")).await;
    assert_eq!(world.live(NAME).await, [id]);
    world.settle().await;
    let profile = world.profile(NAME).await;
    assert!(profile.knows_system(64_600) && !profile.knows_system(64_497));
    world.wait(Duration::from_secs(1));
    let counts = erase(&world, NAME).await.counts;
    let expected = Counts {
        sessions: 1,
        profiles: 1,
        ..Counts::default()
    };
    assert_eq!(counts, expected);
}

#[tokio::test]
async fn a_profile_that_was_being_learnt_when_it_was_erased_is_not_written_back() {
    let world = World::new().await;
    let (tenant, key) = (&world.tenant.id, subject(NAME).key(&world.tenant.id));
    let store = world.sessions.store();
    for learnt_before in [false, true] {
        world.wait(Duration::from_secs(1));
        let origin = (64_497, "FR", (48.86, 2.35));
        world.open_in(NAME, &located(IP, origin, "another")).await;
        if learnt_before {
            world.settle().await;
        }
        let seen = store.profile(tenant, &key, world.now()).await.unwrap();
        erase(&world, NAME).await;
        let mut next = seen.profile.clone();
        next.days = 3;
        let put = store.put_profile(tenant, &key, &seen, &next, None, world.now());
        assert!(!put.await.unwrap());
        world.settle().await;
        assert_eq!(traces(&world, NAME).await, marks());
    }
}

#[tokio::test]
async fn what_the_index_does_not_show_yet_goes_by_the_guard() {
    let world = World::new().await;
    world.proxy.lag(TABLE, Duration::from_secs(3600)).await;
    let ended = world.open(NAME).await;
    world.open(NAME).await;
    let (tenant, key) = (&world.tenant.id, subject(NAME).key(&world.tenant.id));
    let reason = shared::model::Reason::LoggedOut;
    let end = world.sessions.end(tenant, &key, ended, reason, None, world.now());
    assert!(end.await.unwrap());
    let erased = erase(&world, NAME).await;
    assert_eq!((erased.complete, erased.counts.sessions), (true, 2));
    world.settle().await;
    assert_eq!(traces(&world, NAME).await, marks());
}

#[tokio::test]
async fn an_index_that_still_shows_what_is_gone_neither_counts_twice_nor_turns_in_circles() {
    let world = World::new().await;
    everything(&world, NAME).await;
    world.proxy.lag(TABLE, Duration::from_secs(3600)).await;
    for expected in [6, 0] {
        let (erased, usage) = world.proxy.measure(erase(&world, NAME)).await;
        assert_eq!((erased.complete, erased.counts.sessions), (true, expected));
        let queries = usage.operations().iter().filter(|it| **it == "Query").count();
        assert_eq!(queries, 2, "{usage:#?}");
    }
}

#[tokio::test]
async fn what_is_attached_while_its_record_goes_goes_too() {
    let world = World::new().await;
    let id = world.open(NAME).await;
    link(&world, NAME, id, &[visit(&world, 1).await]).await;
    let world = Arc::new(world);
    let late = visit(&world, 2).await;
    let of_record = |it: &tests::proxy::Request| it.key("sk") == Some("session");
    let when = When::nth(1).operation("DeleteItem").matching(of_record);
    let (engine, tenant) = (world.engine.client(), world.tenant.id.clone());
    world.proxy.before(when, async move {
        engine
            .update_item()
            .table_name(TABLE)
            .key("pk", AttributeValue::S(format!("{tenant}#S#{id}")))
            .key("sk", AttributeValue::S("session".to_owned()))
            .update_expression("ADD tv :late")
            .expression_attribute_values(":late", AttributeValue::Bs(vec![Blob::new(late)]))
            .send()
            .await
            .unwrap();
    });
    let counts = erase(&world, NAME).await.counts;
    assert_eq!(
        (counts.sessions, counts.telemetry, counts.device_links),
        (1, 2, 1)
    );
    assert_eq!(traces(&world, NAME).await, marks());
}

#[tokio::test]
async fn what_begins_while_the_rest_goes_stays() {
    let world = Arc::new(World::new().await);
    everything(&world, NAME).await;
    let (later, opened) = (Arc::clone(&world), Arc::new(std::sync::OnceLock::new()));
    let ids = Arc::clone(&opened);
    let query = When::nth(1).operation("Query");
    world.proxy.before(query, async move {
        later.wait(Duration::from_secs(1));
        let held = later.open(NAME).await;
        let told = ingest(&later, NAME, Some(REFERENCE)).await;
        ids.set([held, told]).unwrap();
    });
    let erased = erase(&world, NAME).await;
    assert_eq!((erased.complete, erased.counts.sessions), (true, 6));
    let [held, told] = *opened.get().unwrap();
    assert!(world.is_held(NAME, held).await);
    let tenant = &world.tenant.id;
    for id in [held, told] {
        let found = world.sessions.fetch(tenant, id, world.now()).await.unwrap();
        assert_eq!(found.map(|it| it.state), Some(shared::service::State::Active));
    }
    let named = world
        .sessions
        .named(&world.tenant, None, REFERENCE, world.now())
        .await;
    assert_eq!(named.unwrap().map(|it| it.record.id), Some(told));
}

#[tokio::test]
async fn cut_short_anywhere_it_is_repeated_and_reaches_everything() {
    let fails = [Fault::InternalError, Fault::LostAfterCommit];
    for (fault, at) in fails
        .into_iter()
        .flat_map(|fault| (0..40).map(move |at| (fault, at)))
    {
        let world = World::new().await;
        everything(&world, NAME).await;
        world.settle().await;
        let begun = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&begun);
        let from_then_on = move |_: &tests::proxy::Request| at <= count.fetch_add(1, Ordering::Relaxed);
        world.proxy.fault(When::always().matching(from_then_on), [fault]);
        let first = try_erase(&world, NAME, Duration::from_secs(60)).await;
        world.proxy.heal();
        world.settle().await;
        let through = begun.load(Ordering::Relaxed) <= at;
        assert_eq!(
            first.as_ref().is_ok_and(|it| it.complete),
            through,
            "{fault:?} {at}"
        );
        assert!(through || at < 39, "there are places behind these");
        // The same millisecond, and a later one.
        if at % 2 == 0 {
            world.wait(Duration::from_millis(1));
        }
        let second = erase(&world, NAME).await;
        assert!(second.complete, "{fault:?} {at}");
        world.settle().await;
        assert_eq!(traces(&world, NAME).await, marks(), "{fault:?} {at}");
        if fault == Fault::InternalError {
            // Nothing was lost on the way back, so both receipts together tell everything.
            let first = first.map_or(0, |it| it.counts.sessions);
            assert_eq!(first + second.counts.sessions, 6, "{at}");
        }
    }
}

#[tokio::test]
async fn two_thousand_sessions_go_in_as_many_calls_as_time_allows() {
    let world = World::direct(shared::policy::Policy::default()).await;
    for _ in 0..20 {
        let told = (0..100).map(|_| ingest(&world, NAME, Some(REFERENCE)));
        futures::future::join_all(told).await;
    }
    let (mut sum, mut calls) = (Counts::default(), 0);
    loop {
        let began = time::Instant::now();
        let within = Duration::from_millis(if calls == 0 { 300 } else { 60_000 });
        let erased = try_erase(&world, NAME, within).await.unwrap();
        println!("{} sessions in {:?}", erased.counts.sessions, began.elapsed());
        sum.sessions += erased.counts.sessions;
        sum.references += erased.counts.references;
        sum.clients += erased.counts.clients;
        calls += 1;
        if erased.complete {
            break;
        }
        assert_eq!(erased.counts.clients, 0, "the client goes last");
    }
    assert_eq!((sum.sessions, sum.references, sum.clients), (2000, 2000, 1));
    assert_eq!(calls, 2);
    assert_eq!(traces(&world, NAME).await, marks());
}

#[tokio::test]
async fn a_withdrawn_session_keeps_nothing_of_a_person() {
    let world = World::new().await;
    let id = ingest(&world, NAME, None).await;
    let (tenant, key) = (&world.tenant.id, subject(NAME).key(&world.tenant.id));
    let store = world.sessions.store();
    let withdrawn = store.withdraw_record(tenant, &key, id, world.now());
    withdrawn.await.unwrap();
    erase(&world, NAME).await;
    assert_eq!(traces(&world, NAME).await, marks());
    let found = world.sessions.fetch(tenant, id, world.now()).await;
    assert_eq!(found.unwrap(), None);
}

#[tokio::test]
async fn cleanup_passes_over_a_guard_that_was_erased() {
    let world = World::new().await;
    world.open(NAME).await;
    erase(&world, NAME).await;
    world.wait(Duration::from_hours(48));
    let cleaned = world
        .sessions
        .clean_due(None, u64::MAX, world.now(), || true)
        .await
        .unwrap();
    assert_eq!((cleaned.expired, cleaned.guards), (0, 0));
    assert_eq!(traces(&world, NAME).await, marks());
    let anew: Instant = world.now();
    assert!(matches!(
        world.try_open_issued(NAME, anew).await.unwrap(),
        Outcome::Opened { .. }
    ));
}
