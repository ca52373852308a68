//! Sessions and clients that are told of: what is promised of them, and what it costs.

use std::time::Duration;

use futures::future::join_all;
use shared::model::{AccountStatus, ClientId, ClientKind, Device, Facts, Reason, SessionId, Subject};
use shared::policy::{Policy, Tenant};
use shared::service::{Fetched, Ingest, State, StoreClient};
use shared::store::Error;
use tests::proxy::{Fault, Usage, When};

use crate::world::{USER_AGENT, World, subject};

/// Tells of a session of a client, by its id or its name.
async fn try_tell(
    world: &World,
    tenant: &Tenant,
    client: &str,
    reference: Option<&str>,
) -> Result<Option<Fetched>, Error> {
    let (client, device) = (Subject::of_id_or_name(client).unwrap(), Device::default());
    let told = Ingest {
        client: &client,
        id: world.draw(),
        reference_id: reference,
        ip: "198.51.100.7",
        facts: Facts::default(),
        user_agent: USER_AGENT,
        fingerprint: "a1b2c3d4",
        device: &device,
        observed_ip: None,
        started_at: world.now(),
        now: world.now(),
    };
    world.sessions.ingest(tenant, &told).await
}

async fn tell(world: &World, tenant: &Tenant, client: &str, reference: Option<&str>) -> Option<Fetched> {
    try_tell(world, tenant, client, reference).await.unwrap()
}

async fn ingested(world: &World, client: &str, reference: Option<&str>) -> SessionId {
    let told = tell(world, &world.tenant, client, reference).await;
    told.unwrap().record.id
}

async fn named(world: &World, tenant: &Tenant, text: &str) -> Option<SessionId> {
    let found = world.sessions.named(tenant, None, text, world.now()).await;
    found.unwrap().map(|it| it.record.id)
}

fn client<'a>(name: &'a shared::model::Subject, drawn: ClientId, world: &World) -> StoreClient<'a> {
    StoreClient {
        name: Some(name),
        drawn,
        kind: ClientKind::Individual,
        alias: None,
        activity: None,
        account: None,
        tags: None,
        controls: None,
        upsert: false,
        now: world.now(),
        resumed: false,
    }
}

/// Another tenant of the same table.
fn other(world: &World) -> Tenant {
    Tenant {
        id: "other".parse().unwrap(),
        ..world.tenant.clone()
    }
}

fn units(usage: &Usage) -> (usize, usize, f64, f64, f64) {
    let history = usage.index_wcu.get("history").copied().unwrap_or(0.0);
    (
        usage.requests,
        usage.round_trips,
        usage.rcu,
        usage.table_wcu,
        history,
    )
}

#[tokio::test]
async fn telling_of_a_session_is_one_round_trip_and_at_most_three_writes() {
    let world = World::new().await;
    for (reference, requests) in [(Some("visit-1"), 3), (None, 2)] {
        // The first of its client, and one more.
        for _ in 0..2 {
            let told = world.proxy.measure(ingested(&world, "alice", reference));
            let (_, usage) = told.await;
            let writes = f64::from(u32::try_from(requests).unwrap());
            assert_eq!(units(&usage), (requests, 1, 0.0, writes, 1.0), "{usage:#?}");
        }
    }
}

#[tokio::test]
async fn a_name_leads_to_its_newest_session_and_costs_one_read() {
    let world = World::new().await;
    let older = ingested(&world, "alice", Some("visit-1")).await;
    world.wait(Duration::from_millis(1));
    let newer = ingested(&world, "bob", Some("visit-1")).await;
    let (found, usage) = world.proxy.measure(named(&world, &world.tenant, "visit-1")).await;
    assert_eq!(found, Some(newer));
    assert_eq!(units(&usage), (3, 3, 3.0, 0.0, 0.0));
    let text = older.to_string();
    let (found, usage) = world.proxy.measure(named(&world, &world.tenant, &text)).await;
    assert_eq!(found, Some(older));
    assert_eq!(units(&usage), (2, 2, 2.0, 0.0, 0.0));
    let pfid = older.to_pfid(world.tenant.partition).to_string();
    assert_eq!(named(&world, &world.tenant, &pfid).await, Some(older));
    assert_eq!(named(&world, &world.tenant, "visit-2").await, None);
}

