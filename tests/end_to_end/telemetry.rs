//! Telemetry through the real binaries: a page tells of a visit, its backend exchanges the token.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::clock::{Clock, System};
use shared::model::{Scope, TenantId};
use tests::proxy::{Fault, When};

use crate::client::{Answer, Call, TEXT};
use crate::world::{USER_AGENT, World};

pub(crate) const CLIENT: &str = "/token/v1/client";
pub(crate) const CLIENT_ID: &str = "/token/v1/clientId";
pub(crate) const VERIFY: &str = "/token/v2/verify";
const FORM: &str = "application/x-www-form-urlencoded";

/// A nonce nobody had.
pub(crate) fn nonce() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let digest = Sha256::digest(format!("{next} {}", std::process::id()));
    URL_SAFE_NO_PAD.encode(&digest[..16])
}

/// Telemetry of now, of an ordinary browser.
pub(crate) fn telemetry() -> Value {
    let mut told = sparse();
    for (name, value) in rich().as_object().unwrap() {
        told["components"][name] = value.clone();
    }
    told
}

/// The same with next to no evidence: no device would be known again by it.
pub(crate) fn sparse() -> Value {
    json!({
        "version": 1, "nonce": nonce(), "collectedAt": System.now().millis(),
        "externalIds": {"email": "user@example.com"},
        "components": {
            "userAgent": USER_AGENT, "platform": "Win32", "languages": ["en-US", "en"], "timeZone": "America/New_York",
            "timeZoneOffsetMinutes": 300, "hardwareConcurrency": 8, "deviceMemory": 8,
            "screen": {"width": 1920, "height": 1080, "colorDepth": 24, "pixelRatio": 1},
        },
        "automation": {"webdriver": false},
    })
}

/// What a page of the cloud's own origin sends, as the collector does.
pub(crate) fn sending(world: &World, body: impl Into<Vec<u8>>) -> Call {
    let path = format!("/client?siteKey={}", world.cloud.site_key());
    world
        .post(&path)
        .header("origin", world.cloud.url())
        .header("content-type", "text/plain;charset=UTF-8")
        .header("user-agent", USER_AGENT)
        .body(body)
}

/// Tells of a visit; gives its token.
pub(crate) async fn visit(world: &World) -> String {
    token_of(&sending(world, telemetry().to_string()).send().await)
}

pub(crate) fn token_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["token"].as_str().expect("a token").to_owned()
}

/// Sets a flag of the default tenant.
pub(crate) async fn change_tenant(world: &World, stored: &str, flag: bool) {
    set_of_tenant(world, stored, AttributeValue::Bool(flag)).await;
}

/// Sets something of the default tenant.
pub(crate) async fn set_of_tenant(world: &World, stored: &str, value: AttributeValue) {
    let text = |it: String| AttributeValue::S(it);
    world
        .table()
        .update_item()
        .table_name(world.cloud.table())
        .key("pk", text(format!("{}#T", world.cloud.tenant())))
        .key("sk", text("tenant".to_owned()))
        .update_expression("SET #name = :value")
        .expression_attribute_names("#name", stored)
        .expression_attribute_values(":value", value)
        .send()
        .await
        .unwrap();
}

/// Every item the table has of visits and devices.
pub(crate) async fn kept(world: &World) -> Vec<HashMap<String, AttributeValue>> {
    const KINDS: [&str; 4] = ["visit", "nonce", "device", "block"];
    let found = world
        .table()
        .scan()
        .table_name(world.cloud.table())
        .send()
        .await
        .unwrap();
    let mut items = found.items.unwrap_or_default();
    items.retain(|item| item["sk"].as_s().is_ok_and(|it| KINDS.contains(&it.as_str())));
    items
}

