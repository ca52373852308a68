//! Junk is refused where it costs least, and what is not junk does not notice.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::StreamExt;
use futures::stream;
use serde_json::{Value, json};
use shared::clock::{Clock, System};

use crate::client::{Answer, Call};
use crate::world::{CREATE, IP, USER_AGENT, VALIDATE, World, opening, sighting};

const HEADER: &str = "x-holdfast-origin";
const OLD: &str = "old-0123456789abcdefghijklmnopqrstuv";
const NEW: &str = "new-0123456789abcdefghijklmnopqrstuv";
const WRONG: &str = "bad-0123456789abcdefghijklmnopqrstuv";

/// A request without a credential to each route of the template, and to paths of each face that do not exist.
fn requests(world: &World) -> Vec<(String, Call)> {
    let routes = world.cloud.template().routes.iter();
    let routes = routes.filter(|it| it.key != "$default").map(|it| it.key.clone());
    let unknown = [
        "/",
        "/v1/x",
        "/token/x",
        "/token/v1/clientId",
        "/api/v1/session/a/b",
        "/api/v1/sessions/",
    ];
    routes
        .chain(unknown.map(|path| format!("GET {path}")))
        .map(|route| {
            let (method, path) = route.split_once(' ').unwrap();
            let path = path
                .replace("{session_id}", "a")
                .replace("{id}", "a")
                .replace("{clientId}", "a");
            (route.clone(), world.request(method, &path))
        })
        .collect()
}

/// Requests to the table of all functions so far.
fn table_requests(world: &World) -> usize {
    let functions = world.cloud.template().functions.iter();
    functions.map(|it| world.proxy.requests(&it.package)).sum()
}

/// The part of the face's answer that says that a request came past the front.
fn is_past_the_front(route: &str, answer: &Answer) -> bool {
    if answer.status != 403 {
        return false;
    }
    // There a failure is a status alone.
    if route.ends_with("/token/v1/clientId") {
        return answer.text.is_empty();
    }
    let said = "requests are answered at the service's public address alone";
    let (_, path) = route.split_once(' ').unwrap();
    let expected = if path.starts_with("/v1/") {
        json!({"message": said, "error": "Forbidden", "statusCode": 403})
    } else if path.starts_with("/client") || path.starts_with("/token") {
        json!({"errors": [{"field": null, "message": said}]})
    } else if path.starts_with("/api/v1/session/") || path == "/api/v1/session" {
        json!({"status": "error", "code": "not_permitted", "message": said})
    } else {
        json!({"detail": said})
    };
    answer.json() == expected
}

#[tokio::test]
async fn past_the_front_every_route_refuses_and_reads_nothing() {
    let both = format!("{NEW},{OLD}");
    let world = World::with(&[("OriginSecret", &both), ("LogLevel", "DEBUG")]).await;
    let open = World::new().await;
    for ((route, call), (_, plain)) in requests(&world).into_iter().zip(requests(&open)) {
        let before = table_requests(&world);
        let mut refused = Vec::new();
        for shown in [None, Some(WRONG), Some(""), Some(&both)] {
            let call = shown.map_or(call.clone(), |it| call.clone().header(HEADER, it));
            let answer = call.send().await;
            assert!(
                is_past_the_front(&route, &answer),
                "{route} {shown:?}: {answer:?}"
            );
            refused.push(answer);
        }
        let twice = call.clone().header(HEADER, NEW).header(HEADER, NEW).send().await;
        assert!(is_past_the_front(&route, &twice), "{route}: {twice:?}");
        // A start of a function warms two connections up with two reads.
        assert!(table_requests(&world) - before <= 2, "{route}");
        let before = table_requests(&world);
        call.clone().send().await;
        assert_eq!(table_requests(&world), before, "{route}");

        let plain = plain.send().await;
        for secret in [NEW, OLD] {
            let passed = call.clone().header(HEADER, secret).send().await;
            assert_eq!(passed.visible(), plain.visible(), "{route} {secret}");
        }
    }
    world.cloud.fire("cleanup-sessions").await.unwrap();
    for secret in [NEW, OLD, WRONG] {
        assert_eq!(world.lines_with(secret), Vec::<String>::new());
    }
    world.end().await;
    open.end().await;
}

#[tokio::test]
async fn behind_the_front_a_visitor_has_the_address_that_the_front_names() {
    let world = World::with(&[
        ("OriginSecret", NEW),
        ("VisitorAddressHeader", "cloudfront-viewer-address"),
    ])
    .await;
    let token = world.token("alice");
    let create = |named: Option<&str>| {
        let call = world.post(CREATE).header(HEADER, NEW).bearer(&token);
        let call = named.map_or(call.clone(), |it| call.header("cloudfront-viewer-address", it));
        call.json(&opening())
    };
    for (named, observed) in [(Some("198.51.100.77:443"), "198.51.100.77"), (None, "127.0.0.1")] {
        let answer = create(named).send().await;
        let id = answer.json()["session_id"].as_str().unwrap().to_owned();
        let record = world.record(&id).await.unwrap();
        assert_eq!(record.observed_ip.as_deref(), Some(observed), "{named:?}");
        assert_eq!((record.ip.as_str(), record.user_agent.as_str()), (IP, USER_AGENT));
    }
    world.end().await;
}

