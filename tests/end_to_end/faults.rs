//! What a store that fails does to callers: a 503, nothing doubled, nothing lost, and never a session called valid.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::future::join_all;
use local::{Cloud, Options};
use serde_json::{Value, json};
use shared::model::{Reason, SessionId};
use tests::engine::Engine;
use tests::proxy::{Fault, When};

use crate::client::{Answer, Call, Client};
use crate::world::{
    ACTIVE, CLEANUP, CREATE, IP, LOGOUT, USER_AGENT, VALIDATE, World, binaries, opening, root, sighting,
};

const SESSIONS: &str = "/v1/sessions";
const CLIENTS: &str = "/v1/clients/individuals";

/// What each face says when the table does not answer.
const BITCAIN: &str = r#"{"detail":"Service Unavailable"}"#;
const CORSA: &str = r#"{"message":"Service Unavailable","statusCode":503}"#;
const PREFACTOR: &str = r#"{"status":"error","code":"unknown","message":"unknown error, try again"}"#;

/// One call of every endpoint that needs the table, about a session of the token's holder, and what its face says when
/// there is no table.
fn every_call(world: &World, token: &str, id: &str) -> Vec<(&'static str, Call, &'static str)> {
    let (get, put) = (
        |path: &str| world.request("GET", path),
        |path: &str| world.request("PUT", path),
    );
    let own = [
        ("create", world.post(CREATE).json(&opening()), BITCAIN),
        ("validate", world.post(VALIDATE).json(&sighting(id)), BITCAIN),
        ("active", get(ACTIVE), BITCAIN),
        (
            "logout",
            world.post(LOGOUT).json(&json!({"session_id": id})),
            BITCAIN,
        ),
        (
            "revoke",
            world.request("DELETE", &format!("/api/v1/sessions/{id}")),
            BITCAIN,
        ),
        ("cleanup", world.post(CLEANUP), BITCAIN),
        ("fetch", get(&format!("/api/v1/session/{id}")), PREFACTOR),
        ("list", get("/api/v1/session"), PREFACTOR),
        (
            "revoke fetched",
            world.post(&format!("/api/v1/session/{id}/revoke")),
            PREFACTOR,
        ),
    ];
    let session = format!("/v1/sessions/{id}");
    let end = json!({"endedAt": "2999-01-01T00:00:00Z"});
    let client = "/v1/clients/individuals/carol";
    let backends = [
        (
            "step up",
            world
                .post(&format!("/api/v1/sessions/{id}/step-up"))
                .json(&sighting("unread")),
            BITCAIN,
        ),
        (
            "ingest",
            world.post(SESSIONS).json(&visit("carol", "visit-2")),
            CORSA,
        ),
        ("get", get(&session), CORSA),
        ("get by reference", get("/v1/sessions/visit-1"), CORSA),
        ("update", put(&session).json(&end), CORSA),
        (
            "update by reference",
            put("/v1/sessions/visit-1").json(&end),
            CORSA,
        ),
        ("client's sessions", get("/v1/clients/carol/sessions"), CORSA),
        (
            "store client",
            world.post(CLIENTS).json(&json!({"referenceId": "dave"})),
            CORSA,
        ),
        (
            "upsert client",
            world
                .post("/v1/clients/individuals?upsert=true")
                .json(&json!({"referenceId": "carol", "alias": "another"})),
            CORSA,
        ),
        ("get client", get(client), CORSA),
        (
            "update client",
            put(client).json(&json!({"alias": "another"})),
            CORSA,
        ),
    ];
    let key = world.cloud.api_key();
    let own = own.map(|(name, call, down)| (name, call.bearer(token), down));
    let backends = backends.map(|(name, call, down)| (name, call.bearer(key), down));
    own.into_iter().chain(backends).collect()
}

/// A body of ingest.
fn visit(client: &str, reference: &str) -> Value {
    json!({
        "clientId": client, "referenceId": reference, "ipAddress": IP,
        "device": {"fingerprint": "a1b2", "userAgent": USER_AGENT},
    })
}

/// What the backend's key reads there.
async fn read(world: &World, path: &str) -> (u16, Value) {
    let call = world.request("GET", path).bearer(world.cloud.api_key());
    let answer = call.send().await;
    (answer.status.as_u16(), answer.json())
}