#[tokio::test]
async fn a_token_leads_a_backend_to_what_the_page_told() {
    let world = World::new().await;
    let mut told = telemetry();
    told["automation"]["devtoolsProtocol"] = json!(true);
    let answer = sending(&world, told.to_string()).send().await;
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some(world.cloud.url())
    );
    assert_eq!(answer.header("vary"), Some("Origin"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    let token = token_of(&answer);
    assert!(token.starts_with("eyJhbGciOiJIUzI1NiIs"), "{token}");

    let call = world.post(CLIENT).header("content-type", "text/plain");
    let datapoints = call.body(token.clone()).send().await;
    assert_eq!(datapoints.status, 200, "{datapoints:?}");
    assert_eq!(datapoints.header("access-control-allow-origin"), None);
    let told = datapoints.json();
    // Who shows no key, or none that counts, is told all but the reasons.
    let junk = world.post(CLIENT).bearer("junk").body(token.clone()).send().await;
    assert_eq!(junk.json(), told);
    let call = world.post(CLIENT).bearer(world.cloud.api_key());
    let bundle = call.body(token.clone()).send().await.json();
    assert_ne!(bundle["signals"]["findings"], json!([]), "{bundle:#}");
    let mut without = bundle.clone();
    for (group, key) in [("bot", "reasons"), ("signals", "findings"), ("risk", "reasons")] {
        without[group][key] = json!([]);
    }
    without["risk"]["score"] = told["risk"]["score"].clone();
    assert_eq!(told, without);
    assert!([0, 45, 80].contains(&told["risk"]["score"].as_u64().unwrap()));
    assert_eq!(bundle["externalIds"], json!({"email": "user@example.com"}));
    assert_eq!(bundle["ip"]["address"], "127.0.0.1");
    assert_eq!(bundle["domain"], "127.0.0.1");
    assert_eq!(bundle["browser"]["name"], "Chrome");
    assert_eq!(bundle["device"]["os"], "Windows");
    let id = world.post(CLIENT_ID).body(token.clone()).send().await;
    assert_eq!((id.status.as_u16(), id.header("content-type")), (200, Some(TEXT)));
    assert_eq!(bundle["clientId"], id.text, "the id and nothing else");
    assert_eq!(id.text.len(), 32);

    let wrapped = json!({"token": token}).to_string();
    for body in [token.clone(), format!("{token}\n"), wrapped] {
        for header in ["authorization", "x-api-key"] {
            let prefix = if header == "authorization" { "Bearer " } else { "" };
            let key = format!("{prefix}{}", world.cloud.api_key());
            let verified = world.post(VERIFY).header(header, &key).body(body.clone());
            assert_eq!(verified.send().await.json(), bundle, "{body} {header}");
        }
    }
    world.end().await;
}

#[tokio::test]
async fn a_browser_whose_clock_is_wrong_gets_a_token_and_its_copy_none() {
    let world = World::new().await;
    let now = System.now().millis();
    let year = 365 * 86_400_000;
    // Time goes on while this runs: a clock that is ahead needs more than the 300 s.
    for at in [0, now - 20 * year, now - 301_000, now + 360_000, now + 30 * year] {
        let mut told = telemetry();
        told["collectedAt"] = json!(at);
        let token = token_of(&sending(&world, told.to_string()).send().await);
        let call = world.post(VERIFY).bearer(world.cloud.api_key()).body(token);
        let bundle = call.send().await.json();
        let offset = bundle["environment"]["clockOffsetSeconds"].as_i64().unwrap();
        assert!((offset - (at - now) / 1_000).abs() < 60, "{offset} of {at}");
        let findings = bundle["signals"]["findings"].as_array().unwrap();
        assert!(findings.iter().any(|it| it["name"] == "clock_off"), "{bundle:#}");
        let copy = sending(&world, told.to_string()).send().await;
        assert_eq!(copy.status, 409, "{at}");
    }
    world.end().await;
}

#[tokio::test]
async fn a_body_of_any_type_and_with_any_end_is_the_same_token() {
    let world = World::new().await;
    let token = visit(&world).await;
    let mut answers = Vec::new();
    for content_type in [
        Some("text/plain"),
        Some("text/plain;charset=UTF-8"),
        Some(FORM),
        Some("image/png"),
        None,
    ] {
        for body in [token.clone(), format!("{token}\n"), format!(" \t{token}\r\n")] {
            for path in [CLIENT, CLIENT_ID] {
                let call = world.post(path).body(body.clone());
                let call = content_type.map_or(call.clone(), |it| call.header("content-type", it));
                let answer = call.send().await;
                answers.push((path, answer.status.as_u16(), answer.text));
            }
        }
    }
    answers.sort();
    answers.dedup();
    assert_eq!(answers.len(), 2, "one answer a path: {answers:?}");
    assert!(answers.iter().all(|(_, status, _)| *status == 200), "{answers:?}");
    world.end().await;
}

#[tokio::test]
async fn a_missing_id_is_an_empty_text_and_never_a_document() {
    let world = World::new().await;
    let key = world.cloud.api_key();
    for (body, status) in [
        ("", 400),
        (" \r\n", 400),
        ("a.b.c", 404),
        ("{}", 404),
        ("\u{0}", 404),
    ] {
        let answer = world.post(CLIENT_ID).body(body).send().await;
        assert_eq!(
            (answer.status.as_u16(), answer.text.as_str()),
            (status, ""),
            "{body:?}"
        );
        assert_eq!(answer.header("content-type"), Some(TEXT), "{body:?}");

        let answer = world.post(CLIENT).body(body).send().await;
        assert_eq!(answer.status.as_u16(), status, "{body:?}");
        if status == 404 {
            let expected = json!({"errors": [{"field": "token", "message": "no such token"}]});
            assert_eq!(answer.json(), expected, "{body:?}");
        } else {
            assert_eq!(answer.header("content-type"), Some(TEXT), "{body:?}");
        }
    }
    let answer = world.post(VERIFY).bearer(key).body("").send().await;
    assert_eq!(
        (
            answer.status.as_u16(),
            answer.json()["errors"][0]["field"].clone()
        ),
        (400, json!("token"))
    );
    let answer = world.request("GET", CLIENT_ID).send().await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (405, ""));
    let answer = world.request("GET", "/client").send().await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("allow")),
        (405, Some("OPTIONS, POST"))
    );
    for path in ["/token", "/token/v1", "/token/v3/verify", "/client/x"] {
        let answer = world.post(path).send().await;
        let expected = json!({"errors": [{"field": null, "message": "no such path"}]});
        assert_eq!((answer.status.as_u16(), answer.json()), (404, expected), "{path}");
    }
    world.end().await;
}

