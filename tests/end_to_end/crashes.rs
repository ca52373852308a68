//! What a process leaves behind that dies between two of its requests to the table.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use shared::model::{Reason, SessionId};
use shared::policy::AbsoluteTimeout;
use tests::proxy::When;
use tokio::sync::oneshot;

use crate::client::{Answer, Call};
use crate::world::{CREATE, IP, OTHER_USER_AGENT, VALIDATE, World, opening};

/// Where in its work a process dies: at a request to an item of this sort, before or after it was applied.
#[derive(Debug, Clone, Copy)]
struct Place {
    operation: &'static str,
    sort: &'static str,
    applied: bool,
}

/// Both sides of each of these requests.
fn places<const N: usize>(requests: [(&'static str, &'static str); N]) -> Vec<Place> {
    let sides = |(operation, sort)| {
        [false, true].map(|applied| Place {
            operation,
            sort,
            applied,
        })
    };
    requests.into_iter().flat_map(sides).collect()
}

/// Kills the function's processes while one of them waits for the answer to the request at `place`.
async fn kill(world: &World, package: &str, place: Place) {
    let (arrived, arrival) = oneshot::channel();
    // The request stays where it is until its connection ends with the process.
    let hold = async move {
        let _ = arrived.send(());
        std::future::pending::<()>().await;
    };
    let when = When::nth(1)
        .tag(package)
        .operation(place.operation)
        .matching(move |it| it.key("sk").is_some_and(|sk| sk.starts_with(place.sort)));
    if place.applied {
        world.proxy.after(when, hold);
    } else {
        world.proxy.before(when, hold);
    }
    let arrived = tokio::time::timeout(Duration::from_secs(20), arrival).await;
    arrived
        .unwrap_or_else(|_| panic!("{package} never comes to {place:?}"))
        .unwrap();
    world.cloud.kill(package).await.unwrap();
}