/// Lets every function start and meet the caller, so that its faults meet its work and not its start.
async fn warm(world: &World, token: &str) {
    // At once, as later, so that there is an instance for each call where a function has several.
    let calls = every_call(world, token, "no-session").into_iter();
    let answers = calls.map(async |(name, call, _)| (name, call.send().await));
    for (name, answer) in join_all(answers).await {
        assert!(answer.status.as_u16() < 500, "{name}: {answer:?}");
    }
    world.logout(token, "no session", true).await;
}

fn refused(answer: &Answer, down: &str, what: &str) {
    assert_eq!(
        (answer.status.as_u16(), answer.text.as_str()),
        (503, down),
        "{what}"
    );
    assert_eq!(answer.header("retry-after"), Some("1"), "{what}");
    assert_eq!(answer.header("content-type"), Some("application/json"), "{what}");
}

#[tokio::test]
async fn a_table_that_does_not_work_is_a_503_and_leaves_everything_as_it_was() {
    let world = World::new().await;
    warm(&world, &world.token("nobody")).await;
    let token = world.token("alice");
    let id = world.create(&token).await;
    let stood = [
        "/v1/sessions/visit-1",
        "/v1/sessions/visit-2",
        "/v1/clients/individuals/carol",
        "/v1/clients/individuals/dave",
        "/v1/clients/carol/sessions",
    ];
    let told = world.post(SESSIONS).bearer(world.cloud.api_key());
    told.json(&visit("carol", "visit-1")).send().await;
    let before = join_all(stood.map(|path| read(&world, path))).await;
    for fault in [
        Fault::Throttled,
        Fault::ThroughputExceeded,
        Fault::InternalError,
        Fault::Unavailable,
        Fault::Reset,
        Fault::LostBeforeCommit,
        Fault::Hang,
    ] {
        world.proxy.fault(When::always(), [fault]);
        let began = Instant::now();
        let calls = every_call(&world, &token, &id);
        let answers = join_all(
            calls
                .into_iter()
                .map(async |(name, call, down)| (name, call.send().await, down)),
        );
        for (name, answer, down) in answers.await {
            refused(&answer, down, &format!("{name}, {fault:?}"));
        }
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "{fault:?} took {:?}",
            began.elapsed()
        );
        world.proxy.heal();
        assert_eq!(
            world.active(&token).await,
            std::slice::from_ref(&id),
            "after {fault:?}"
        );
        assert!(world.is_valid(&token, &id).await, "after {fault:?}");
        let after = join_all(stood.map(|path| read(&world, path))).await;
        assert_eq!(after, before, "after {fault:?}");
    }
    world.end().await;
}

#[tokio::test]
async fn an_ending_whose_answer_was_lost_is_an_ending() {
    let world = World::new().await;
    warm(&world, &world.token("nobody")).await;
    let token = world.token("alice");
    for (ends, reason) in [
        ("logout", Reason::LoggedOut),
        ("revoke", Reason::Revoked),
        ("revoke fetched", Reason::Revoked),
        ("update", Reason::LoggedOut),
    ] {
        for fault in [Fault::LostAfterCommit, Fault::TruncatedJson] {
            let (ended, kept) = (world.create(&token).await, world.create(&token).await);
            // Corsa's reads come before its write, and get their answers.
            let write = |it: &tests::proxy::Request| it.operation == "UpdateItem";
            world.proxy.fault(When::always().matching(write), [fault]);
            for (_, call, down) in every_call(&world, &token, &ended)
                .into_iter()
                .filter(|(name, ..)| *name == ends)
            {
                refused(&call.send().await, down, &format!("{ends}, {fault:?}"));
            }
            world.proxy.heal();
            assert!(!world.is_valid(&token, &ended).await, "{ends}, {fault:?}");
            assert!(world.is_valid(&token, &kept).await, "{ends}, {fault:?}");
            world.cloud.streams_read().await;
            let ending = world.record(&ended).await.unwrap().ended;
            assert_eq!(ending.map(|it| it.reason), Some(reason), "{fault:?}");
            world.revoke(&token, &kept).await;
        }
    }
    world.end().await;
}

