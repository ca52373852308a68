//! Telemetry and tokens of those who mean no good: nothing is a 5xx, and nothing is kept of what was refused.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::join_all;
use futures::stream::{self, StreamExt};
use serde_json::{Value, json};
use shared::clock::{Clock, System};
use tests::proxy::{Fault, When};

use crate::telemetry::{CLIENT, CLIENT_ID, VERIFY, kept, sending, telemetry, token_of, visit};
use crate::world::{VALIDATE, World, sighting};

const ORIGIN: &str = "https://shop.example.com";

#[tokio::test]
async fn a_page_of_another_origin_tells_nothing_and_reads_nothing() {
    let world = World::with_origins(&[ORIGIN]).await;
    let site = format!("/client?siteKey={}", world.cloud.site_key());
    let call = |method: &str, path: &str, origin: Option<&str>| {
        let call = world.request(method, path).body(telemetry().to_string());
        origin.map_or(call.clone(), |it| call.header("origin", it))
    };
    let preflight = call("OPTIONS", &site, Some(ORIGIN)).send().await;
    assert_eq!(preflight.status, 204);
    for (name, value) in [
        ("access-control-allow-origin", ORIGIN),
        ("access-control-allow-methods", "POST"),
        ("access-control-allow-headers", "content-type"),
        ("access-control-max-age", "7200"),
        ("vary", "Origin"),
    ] {
        assert_eq!(preflight.header(name), Some(value), "{name}");
    }
    assert_eq!(preflight.header("access-control-allow-credentials"), None);
    let unknown = call("POST", "/client?siteKey=site_nobody", Some(ORIGIN))
        .send()
        .await;
    let upper = site.replace("siteKey=s", "siteKey=S");
    let hostile = [
        (site.as_str(), None),
        (&site, Some("null")),
        (&site, Some("*")),
        (&site, Some("http://shop.example.com")),
        (&site, Some("https://shop.example.com:443")),
        (&site, Some("https://shop.example.com:8443")),
        (&site, Some("https://shop.example.com/")),
        (&site, Some("https://shop.example.com.evil.example")),
        (&site, Some("https://evilshop.example.com")),
        (&site, Some("https://sub.shop.example.com")),
        (&site, Some("https://example.com")),
        (&site, Some("https://SHOP.example.com")),
        (&site, Some("https://shop.example.com https://evil.example")),
        (&site, Some("https://xn--shp-example-com")),
        (&site, Some("file://")),
        ("/client", Some(ORIGIN)),
        ("/client?siteKey=", Some(ORIGIN)),
        ("/client?siteKey=../site", Some(ORIGIN)),
        (&upper, Some(ORIGIN)),
    ];
    for (path, origin) in hostile {
        for method in ["POST", "OPTIONS"] {
            let answer = call(method, path, origin).send().await;
            assert_eq!(answer.status, 403, "{method} {path} {origin:?}");
            assert_eq!(answer.visible(), unknown.visible(), "{method} {path} {origin:?}");
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
    let twice = call("POST", &site, Some(ORIGIN)).header("origin", "https://evil.example");
    assert_eq!(twice.send().await.status, 403, "two origins are none");
    assert!(kept(&world).await.is_empty());
    assert_eq!(call("POST", &site, Some(ORIGIN)).send().await.status, 200);
    world.end().await;
}

#[tokio::test]
async fn no_header_and_no_body_moves_the_address_that_is_kept() {
    let world = World::new().await;
    let names = [
        "x-forwarded-for",
        "forwarded",
        "x-real-ip",
        "true-client-ip",
        "cf-connecting-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "fastly-client-ip",
        "x-original-forwarded-for",
        "cloudfront-viewer-address",
    ];
    let values = [
        "203.0.113.9",
        "203.0.113.9, 198.51.100.1",
        "for=203.0.113.9;proto=https",
        "2001:db8::9",
    ];
    let odd = [
        ("x-forwarded-for", "127.0.0.1:80"),
        ("x-forwarded-for", "' or 1=1"),
        ("via", "203.0.113.9"),
        ("x-forwarded-host", "203.0.113.9"),
    ];
    let spoofed = names
        .iter()
        .flat_map(|name| values.map(|value| (*name, value)))
        .chain(odd);
    let mut tried = 0;
    for (name, value) in spoofed {
        let mut told = telemetry();
        told["ip"] = json!("203.0.113.9");
        told["components"]["ipAddress"] = json!("203.0.113.9");
        let call = sending(&world, told.to_string()).header(name, value);
        let token = token_of(&call.send().await);
        let bundle = world.post(CLIENT).body(token).send().await.json();
        assert_eq!(bundle["ip"]["address"], "127.0.0.1", "{name}: {value}");
        tried += 1;
    }
    assert!(40 <= tried);
    let visits: Vec<_> = kept(&world)
        .await
        .into_iter()
        .filter(|it| it.contains_key("bu"))
        .collect();
    assert_eq!(visits.len(), tried);
    for visit in visits {
        assert_eq!(visit["o"].as_s().unwrap(), "127.0.0.1");
        assert!(!visit["bu"].as_s().unwrap().contains("203.0.113.9"));
    }
    world.end().await;
}

/// Telemetry with spaces behind it, of so many bytes.
fn filled(size: usize) -> Vec<u8> {
    let mut body = telemetry().to_string();
    body.extend(std::iter::repeat_n(' ', size - body.len()));
    body.into_bytes()
}

/// Bodies, the status each gets and the member that is named.
fn wrong_bodies() -> Vec<(&'static str, Vec<u8>, u16, &'static str)> {
    let with = |name: &str, value: Value| {
        let mut told = telemetry();
        told[name] = value;
        told.to_string().into_bytes()
    };
    let long: serde_json::Map<String, Value> = (0..10_000).map(|n| (n.to_string(), json!("x"))).collect();
    vec![
        ("nothing", Vec::new(), 400, "body"),
        ("no JSON", b"hello".to_vec(), 400, "body"),
        ("a list", b"[]".to_vec(), 400, "body"),
        ("null", b"null".to_vec(), 400, "body"),
        ("not UTF-8", b"\xff\xfe{}".to_vec(), 400, "body"),
        ("10,000 deep", "[".repeat(10_000).into_bytes(), 400, "body"),
        (
            "deep inside",
            with(
                "components",
                serde_json::from_str(&format!("{}{}", "[".repeat(60), "]".repeat(60))).unwrap(),
            ),
            400,
            "body",
        ),
        (
            "a key twice",
            telemetry()
                .to_string()
                .replacen('{', r#"{"nonce":"x","#, 1)
                .into_bytes(),
            400,
            "body",
        ),
        ("64 KiB and 1", filled(64 * 1024 + 1), 413, "body"),
        ("1 MiB", vec![b'x'; 1 << 20], 413, "body"),
        ("another version", with("version", json!(2)), 400, "version"),
        ("no nonce", with("nonce", Value::Null), 400, "nonce"),
        ("a short nonce", with("nonce", json!("AAAA")), 400, "nonce"),
        (
            "a long nonce",
            with("nonce", json!("A".repeat(5000))),
            400,
            "nonce",
        ),
        ("before 1970", with("collectedAt", json!(-1)), 400, "collectedAt"),
        (
            "very old",
            with("collectedAt", json!(i64::MIN)),
            400,
            "collectedAt",
        ),
        ("never", with("collectedAt", json!(i64::MAX)), 400, "collectedAt"),
        (
            "a text for a time",
            with("collectedAt", json!("now")),
            400,
            "collectedAt",
        ),
        (
            "10,000 names",
            with("externalIds", Value::Object(long)),
            413,
            "body",
        ),
        (
            "33 names",
            with(
                "externalIds",
                (0..33).map(|n| (n.to_string(), json!("x"))).collect(),
            ),
            400,
            "externalIds",
        ),
        (
            "a number for a name",
            with("externalIds", json!({"a": 1})),
            400,
            "externalIds.a",
        ),
        (
            "a list for evidence",
            with("components", json!([])),
            400,
            "components",
        ),
    ]
}

/// Names of visitors that are too many, or not what they seem.
fn wrong_names() -> Vec<(&'static str, Vec<u8>, u16, &'static str)> {
    let with = |name: &str, value: Value| {
        let mut told = telemetry();
        told[name] = value;
        told.to_string().into_bytes()
    };
    vec![
        (
            "names of more than 2 KiB",
            with(
                "externalIds",
                json!({"a": "x".repeat(255), "b": "\u{20ac}".repeat(255), "c": "\u{1f600}".repeat(255), "d": "x".repeat(9)}),
            ),
            400,
            "externalIds",
        ),
        (
            "a key that is stored as another one",
            with("externalIds", json!({"a\u{1}": "x", "a\u{2}": "y"})),
            400,
            "externalIds.a\u{fffd}",
        ),
    ]
}

#[tokio::test]
async fn a_body_that_is_wrong_is_named_and_leaves_nothing_behind() {
    let world = World::new().await;
    for (what, body, status, field) in wrong_bodies().into_iter().chain(wrong_names()) {
        let answer = sending(&world, body).send().await;
        let told = answer.json();
        assert_eq!(
            (answer.status.as_u16(), &told["errors"][0]["field"]),
            (status, &json!(field)),
            "{what}: {answer:?}"
        );
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some(world.cloud.url()),
            "{what}: the page may read it"
        );
    }
    assert!(
        kept(&world).await.is_empty(),
        "nothing is kept of what was refused"
    );

    // Wrong types everywhere are evidence that was not collected, and the largest body is read.
    let mut odd = telemetry();
    for (_, value) in odd["components"].as_object_mut().unwrap() {
        *value = json!({"a": [1]});
    }
    odd["automation"] = json!({"webdriver": "yes", "detector": 7, "globals": {"a": 1}});
    assert_eq!(sending(&world, odd.to_string()).send().await.status, 200);
    assert_eq!(sending(&world, filled(64 * 1024)).send().await.status, 200);
    world.end().await;
}

#[tokio::test]
async fn telemetry_is_taken_once() {
    let world = World::new().await;
    let body = telemetry().to_string();
    assert_eq!(sending(&world, body.clone()).send().await.status, 200);
    let before = kept(&world).await.len();
    let again = sending(&world, body).send().await;
    assert_eq!(
        (again.status.as_u16(), &again.json()["errors"][0]["field"]),
        (409, &json!("nonce"))
    );
    let body = telemetry().to_string();
    let answers = join_all((0..8).map(|_| sending(&world, body.clone()).send())).await;
    let taken = answers.iter().filter(|it| it.status == 200).count();
    assert_eq!(taken, 1, "of eight at once");
    assert!(answers.iter().all(|it| [200, 409].contains(&it.status.as_u16())));
    assert!(before < kept(&world).await.len());

    // Its answer to the table is lost, and the SDK sends again: that is no copy.
    let nonce = |it: &tests::proxy::Request| it.key("sk") == Some("nonce");
    world
        .proxy
        .fault(When::first(1).matching(nonce), [Fault::LostAfterCommit]);
    assert_eq!(sending(&world, telemetry().to_string()).send().await.status, 200);
    world.end().await;
}

#[tokio::test]
async fn no_hostile_token_is_exchanged_and_forged_ones_cost_no_read() {
    let world = World::new().await;
    let good = visit(&world).await;
    for path in [CLIENT, CLIENT_ID, VERIFY] {
        assert_eq!(
            world
                .post(path)
                .bearer(world.cloud.api_key())
                .body(good.clone())
                .send()
                .await
                .status,
            200
        );
    }
    let [header, claims, code] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let cut = good.get(..good.len() - 1).unwrap();
    let user = world.token("alice");
    let said = String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    let later = encode(&said.replace(r#""exp":1"#, r#""exp":9"#));
    let other = encode(&said.replace("acme", "other"));
    let hostile = [
        cut.to_owned(),
        format!("{good}A"),
        format!("{good}{good}"),
        format!("\"{good}\""),
        format!("{header}.{later}.{code}"),
        format!("{header}.{other}.{code}"),
        format!("{}.{claims}.{code}", encode(r#"{"alg":"none"}"#)),
        format!(
            "{}.{claims}.",
            encode(r#"{"alg":"none","kid":"1","typ":"telemetry+jwt"}"#)
        ),
        format!(
            "{}.{claims}.{code}",
            encode(r#"{"alg":"HS256","kid":"2","typ":"telemetry+jwt"}"#)
        ),
        format!(
            "{}.{claims}.{code}",
            encode(r#"{"alg":"HS512","kid":"1","typ":"telemetry+jwt"}"#)
        ),
        user,
        world.cloud.api_key().to_owned(),
        "a.b.c".to_owned(),
        "x".repeat(100_000),
        "\u{0}\u{0}".to_owned(),
    ];
    for token in hostile {
        for path in [CLIENT, CLIENT_ID, VERIFY] {
            let call = world.post(path).bearer(world.cloud.api_key()).body(token.clone());
            let (answer, usage) = world.proxy.measure(call.send()).await;
            assert_eq!(
                (answer.status.as_u16(), usage.requests),
                (404, 0),
                "{path} {token:.80}"
            );
        }
    }
    for path in [CLIENT, CLIENT_ID, VERIFY] {
        for origin in ["https://shop.example.com", world.cloud.url(), "null", ""] {
            let call = world
                .post(path)
                .bearer(world.cloud.api_key())
                .header("origin", origin);
            let answer = call.body(good.clone()).send().await;
            assert_eq!(answer.status, 403, "{path} {origin:?}");
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
        assert_eq!(
            world
                .request("OPTIONS", path)
                .header("origin", ORIGIN)
                .send()
                .await
                .status,
            405
        );
    }
    world.end().await;
}

#[tokio::test]
async fn a_flood_of_pages_is_held_off_and_validate_does_not_notice() {
    const SHARE: usize = 20;
    let parameters = [
        ("TelemetryPerNetwork", "20"),
        ("TelemetryConcurrency", "4"),
        ("TelemetryRequestsPerSecond", "10000"),
    ];
    let world = World::with(&parameters).await;
    let token = world.token("alice");
    let id = world.create(&token).await;
    visit(&world).await;
    let minute = || System.now().millis() / 60_000;
    let began = minute();

    let flood = stream::iter(0..10 * SHARE)
        .map(|_| sending(&world, telemetry().to_string()).send())
        .buffer_unordered(5);
    let validates = stream::iter(0..100)
        .map(|_| world.post(VALIDATE).bearer(&token).json(&sighting(&id)).send())
        .buffer_unordered(4);
    let ((told, valid), usage) = world
        .counting("collect-telemetry", async {
            tokio::join!(flood.collect::<Vec<_>>(), validates.collect::<Vec<_>>())
        })
        .await;

    for answer in valid {
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json()["is_valid"], true, "{answer:?}");
    }
    let windows = usize::try_from(minute() - began).unwrap() + 1;
    let of = |status: u16| told.iter().filter(|it| it.status.as_u16() == status).count();
    assert!(of(200) < SHARE * windows, "one was let in before");
    assert!(0 < of(200) && 0 < of(429));
    // What is over the reserve is refused by Lambda itself.
    assert_eq!(of(200) + of(429) + of(503), told.len());
    let refused = told.iter().find(|it| it.status == 429).unwrap();
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
    assert_eq!(
        refused.header("access-control-allow-origin"),
        Some(world.cloud.url())
    );
    // Each that was let in costs at most 12 requests; of those refused each instance asks for nothing once it knows.
    assert!(
        usage <= 12 * of(200) + 40,
        "{usage} requests to the table for {} visits",
        of(200)
    );
    world.end().await;
}

#[tokio::test]
async fn the_shares_of_a_site_and_of_a_tenant_hold_over_all_instances() {
    let (site, tenant) = ("TelemetryPerSite", "TelemetryPerTenant");
    // One counter, and eight.
    for (counted, other, share, calls) in [
        (site, tenant, 16, 128),
        (site, tenant, 512, 700),
        (tenant, site, 16, 128),
        (tenant, site, 512, 700),
    ] {
        let site = share.to_string();
        let world = World::with(&[
            (counted, &site),
            (other, "100000"),
            ("TelemetryPerNetwork", "100000"),
            ("TelemetryRequestsPerSecond", "10000"),
        ])
        .await;
        let began = System.now().millis() / 60_000;
        let answers: Vec<_> = stream::iter(0..calls)
            .map(|_| sending(&world, telemetry().to_string()).send())
            .buffer_unordered(16)
            .collect()
            .await;
        let windows = usize::try_from(System.now().millis() / 60_000 - began).unwrap() + 1;
        let taken = answers.iter().filter(|it| it.status == 200).count();
        assert!(
            share / 2 < taken && taken <= share * windows,
            "{taken} of {share}, {counted}"
        );
        assert!(answers.iter().all(|it| [200, 429].contains(&it.status.as_u16())));
        let visits = kept_visits(&world).await;
        assert_eq!(visits, taken, "{share}");
        world.end().await;
    }
}

/// How many visits the table has, page by page.
async fn kept_visits(world: &World) -> usize {
    let mut pages = world
        .table()
        .scan()
        .table_name(world.cloud.table())
        .into_paginator()
        .items()
        .send();
    let mut visits = 0;
    while let Some(item) = pages.next().await {
        visits += usize::from(item.unwrap()["sk"].as_s().is_ok_and(|it| it == "visit"));
    }
    visits
}

#[tokio::test]
async fn a_table_that_does_not_work_is_a_503_that_the_page_may_read() {
    let world = World::new().await;
    let token = visit(&world).await;
    let key = world.cloud.api_key();
    for path in [CLIENT, CLIENT_ID, VERIFY] {
        assert_eq!(
            world
                .post(path)
                .bearer(key)
                .body(token.clone())
                .send()
                .await
                .status,
            200
        );
    }
    for fault in [
        Fault::Throttled,
        Fault::InternalError,
        Fault::Reset,
        Fault::LostBeforeCommit,
        Fault::TruncatedJson,
        Fault::Hang,
    ] {
        world.proxy.fault(When::always(), [fault]);
        let began = std::time::Instant::now();
        let exchanging = join_all(
            [CLIENT, CLIENT_ID, VERIFY].map(|path| world.post(path).bearer(key).body(token.clone()).send()),
        );
        let (told, exchanged) = tokio::join!(sending(&world, telemetry().to_string()).send(), exchanging);
        assert_eq!(
            told.header("access-control-allow-origin"),
            Some(world.cloud.url()),
            "{fault:?}"
        );
        for answer in exchanged.iter().chain([&told]) {
            assert_eq!(
                (answer.status.as_u16(), answer.header("retry-after")),
                (503, Some("1")),
                "{fault:?} {answer:?}"
            );
            assert!(
                answer.text.is_empty() || answer.json()["errors"].is_array(),
                "{fault:?}"
            );
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{fault:?}");
        world.proxy.heal();
        assert_eq!(
            sending(&world, telemetry().to_string()).send().await.status,
            200,
            "after {fault:?}"
        );
        assert_eq!(
            world.post(CLIENT_ID).body(token.clone()).send().await.status,
            200,
            "after {fault:?}"
        );
    }
    world.end().await;
}

#[tokio::test]
async fn no_token_key_or_name_of_a_visitor_is_in_a_log() {
    let world = World::with(&[("LogLevel", "DEBUG")]).await;
    let mut told = telemetry();
    told["externalIds"] = json!({"email": "canary-mail@example.com", "accountId": "canary-account"});
    let token = token_of(&sending(&world, told.to_string()).send().await);
    world.post(CLIENT).body(token.clone()).send().await;
    world.post(CLIENT).body(format!("{token}x")).send().await;
    sending(&world, told.to_string()).send().await;
    let secret = token.rsplit('.').next().unwrap().to_owned();
    for canary in ["canary-mail", "canary-account", &secret] {
        assert!(world.lines_with(canary).is_empty(), "{canary}");
    }
    // What the table holds leads back to no token.
    let claims = token.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    let jti = claims["jti"].as_str().unwrap();
    assert!(!format!("{:?}", kept(&world).await).contains(jti));
    world.end().await;
}

#[tokio::test]
async fn a_function_without_a_random_key_does_not_start() {
    let file = std::env::temp_dir().join(format!("holdfast-test-{}.json", std::process::id()));
    std::fs::write(&file, r#"{"kid":"1","key":"changeme"}"#).unwrap();
    for keys in [file.to_str().unwrap(), "/nowhere", "changeme", ""] {
        let world = World::with_token_keys(keys).await;
        let answer = sending(&world, telemetry().to_string()).send().await;
        assert_eq!(
            answer.status, 500,
            "{keys}: the gateway says that there is no function"
        );
        for path in [CLIENT, CLIENT_ID, VERIFY] {
            assert_eq!(
                world.post(path).body("a.b.c").send().await.status,
                500,
                "{keys} {path}"
            );
        }
        assert!(
            !world.lines_with("telemetry tokens").is_empty(),
            "the log says why"
        );
        world.end().await;
    }
    std::fs::remove_file(file).unwrap();
}
