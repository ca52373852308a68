//! Least privilege, proven: what a function may do is what it does.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use shared::model::SessionId;
use shared::policy::AbsoluteTimeout;
use tests::proxy::{Asked, Fault, When};

use crate::telemetry::{self, CLIENT, CLIENT_ID, VERIFY};
use crate::world::{
    ACTIVE, CLEANUP, CREATE, FINGERPRINT, IP, OTHER_USER_AGENT, USER_AGENT, VALIDATE, World, opening, root,
};

/// What one statement of a function's policy permits on the table or an index of it.
struct Grant {
    actions: BTreeSet<String>,
    index: Option<String>,
    /// Patterns of partition keys. Of an index none: its name says what it holds.
    items: BTreeSet<String>,
}

impl Grant {
    fn of(statement: &Value) -> Option<Self> {
        // What reads a stream is Lambda's poller, not the code.
        const POLLER: [&str; 4] = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"];
        assert_eq!(statement["Effect"], "Allow");
        let texts = |value: &Value| {
            value
                .as_array()
                .into_iter()
                .flatten()
                .map(text)
                .collect::<Vec<_>>()
        };
        let actions: BTreeSet<_> = texts(&statement["Action"])
            .iter()
            .filter_map(|it| it.strip_prefix("dynamodb:"))
            .filter(|it| !POLLER.contains(it))
            .map(str::to_owned)
            .collect();
        let resource = text(&statement["Resource"]);
        let items = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
        (!actions.is_empty()).then(|| Self {
            actions,
            index: resource.split_once("/index/").map(|(_, name)| name.to_owned()),
            items: texts(items).into_iter().collect(),
        })
    }

    fn permits(&self, asked: &Asked) -> bool {
        let named = |key: &String| self.items.iter().any(|pattern| is_like(key, pattern));
        self.actions.contains(&asked.action)
            && self.index == asked.index
            && (self.index.is_some() || asked.leading_keys.iter().all(named))
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// `StringLike` of patterns whose stars are at their ends.
fn is_like(key: &str, pattern: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(_), Some(_)) => key.contains(pattern.trim_matches('*')),
        (Some(end), None) => key.ends_with(end),
        (None, Some(start)) => key.starts_with(start),
        (None, None) => key == pattern,
    }
}

fn resources() -> Value {
    let text = std::fs::read_to_string(root().join("template.yaml")).unwrap();
    let template: serde_norway::Value = serde_norway::from_str(&text).unwrap();
    plain(template.get("Resources").unwrap().clone())
}

/// What the template grants each function's code.
fn granted() -> BTreeMap<String, Vec<Grant>> {
    let resources = resources();
    let functions = resources.as_object().unwrap().values();
    let functions = functions.filter(|it| it["Type"] == "AWS::Serverless::Function");
    let grants = functions.map(|function| {
        let properties = &function["Properties"];
        let package = text(&properties["CodeUri"]);
        let role = properties["Role"].as_str().and_then(|it| it.split('.').next());
        let role = role.map_or(&Value::Null, |role| &resources[role]["Properties"]);
        let grants = [&properties["Policies"], &role["Policies"]]
            .into_iter()
            .filter_map(Value::as_array)
            .flatten()
            .flat_map(|policy| {
                let document = policy.get("PolicyDocument").unwrap_or(policy);
                document["Statement"].as_array().expect("statements")
            })
            .filter_map(Grant::of);
        (
            package.trim_start_matches("functions/").to_owned(),
            grants.collect(),
        )
    });
    grants.collect()
}

/// What functions asked the table for and the template does not grant them.
pub(crate) fn refused(asked: &BTreeMap<String, BTreeSet<Asked>>) -> Vec<String> {
    let granted = granted();
    let mut refused = Vec::new();
    for (package, grants) in &granted {
        for it in asked.get(package).into_iter().flatten() {
            if !grants.iter().any(|grant| grant.permits(it)) {
                refused.push(format!("{package}: {it:?}"));
            }
        }
    }
    refused
}

