//! Least privilege, proven: what a function may do is what it does.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use shared::model::SessionId;
use shared::policy::AbsoluteTimeout;
use tests::proxy::{Fault, When};

use crate::telemetry::{self, CLIENT, CLIENT_ID, VERIFY};
use crate::world::{
    ACTIVE, CLEANUP, CREATE, FINGERPRINT, IP, OTHER_USER_AGENT, USER_AGENT, VALIDATE, World, opening, root,
};

/// The DynamoDB actions the template grants each function's code.
///
/// What reads a stream is Lambda's poller, not the code.
fn granted() -> BTreeMap<String, BTreeSet<String>> {
    const POLLER: [&str; 4] = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"];
    let text = std::fs::read_to_string(root().join("template.yaml")).unwrap();
    let template: serde_norway::Value = serde_norway::from_str(&text).unwrap();
    let resources = plain(template.get("Resources").unwrap().clone());
    let mut granted = BTreeMap::new();
    for resource in resources.as_object().unwrap().values() {
        if resource["Type"] != "AWS::Serverless::Function" {
            continue;
        }
        let properties = &resource["Properties"];
        let package = properties["CodeUri"].as_str().unwrap();
        let role = properties["Role"].as_str().and_then(|it| it.split('.').next());
        let role = role.map_or(&Value::Null, |role| &resources[role]["Properties"]);
        let actions = [&properties["Policies"], &role["Policies"]]
            .into_iter()
            .filter_map(Value::as_array)
            .flatten()
            .flat_map(|policy| {
                let document = policy.get("PolicyDocument").unwrap_or(policy);
                document["Statement"].as_array().expect("statements")
            })
            .inspect(|statement| assert_eq!(statement["Effect"], "Allow"))
            .flat_map(|statement| statement["Action"].as_array().expect("a list of actions"))
            .filter_map(|action| action.as_str().unwrap().strip_prefix("dynamodb:"))
            .filter(|action| !POLLER.contains(action))
            .map(str::to_owned)
            .collect();
        granted.insert(package.trim_start_matches("functions/").to_owned(), actions);
    }
    granted
}

/// YAML without its tags: `!GetAtt a.b` is the text `a.b`.
fn plain(yaml: serde_norway::Value) -> Value {
    use serde_norway::Value as Yaml;
    match yaml {
        Yaml::Tagged(tagged) => plain(tagged.value),
        Yaml::Sequence(list) => list.into_iter().map(plain).collect(),
        Yaml::Mapping(map) => Value::Object(
            map.into_iter()
                .map(|(name, value)| (name.as_str().unwrap_or_default().to_owned(), plain(value)))
                .collect(),
        ),
        other => serde_json::to_value(other).unwrap(),
    }
}

/// A session that ran out an hour ago.
async fn expired(world: &World, subject: &str) -> SessionId {
    let (ago, idle) = (Duration::from_hours(2), Duration::from_hours(1));
    world.opened(subject, ago, idle, AbsoluteTimeout::Aal2).await
}

/// A session with something to learn in it, proven by the key from elsewhere in another browser.
async fn step_up(world: &World, key: &str) {
    let known = json!({"ip_address": IP, "user_agent": USER_AGENT, "device_fingerprint": "device-1"});
    let opened = world.post(CREATE).bearer(key).subject("frank").json(&known);
    let opened = opened.send().await.json();
    let path = format!(
        "/api/v1/sessions/{}/step-up",
        opened["session_id"].as_str().unwrap()
    );
    let proof = json!({"current_ip": "203.0.113.9", "current_user_agent": OTHER_USER_AGENT});
    let proven = world.post(&path).bearer(key).json(&proof).send().await.json();
    assert_eq!(proven["success"], true, "{proven}");
}