/// Sends a call whose function dies at `place`.
async fn send_and_kill(world: &World, package: &str, place: Place, call: Call) {
    let (answer, ()) = tokio::join!(call.send(), kill(world, package, place));
    assert_eq!(
        (answer.status.as_u16(), answer.text.as_str()),
        (500, r#"{"message":"Internal Server Error"}"#),
        "{package}, {place:?}"
    );
    world.proxy.heal();
}

/// Sends a call until it is answered for good, as a client does that minds `Retry-After`.
async fn insist(call: Call) -> Answer {
    loop {
        let answer = call.clone().send().await;
        if !matches!(answer.status.as_u16(), 409 | 503) {
            return answer;
        }
        let wait = answer.header("retry-after").expect("when to come again").parse();
        tokio::time::sleep(Duration::from_secs(wait.unwrap())).await;
    }
}

#[tokio::test]
async fn a_create_sent_again_with_its_key_is_one_session_wherever_the_first_died() {
    let world = World::new().await;
    let create = |subject: &str| {
        let call = world.post(CREATE).bearer(&world.token(subject));
        call.header("idempotency-key", "one").json(&opening())
    };
    let everywhere = places([
        ("PutItem", "idem"),
        ("UpdateItem", "guard"),
        ("PutItem", "session"),
        ("UpdateItem", "idem"),
    ]);
    let mut subjects = Vec::new();
    for (number, place) in everywhere.into_iter().enumerate() {
        let subject = format!("user-{number}");
        let earlier = world.create(&world.token(&subject)).await;
        send_and_kill(&world, "create-session", place, create(&subject)).await;
        subjects.push((subject, earlier, place));
    }
    // The first sending might still answer until its function would have been stopped, so all of them wait.
    join_all(subjects.iter().map(async |(subject, earlier, place)| {
        // Several at once, of which one may go on where the first died.
        let answers = join_all((0..3).map(|_| insist(create(subject)))).await;
        let answer = &answers[0];
        assert_eq!(answer.status, 200, "{place:?}: {answer:?}");
        let id = answer.json()["session_id"].as_str().expect("an id").to_owned();
        for other in &answers {
            assert_eq!(other.text, answer.text, "{place:?}");
        }
        assert_eq!(
            insist(create(subject)).await.visible(),
            answer.visible(),
            "{place:?}"
        );
        let token = world.token(subject);
        for id in [&id, earlier] {
            assert!(world.is_valid(&token, id).await, "{place:?}");
            assert_eq!(
                world.record(id).await.expect("its record").ended,
                None,
                "{place:?}"
            );
        }
        assert_eq!(world.active(&token).await.len(), 2, "{place:?}");
        assert_eq!(world.records_of(subject).await, 2, "{place:?}");
    }))
    .await;
    world.end().await;
}

#[tokio::test]
async fn an_ingest_sent_again_with_its_key_is_one_session_wherever_the_first_died() {
    let world = World::new().await;
    let key = world.cloud.api_key();
    let ingest = |client: &str, sending: &str| {
        let body = json!({
            "clientId": client, "referenceId": format!("visit of {client}"), "ipAddress": IP,
            "device": {"fingerprint": "a1b2"},
        });
        let call = world.post("/v1/sessions").bearer(key).json(&body);
        call.header("idempotency-key", &format!("{sending}-{client}"))
    };
    let named = async |client: &str| {
        let path = format!("/v1/sessions/visit%20of%20{client}");
        let call = world.request("GET", &path).bearer(key);
        call.send().await.json()["id"].clone()
    };
    let everywhere = places([
        ("PutItem", "idem"),
        ("PutItem", "session"),
        ("PutItem", "ref"),
        ("PutItem", "client"),
        ("UpdateItem", "idem"),
    ]);
    let mut clients = Vec::new();
    for (number, place) in everywhere.into_iter().enumerate() {
        let client = format!("client-{number}");
        let earlier = ingest(&client, "earlier").send().await.json()["id"].clone();
        tokio::time::sleep(Duration::from_millis(2)).await;
        send_and_kill(&world, "ingest-session", place, ingest(&client, "one")).await;
        let found = named(&client).await;
        let recorded = world.records_of(&client).await;
        assert!(
            found == earlier || recorded == 2,
            "{place:?}: a name leads to a session that is there"
        );
        clients.push((client, place));
    }
    join_all(clients.iter().map(async |(client, place)| {
        let answers = join_all((0..3).map(|_| insist(ingest(client, "one")))).await;
        let answer = &answers[0];
        assert_eq!(answer.status, 201, "{place:?}: {answer:?}");
        for other in &answers {
            assert_eq!(other.text, answer.text, "{place:?}");
        }
        assert_eq!(named(client).await, answer.json()["id"], "{place:?}");
        assert_eq!(world.records_of(client).await, 2, "{place:?}");
    }))
    .await;
    world.end().await;
}

#[tokio::test]
async fn what_is_told_of_clients_and_ends_is_done_once_wherever_the_first_sending_died() {
    let world = World::new().await;
    let (key, alice) = (world.cloud.api_key(), world.token("alice"));
    let backend = |method: &str, path: &str| world.request(method, path).bearer(key);
    let client = |name: &str| json!({"referenceId": name, "alias": "a"});
    let visit = |name: &str| json!({"clientId": name, "referenceId": name, "ipAddress": IP, "device": {"fingerprint": "f"}});
    let mut cut_short = Vec::new();
    for (package, sort) in [
        ("store-client", ("PutItem", "client")),
        ("store-client", ("UpdateItem", "idem")),
        ("update-session", ("UpdateItem", "session")),
        ("update-session", ("UpdateItem", "idem")),
        ("revoke-fetched-session", ("UpdateItem", "guard")),
        ("revoke-fetched-session", ("UpdateItem", "session")),
        ("revoke-fetched-session", ("UpdateItem", "idem")),
    ] {
        for (number, place) in places([sort]).into_iter().enumerate() {
            let name = format!("{package}-{}-{number}", sort.1);
            let told = backend("POST", "/v1/sessions").json(&visit(&name)).send().await;
            assert_eq!(told.status, 201, "{told:?}");
            let (call, path) = match package {
                // Known from its session, so that it is written over what stands there.
                "store-client" => (
                    backend("POST", "/v1/clients/individuals").json(&client(&name)),
                    format!("/v1/clients/individuals/{name}"),
                ),
                "update-session" => (
                    backend("PUT", &format!("/v1/sessions/{name}"))
                        .json(&json!({"endedAt": told.json()["startedAt"]})),
                    format!("/v1/sessions/{name}"),
                ),
                _ => {
                    let id = world.create(&alice).await;
                    let call = world.post(&format!("/api/v1/session/{id}/revoke"));
                    (call.bearer(&alice), format!("/v1/sessions/{id}"))
                }
            };
            let call = call.header("idempotency-key", &name);
            send_and_kill(&world, package, place, call.clone()).await;
            cut_short.push((name, place, call, path));
        }
    }
    join_all(cut_short.into_iter().map(async |(name, place, call, path)| {
        let (first, again) = tokio::join!(insist(call.clone()), insist(call));
        assert!(first.status.is_success(), "{name}, {place:?}: {first:?}");
        assert_eq!(first.text, again.text, "{name}, {place:?}");
        let stands = backend("GET", &path).send().await.json();
        if name.starts_with("revoke") {
            assert!(stands["endedAt"].is_string(), "{name}, {place:?}: {stands}");
        } else {
            assert_eq!(stands, first.json(), "{name}, {place:?}");
        }
    }))
    .await;
    world.end().await;
}

#[tokio::test]
async fn a_create_that_died_takes_no_more_than_its_place() {
    let world = World::new().await;
    let everywhere = places([
        ("UpdateItem", "guard"),
        ("PutItem", "guard"),
        ("PutItem", "session"),
    ]);
    for (number, place) in everywhere.into_iter().enumerate() {
        let token = world.token(&format!("user-{number}"));
        // The first session ever is the one that also writes a new guard.
        let call = world.post(CREATE).bearer(&token).json(&opening());
        send_and_kill(&world, "create-session", place, call).await;
        let mut newest = Vec::new();
        for _ in 0..5 {
            newest.push(world.create(&token).await);
        }
        let mut live = world.active(&token).await;
        newest.sort();
        live.sort();
        assert_eq!(live, newest, "{place:?}: whom nobody was told of leaves first");
    }
    world.end().await;
}

#[tokio::test]
async fn an_ending_that_died_is_done_once_when_it_is_asked_for_again() {
    let world = World::new().await;
    for (package, reason) in [
        ("logout-session", Reason::LoggedOut),
        ("revoke-session", Reason::Revoked),
    ] {
        for place in places([("UpdateItem", "guard"), ("UpdateItem", "session")]) {
            let token = world.token(package);
            let (id, kept) = (world.create(&token).await, world.create(&token).await);
            let call = match reason {
                Reason::Revoked => world.request("DELETE", &format!("/api/v1/sessions/{id}")),
                _ => world
                    .post("/api/v1/sessions/logout")
                    .json(&json!({"session_id": id})),
            };
            let call = call.bearer(&token);
            send_and_kill(&world, package, place, call.clone()).await;
            let again = call.send().await;
            assert!(matches!(again.status.as_u16(), 200 | 404), "{place:?}: {again:?}");
            assert!(!world.is_valid(&token, &id).await, "{package}, {place:?}");
            assert!(world.is_valid(&token, &kept).await, "{package}, {place:?}");
            world.cloud.streams_read().await;
            let record = world.record(&id).await.expect("its record");
            assert_eq!(record.ended.map(|it| it.reason), Some(reason), "{place:?}");
            assert_eq!(world.record(&kept).await.expect("its record").ended, None);
            world.logout(&token, &kept, false).await;
        }
    }
    world.end().await;
}

#[tokio::test]
async fn a_revoke_all_that_died_is_all_or_nothing_and_stays() {
    let world = World::new().await;
    for place in places([("UpdateItem", "guard")]) {
        let subject = format!("applied-{}", place.applied);
        // Older by some, because whole seconds tell whether a token is older than the revocation.
        let issued_at = shared::clock::Clock::now(&shared::clock::System).secs() - 5;
        let token = world.token_with("acme", &subject, json!({"iat": issued_at}));
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.push(world.create(&token).await);
        }
        let call = world
            .post("/api/v1/sessions/logout")
            .bearer(&token)
            .json(&json!({"session_id": "any", "revoke_all": true}));
        send_and_kill(&world, "logout-session", place, call.clone()).await;
        let left = world.active(&token).await.len();
        assert_eq!(left, if place.applied { 0 } else { 3 }, "{place:?}");
        let again = call.send().await.json();
        assert_eq!(
            (&again["success"], &again["revoked_sessions"]),
            (&json!(true), &json!(left)),
            "{place:?}"
        );
        world.cloud.streams_read().await;
        for id in &ids {
            assert!(!world.is_valid(&token, id).await, "{place:?}");
            let ending = world.record(id).await.expect("its record").ended;
            assert_eq!(ending.map(|it| it.reason), Some(Reason::LoggedOutEverywhere));
        }
        assert_eq!(
            world.try_create(&token).await.json()["success"],
            false,
            "{place:?}: an older token opens nothing"
        );
    }
    world.end().await;
}

