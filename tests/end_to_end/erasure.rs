//! A client's data are erased through the real binaries, and nobody may ask for it who may not.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::clock::{Clock, System};
use shared::model::{Scope, Subject};
use tests::proxy::{Fault, When};

use crate::client::Answer;
use crate::telemetry::{self, CLIENT_ID};
use crate::world::{CREATE, IP, OTHER_USER_AGENT, USER_AGENT, VALIDATE, World};

const NAME: &str = "alice-canary";
const REFERENCE: &str = "visit-canary";

async fn erase(world: &World, credential: &str, name: &str) -> Answer {
    let path = format!("/v1/clients/{name}/data");
    world.request("DELETE", &path).bearer(credential).send().await
}

/// What the table tells of the subject.
async fn traces(world: &World, name: &str) -> Vec<HashMap<String, AttributeValue>> {
    let key = Subject::new(name).unwrap().key(&world.tenant().await.id);
    let scan = world.table().scan().table_name(world.cloud.table());
    let mut items = scan.send().await.unwrap().items.unwrap_or_default();
    items.retain(|item| {
        let text = format!("{item:?}");
        [name, REFERENCE, key.as_str()].iter().any(|it| text.contains(it))
    });
    items
}

/// Sessions of both kinds, a second place, a client.
async fn everything(world: &World, name: &str) -> (String, String) {
    let (token, key) = (world.token(name), world.cloud.api_key());
    let client = json!({"referenceId": name, "alias": name});
    let stored = world.post("/v1/clients/individuals").bearer(key).json(&client);
    assert_eq!(stored.send().await.status, 201);
    let names = json!({"email": format!("{name}@example.com")});
    let visit = visit_of(world, &json!({}), names).await;
    let known = json!({
        "ip_address": IP, "user_agent": USER_AGENT, "device_fingerprint": "device-1", "telemetry_token": visit,
    });
    let opened = world.post(CREATE).bearer(key).subject(name).json(&known);
    let opened = opened.send().await.json();
    let held = opened["session_id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/sessions/{held}/step-up");
    let proof = json!({"current_ip": "203.0.113.9", "current_user_agent": OTHER_USER_AGENT});
    let proven = world.post(&path).bearer(key).json(&proof).send().await;
    assert_eq!(proven.json()["success"], true, "{proven:?}");
    let told =
        json!({"clientId": name, "referenceId": REFERENCE, "ipAddress": IP, "device": {"fingerprint": name}});
    let told = world.post("/v1/sessions").bearer(key).json(&told).send().await;
    assert_eq!(told.status, 201, "{told:?}");
    (token, held)
}

#[tokio::test]
async fn a_client_is_erased_on_every_face_and_does_not_come_back() {
    let world = World::new().await;
    let (token, held) = everything(&world, NAME).await;
    world.cloud.streams_read().await;
    // Held by where its user proved itself.
    let there =
        json!({"session_id": held, "current_ip": "203.0.113.9", "current_user_agent": OTHER_USER_AGENT});
    let judged = world.post(VALIDATE).bearer(&token).json(&there).send().await;
    assert_eq!(judged.json()["is_valid"], true, "{judged:?}");

    // A token counts to the end of the second it was made in.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let key = world.cloud.api_key();
    let receipt = erase(&world, key, NAME).await;
    assert_eq!(receipt.status, 200, "{receipt:?}");
    let receipt = receipt.json();
    let id = Subject::new(NAME).unwrap().client_id(&world.tenant().await.id);
    assert_eq!(receipt["clientId"], id.to_string());
    assert_eq!(receipt["complete"], true);
    let expected = json!({
        "sessions": 2, "references": 1, "telemetry": 1, "deviceLinks": 1, "profiles": 1, "clients": 1,
    });
    assert_eq!(receipt["erased"], expected);
    let unattached = json!({"what": "unattachedTelemetry", "endsWithinDays": 30});
    assert_eq!(receipt["remaining"][0], unattached);

    assert!(!world.is_valid(&token, &held).await);
    assert_eq!(world.active(&token).await, [] as [String; 0]);
    let refused = world.try_create(&token).await;
    assert_eq!(refused.json()["success"], false, "an older token: {refused:?}");
    for path in [
        format!("/v1/sessions/{held}"),
        format!("/v1/sessions/{REFERENCE}"),
        format!("/v1/clients/individuals/{NAME}"),
        format!("/api/v1/session/{held}"),
    ] {
        let found = world.request("GET", &path).bearer(key).send().await;
        assert_eq!(found.status, 404, "{path}: {found:?}");
    }
    // By its id, when it is known no more.
    let again = erase(&world, key, &id.to_string()).await;
    let nothing = json!({
        "sessions": 0, "references": 0, "telemetry": 0, "deviceLinks": 0, "profiles": 0, "clients": 0,
    });
    assert_eq!((again.status.as_u16(), &again.json()["erased"]), (200, &nothing));

    world.cloud.streams_read().await;
    let left = traces(&world, NAME).await;
    let mut kinds: Vec<_> = left.iter().map(|it| it["sk"].as_s().unwrap().as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["guard", "profile"], "{left:#?}");
    let personal = |item: &&HashMap<String, AttributeValue>| {
        ["p", "d", "qw", "qd", "pw", "pd", "s"]
            .iter()
            .any(|name| item.contains_key(*name))
            || item
                .get("m")
                .is_some_and(|it| it.as_m().is_ok_and(|it| !it.is_empty()))
    };
    assert_eq!(left.iter().filter(personal).count(), 0, "{left:#?}");
    world.end().await;
}

