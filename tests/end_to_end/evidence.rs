//! Sessions that know what their browser showed: a page's token goes to `create`, `validate` and `step-up`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use shared::model::{Attached, Scope, TenantId};
use tests::proxy::{Fault, When};

use crate::client::Answer;
use crate::telemetry::{CLIENT, change_tenant, kept, sending, telemetry, token_of, visit};
use crate::world::{CREATE, OTHER_USER_AGENT, USER_AGENT, VALIDATE, World, opening, sighting};

/// Where this machine's own visits come from: what another network saw vouches for nothing.
const HERE: &str = "127.0.0.1";

/// Tells of a visit whose evidence was changed first.
async fn visit_with(world: &World, change: impl FnOnce(&mut Value)) -> String {
    let mut told = telemetry();
    change(&mut told["components"]);
    token_of(&sending(world, told.to_string()).send().await)
}

async fn create(world: &World, subject: &str, token: Option<&str>) -> Value {
    let mut body = opening();
    body["ip_address"] = json!(HERE);
    body["telemetry_token"] = json!(token);
    let call = world.post(CREATE).bearer(world.cloud.api_key()).subject(subject);
    let answer = call.json(&body).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn try_validate(world: &World, id: &str, token: Option<&str>, user_agent: &str) -> Answer {
    let mut body = sighting(id);
    body["current_ip"] = json!(HERE);
    body["telemetry_token"] = json!(token);
    body["current_user_agent"] = json!(user_agent);
    let call = world
        .post(VALIDATE)
        .bearer(world.cloud.api_key())
        .subject("alice");
    call.json(&body).send().await
}

/// The factor of the group, if there is one: name, points, what differs.
async fn components(world: &World, id: &str, token: Option<&str>) -> Option<(String, i64, String)> {
    let answer = try_validate(world, id, token, USER_AGENT).await.json();
    assert_eq!(answer["is_valid"], true, "{answer}");
    let factors = answer["risk"]["factors"].as_array().unwrap();
    let factor = factors.iter().find(|it| it["group"] == "components")?;
    let text = |name: &str| factor[name].as_str().unwrap_or_default().to_owned();
    Some((text("name"), factor["points"].as_i64().unwrap(), text("current")))
}

fn factor(name: &str, points: i64, current: &str) -> (String, i64, String) {
    (name.to_owned(), points, current.to_owned())
}

async fn item(world: &World, kind: &str) -> HashMap<String, AttributeValue> {
    let mut items = kept(world).await;
    items.retain(|it| it["sk"].as_s().is_ok_and(|it| it == kind));
    items.pop().expect("one of them")
}

#[tokio::test]
async fn a_session_is_compared_with_what_its_browser_showed() {
    let world = World::new().await;
    let token = visit(&world).await;
    let opened = create(&world, "alice", Some(&token)).await;
    assert_eq!(opened["telemetry_attached"], true, "{opened}");
    let id = opened["session_id"].as_str().unwrap();

    assert_eq!(
        components(&world, id, None).await,
        Some(factor("telemetry_missing_near", 10, "")),
        "pages tell now and then"
    );
    let same = Some(factor("components_same", 0, ""));
    assert_eq!(components(&world, id, Some(&token)).await, same);
    let again = visit(&world).await;
    assert_eq!(components(&world, id, Some(&again)).await, same, "a second page");

    let fewer = visit_with(&world, |it| it["hardwareConcurrency"] = json!(4)).await;
    for time in ["first", "second"] {
        assert_eq!(
            components(&world, id, Some(&fewer)).await,
            Some(factor("component_changed", 15, "cores")),
            "{time}: what was let in is not what the session is held by"
        );
    }
    let other = visit_with(&world, |it| {
        it["hardwareConcurrency"] = json!(2);
        it["webglRenderer"] = json!("ANGLE (AMD, AMD Radeon RX 580 Direct3D11 vs_5_0 ps_5_0)");
    })
    .await;
    assert_eq!(
        components(&world, id, Some(&other)).await,
        Some(factor("components_changed", 33, "cores, graphics"))
    );
    let moved = visit_with(&world, |it| {
        it["timeZone"] = json!("Asia/Tokyo");
        it["timeZoneOffsetMinutes"] = json!(-540);
    })
    .await;
    assert_eq!(
        components(&world, id, Some(&moved)).await,
        same,
        "a journey is none of it"
    );

    let record = world.record(id).await.unwrap();
    assert_eq!(record.attached.visits.len(), 5, "every visit that was shown");
    world.end().await;
}

#[tokio::test]
async fn a_session_that_saw_many_pages_still_moves_with_its_browser() {
    let world = World::new().await;
    let opened = create(&world, "alice", Some(&visit(&world).await)).await;
    let id = opened["session_id"].as_str().unwrap();
    for _ in 0..Attached::MOST {
        let page = visit(&world).await;
        assert_eq!(
            components(&world, id, Some(&page)).await,
            Some(factor("components_same", 0, ""))
        );
    }
    let before = world.record(id).await.unwrap().attached;
    let moved = visit_with(&world, |it| {
        it["timeZone"] = json!("Asia/Tokyo");
        it["timeZoneOffsetMinutes"] = json!(-540);
    })
    .await;
    assert_eq!(
        components(&world, id, Some(&moved)).await,
        Some(factor("components_same", 0, ""))
    );
    let after = world.record(id).await.unwrap().attached;
    assert_ne!(
        after.traits, before.traits,
        "though there is no room for the visit"
    );
    assert_eq!(after.visits.len(), Attached::MOST);
    world.end().await;
}

#[tokio::test]
async fn a_device_is_not_a_subjects_before_it_was_accepted() {
    let world = World::new().await;
    let (token, user) = (visit(&world).await, world.token("alice"));
    let sharers = async || {
        let device = item(&world, "device").await;
        device.get("sj").map_or(0, |it| it.as_bs().unwrap().len())
    };
    let mut body = opening();
    body["ip_address"] = json!(HERE);
    body["telemetry_token"] = json!(token);
    let opened = world.post(CREATE).bearer(&user).json(&body).send().await.json();
    let id = opened["session_id"].as_str().unwrap();
    let mut body = sighting(id);
    body["current_ip"] = json!(HERE);
    body["telemetry_token"] = json!(token);
    let seen = world.post(VALIDATE).bearer(&user).json(&body).send().await;
    assert_eq!(seen.json()["is_valid"], true, "{seen:?}");
    assert_eq!(sharers().await, 0, "so says only the user");
    components(&world, id, Some(&token)).await;
    assert_eq!(sharers().await, 1);
    world.end().await;
}

#[tokio::test]
async fn a_token_that_was_carried_to_another_browser_tells_on_it() {
    let world = World::new().await;
    let token = visit(&world).await;
    let opened = create(&world, "alice", Some(&token)).await;
    let id = opened["session_id"].as_str().unwrap();
    let answer = try_validate(&world, id, Some(&token), OTHER_USER_AGENT)
        .await
        .json();
    let factors = answer["risk"]["factors"].to_string();
    assert!(factors.contains("components_of_another_browser"), "{factors}");
    assert!(
        factors.contains("\"points\":75"),
        "the other view counts: {factors}"
    );
    let sent = world
        .post(&format!("/client?siteKey={}", world.cloud.site_key()))
        .header("origin", world.cloud.url())
        .header("content-type", "text/plain;charset=UTF-8")
        .header("user-agent", OTHER_USER_AGENT)
        .body(telemetry().to_string());
    let carried = token_of(&sent.send().await);
    let opened = create(&world, "alice", None).await;
    let id = opened["session_id"].as_str().unwrap();
    let (name, points, _) = components(&world, id, Some(&carried)).await.unwrap();
    assert_eq!((name.as_str(), points), ("components_of_another_browser", 34));
    world.end().await;
}

#[tokio::test]
async fn a_token_that_leads_nowhere_costs_nobody_a_session() {
    let world = World::new().await;
    let token = visit(&world).await;
    let mut over = token.split('.').map(str::to_owned).collect::<Vec<_>>();
    over[2] = "A".repeat(43);
    let forged = over.join(".");
    // The bits lead to the visit, whatever is around them; other bits lead nowhere.
    let opened = create(&world, "alice", Some(&forged)).await;
    assert_eq!(opened["telemetry_attached"], true);
    let unknown = format!(
        "{}.{}.{}",
        over[0],
        "eyJqdGkiOiJBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBIiwidGVuYW50IjoiYWNtZSIsImlhdCI6MCwiZXhwIjoxfQ",
        over[2]
    );
    let opened = create(&world, "alice", Some(&unknown)).await;
    assert_eq!(opened["telemetry_attached"], false);
    let id = opened["session_id"].as_str().unwrap();
    assert_eq!(
        components(&world, id, Some(&unknown)).await,
        Some(factor("telemetry_unknown_near", 15, ""))
    );
    let opened = create(&world, "alice", None).await;
    assert_eq!(opened.get("telemetry_attached"), None, "nobody asked");
    let opened = create(&world, "alice", Some("")).await;
    assert_eq!(opened.get("telemetry_attached"), None, "an empty one is none");

    for odd in [
        json!("a.b.c"),
        json!("x".repeat(10_000)),
        json!(7),
        json!({"token": token}),
    ] {
        let mut body = opening();
        body["telemetry_token"] = odd.clone();
        let call = world.post(CREATE).bearer(world.cloud.api_key()).subject("alice");
        let answer = call.json(&body).send().await;
        assert_eq!(answer.status, 422, "{odd:.40}");
        assert_eq!(
            answer.json()["detail"][0]["loc"],
            json!(["body", "telemetry_token"])
        );
    }
    // A secret that is nearly right is not echoed.
    let cut = token.get(..token.len() - 1).unwrap();
    let answer = try_validate(&world, id, Some(cut), USER_AGENT).await;
    assert_eq!(answer.status, 422);
    assert!(!answer.text.contains(cut.get(40..60).unwrap()));
    world.end().await;
}

#[tokio::test]
async fn telemetry_of_another_tenant_is_none_of_this_one() {
    let world = World::new().await;
    let token = visit(&world).await;
    let other: TenantId = "other".parse().unwrap();
    world.cloud.provide_tenant(&other).await.unwrap();
    let scopes = [Scope::SessionsRead, Scope::SessionsWrite].into_iter().collect();
    let foreign = world.cloud.new_api_key(&other, scopes).await.unwrap();
    let mut body = opening();
    body["telemetry_token"] = json!(token);
    let call = world.post(CREATE).bearer(&foreign).subject("alice").json(&body);
    let opened = call.send().await.json();
    assert_eq!(
        (&opened["success"], &opened["telemetry_attached"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        create(&world, "alice", Some(&token)).await["telemetry_attached"],
        true
    );
    world.end().await;
}

#[tokio::test]
async fn a_token_that_is_exchanged_once_is_shown_as_often_as_one_likes() {
    let world = World::new().await;
    change_tenant(&world, "su", true).await;
    let token = visit(&world).await;
    let opened = create(&world, "alice", Some(&token)).await;
    assert_eq!(opened["telemetry_attached"], true);
    assert_eq!(world.post(CLIENT).body(token.clone()).send().await.status, 200);
    let id = opened["session_id"].as_str().unwrap();
    assert_eq!(
        components(&world, id, Some(&token)).await,
        Some(factor("components_same", 0, ""))
    );
    world.end().await;
}

#[tokio::test]
async fn a_device_tells_how_many_share_it_and_not_who() {
    let world = World::new().await;
    for subject in ["alice", "bob", "alice"] {
        let token = visit(&world).await;
        create(&world, subject, Some(&token)).await;
    }
    let device = item(&world, "device").await;
    assert_eq!(device["sj"].as_bs().unwrap().len(), 2);
    let printed = format!("{device:?}");
    assert!(!printed.contains("alice") && !printed.contains("bob"));
    let bundle = world.post(CLIENT).body(visit(&world).await).send().await.json();
    assert_eq!(bundle["identification"]["subjectCount"], 2, "{bundle}");
    world.end().await;
}

#[tokio::test]
async fn telemetry_costs_what_the_data_model_says() {
    let world = World::new().await;
    let own = async |package: &str, work: BoxFuture<'_, Value>| {
        let (answer, usage) = world.proxy.measure(work).await;
        let usage = usage
            .only(|it| it.request.tag == package && !matches!(it.request.key("sk"), Some("key" | "tenant")));
        (answer, usage.budget())
    };
    let first = visit(&world).await;
    create(&world, "alice", None).await;
    let opening = own("create-session", Box::pin(create(&world, "alice", Some(&first)))).await;
    let (opened, budget) = opening;
    // The visit; guard and record side by side; the device.
    assert_eq!(budget, (4, 3, 1.0, 3.0));

    let id = opened["session_id"].as_str().unwrap();
    let validate = async |token: &str| {
        let work = async { try_validate(&world, id, Some(token), USER_AGENT).await.json() };
        let (answer, budget) = own("validate-session", Box::pin(work)).await;
        assert_eq!(answer["is_valid"], true, "{answer}");
        budget
    };
    try_validate(&world, id, None, USER_AGENT).await;
    // Guard and visit; record and profile.
    assert_eq!(validate(&first).await, (3, 2, 4.0, 0.0));
    let second = visit(&world).await;
    // And the record, once.
    assert_eq!(validate(&second).await, (4, 3, 4.0, 1.0));
    assert_eq!(validate(&second).await, (3, 2, 4.0, 0.0));
    world.end().await;
}

#[tokio::test]
async fn a_table_that_does_not_work_never_says_valid() {
    let world = World::new().await;
    let token = visit(&world).await;
    let opened = create(&world, "alice", Some(&token)).await;
    let id = opened["session_id"].as_str().unwrap().to_owned();
    let next = visit_with(&world, |it| it["hardwareConcurrency"] = json!(4)).await;
    // An instance that is there already: one that cannot reach its table does not start.
    assert_eq!(
        components(&world, &id, None).await,
        Some(factor("telemetry_missing_near", 10, ""))
    );
    for fault in [Fault::Throttled, Fault::InternalError, Fault::Reset, Fault::Hang] {
        for operation in ["GetItem", "BatchGetItem", "UpdateItem"] {
            world.proxy.fault(When::always().operation(operation), [fault]);
            let answer = try_validate(&world, &id, Some(&next), USER_AGENT).await;
            assert_eq!(answer.status, 503, "{fault:?} {operation} {answer:?}");
            world.proxy.heal();
        }
    }
    assert_eq!(
        components(&world, &id, Some(&next)).await,
        Some(factor("component_changed", 15, "cores")),
        "nothing was moved by what failed"
    );
    world.end().await;
}