#[tokio::test]
async fn one_lost_answer_is_made_up_for_within_the_request() {
    let world = World::new().await;
    let token = world.token("alice");
    world.create(&token).await;
    for place in 1..=2 {
        let before = world.active(&token).await.len();
        world
            .proxy
            .fault(When::nth(place).tag("create-session"), [Fault::LostAfterCommit]);
        let id = world.create(&token).await;
        world.proxy.heal();
        assert!(world.is_valid(&token, &id).await, "request {place}");
        assert_eq!(world.active(&token).await.len(), before + 1, "request {place}");
    }
    let id = world.active(&token).await.remove(0);
    world
        .proxy
        .fault(When::first(1).tag("revoke-session"), [Fault::LostAfterCommit]);
    assert_eq!(world.revoke(&token, &id).await.status, 200, "it was held");
    assert!(!world.is_valid(&token, &id).await);
    world.end().await;
}

#[tokio::test]
async fn a_create_that_was_answered_503_leaves_no_session_behind() {
    let world = World::new().await;
    warm(&world, &world.token("nobody")).await;
    let token = world.token("alice");
    let id = world.create(&token).await;
    for fault in [Fault::LostAfterCommit, Fault::TruncatedJson] {
        world.proxy.fault(When::always(), [fault]);
        refused(&world.try_create(&token).await, BITCAIN, &format!("{fault:?}"));
        world.proxy.heal();
        assert_eq!(world.active(&token).await, std::slice::from_ref(&id), "{fault:?}");
    }
    world.end().await;
}

#[tokio::test]
async fn a_create_sent_again_after_a_lost_answer_is_one_session() {
    let world = World::new().await;
    let token = world.token("alice");
    let create = |key: &str| {
        let call = world.post(CREATE).bearer(&token);
        call.header("idempotency-key", key).json(&opening()).send()
    };
    assert_eq!(create("warm").await.status, 200);
    for (round, fault) in [Fault::LostAfterCommit, Fault::Throttled, Fault::Reset]
        .into_iter()
        .enumerate()
    {
        let key = format!("key-{round}");
        let before = world.active(&token).await.len();
        let guard = |it: &tests::proxy::Request| it.key("sk") == Some("guard");
        world.proxy.fault(When::always().matching(guard), [fault]);
        refused(&create(&key).await, BITCAIN, &format!("{fault:?}"));
        world.proxy.heal();
        let (first, again) = (create(&key).await, create(&key).await);
        assert_eq!(first.status, 200, "{fault:?}: {first:?}");
        assert_eq!(first.visible(), again.visible(), "{fault:?}");
        assert_eq!(world.active(&token).await.len(), before + 1, "{fault:?}");
        let id = first.json()["session_id"].as_str().unwrap().to_owned();
        assert!(world.is_valid(&token, &id).await, "{fault:?}");
    }
    world.end().await;
}

#[tokio::test]
async fn what_was_acknowledged_is_seen_at_once_while_copies_lag_behind() {
    let world = World::new().await;
    warm(&world, &world.token("nobody")).await;
    world.proxy.lag(world.cloud.table(), Duration::from_secs(1)).await;
    let (token, key) = (world.token("alice"), world.cloud.api_key());
    for _ in 0..3 {
        let id = world.create(&token).await;
        assert!(world.is_valid(&token, &id).await);
        assert!(
            world.is_valid(key, &id).await,
            "through the record, too, which says whose it is"
        );
        assert_eq!(world.active(&token).await, std::slice::from_ref(&id));
        assert_eq!(world.revoke(&token, &id).await.status, 200);
        assert!(!world.is_valid(&token, &id).await);
        assert!(!world.is_valid(key, &id).await);
        assert!(world.active(&token).await.is_empty());

        let id = world.create(&token).await;
        assert_eq!(world.logout(key, &id, false).await.json()["success"], true);
        assert!(!world.is_valid(&token, &id).await);
    }
    let new = world.token("new user");
    let ids = [world.create(&new).await, world.create(&new).await];
    assert_eq!(
        world.logout(&new, &ids[0], true).await.json()["revoked_sessions"],
        2
    );
    for id in &ids {
        assert!(!world.is_valid(&new, id).await);
    }
    world.end().await;
}

