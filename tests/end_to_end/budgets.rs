//! What each operation asks of the table through its real function, its process warm; and what a cold one adds.

use std::time::Duration;

use serde_json::json;
use shared::policy::AbsoluteTimeout;
use tests::proxy::{self, Usage};

use crate::client::{Answer, Call};
use crate::world::{
    ACTIVE, CLEANUP, CREATE, FINGERPRINT, IP, LOGOUT, USER_AGENT, VALIDATE, World, opening, sighting,
};

/// Requests, sequential round trips, read units, write units of the table, of `history`, of `due`.
type Budget = (usize, usize, f64, f64, f64, f64);

/// What one call asked of the table: who asks, and what for.
struct Measured {
    answer: Answer,
    credentials: usize,
    usage: Usage,
}

async fn measure(world: &World, package: &str, call: Call) -> Measured {
    let (answer, usage) = world.proxy.measure(call.send()).await;
    let is_credential = |it: &proxy::Call| matches!(it.request.key("sk"), Some("issuer" | "key" | "tenant"));
    let own = usage.only(|it| it.request.tag == package);
    Measured {
        answer,
        credentials: own.only(is_credential).requests,
        usage: own.only(|it| !is_credential(it)),
    }
}

/// Asserts that a warm call answers 200 within its budget, and knows who asks without a read.
async fn costs(world: &World, package: &str, what: &str, call: Call, budget: Budget) -> Answer {
    let Measured {
        answer,
        credentials,
        usage,
    } = measure(world, package, call).await;
    assert_eq!(answer.status, 200, "{what}: {answer:?}");
    assert_eq!(credentials, 0, "{what}: {usage:#?}");
    let index = |name: &str| usage.index_wcu.get(name).copied().unwrap_or(0.0);
    let (requests, round_trips, rcu, wcu, history, due) = budget;
    assert!(
        usage.requests <= requests
            && usage.round_trips <= round_trips
            && usage.rcu <= rcu
            && usage.table_wcu <= wcu
            && index("history") <= history
            && index("due") <= due,
        "{what} is over {budget:?}: {usage:#?}"
    );
    // A measurement that missed the requests would hold any budget.
    assert_eq!(usage.requests == 0, requests == 0, "{what}");
    answer
}

/// A body of step-up.
fn proof(ip: &str) -> serde_json::Value {
    json!({"current_ip": ip, "current_user_agent": USER_AGENT})
}

/// Has the functions meet a token and a key, so that they know both.
async fn warm(world: &World) {
    let (token, key) = (world.token("nobody"), world.cloud.api_key());
    for (_, call) in authenticated(world) {
        call.clone().bearer(&token).send().await;
        call.bearer(key).subject("nobody").send().await;
    }
}