#[tokio::test]
async fn a_late_sending_does_not_take_a_name_back() {
    let world = World::new().await;
    let (tenant, store) = (&world.tenant.id, world.sessions.store());
    let older = world.draw();
    world.wait(Duration::from_millis(1));
    let newer = world.draw();
    let (alice, until) = (
        subject("alice").key(tenant),
        world.now() + Duration::from_hours(1),
    );
    for id in [newer, older, newer] {
        let put = store.put_reference(tenant, "visit-1", id, &alice, until);
        put.await.unwrap();
    }
    let named = store.referenced(tenant, "visit-1").await.unwrap();
    assert_eq!(named.iter().map(|it| it.id).collect::<Vec<_>>(), [newer, older]);
}

/// Fails every request to items of this sort.
fn fail(world: &World, sort: &'static str) {
    let matching = move |it: &tests::proxy::Request| it.key("sk").is_some_and(|sk| sk.starts_with(sort));
    world
        .proxy
        .fault(When::always().matching(matching), [Fault::InternalError]);
}

#[tokio::test]
async fn a_name_leads_past_sessions_that_could_not_be_written_down() {
    let world = World::new().await;
    let older = ingested(&world, "alice", Some("visit-1")).await;
    fail(&world, "session");
    for _ in 0..3 {
        world.wait(Duration::from_millis(1));
        let told = try_tell(&world, &world.tenant, "alice", Some("visit-1"));
        assert!(told.await.is_err());
    }
    assert!(
        try_tell(&world, &world.tenant, "alice", Some("visit-2"))
            .await
            .is_err()
    );
    world.proxy.heal();
    assert_eq!(named(&world, &world.tenant, "visit-1").await, Some(older));
    assert_eq!(named(&world, &world.tenant, "visit-2").await, None);
    world.wait(Duration::from_millis(1));
    let newer = ingested(&world, "alice", Some("visit-1")).await;
    assert_eq!(named(&world, &world.tenant, "visit-1").await, Some(newer));
}

#[tokio::test]
async fn a_session_whose_name_could_not_be_written_down_takes_nobodys_place() {
    let world = World::new().await;
    let older = ingested(&world, "alice", Some("visit-1")).await;
    world.wait(Duration::from_millis(1));
    fail(&world, "ref");
    let told = try_tell(&world, &world.tenant, "alice", Some("visit-1"));
    assert!(told.await.is_err());
    world.proxy.heal();
    assert_eq!(named(&world, &world.tenant, "visit-1").await, Some(older));
}

#[tokio::test]
async fn nothing_that_is_told_of_is_another_tenants() {
    let world = World::new().await;
    let id = ingested(&world, "alice", Some("visit-1")).await;
    let (alice, theirs) = (subject("alice"), other(&world));
    let told = client(&alice, world.draw().into(), &world);
    let ours = &world.tenant.id;
    world.sessions.store_client(ours, &told).await.unwrap().unwrap();
    for text in ["visit-1", &id.to_string()] {
        assert_eq!(named(&world, &theirs, text).await, None);
    }
    let key = alice.key(&theirs.id);
    let history = world.sessions.history(&theirs.id, &key, 100, None, world.now());
    assert_eq!(history.await.unwrap().sessions, []);
    let by_our_id = alice.client_id(ours);
    for id in [by_our_id, alice.client_id(&theirs.id)] {
        let found = world.sessions.client(&theirs.id, id, ClientKind::Individual);
        assert_eq!(found.await.unwrap(), None);
    }
    let end = world.sessions.store().set_end(&theirs.id, id, None, world.now());
    assert_eq!(end.await.unwrap(), None);
}

#[tokio::test]
async fn one_who_may_see_one_subject_finds_no_others_session_for_the_same_reads() {
    let world = World::new().await;
    let id = ingested(&world, "alice", Some("visit-1")).await;
    let (alice, bob) = (
        subject("alice").key(&world.tenant.id),
        subject("bob").key(&world.tenant.id),
    );
    let seek = async |who, text: &str| {
        let found = world.sessions.named(&world.tenant, Some(who), text, world.now());
        let (found, usage) = world.proxy.measure(found).await;
        (found.unwrap().map(|it| it.record.id), usage.requests)
    };
    assert_eq!(seek(&alice, "visit-1").await, (Some(id), 3));
    let foreign = seek(&bob, &id.to_string()).await;
    let absent = seek(&bob, &world.draw().to_string()).await;
    assert_eq!((foreign, foreign), (absent, (None, 2)));
    let foreign = seek(&bob, "visit-1").await;
    let absent = seek(&bob, "visit-2").await;
    assert_eq!((foreign, foreign), (absent, (None, 1)));
    world.wait(Duration::from_millis(1));
    let bobs = ingested(&world, "bob", Some("visit-1")).await;
    assert_eq!(seek(&alice, "visit-1").await, (Some(id), 3), "each finds its own");
    assert_eq!(seek(&bob, "visit-1").await, (Some(bobs), 3));
}