/// What the template grants functions and they did not ask for.
fn unused(asked: &BTreeMap<String, BTreeSet<Asked>>) -> Vec<String> {
    // A function reads what a request's credential makes it read, and not all ways to ask are tried with each here.
    let who_asks = ["*#T", "ISS#*", "K#*"];
    let mut unused = Vec::new();
    for (package, grants) in granted() {
        let used = asked.get(&package).cloned().unwrap_or_default();
        for grant in grants {
            let used: Vec<_> = used.iter().filter(|it| grant.permits(it)).collect();
            let actions: BTreeSet<_> = used.iter().map(|it| it.action.clone()).collect();
            assert_eq!(grant.actions, actions, "{package}");
            let keys = || used.iter().flat_map(|it| &it.leading_keys);
            for items in &grant.items {
                let needed = keys().any(|key| is_like(key, items))
                    || who_asks.contains(&items.as_str())
                        && keys().any(|key| who_asks.iter().any(|it| is_like(key, it)));
                if !needed {
                    unused.push(format!("{package} never asks for {items} by {:?}", grant.actions));
                }
            }
        }
    }
    unused
}

/// What the boundary of all functions keeps them from writing.
fn credentials() -> Vec<String> {
    let resources = resources();
    let statements = &resources["FunctionBoundary"]["Properties"]["PolicyDocument"]["Statement"];
    let statements = statements.as_array().unwrap().iter();
    statements
        .filter(|it| it["Effect"] == "Deny")
        .flat_map(|it| {
            it["Condition"]["ForAnyValue:StringLike"]["dynamodb:LeadingKeys"]
                .as_array()
                .unwrap()
        })
        .map(text)
        .collect()
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

/// Erases a client that has live sessions and others, one of which was told to end.
async fn erase(world: &World, key: &str) {
    let told = world.create(&world.token("IND123")).await;
    let end = world.request("PUT", &format!("/v1/sessions/{told}")).bearer(key);
    let end = end.json(&json!({"endedAt": "2999-01-01T00:00:00Z"}));
    assert_eq!(end.send().await.status, 200);
    world.create(&world.token("IND123")).await;
    let erased = world.request("DELETE", "/v1/clients/IND123/data").bearer(key);
    let erased = erased.send().await.json();
    assert_eq!(erased["complete"], true, "{erased}");
    assert_eq!(erased["erased"]["references"], 1, "{erased}");
}

/// Cleans up by schedule, as a user and with the key; gives the session that the schedule ended.
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

/// Shows tokens of visits with a client's sessions: as one is opened, and as another is validated and stepped up.
async fn show_visits(world: &World, key: &str) {
    // Where this machine's own visits come from: what another network saw vouches for nothing.
    let facts = |token: Option<&str>| {
        json!({
            "ip_address": "127.0.0.1", "user_agent": USER_AGENT, "telemetry_token": token,
            "current_ip": "127.0.0.1", "current_user_agent": USER_AGENT,
        })
    };
    let ask = async |path: &str, body: &Value| {
        let call = world.post(path).bearer(key).subject("IND123").json(body);
        let answer = call.send().await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    };
    ask(CREATE, &facts(Some(&telemetry::visit(world).await))).await;
    let opened = ask(CREATE, &facts(None)).await;
    let id = opened["session_id"].as_str().unwrap();
    for path in [VALIDATE, &format!("/api/v1/sessions/{id}/step-up")] {
        let mut body = facts(Some(&telemetry::visit(world).await));
        body["session_id"] = json!(id);
        ask(path, &body).await;
    }
}

/// Tells of a session of a client that has to be known.
async fn tell_of_known_clients(world: &World, key: &str) {
    telemetry::change_tenant(world, "kc", true).await;
    for package in ["ingest-session", "list-client-sessions"] {
        world.cloud.kill(package).await.unwrap();
    }
    let session = json!({"clientId": "IND123", "ipAddress": IP, "device": {"fingerprint": "f"}});
    let told = world.post("/v1/sessions").bearer(key).json(&session);
    assert_eq!(told.send().await.status, 201);
    let listed = world.request("GET", "/v1/clients/IND123/sessions").bearer(key);
    assert_eq!(listed.send().await.status, 200);
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
    tell_of_known_clients(&world, &key).await;
    show_visits(&world, &key).await;
    erase(&world, &key).await;
    tell_of_visits(&world, &key).await;

    world.cloud.streams_read().await;
    for id in [evicted, third, fourth, fifth, sixth, run_out.to_string()] {
        let record = world.record(&id).await.expect("its record");
        assert!(record.ended.is_some(), "{record:?}");
    }

    let asked = world.proxy.asked();
    assert_eq!(refused(&asked), Vec::<String>::new());
    assert_eq!(unused(&asked), Vec::<String>::new());
    let keys = || asked.values().flatten().flat_map(|it| &it.leading_keys);
    for items in credentials() {
        assert!(
            keys().any(|key| is_like(key, &items)),
            "no credential is like {items}"
        );
    }
    assert_eq!(world.proxy.scans(), 0, "nothing ever scans the table");
    world.end().await;
}