/// A call of each function that asks who is calling, about no session.
fn authenticated(world: &World) -> [(&'static str, Call); 7] {
    [
        ("create-session", world.post(CREATE).json(&opening())),
        ("validate-session", world.post(VALIDATE).json(&sighting("none"))),
        ("list-active-sessions", world.request("GET", ACTIVE)),
        (
            "logout-session",
            world.post(LOGOUT).json(&json!({"session_id": "none"})),
        ),
        (
            "step-up-session",
            world.post("/api/v1/sessions/none/step-up").json(&proof(IP)),
        ),
        ("revoke-session", world.request("DELETE", "/api/v1/sessions/none")),
        ("cleanup-sessions", world.post(CLEANUP)),
    ]
}

#[tokio::test]
async fn a_function_reads_who_asks_once_and_then_knows() {
    let world = World::new().await;
    let (token, key) = (world.token("alice"), world.cloud.api_key());
    for (package, call) in authenticated(&world) {
        let user = call.clone().bearer(&token);
        let backend = call.bearer(key).subject("alice");
        // The issuer and the tenant; then the key, of the same tenant.
        for (call, reads) in [(&user, 2), (&user, 0), (&backend, 1), (&backend, 0), (&user, 0)] {
            let measured = measure(&world, package, call.clone()).await;
            assert!(measured.answer.status.as_u16() < 500, "{package}");
            assert_eq!(measured.credentials, reads, "{package}");
        }
    }
    world.end().await;
}

#[tokio::test]
async fn a_cold_function_adds_two_reads_at_its_start_and_at_most_three_of_credentials() {
    let world = World::new().await;
    let token = world.token("alice");
    let id = world.create(&token).await;
    let call = world.post(VALIDATE).bearer(&token).json(&sighting(&id));
    let cold = measure(&world, "validate-session", call.clone()).await;
    assert!((1..=3).contains(&cold.credentials), "{}", cold.credentials);
    // Both at once, so that two connections are open when the first event comes.
    let start = cold.usage.only(|it| it.request.key("sk") == Some("watermark"));
    assert_eq!((start.requests, start.round_trips), (2, 1));
    let work = cold.usage.only(|it| it.request.key("sk") != Some("watermark"));
    assert_eq!(work.budget(), (1, 1, 1.0, 0.0));
    costs(
        &world,
        "validate-session",
        "warm",
        call,
        (1, 1, 1.0, 0.0, 0.0, 0.0),
    )
    .await;
    world.end().await;
}

#[tokio::test]
async fn creating_sessions() {
    for (policy, room, full) in [
        (
            "evict_least_recently_active",
            (2, 1, 0.0, 2.0, 1.0, 0.0),
            (3, 2, 0.0, 3.0, 1.0, 0.0),
        ),
        ("reject", (2, 2, 0.0, 2.0, 1.0, 0.0), (1, 1, 0.0, 1.0, 0.0, 0.0)),
    ] {
        let world = World::with(&[("AtLimit", policy)]).await;
        warm(&world).await;
        let create = || world.post(CREATE).bearer(&world.token("alice")).json(&opening());
        let package = "create-session";
        costs(
            &world,
            package,
            "first ever",
            create(),
            (3, 2, 0.0, 3.0, 1.0, 1.0),
        )
        .await;
        costs(&world, package, "room", create(), room).await;
        let once = || create().header("idempotency-key", "one");
        let (requests, trips, rcu, wcu, history, due) = room;
        let keyed = (requests + 2, trips + 2, rcu, wcu + 2.0, history, due);
        costs(&world, package, "room, Idempotency-Key", once(), keyed).await;
        costs(&world, package, "replayed", once(), (1, 1, 0.0, 1.0, 0.0, 0.0)).await;
        for _ in 3..5 {
            create().send().await;
        }
        costs(&world, package, "full", create(), full).await;
        world.end().await;
    }
}

#[tokio::test]
async fn stepping_up_sessions() {
    let world = World::new().await;
    warm(&world).await;
    let key = world.cloud.api_key();
    let id = world.create(&world.token("alice")).await;
    let path = format!("/api/v1/sessions/{id}/step-up");
    let call = || world.post(&path).bearer(key);
    let package = "step-up-session";
    let named = call().subject("alice").json(&proof("203.0.113.9"));
    costs(&world, package, "named", named, (2, 2, 1.0, 1.0, 0.0, 0.0)).await;
    let unnamed = call().json(&proof("203.0.113.9"));
    costs(
        &world,
        package,
        "by a key that names nobody",
        unnamed,
        (3, 3, 2.0, 1.0, 0.0, 0.0),
    )
    .await;
    let other = json!({"current_ip": IP, "current_user_agent": "another"});
    let other = call().subject("alice").json(&other);
    costs(
        &world,
        package,
        "another user agent",
        other,
        (3, 2, 1.0, 2.0, 1.0, 0.0),
    )
    .await;
    world.end().await;
}

#[tokio::test]
async fn validating_sessions() {
    let world = World::new().await;
    warm(&world).await;
    let (token, key) = (world.token("alice"), world.cloud.api_key());
    let package = "validate-session";
    let id = world.create(&token).await;
    let seen = |ip: &str, user_agent: &str, id: &str| {
        let body = json!({"session_id": id, "current_ip": ip, "current_user_agent": user_agent});
        world.post(VALIDATE).json(&body)
    };
    let same = |id: &str| seen(IP, USER_AGENT, id);
    let read = (1, 1, 1.0, 0.0, 0.0, 0.0);
    costs(&world, package, "nothing changed", same(&id).bearer(&token), read).await;
    let named = same(&id).bearer(key).subject("alice");
    costs(&world, package, "nothing changed, by a key", named, read).await;
    let unnamed = same(&id).bearer(key);
    costs(
        &world,
        package,
        "by a key that names nobody",
        unnamed,
        (2, 2, 2.0, 0.0, 0.0, 0.0),
    )
    .await;

    let (ago, idle) = (Duration::from_mins(10), Duration::from_hours(1));
    let old = world
        .opened("alice", ago, idle, AbsoluteTimeout::Aal2)
        .await
        .to_string();
    let due = same(&old).bearer(&token);
    costs(&world, package, "touch due", due, (2, 2, 1.0, 1.0, 0.0, 0.0)).await;
    let moved = seen("203.0.113.80", USER_AGENT, &id).bearer(key).subject("alice");
    costs(
        &world,
        package,
        "network changed",
        moved,
        (3, 3, 3.0, 1.0, 0.0, 0.0),
    )
    .await;
    let newer = USER_AGENT.replace("Chrome/120", "Chrome/121");
    let upgraded = seen("203.0.113.80", &newer, &id).bearer(key).subject("alice");
    costs(
        &world,
        package,
        "new user agent",
        upgraded,
        (4, 3, 3.0, 2.0, 1.0, 0.0),
    )
    .await;
    let malformed = same("no-id").bearer(&token);
    costs(
        &world,
        package,
        "not an id",
        malformed,
        (0, 0, 0.0, 0.0, 0.0, 0.0),
    )
    .await;
    world.end().await;
}

#[tokio::test]
async fn listing_and_ending_sessions() {
    let world = World::new().await;
    warm(&world).await;
    let token = world.token("alice");
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(world.create(&token).await);
    }
    let list = world.request("GET", ACTIVE).bearer(&token);
    costs(
        &world,
        "list-active-sessions",
        "five held",
        list,
        (2, 2, 6.0, 0.0, 0.0, 0.0),
    )
    .await;
    let one = (2, 1, 0.0, 2.0, 1.0, 0.0);
    let logout = |body| world.post(LOGOUT).bearer(&token).json(&body);
    let call = logout(json!({"session_id": ids[0]}));
    costs(&world, "logout-session", "logout", call, one).await;
    let call = world.request("DELETE", &format!("/api/v1/sessions/{}", ids[1]));
    costs(&world, "revoke-session", "revoke", call.bearer(&token), one).await;
    let call = logout(json!({"session_id": "any", "revoke_all": true}));
    let answer = costs(
        &world,
        "logout-session",
        "revoke all",
        call,
        (1, 1, 0.0, 1.0, 0.0, 0.0),
    )
    .await;
    assert_eq!(answer.json()["revoked_sessions"], 3);
    world.end().await;
}