#[tokio::test]
async fn the_same_browser_keeps_its_id_through_what_changes_about_it() {
    let world = World::new().await;
    let seen = async |told: &Value| {
        let token = token_of(&sending(&world, told.to_string()).send().await);
        world.post(CLIENT).body(token).send().await.json()
    };
    let with = |changes: &[(&str, Value)]| {
        let mut told = telemetry();
        for (name, value) in changes {
            told["components"][name] = value.clone();
        }
        told
    };
    let first = seen(&with(&[])).await;
    assert_eq!(first["identification"]["seenCount"], 1, "{first:#}");
    assert_eq!(first["identification"]["firstSeenAt"], first["timestamp"]);
    let again = seen(&with(&[])).await;
    assert_eq!(again["clientId"], first["clientId"]);
    assert_eq!(again["identification"]["seenCount"], 2);
    assert_eq!(again["identification"]["firstSeenAt"], first["timestamp"]);
    assert_eq!(again["identification"]["lastSeenAt"], again["timestamp"]);
    for change in [
        ("timeZone", json!("Asia/Tokyo")),
        ("languages", json!(["de-DE", "de"])),
        ("window", json!({"innerWidth": 700, "innerHeight": 500})),
    ] {
        let changed = seen(&with(std::slice::from_ref(&change))).await;
        assert_eq!(changed["clientId"], first["clientId"], "{change:?}");
    }
    let other = seen(&with(&[
        ("canvasGeometry", json!("ff".repeat(16))),
        ("canvasText", json!("fe".repeat(16))),
        ("audio", json!("fd".repeat(16))),
        ("fonts", json!("fc".repeat(16))),
        (
            "webglRenderer",
            json!("ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 Direct3D11 vs_5_0 ps_5_0, D3D11)"),
        ),
        ("webglParameters", json!("fb".repeat(16))),
        ("hardwareConcurrency", json!(24)),
        (
            "screen",
            json!({"width": 2560, "height": 1440, "colorDepth": 24, "pixelRatio": 1}),
        ),
    ]))
    .await;
    assert_ne!(other["clientId"], first["clientId"]);
    // Nothing to recognise a machine by: an id would be invented.
    let mut bare = telemetry();
    bare["components"] = Value::Null;
    let token = token_of(&sending(&world, bare.to_string()).send().await);
    let id = world.post(CLIENT_ID).body(token.clone()).send().await;
    assert_eq!((id.status.as_u16(), id.text.as_str()), (404, ""));
    let bundle = world.post(CLIENT).body(token).send().await.json();
    assert_eq!(bundle["clientId"], Value::Null);
    let token = token_of(&sending(&world, sparse().to_string()).send().await);
    let bundle = world.post(CLIENT).body(token).send().await.json();
    assert_eq!(
        bundle["clientId"],
        Value::Null,
        "it would be another one each time"
    );
    world.end().await;
}