/// A token with other claims under the old signature.
fn changed(token: &str, change: impl FnOnce(&mut Value)) -> String {
    let [header, claims, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    change(&mut claims);
    format!(
        "{header}.{}.{signature}",
        URL_SAFE_NO_PAD.encode(claims.to_string())
    )
}

#[tokio::test]
async fn junk_that_its_own_words_refuse_reads_nothing() {
    let world = World::new().await;
    let token = world.token("alice");
    // The function is there and knows its issuer.
    world.create(&token).await;
    let now = System.now().secs();
    let long = "a".repeat(9000);
    let junk = [
        String::new(),
        "opaque".to_owned(),
        "id:short".to_owned(),
        format!("i#d:{}", "a".repeat(43)),
        "a.b.c".to_owned(),
        "e30.e30.e30".to_owned(),
        long,
        changed(&token, |it| it["exp"] = json!(now - 61)),
        changed(&token, |it| it["iat"] = json!(now + 120)),
        changed(&token, |it| it["iss"] = json!("")),
        // Of another issuer, and over: it is not asked who that is.
        changed(&token, |it| {
            it["iss"] = json!("https://other.example.com");
            it["exp"] = json!(now - 61);
        }),
        format!("{token}x"),
    ];
    for bearer in junk {
        let call = world.post(CREATE).bearer(&bearer).json(&opening());
        let (answer, requests) = world.counting("create-session", call.send()).await;
        assert_eq!((answer.status.as_u16(), requests), (401, 0), "{bearer:.80}");
    }
    let none = world.post(CREATE).json(&opening());
    let (answer, requests) = world.counting("create-session", none.send()).await;
    assert_eq!((answer.status.as_u16(), requests), (401, 0));
    world.end().await;
}

#[tokio::test]
async fn invented_credentials_cost_a_bounded_number_of_reads_while_validates_go_on() {
    const HEADER: &str = "x-test-address";
    let world = World::behind(HEADER).await;
    let token = world.token("alice");
    let id = world.create(&token).await;
    let secret = "a".repeat(43);
    let from = |address: &str, bearer: &str| {
        world
            .post(VALIDATE)
            .header(HEADER, address)
            .bearer(bearer)
            .json(&sighting(&id))
    };
    assert_eq!(from("198.51.100.1", &token).send().await.status, 200);

    let began = System.now().secs();
    let flood = stream::iter(0..600)
        .map(|number| from("192.0.2.1", &format!("invented-{number}:{secret}")).send())
        .buffer_unordered(4);
    let validates = stream::iter(0..100)
        .map(|_| from("198.51.100.1", &token).send())
        .buffer_unordered(1);
    let ((junk, valid), requests) = world
        .counting("validate-session", async {
            tokio::join!(flood.collect::<Vec<_>>(), validates.collect::<Vec<_>>())
        })
        .await;
    for answer in valid {
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["is_valid"]),
            (200, &json!(true)),
            "{answer:?}"
        );
    }
    let of = |status: u16| junk.iter().filter(|it| it.status.as_u16() == status).count();
    assert_eq!(of(401) + of(429), junk.len());
    for refused in junk.iter().filter(|it| it.status == 429) {
        assert_eq!(refused.json(), json!({"detail": "Too many unknown credentials"}));
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=10).contains(&wait));
    }
    // Five instances at the most, each with two reads to start and two for issuer and tenant.
    let (instances, windows) = (
        5,
        usize::try_from((System.now().secs() - began) / 10).unwrap() + 1,
    );
    // On a machine that takes minutes for it every window lets some pass; on others most are held off.
    assert!(of(401) <= 32 * instances * windows, "{}", of(401));
    assert!(
        requests <= of(401) + 100 + 4 * instances + 100 * usize::from(1 < windows),
        "{requests} requests for {} names that were looked up and 100 validates",
        of(401)
    );
    world.end().await;
}

#[tokio::test]
async fn a_user_opens_its_share_of_sessions_and_others_and_its_own_do_not_notice() {
    const SHARE: usize = 10;
    let world = World::with(&[("CreatesPerSubject", "10")]).await;
    let (alice, bob) = (world.token("alice"), world.token("bob"));
    let kept = world.create(&bob).await;
    let minute = || System.now().secs() / 60;
    let began = minute();
    let (mut opened, mut refused, mut free) = (0, 0, 0);
    for _ in 0..60 {
        let call = world.post(CREATE).bearer(&alice).json(&opening());
        let (answer, requests) = world.counting("create-session", call.send()).await;
        match answer.status.as_u16() {
            200 => opened += 1,
            429 => {
                refused += 1;
                free += usize::from(requests == 0);
                assert_eq!(
                    answer.json(),
                    json!({"detail": "Too many sessions were opened for this user"})
                );
                let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
                assert!((1..=60).contains(&wait));
            }
            _ => panic!("{answer:?}"),
        }
    }
    let windows = usize::try_from(minute() - began).unwrap() + 1;
    assert!(opened <= (SHARE + 5) * windows, "{opened}");
    assert_eq!(opened + refused, 60);
    assert!(
        refused - windows <= free,
        "{free} of {refused} refusals asked the table nothing"
    );
    assert_eq!(world.active(&alice).await.len(), 5);
    assert!(world.is_valid(&bob, &kept).await);
    world.create(&bob).await;

    // Also where a key would find the answer of an earlier sending.
    let call = world.post(CREATE).bearer(&alice).header("idempotency-key", "k");
    let (answer, requests) = world
        .counting("create-session", call.json(&opening()).send())
        .await;
    assert!(
        (answer.status.as_u16(), requests) == (429, 0) || began < minute(),
        "{answer:?}"
    );
    world.end().await;
}