#[tokio::test]
async fn only_a_key_that_administers_its_own_tenant_erases() {
    let world = World::new().await;
    everything(&world, NAME).await;
    world.cloud.streams_read().await;
    let before = traces(&world, NAME).await.len();
    let other = "other".parse().unwrap();
    world.cloud.provide_tenant(&other).await.unwrap();
    let own = world.tenant().await.id;
    let key_with = async |tenant, scopes: &[Scope]| {
        let scopes = scopes.iter().copied().collect();
        world.cloud.new_api_key(tenant, scopes).await.unwrap()
    };
    let writer = key_with(&own, &[Scope::SessionsRead, Scope::SessionsWrite]).await;
    let rival = key_with(&other, &[Scope::SessionsAdmin, Scope::TenantAdmin]).await;

    let user = erase(&world, &world.token(NAME), NAME).await;
    let message = json!({"message": "this takes an API key", "error": "Forbidden", "statusCode": 403});
    assert_eq!((user.status.as_u16(), user.json()), (403, message));
    let writer = erase(&world, &writer, NAME).await;
    assert_eq!(writer.status, 403);
    let message = "the credential lacks the scope sessions:admin";
    assert_eq!(writer.json()["message"], message);
    let nobody = world.request("DELETE", "/v1/clients/x/data").send().await;
    let message = json!({"message": "Unauthorized", "statusCode": 401});
    assert_eq!((nobody.status.as_u16(), nobody.json()), (401, message));
    let path = format!("/v1/clients/{NAME}/data");
    let bobs = world
        .request("DELETE", &path)
        .bearer(world.cloud.api_key())
        .subject("bob");
    assert_eq!(bobs.send().await.status, 404, "a key that speaks for another");
    let foreign = erase(&world, &rival, NAME).await;
    assert_eq!(
        (foreign.status.as_u16(), &foreign.json()["erased"]["sessions"]),
        (200, &json!(0))
    );
    assert_eq!(traces(&world, NAME).await.len(), before);

    for scope in [Scope::SessionsAdmin, Scope::TenantAdmin] {
        let key = key_with(&own, &[scope]).await;
        let erased = erase(&world, &key, NAME).await;
        assert_eq!(erased.status, 200, "{scope:?}: {erased:?}");
    }
    world.end().await;
}

#[tokio::test]
async fn where_clients_have_to_be_known_an_unknown_one_is_no_error_either() {
    let world = World::new().await;
    telemetry::change_tenant(&world, "kc", true).await;
    for _ in 0..2 {
        let erased = erase(&world, world.cloud.api_key(), "nobody").await;
        assert_eq!(erased.status, 200, "{erased:?}");
        assert_eq!(erased.json()["erased"]["clients"], 0);
    }
    world.end().await;
}