/// Evidence as an ordinary browser has it.
pub(crate) fn rich() -> Value {
    json!({
        "vendor": "Google Inc.", "touch": {"maxTouchPoints": 0, "touchEvent": false, "touchStart": false},
        "canvasGeometry": "01".repeat(16), "canvasText": "02".repeat(16), "audio": "03".repeat(16),
        "math": "04".repeat(16), "fonts": "05".repeat(16), "fontPreferences": "06".repeat(16),
        "webglVendor": "Google Inc. (Intel)",
        "webglRenderer": "ANGLE (Intel, Intel(R) UHD Graphics 620 Direct3D11 vs_5_0 ps_5_0, D3D11)",
        "webglParameters": "07".repeat(16), "webglExtensions": "08".repeat(16), "plugins": "09".repeat(16),
        "userAgentData": {
            "platform": "Windows", "platformVersion": "15.0.0", "architecture": "x86", "bitness": "64", "model": "",
            "mobile": false,
        },
        "architecture": 255, "pluginCount": 5, "domBlockers": "0a".repeat(16),
        "colorGamut": "srgb", "contrast": 0, "hdr": false, "reducedMotion": false, "pdfViewer": true,
    })
}

#[tokio::test]
async fn another_tenant_gets_nothing_for_a_token() {
    let world = World::new().await;
    let token = visit(&world).await;
    let other: TenantId = "other".parse().unwrap();
    world.cloud.provide_tenant(&other).await.unwrap();
    let scopes = [Scope::TelemetryRead].into_iter().collect();
    let foreign = world.cloud.new_api_key(&other, scopes).await.unwrap();
    let unknown = world.post(VERIFY).bearer(&foreign).body("a.b.c").send().await;
    let answer = world
        .post(VERIFY)
        .bearer(&foreign)
        .body(token.clone())
        .send()
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.visible()),
        (404, unknown.visible())
    );

    let own: TenantId = world.cloud.tenant().parse().unwrap();
    let blind = [Scope::SessionsRead, Scope::SessionsAdmin].into_iter().collect();
    let blind = world.cloud.new_api_key(&own, blind).await.unwrap();
    let user = world.token("alice");
    for (credential, status) in [
        (None, 401),
        (Some("a:b"), 401),
        (Some(blind.as_str()), 403),
        (Some(user.as_str()), 403),
    ] {
        let call = world.post(VERIFY).body(token.clone());
        let call = credential.map_or(call.clone(), |it| call.bearer(it));
        let answer = call.send().await;
        assert_eq!(answer.status.as_u16(), status, "{credential:?}");
        assert!(answer.json()["errors"][0]["message"].is_string());
    }

    change_tenant(&world, "kr", true).await;
    for (path, package) in [
        (CLIENT, "exchange-token-client"),
        (CLIENT_ID, "exchange-token-client-id"),
    ] {
        world.cloud.kill(package).await.unwrap();
        for (credential, status) in [
            (None, 401),
            (Some(blind.as_str()), 403),
            (Some(foreign.as_str()), 404),
            (Some(world.cloud.api_key()), 200),
        ] {
            let call = world.post(path).body(token.clone());
            let call = credential.map_or(call.clone(), |it| call.bearer(it));
            assert_eq!(call.send().await.status.as_u16(), status, "{path} {credential:?}");
        }
    }
    world.end().await;
}