#[tokio::test]
async fn cleaning_up() {
    let world = World::new().await;
    warm(&world).await;
    let package = "cleanup-sessions";
    let call = || world.post(CLEANUP).bearer(&world.token("alice"));
    costs(
        &world,
        package,
        "nothing held",
        call(),
        (1, 1, 1.0, 0.0, 0.0, 0.0),
    )
    .await;
    let (ago, idle) = (Duration::from_hours(2), Duration::from_hours(1));
    world.opened("alice", ago, idle, AbsoluteTimeout::Aal2).await;
    let answer = costs(&world, package, "one run out", call(), (2, 2, 1.0, 1.0, 0.0, 2.0)).await;
    assert_eq!(answer.json()["expired"], 1);
    world.end().await;
}

#[tokio::test]
async fn who_asks_for_nothing_in_the_table_reads_nothing_there() {
    let world = World::new().await;
    let facts = json!({"user_agent": USER_AGENT, "ip_address": IP});
    for (what, call) in [
        ("a fingerprint", world.post(FINGERPRINT).json(&facts)),
        ("no such path", world.request("GET", "/nowhere")),
    ] {
        let (answer, usage) = world.proxy.measure(call.send()).await;
        assert!(matches!(answer.status.as_u16(), 200 | 404), "{what}");
        assert_eq!(usage.requests, 0, "{what}");
    }
    // Warm, so that a function's start is not counted.
    warm(&world).await;
    for (package, call) in authenticated(&world) {
        for bearer in ["", "nonsense", "a.b.c"] {
            let measured = measure(&world, package, call.clone().bearer(bearer)).await;
            assert_eq!(measured.answer.status, 401, "{package}");
            assert_eq!(
                (measured.credentials, measured.usage.requests),
                (0, 0),
                "{package}"
            );
        }
    }
    world.end().await;
}