/// A session whose next validate writes.
async fn touch_is_due(world: &World, subject: &str) -> SessionId {
    let (ago, idle) = (Duration::from_secs(600), Duration::from_hours(1));
    world.opened(subject, ago, idle, AbsoluteTimeout::Aal2).await
}

#[tokio::test]
async fn a_touch_that_died_neither_ends_a_session_nor_brings_one_back() {
    let world = World::new().await;
    for place in places([("UpdateItem", "guard")]) {
        let subject = format!("applied-{}", place.applied);
        let token = world.token(&subject);
        let ids = [
            touch_is_due(&world, &subject).await.to_string(),
            touch_is_due(&world, &subject).await.to_string(),
        ];
        for id in &ids {
            let call = world.post(VALIDATE).bearer(&token);
            let call = call.json(&crate::world::sighting(id));
            send_and_kill(&world, "validate-session", place, call).await;
        }
        let [kept, revoked] = &ids;
        assert_eq!(world.revoke(&token, revoked).await.status, 200);
        assert!(!world.is_valid(&token, revoked).await, "{place:?}");
        assert!(world.is_valid(&token, kept).await, "{place:?}");
        assert_eq!(world.active(&token).await, std::slice::from_ref(kept));
    }
    world.end().await;
}

#[tokio::test]
async fn a_stolen_session_is_revoked_by_the_next_look_when_the_first_died() {
    let world = World::new().await;
    let (key, token) = (world.cloud.api_key(), world.token("alice"));
    for place in places([("UpdateItem", "guard"), ("UpdateItem", "session")]) {
        let id = world.create(&token).await;
        let body = json!({
            "session_id": id, "current_ip": "203.0.113.9", "current_user_agent": OTHER_USER_AGENT,
            "current_fingerprint": "another",
        });
        let call = world.post(VALIDATE).bearer(key).subject("alice").json(&body);
        send_and_kill(&world, "validate-session", place, call.clone()).await;
        assert_eq!(call.send().await.json()["is_valid"], false, "{place:?}");
        assert!(!world.is_valid(&token, &id).await, "{place:?}");
        world.cloud.streams_read().await;
        let ending = world.record(&id).await.expect("its record").ended;
        assert_eq!(
            ending.map(|it| it.reason),
            Some(Reason::SuspectedTheft),
            "{place:?}"
        );
    }
    world.end().await;
}