#[tokio::test]
async fn a_client_that_was_stored_before_its_answer_was_lost_is_stored_when_it_is_told_of_again() {
    let world = World::new().await;
    let tenant = &world.tenant.id;
    for (name, known_from_a_session) in [("bob", false), ("alice", true)] {
        if known_from_a_session {
            ingested(&world, name, None).await;
            world.wait(Duration::from_millis(1));
        }
        let named = &subject(name);
        let first = client(named, world.draw().into(), &world);
        let stored = world.sessions.store_client(tenant, &first).await.unwrap();
        world.wait(Duration::from_mins(1));
        let other = client(named, world.draw().into(), &world);
        assert_eq!(world.sessions.store_client(tenant, &other).await.unwrap(), None);
        let again = StoreClient {
            resumed: true,
            ..first.clone()
        };
        let resumed = world.sessions.store_client(tenant, &again).await.unwrap();
        assert!(resumed.is_some());
        assert_eq!(resumed, stored);
        let of_another = StoreClient {
            resumed: true,
            ..other
        };
        assert_eq!(
            world.sessions.store_client(tenant, &of_another).await.unwrap(),
            None,
            "one that stood before it was told of"
        );
    }
}

#[tokio::test]
async fn where_clients_are_told_of_first_nothing_is_written_for_an_unknown_one() {
    let world = World::new().await;
    let strict = Tenant {
        policy: Policy {
            known_clients_only: true,
            ..world.tenant.policy.clone()
        },
        ..world.tenant.clone()
    };
    let (told, usage) = world
        .proxy
        .measure(tell(&world, &strict, "alice", Some("visit-1")))
        .await;
    assert_eq!(told, None);
    assert_eq!(units(&usage), (1, 1, 1.0, 0.0, 0.0));
    let alice = subject("alice");
    let stored = client(&alice, world.draw().into(), &world);
    world.sessions.store_client(&strict.id, &stored).await.unwrap();
    let (told, usage) = world.proxy.measure(tell(&world, &strict, "alice", None)).await;
    assert!(told.is_some());
    assert_eq!(units(&usage), (2, 2, 1.0, 1.0, 1.0));
    let by_id = alice.client_id(&strict.id).to_string();
    assert!(tell(&world, &strict, &by_id, None).await.is_some());
}

#[tokio::test]
async fn an_end_to_come_ends_an_observed_session_and_what_has_ended_stays_so() {
    let world = World::new().await;
    let tenant = &world.tenant.id;
    let session = tell(&world, &world.tenant, "alice", None).await.unwrap();
    let at = world.now() + Duration::from_mins(1);
    let set = world.sessions.set_end(tenant, session, Some(at), world.now());
    let ahead = set.await.unwrap().unwrap();
    assert_eq!(ahead.state, State::Active);
    world.wait(Duration::from_mins(1));
    let id = ahead.record.id;
    // A caller that has not seen the end yet.
    let later = at + Duration::from_hours(1);
    let set = world.sessions.set_end(tenant, ahead, Some(later), world.now());
    let ended = set.await.unwrap().unwrap();
    assert!(matches!(ended.state, State::Ended(ending) if ending.at == at));
    assert_eq!(ended.record.ended.unwrap().at, at);
    let fetched = world
        .sessions
        .fetch(tenant, id, world.now())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(fetched.state, ended.state);
}

#[tokio::test]
async fn a_held_session_ends_now_whatever_end_was_told() {
    let world = World::new().await;
    let tenant = &world.tenant.id;
    for ahead in [true, false] {
        let id = world.open("alice").await;
        let fetched = world
            .sessions
            .fetch(tenant, id, world.now())
            .await
            .unwrap()
            .unwrap();
        let hour = Duration::from_hours(1);
        let at = if ahead {
            world.now() + hour
        } else {
            world.now() - hour
        };
        let set = world.sessions.set_end(tenant, fetched, Some(at), world.now());
        let ended = set.await.unwrap().unwrap();
        let ending = shared::model::Ending {
            at: world.now(),
            reason: Reason::LoggedOut,
        };
        assert_eq!(ended.state, State::Ended(ending));
        assert!(!world.is_held("alice", id).await);
        world.wait(Duration::from_millis(1));
    }
}