/// Sends one request to each of Corsa's functions, those that may be sent twice with a key.
async fn tell_of_sessions_and_clients(world: &World, key: &str) {
    let session = json!({"clientId": "IND123", "referenceId": "visit-1", "ipAddress": IP, "device": {"fingerprint": "f"}});
    let (client, none) = (json!({"referenceId": "IND123"}), Value::Null);
    let end = json!({"endedAt": "2999-01-01T00:00:00Z"});
    for (method, path, body, status) in [
        ("POST", "/v1/clients/individuals", client, 201),
        ("POST", "/v1/clients/corporates?upsert=true", json!({}), 201),
        ("POST", "/v1/sessions", session, 201),
        ("GET", "/v1/sessions/visit-1", none.clone(), 200),
        ("PUT", "/v1/sessions/visit-1", end, 200),
        ("GET", "/v1/clients/IND123/sessions", none.clone(), 200),
        ("GET", "/v1/clients/individuals/IND123", none, 200),
        (
            "PUT",
            "/v1/clients/individuals/IND123",
            json!({"alias": "a"}),
            200,
        ),
    ] {
        let mut call = world.request(method, path).bearer(key);
        if !body.is_null() {
            call = call.header("idempotency-key", "once").json(&body);
        }
        assert_eq!(call.send().await.status, status, "{method} {path}");
    }
}

/// Erases a client that has live sessions and others.
async fn erase(world: &World, key: &str) {
    world.create(&world.token("IND123")).await;
    let erased = world.request("DELETE", "/v1/clients/IND123/data").bearer(key);
    let erased = erased.send().await.json();
    assert_eq!(erased["complete"], true, "{erased}");
    assert_eq!(erased["erased"]["references"], 1, "{erased}");
}

/// Tells of visits and exchanges their tokens, as often as one likes and then once.
async fn tell_of_visits(world: &World, key: &str) {
    let first = telemetry::visit(world).await;
    for path in [CLIENT, CLIENT_ID, VERIFY] {
        let call = world.post(path).bearer(key).body(first.clone());
        let status = call.send().await.status.as_u16();
        assert!([200, 404].contains(&status), "{path}: {status}");
    }
    telemetry::change_tenant(world, "su", true).await;
    for (path, package) in [
        (CLIENT, "exchange-token-client"),
        (CLIENT_ID, "exchange-token-client-id"),
        (VERIFY, "verify-token"),
    ] {
        // A new process: this one still knows the tenant as it was.
        world.cloud.kill(package).await.unwrap();
        let token = telemetry::visit(world).await;
        let call = world.post(path).bearer(key).body(token);
        let status = call.send().await.status.as_u16();
        assert!([200, 404].contains(&status), "{path}: {status}");
    }
}

/// Drops what ran out, by the schedule, a user and a key; the session the schedule dropped.
async fn clean_up(world: &World, key: &str) -> SessionId {
    let run_out = expired(world, "carol").await;
    let output: Value = serde_json::from_slice(&world.cloud.fire("cleanup-sessions").await.unwrap()).unwrap();
    assert_eq!(output["expired"], 1, "{output}");
    expired(world, "dave").await;
    let cleaned = world
        .post(CLEANUP)
        .bearer(&world.token("dave"))
        .send()
        .await
        .json();
    assert_eq!(cleaned["expired"], 1);
    expired(world, "erin").await;
    assert_eq!(world.post(CLEANUP).bearer(key).send().await.json()["expired"], 1);
    run_out
}

