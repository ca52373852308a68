//! Telemetry through the real binaries: a page tells of a visit, its backend exchanges the token.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::clock::{Clock, System};

use crate::client::{Answer, Call, TEXT};
use crate::world::{USER_AGENT, World};

pub(crate) const CLIENT: &str = "/token/v1/client";
pub(crate) const CLIENT_ID: &str = "/token/v1/clientId";
pub(crate) const VERIFY: &str = "/token/v2/verify";
const FORM: &str = "application/x-www-form-urlencoded";

/// A nonce nobody had.
fn nonce() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let digest = Sha256::digest(format!("{next} {}", std::process::id()));
    URL_SAFE_NO_PAD.encode(&digest[..16])
}

/// Telemetry of now with little evidence.
pub(crate) fn telemetry() -> Value {
    json!({
        "version": 1, "nonce": nonce(), "collectedAt": System.now().millis(),
        "externalIds": {"email": "user@example.com"},
        "components": {
            "userAgent": USER_AGENT, "platform": "Win32", "languages": ["en-US", "en"], "timeZone": "America/New_York",
            "timeZoneOffsetMinutes": 300, "hardwareConcurrency": 8, "deviceMemory": 8,
            "screen": {"width": 1920, "height": 1080, "colorDepth": 24, "pixelRatio": 1},
            "canvasGeometry": "000102030405060708090a0b0c0d0e0f",
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

fn token_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["token"].as_str().expect("a token").to_owned()
}

/// Sets a flag of the default tenant.
pub(crate) async fn change_tenant(world: &World, stored: &str, flag: bool) {
    let text = |it: String| AttributeValue::S(it);
    world
        .table()
        .update_item()
        .table_name(world.cloud.table())
        .key("pk", text(format!("{}#T", world.cloud.tenant())))
        .key("sk", text("tenant".to_owned()))
        .update_expression("SET #flag = :flag")
        .expression_attribute_names("#flag", stored)
        .expression_attribute_values(":flag", AttributeValue::Bool(flag))
        .send()
        .await
        .unwrap();
}

/// Every item the table has whose sort key is one of these.
pub(crate) async fn items(
    world: &World,
    kinds: &[&str],
) -> Vec<std::collections::HashMap<String, AttributeValue>> {
    let found = world
        .table()
        .scan()
        .table_name(world.cloud.table())
        .send()
        .await
        .unwrap();
    let of = |item: &std::collections::HashMap<String, AttributeValue>| {
        item.get("sk")
            .and_then(|it| it.as_s().ok())
            .cloned()
            .unwrap_or_default()
    };
    let mut items = found.items.unwrap_or_default();
    items.retain(|item| kinds.contains(&of(item).as_str()));
    items
}

#[tokio::test]
async fn a_token_leads_a_backend_to_what_the_page_told() {
    let world = World::new().await;
    let answer = sending(&world, telemetry().to_string()).send().await;
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
    let bundle = datapoints.json();
    assert_eq!(bundle["externalIds"], json!({"email": "user@example.com"}));
    assert_eq!(bundle["ip"]["address"], "127.0.0.1");
    assert_eq!(bundle["domain"], world.cloud.url().trim_start_matches("http://"));

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