#[tokio::test]
async fn a_table_that_fails_is_a_503_or_an_honest_receipt_and_the_call_is_repeated() {
    let world = World::new().await;
    everything(&world, NAME).await;
    world.cloud.streams_read().await;
    world.cloud.streams_read().await;
    let key = world.cloud.api_key();
    let of = |operation: &str| When::always().operation(operation).tag("erase-client-data");
    world.proxy.fault(of("UpdateItem"), [Fault::InternalError]);
    let failed = erase(&world, key, NAME).await;
    assert_eq!(failed.status, 503, "{failed:?}");
    assert_eq!(
        failed.json(),
        json!({"message": "Service Unavailable", "statusCode": 503})
    );
    world.proxy.heal();

    world.proxy.fault(of("Query"), [Fault::InternalError]);
    let partly = erase(&world, key, NAME).await;
    assert_eq!(partly.json()["complete"], false, "{partly:?}");
    assert_eq!(partly.json()["erased"]["profiles"], 1);
    assert_eq!(partly.json()["erased"]["clients"], 0, "the client goes last");
    world.proxy.heal();
    let rest = erase(&world, key, NAME).await.json();
    assert_eq!(
        (&rest["complete"], &rest["erased"]["clients"]),
        (&json!(true), &json!(1))
    );
    world.cloud.streams_read().await;
    assert_eq!(traces(&world, NAME).await.len(), 2);
    world.end().await;
}

/// The token of a visit, with these components over rich ones, and these names for the visitor.
async fn visit_of(world: &World, components: &Value, names: Value) -> String {
    let mut told = telemetry::telemetry();
    told["externalIds"] = names;
    let rich = telemetry::rich();
    for more in [&rich, components] {
        for (name, value) in more.as_object().unwrap() {
            told["components"][name] = value.clone();
        }
    }
    telemetry::token_of(&telemetry::sending(world, told.to_string()).send().await)
}

/// The client id of such a visit.
async fn recognised(world: &World, components: &Value, names: Value) -> String {
    let token = visit_of(world, components, names).await;
    let id = world.post(CLIENT_ID).body(token).send().await;
    assert_eq!(id.status, 200, "{id:?}");
    id.text
}

#[tokio::test]
async fn a_sites_names_for_visitors_neither_join_nor_part_them() {
    let world = World::new().await;
    let alice = json!({"email": "alice@example.com", "accountId": "1"});
    let bob = json!({"email": "bob@example.com", "accountId": "2"});
    let one = json!({});
    let hash = |number: &str| number.repeat(16);
    let other = json!({
        "canvasGeometry": hash("ff"), "canvasText": hash("fe"), "audio": hash("fd"), "fonts": hash("fc"),
        "webglRenderer": "ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 Direct3D11 vs_5_0 ps_5_0, D3D11)",
        "webglParameters": hash("fb"), "hardwareConcurrency": 24,
        "screen": {"width": 2560, "height": 1440, "colorDepth": 24, "pixelRatio": 1},
    });
    let first = recognised(&world, &one, alice.clone()).await;
    assert_eq!(
        recognised(&world, &one, bob).await,
        first,
        "one device, two names"
    );
    let second = recognised(&world, &other, alice.clone()).await;
    assert_ne!(second, first, "two devices, one name");
    assert_eq!(recognised(&world, &other, alice).await, second);
    world.end().await;
}

#[tokio::test]
async fn telemetry_is_kept_as_long_as_its_tenant_says() {
    let world = World::new().await;
    for (told, days) in [(None, 27), (Some("3"), 3), (Some("400"), 27)] {
        if let Some(told) = told {
            let told = AttributeValue::N(told.to_owned());
            telemetry::set_of_tenant(&world, "td", told).await;
            // A new process: this one still knows the tenant as it was.
            world.cloud.kill("collect-telemetry").await.unwrap();
        }
        let before: Vec<_> = telemetry::kept(&world).await;
        telemetry::visit(&world).await;
        let is_new = |item: &HashMap<String, AttributeValue>| {
            item["sk"].as_s().unwrap() == "visit" && before.iter().all(|it| it["pk"] != item["pk"])
        };
        let items = telemetry::kept(&world).await;
        let visit = items.iter().find(|it| is_new(it)).expect("the visit");
        let until: i64 = visit["t"].as_n().unwrap().parse().unwrap();
        let left = until - System.now().secs();
        let day = i64::try_from(Duration::from_hours(24).as_secs()).unwrap();
        assert!(
            (days * day - 60..=days * day).contains(&left),
            "{told:?}: {left} s"
        );
    }
    world.end().await;
}