/// Calls with an `Idempotency-Key` of their own, each about things of its own, and where what they did is read.
async fn keyed(world: &World, round: &str) -> Vec<(&'static str, Call, &'static str, String)> {
    let alice = world.token("alice");
    let backend = |method: &str, path: &str, body: &Value| {
        let call = world.request(method, path);
        call.bearer(world.cloud.api_key()).json(body)
    };
    let (known, new) = (format!("known-{round}"), format!("new-{round}"));
    for reference in [&known, &format!("other-{round}")] {
        let told = backend("POST", SESSIONS, &visit(&known, reference)).send().await;
        assert_eq!(told.status, 201, "{told:?}");
    }
    let (revoked, ended) = (world.create(&alice).await, world.create(&alice).await);
    let update = |path: &str| {
        let end = json!({"endedAt": "2999-01-01T00:00:00Z"});
        backend("PUT", path, &end)
    };
    let calls = [
        (
            "ingest",
            backend("POST", SESSIONS, &visit(&new, &new)),
            CORSA,
            format!("/v1/sessions/{new}"),
        ),
        (
            "store client",
            backend("POST", CLIENTS, &json!({"referenceId": known, "alias": "a"})),
            CORSA,
            format!("{CLIENTS}/{known}"),
        ),
        (
            "update",
            update(&format!("/v1/sessions/{ended}")),
            CORSA,
            format!("/v1/sessions/{ended}"),
        ),
        (
            "update by reference",
            update(&format!("/v1/sessions/{known}")),
            CORSA,
            format!("/v1/sessions/{known}"),
        ),
        (
            "revoke fetched",
            world
                .post(&format!("/api/v1/session/{revoked}/revoke"))
                .bearer(&alice),
            PREFACTOR,
            format!("/v1/sessions/{revoked}"),
        ),
    ];
    let keyed = |(name, call, down, path): (&'static str, Call, _, _)| {
        (name, call.header("idempotency-key", round), down, path)
    };
    calls.into_iter().map(keyed).collect()
}

#[tokio::test]
async fn what_is_sent_again_with_its_key_after_a_fault_is_done_once() {
    let world = World::new().await;
    warm(&world, &world.token("nobody")).await;
    for fault in [
        Fault::LostAfterCommit,
        Fault::TruncatedJson,
        Fault::Throttled,
        Fault::InternalError,
        Fault::Reset,
    ] {
        let round = format!("{fault:?}");
        let calls = keyed(&world, &round).await;
        // The key's own item works, so that the next sending need not wait for the end of the first.
        let work = |it: &tests::proxy::Request| {
            it.key("sk") != Some("idem") && matches!(&*it.operation, "PutItem" | "UpdateItem")
        };
        world.proxy.fault(When::always().matching(work), [fault]);
        for (name, call, down, _) in &calls {
            refused(&call.clone().send().await, down, &format!("{name}, {fault:?}"));
        }
        world.proxy.heal();
        for (name, call, _, path) in calls {
            let (first, again) = (call.clone().send().await, call.send().await);
            assert!(first.status.is_success(), "{name}, {fault:?}: {first:?}");
            assert_eq!(first.visible(), again.visible(), "{name}, {fault:?}");
            let (status, stands) = read(&world, &path).await;
            assert_eq!(status, 200, "{name}, {fault:?}");
            match name {
                "revoke fetched" => assert!(stands["endedAt"].is_string()),
                _ => assert_eq!(stands, first.json(), "{name}, {fault:?}"),
            }
        }
        assert_eq!(world.records_of(&format!("new-{round}")).await, 1, "{fault:?}");
        assert_eq!(world.records_of(&format!("known-{round}")).await, 2, "{fault:?}");
    }
    world.end().await;
}

#[tokio::test]
async fn a_step_up_whose_answer_was_lost_may_be_told_again() {
    let world = World::new().await;
    let (alice, key) = (world.token("alice"), world.cloud.api_key());
    warm(&world, &world.token("nobody")).await;
    let id = world.create(&alice).await;
    let proof = json!({"current_ip": "203.0.113.9", "current_user_agent": USER_AGENT});
    let call = world
        .post(&format!("/api/v1/sessions/{id}/step-up"))
        .bearer(key)
        .json(&proof);
    for fault in [Fault::LostAfterCommit, Fault::Throttled] {
        let write = |it: &tests::proxy::Request| it.operation == "UpdateItem";
        world.proxy.fault(When::always().matching(write), [fault]);
        refused(&call.clone().send().await, BITCAIN, &format!("{fault:?}"));
        world.proxy.heal();
        let again = call.clone().send().await;
        assert_eq!(
            (again.status.as_u16(), &again.json()["success"]),
            (200, &json!(true)),
            "{fault:?}"
        );
        assert_eq!(world.active(&alice).await, std::slice::from_ref(&id), "{fault:?}");
    }
    world.end().await;
}