#[tokio::test]
async fn a_batch_whose_reader_died_is_read_again() {
    let world = World::new().await;
    for (round, place) in places([("UpdateItem", "session")]).into_iter().enumerate() {
        // A token that is older than the ending before it opens nothing, nor does one just made.
        let token = world.token(&format!("alice-{round}"));
        let mut ids = Vec::new();
        for _ in 0..4 {
            ids.push(world.create(&token).await);
        }
        let ending = async {
            world.logout(&token, "any", true).await;
        };
        tokio::join!(ending, kill(&world, "settle-sessions", place));
        world.proxy.heal();
        world.cloud.streams_read().await;
        for id in &ids {
            let ending = world.record(id).await.expect("its record").ended;
            assert_eq!(
                ending.map(|it| it.reason),
                Some(Reason::LoggedOutEverywhere),
                "{place:?}"
            );
        }
    }
    world.end().await;
}

#[tokio::test]
async fn a_cleanup_that_died_is_finished_by_the_next() {
    let world = World::new().await;
    let watermark = places([("UpdateItem", "watermark")]).swap_remove(0);
    // The watermark is written once an hour, so it comes first.
    for place in [vec![watermark], places([("UpdateItem", "guard")])].concat() {
        let mut ids = Vec::new();
        for number in 0..4 {
            let subject = format!("{place:?}-{number}");
            let (ago, idle) = (Duration::from_hours(2), Duration::from_hours(1));
            let id = world.opened(&subject, ago, idle, AbsoluteTimeout::Aal2).await;
            ids.push(id.to_string());
        }
        let (fired, ()) = tokio::join!(
            world.cloud.fire("cleanup-sessions"),
            kill(&world, "cleanup-sessions", place)
        );
        assert!(fired.is_err(), "{place:?}: it died");
        world.proxy.heal();
        world.cloud.fire("cleanup-sessions").await.unwrap();
        world.cloud.streams_read().await;
        for id in &ids {
            let ending = world.record(id).await.expect("its record").ended;
            assert_eq!(ending.map(|it| it.reason), Some(Reason::IdleTimeout), "{place:?}");
        }
    }
    world.end().await;
}