#[tokio::test]
async fn ten_thousand_sessions_of_a_client_list_like_a_hundred() {
    let world = World::direct(Policy::default()).await;
    let mut costs = Vec::new();
    for many in [100, 10_000] {
        let name = format!("client-{many:05}");
        let first = tell(&world, &world.tenant, &name, None).await.unwrap().record;
        let owner = first.owner().unwrap();
        for _ in (0..many).step_by(100) {
            world.wait(Duration::from_millis(1));
            let batch = (0..100).map(async |_| {
                let mut record = first.clone();
                record.id = world.draw();
                record.started_at = world.now();
                world.sessions.observe(&world.tenant.id, &owner, &record).await
            });
            join_all(batch).await.into_iter().for_each(Result::unwrap);
        }
        let client = tests::engine::client(&world.proxy.url("list"));
        let store = shared::store::Store::new(client, crate::world::TABLE.to_owned());
        let sessions = shared::service::Sessions::new(
            store,
            std::sync::Arc::new(shared::clock::System),
            Duration::from_hours(24),
        );
        let key = subject(&name).key(&world.tenant.id);
        let list = sessions.history(&world.tenant.id, &key, 100, None, world.now());
        let (page, usage) = world.proxy.measure(list).await;
        let page = page.unwrap();
        assert_eq!(page.sessions.len(), 100);
        let (requests, round_trips, rcu, wcu, _) = units(&usage);
        println!("list 100 of {many}: {requests} requests, {round_trips} round trips, {rcu} RCU");
        assert_eq!((requests, round_trips, wcu), (2, 1, 0.0));
        costs.push(rcu);
    }
    assert!(costs[1] <= costs[0], "{costs:?}");
    assert!(
        costs[1] <= 1.0 + 0.5 * 13.0,
        "100 records of at most half a KB: {costs:?}"
    );
}

#[tokio::test]
async fn clients_are_stored_once_and_changes_do_not_overtake_each_other() {
    let world = World::new().await;
    let tenant = &world.tenant.id;
    let alice = subject("alice");
    let told = client(&alice, world.draw().into(), &world);
    let (stored, usage) = world
        .proxy
        .measure(world.sessions.store_client(tenant, &told))
        .await;
    let stored = stored.unwrap().unwrap();
    assert_eq!(units(&usage), (1, 1, 0.0, 1.0, 0.0));
    assert_eq!(stored.id, alice.client_id(tenant));
    assert_eq!(stored.reference_id.as_deref(), Some("alice"));

    world.wait(Duration::from_millis(1));
    let again = client(&alice, world.draw().into(), &world);
    assert_eq!(world.sessions.store_client(tenant, &again).await.unwrap(), None);
    let tag = |n: u32| {
        let change = move |client: &mut shared::model::Client| {
            client.tags.push(format!("tag-{n}"));
            Ok::<_, shared::store::Error>(())
        };
        let kind = ClientKind::Individual;
        world
            .sessions
            .change_client(tenant, stored.id, kind, world.now(), change)
    };
    for changed in join_all((0..4).map(tag)).await {
        changed.unwrap().unwrap();
    }
    let seen = world.sessions.client(tenant, stored.id, ClientKind::Individual);
    let mut tags = seen.await.unwrap().unwrap().tags;
    tags.sort();
    assert_eq!(tags, ["tag-0", "tag-1", "tag-2", "tag-3"]);

    let upsert = StoreClient {
        account: Some(AccountStatus::Frozen),
        upsert: true,
        ..client(&alice, world.draw().into(), &world)
    };
    let (changed, usage) = world
        .proxy
        .measure(world.sessions.store_client(tenant, &upsert))
        .await;
    let changed = changed.unwrap().unwrap();
    assert_eq!((changed.account, changed.tags.len()), (AccountStatus::Frozen, 4));
    assert_eq!((usage.requests, usage.round_trips), (2, 2));
    let corporate = StoreClient {
        kind: ClientKind::Corporate,
        ..upsert
    };
    assert_eq!(
        world.sessions.store_client(tenant, &corporate).await.unwrap(),
        None
    );
    let as_corporate = world.sessions.client(tenant, stored.id, ClientKind::Corporate);
    assert_eq!(as_corporate.await.unwrap(), None);
}