#[tokio::test]
async fn what_was_told_is_found_at_once_while_copies_lag_behind() {
    let world = World::new().await;
    let alice = world.token("alice");
    warm(&world, &world.token("nobody")).await;
    world.proxy.lag(world.cloud.table(), Duration::from_secs(1)).await;
    let key = world.cloud.api_key();
    let send = async |method: &str, path: &str, body: &Value| {
        let answer = world.request(method, path).bearer(key).json(body).send().await;
        assert!(answer.status.is_success(), "{method} {path}: {answer:?}");
        answer.json()
    };
    for round in 0..2 {
        let (client, name) = (format!("client-{round}"), "one of many");
        let told = send("POST", SESSIONS, &visit(&client, name)).await;
        let id: SessionId = told["id"].as_str().unwrap().parse().unwrap();
        for spelled in [id.to_string(), "one%20of%20many".to_owned()] {
            let path = format!("/v1/sessions/{spelled}");
            assert_eq!(read(&world, &path).await, (200, told.clone()), "{spelled}");
        }
        let end = json!({"endedAt": told["startedAt"]});
        let path = format!("/v1/sessions/{id}");
        let ended = send("PUT", &path, &end).await;
        assert_eq!(ended["endedAt"], told["startedAt"]);
        assert_eq!(read(&world, &path).await, (200, ended));

        let stored = send("POST", CLIENTS, &json!({"referenceId": client, "alias": "a"})).await;
        let path = format!("{CLIENTS}/{client}");
        assert_eq!(read(&world, &path).await, (200, stored));
        let changed = send("PUT", &path, &json!({"alias": "b"})).await;
        assert_eq!(read(&world, &path).await, (200, changed));

        let id = world.create(&alice).await;
        let fetched = async || {
            let call = world.request("GET", &format!("/api/v1/session/{id}"));
            let told = call.bearer(&alice).send().await.json();
            (
                told["summary"]["status"].clone(),
                told["actions"]["revoke"].clone(),
            )
        };
        assert_eq!(fetched().await, (json!("new"), json!(true)));
        let proof = json!({"current_ip": "203.0.113.9", "current_user_agent": USER_AGENT});
        send("POST", &format!("/api/v1/sessions/{id}/step-up"), &proof).await;
        let seen = json!({"session_id": id, "current_ip": "203.0.113.9", "current_user_agent": USER_AGENT});
        let judged = send("POST", VALIDATE, &seen).await;
        assert_eq!(
            (&judged["is_valid"], &judged["risk_score"]),
            (&json!(true), &json!(0))
        );
        // The list has the session once the index does; how it stands is never late.
        world.proxy.catch_up().await;
        let call = world.post(&format!("/api/v1/session/{id}/revoke")).bearer(&alice);
        assert_eq!(call.send().await.status, 200);
        assert_eq!(fetched().await, (json!("revoked"), json!(false)));
        let list = world.request("GET", "/api/v1/session").bearer(&alice);
        let list = list.send().await.json();
        let live = ["new", "authenticated"];
        let summaries = list["summaries"].as_array().unwrap();
        assert!(
            summaries
                .iter()
                .all(|it| !live.contains(&it["status"].as_str().unwrap())),
            "{list}"
        );
    }
    world.end().await;
}

#[tokio::test]
async fn an_endpoint_variable_that_is_empty_names_no_endpoint() {
    let engine = Engine::start().await;
    let mut options = Options::new(root().join("template.yaml"), binaries());
    options.dynamodb_endpoint = Some(engine.url().to_owned());
    // The variable of all services stands in for the Region's own endpoint.
    let told = [
        ("AWS_ENDPOINT_URL_DYNAMODB", ""),
        ("AWS_ENDPOINT_URL", engine.url()),
    ];
    let told = told.map(|(name, value)| (name.to_owned(), value.to_owned()));
    options.environment.insert("*".to_owned(), BTreeMap::from(told));
    let cloud = Cloud::start(options).await.unwrap();
    let client = Client::of(cloud.url());
    let token = cloud.token("alice").unwrap();
    let answer = client.request("GET", ACTIVE).bearer(&token).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    cloud.shutdown().await;
}
