//! Junk is refused where it costs least, and what is not junk does not notice.

use serde_json::json;

use crate::client::{Answer, Call};
use crate::world::{CREATE, IP, USER_AGENT, World, opening};

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
    world.cloud.fire("CleanupSessionsFunction").await.unwrap();
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