#[tokio::test]
async fn where_a_token_is_used_once_it_is() {
    let world = World::new().await;
    change_tenant(&world, "su", true).await;
    let paths = [CLIENT, CLIENT_ID, VERIFY];
    for first in paths {
        let token = visit(&world).await;
        let call = |path: &str| world.post(path).bearer(world.cloud.api_key()).body(token.clone());
        // The answer to the first sending is lost, and the SDK sends again.
        world
            .proxy
            .fault(When::first(1).operation("UpdateItem"), [Fault::LostAfterCommit]);
        assert_eq!(call(first).send().await.status.as_u16(), 200, "{first}");
        world.proxy.heal();
        for path in paths {
            assert_eq!(
                call(path).send().await.status.as_u16(),
                404,
                "{first}, then {path}"
            );
        }
    }
    let token = visit(&world).await;
    let calls = (0..8).map(|_| world.post(CLIENT).body(token.clone()).send());
    let answers = futures::future::join_all(calls).await;
    let given = answers.iter().filter(|it| it.status == 200).count();
    assert_eq!(given, 1, "of eight at once");
    world.end().await;
}

#[tokio::test]
async fn telling_takes_three_round_trips_at_most_and_an_exchange_one_read() {
    let world = World::new().await;
    // Instances that know who asks, and no device yet.
    let before = async || token_of(&sending(&world, sparse().to_string()).send().await);
    for call in [before().await, before().await] {
        for path in [CLIENT, CLIENT_ID, VERIFY] {
            world
                .post(path)
                .bearer(world.cloud.api_key())
                .body(call.clone())
                .send()
                .await;
        }
    }
    let measure = async |package: &str, call: Call| {
        let (answer, usage) = world.proxy.measure(call.send()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let credential =
            |it: &tests::proxy::Call| matches!(it.request.key("sk"), Some("site" | "key" | "tenant"));
        let own = usage.only(|it| it.request.tag == package);
        assert_eq!(own.only(credential).requests, 0, "{package} knows who asks");
        (answer, own)
    };
    let mut told = telemetry();
    let (answer, first) = measure("collect-telemetry", sending(&world, told.to_string())).await;
    assert!(first.round_trips <= 3 && first.requests <= 10, "{first:#?}");
    assert!(first.rcu <= 4.0, "{first:#?}");
    told["nonce"] = json!(nonce());
    let (_, again) = measure("collect-telemetry", sending(&world, told.to_string())).await;
    assert!(
        again.round_trips <= 3 && again.requests <= 6,
        "the lists say it already: {again:#?}"
    );
    assert!(again.rcu <= 5.0 && again.table_wcu <= 8.0, "{again:#?}");

    let token = token_of(&answer);
    for (path, package) in [
        (CLIENT, "exchange-token-client"),
        (CLIENT_ID, "exchange-token-client-id"),
        (VERIFY, "verify-token"),
    ] {
        let call = world.post(path).bearer(world.cloud.api_key()).body(token.clone());
        let (_, usage) = measure(package, call).await;
        let used = (usage.requests, usage.round_trips, usage.table_wcu);
        assert_eq!(used, (1, 1, 0.0), "{path}: {usage:#?}");
        assert!(usage.rcu <= 1.0, "{path}: {usage:#?}");
    }
    world.end().await;
}