#[tokio::test]
async fn each_function_uses_exactly_what_the_template_grants_it() {
    let world = World::with(&[("MaxConcurrentSessions", "2")]).await;
    let (alice, key) = (world.token("alice"), world.cloud.api_key().to_owned());
    let facts = json!({"user_agent": USER_AGENT, "ip_address": IP});
    world.post(FINGERPRINT).json(&facts).send().await;
    world.request("GET", "/nowhere").send().await;

    // The first session ever, one with room, one that replaces another.
    let evicted = world.create(&alice).await;
    let second = world.create(&alice).await;
    let third = world.create(&alice).await;
    assert!(!world.is_valid(&alice, &evicted).await);

    // A key that is new, sent again, given up because the table failed, and gone on with.
    let create = |name: &str| {
        let call = world.post(CREATE).bearer(&key).subject("bob");
        call.header("idempotency-key", name).json(&opening())
    };
    for _ in 0..2 {
        assert_eq!(create("again").send().await.status, 200);
    }
    let guard = |it: &tests::proxy::Request| it.key("sk") == Some("guard");
    world
        .proxy
        .fault(When::always().matching(guard), [Fault::InternalError]);
    assert_eq!(create("resumed").send().await.status, 503);
    world.proxy.heal();
    assert_eq!(create("resumed").send().await.status, 200);

    // Seen as before, in a newer browser, from elsewhere, by a backend that names nobody, stolen.
    let see = async |id: &str, ip: &str, user_agent: &str, subject: Option<&str>| {
        let body = json!({"session_id": id, "current_ip": ip, "current_user_agent": user_agent});
        let call = world.post(VALIDATE).bearer(&key).json(&body);
        let call = subject.map_or(call.clone(), |subject| call.subject(subject));
        call.send().await.json()["is_valid"] == true
    };
    let newer = USER_AGENT.replace("Chrome/120", "Chrome/121");
    assert!(see(&second, IP, USER_AGENT, Some("alice")).await);
    assert!(see(&second, IP, &newer, Some("alice")).await);
    assert!(see(&second, "203.0.113.9", &newer, None).await);
    let stolen = json!({
        "session_id": third, "current_ip": "203.0.113.9", "current_user_agent": OTHER_USER_AGENT,
        "current_fingerprint": "another",
    });
    let judged = world
        .post(VALIDATE)
        .bearer(&key)
        .subject("alice")
        .json(&stolen)
        .send();
    assert_eq!(judged.await.json()["is_valid"], false);
    assert!(
        !world.is_valid(&alice, &third).await,
        "a stolen session is revoked"
    );

    step_up(&world, &key).await;
    world.request("GET", ACTIVE).bearer(&alice).send().await;
    let fetched = world.create(&alice).await;
    for (method, path) in [
        ("GET", format!("/api/v1/session/{fetched}")),
        ("GET", "/api/v1/session".to_owned()),
        ("POST", format!("/api/v1/session/{fetched}/revoke")),
    ] {
        let call = world.request(method, &path).bearer(&alice);
        let answer = call.header("idempotency-key", "once").send().await;
        assert_eq!(answer.status, 200, "{method} {path}: {answer:?}");
    }
    let fourth = world.create(&alice).await;
    assert_eq!(world.revoke(&alice, &fourth).await.status, 200);
    assert_eq!(
        world.revoke(&key, &second).await.status,
        200,
        "by the record's subject"
    );
    let fifth = world.create(&alice).await;
    world.logout(&alice, &fifth, false).await;
    let sixth = world.create(&alice).await;
    world.logout(&key, &sixth, false).await;
    world.create(&alice).await;
    world.logout(&alice, &sixth, true).await;
    // Whether that token is newer is a question of its issuer's clock.
    world.try_create(&world.token("alice")).await;

    let run_out = clean_up(&world, &key).await;
    tell_of_sessions_and_clients(&world, &key).await;
    erase(&world, &key).await;
    tell_of_visits(&world, &key).await;

    world.cloud.streams_read().await;
    for id in [evicted, third, fourth, fifth, sixth, run_out.to_string()] {
        let record = world.record(&id).await.expect("its record");
        assert!(record.ended.is_some(), "{record:?}");
    }

    let mut used = world.proxy.actions();
    for package in granted().into_keys() {
        used.entry(package).or_default();
    }
    assert_eq!(used, granted());
    assert_eq!(world.proxy.scans(), 0, "nothing ever scans the table");
    world.end().await;
}
