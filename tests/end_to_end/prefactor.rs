//! What the Prefactor face promises its callers.

use std::time::Duration;

use serde_json::{Value, json};
use shared::clock::{Clock, System};
use shared::model::{ClientId, Partition, Places, Scope, SessionId, Subject};
use tests::proxy::{Fault, When};

use crate::client::{Answer, Call};
use crate::world::{IP, OTHER_USER_AGENT, USER_AGENT, World};

const LIST: &str = "/api/v1/session";

/// Fetches a session.
fn fetch(world: &World, id: &str) -> Call {
    world.request("GET", &format!("{LIST}/{id}"))
}

/// Revokes a session.
fn revoke(world: &World, id: &str) -> Call {
    world.post(&format!("{LIST}/{id}/revoke"))
}

/// The code of an error, which has the form all errors have.
#[track_caller]
fn code(answer: &Answer) -> String {
    let body = answer.json();
    assert_eq!(body["status"], "error", "{answer:?}");
    assert!(body["message"].as_str().is_some_and(|it| !it.is_empty()));
    body["code"].as_str().expect("a code").to_owned()
}

/// The ids of a page of the list.
async fn listed(world: &World, token: &str, query: &str) -> (Vec<String>, Value) {
    let answer = world
        .request("GET", &format!("{LIST}?{query}"))
        .bearer(token)
        .send()
        .await;
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    let body = answer.json();
    let ids = body["summaries"].as_array().expect("summaries").iter();
    let ids = ids.map(|it| it["id"].as_str().expect("id").to_owned()).collect();
    (ids, body["pagination"].clone())
}

fn client(world: &World, name: &str) -> ClientId {
    let tenant = world.cloud.tenant().parse().unwrap();
    Subject::new(name).unwrap().client_id(&tenant)
}

#[tokio::test]
async fn a_fetched_session_has_every_field_of_the_published_example() {
    let world = World::new().await;
    let (alice, partition) = (world.token("alice"), world.partition().await);
    let before = System.now().secs();
    let id = world.create(&alice).await;
    let pfid = SessionId::parse(&id, partition)
        .unwrap()
        .to_pfid(partition)
        .to_string();

    let answer = fetch(&world, &pfid).bearer(&alice).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.fields(), ["status", "actions", "summary"]);
    let body = answer.json();
    assert_eq!(body["status"], "success");
    assert_eq!(body["actions"], json!({"revoke": true}));
    let summary = body["summary"].as_object().unwrap();
    let is_id = |name: &str| {
        summary[name]
            .as_str()
            .unwrap()
            .parse::<shared::model::Pfid>()
            .is_ok()
    };
    for name in [
        "account_id",
        "authenticated_identity_id",
        "device_id",
        "domain_id",
        "id",
        "pool_id",
    ] {
        assert!(is_id(name), "{name}");
    }
    assert_eq!(summary["id"], pfid);
    assert_eq!(
        summary["authenticated_identity_id"],
        client(&world, "alice").to_pfid(partition).to_string()
    );
    for name in ["first_seen", "last_seen"] {
        let seen = &summary[name];
        let at = seen["at"].as_i64().expect("a whole number of seconds");
        assert!((before..=System.now().secs()).contains(&at), "{name}: {at}");
        assert_eq!(
            (&seen["remote_ip"], &seen["user_agent"]),
            (&json!(IP), &json!(USER_AGENT))
        );
    }
    for (name, value) in [
        ("session_type", "browser"),
        ("status", "new"),
        ("title", "Chrome on Windows"),
        ("type", "session"),
    ] {
        assert_eq!(summary[name], value);
    }

    let (again, usage) = world
        .proxy
        .measure(fetch(&world, &id).bearer(&alice).send())
        .await;
    assert_eq!(again.text, answer.text, "either spelling");
    assert_eq!((usage.requests, usage.round_trips), (2, 2));
    assert!(usage.rcu <= 2.0 && usage.table_wcu <= 0.0, "{usage:#?}");
    world.end().await;
}

#[tokio::test]
async fn what_a_caller_may_do_now_is_what_it_then_can_do() {
    let world = World::new().await;
    let tenant = world.cloud.tenant().parse().unwrap();
    let read = [Scope::SessionsRead].into_iter().collect();
    let reader = world.cloud.new_api_key(&tenant, read).await.unwrap();
    let (alice, writer) = (world.token("alice"), world.cloud.api_key().to_owned());
    for (caller, may) in [(&alice, true), (&reader, false), (&writer, true)] {
        let id = world.create(&alice).await;
        let told = fetch(&world, &id).bearer(caller).send().await.json();
        assert_eq!(told["actions"]["revoke"], may);
        let answer = revoke(&world, &id).bearer(caller).send().await;
        if !may {
            assert_eq!(
                (answer.status.as_u16(), code(&answer).as_str()),
                (403, "not_permitted")
            );
            assert!(world.is_valid(&alice, &id).await);
            continue;
        }
        let body = answer.json();
        assert_eq!(answer.fields(), ["status", "details"]);
        assert_eq!(
            (&body["status"], &body["details"]["status"]),
            (&json!("success"), &json!("revoked"))
        );
        assert!(!world.is_valid(&alice, &id).await);

        let after = fetch(&world, &id).bearer(caller).send().await.json();
        assert_eq!(after["actions"]["revoke"], false);
        assert_eq!(after["summary"]["status"], "revoked");
        let again = revoke(&world, &id).bearer(caller).send().await;
        assert_eq!(
            (again.status.as_u16(), code(&again).as_str()),
            (409, "invalid_action")
        );
    }
    world.end().await;
}

#[tokio::test]
async fn a_revoke_sent_again_with_its_key_gets_its_answer_again() {
    let world = World::new().await;
    let alice = world.token("alice");
    let again = |id: &str, key: &str| {
        let call = revoke(&world, id).bearer(&alice);
        call.header("idempotency-key", key)
    };
    let id = world.create(&alice).await;
    let first = again(&id, "k1").send().await;
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(again(&id, "k1").send().await.visible(), first.visible());
    assert_eq!(code(&again(&id, "k2").send().await), "invalid_action");
    assert_eq!(code(&again(&id, "k1").body("{}").send().await), "bad_request");
    assert_eq!(code(&again(&id, "a b").send().await), "bad_request");

    // Revoked, but cut short before its answer was kept: the next sending finishes it.
    let id = world.create(&alice).await;
    let idempotency =
        |it: &tests::proxy::Request| it.operation == "UpdateItem" && it.key("sk") == Some("idem");
    world
        .proxy
        .fault(When::always().matching(idempotency), [Fault::InternalError]);
    assert_eq!(code(&again(&id, "k3").send().await), "unknown");
    world.proxy.heal();
    let running = again(&id, "k3").send().await;
    assert_eq!(
        (running.status.as_u16(), code(&running).as_str()),
        (409, "invalid_action")
    );
    let wait: u64 = running.header("retry-after").unwrap().parse().unwrap();
    tokio::time::sleep(Duration::from_secs(wait)).await;
    let resumed = again(&id, "k3").send().await;
    assert_eq!(resumed.status, 200, "{resumed:?}");
    assert_eq!(resumed.json()["details"]["status"], "revoked");
    world.end().await;
}

#[tokio::test]
async fn a_revoke_that_is_resumed_happens_when_it_is_done() {
    let world = World::new().await;
    let alice = world.token("alice");
    let (id, other) = (world.create(&alice).await, world.create(&alice).await);
    let call = || revoke(&world, &id).bearer(&alice).header("idempotency-key", "k1");
    let guard = |it: &tests::proxy::Request| it.operation == "UpdateItem" && it.key("sk") == Some("guard");
    world
        .proxy
        .fault(When::always().matching(guard), [Fault::InternalError]);
    assert_eq!(code(&call().send().await), "unknown");
    world.proxy.heal();

    assert_eq!(revoke(&world, &other).bearer(&alice).send().await.status, 200);
    let tenant = world.tenant().await.id;
    let key = Subject::new("alice").unwrap().key(&tenant);
    let removed_at = async || {
        let guard = world.store().guard(&tenant, &key).await.unwrap();
        guard.unwrap().removed_at
    };
    let before = removed_at().await;
    assert_eq!(call().send().await.status, 200);
    assert!(before < removed_at().await, "{before:?}");
    world.end().await;
}

#[tokio::test]
async fn a_fetch_changes_nothing() {
    let world = World::new().await;
    let alice = world.token("alice");
    let id = world.create(&alice).await;
    let record = world.record(&id).await;
    for _ in 0..3 {
        fetch(&world, &id).bearer(&alice).send().await;
        world.request("GET", LIST).bearer(&alice).send().await;
    }
    assert_eq!(world.record(&id).await, record);
    let told = fetch(&world, &id).bearer(&alice).send().await.json();
    assert_eq!(told["summary"]["status"], "new", "a look is no use");
    world.end().await;
}

#[tokio::test]
async fn what_cannot_be_a_session_of_the_caller_is_told_apart_by_its_spelling_alone() {
    let world = World::new().await;
    let (alice, partition) = (world.token("alice"), world.partition().await);
    let id = world.create(&alice).await;
    let session = SessionId::parse(&id, partition).unwrap();
    let pfid = session.to_pfid(partition).to_string();
    let tenant = world.cloud.tenant().parse().unwrap();
    let places = Places::of(&tenant, partition);
    let elsewhere = session.to_pfid(Partition::new(partition.number() ^ 1).unwrap());
    let identity = client(&world, "alice").to_pfid(partition);
    let table = [
        ("active".to_owned(), 400, "invalid_value"),
        (pfid.to_uppercase(), 400, "invalid_value"),
        (pfid.split_at(31).0.to_owned(), 400, "invalid_value"),
        (format!("{pfid}0"), 400, "invalid_value"),
        (id.to_uppercase(), 400, "invalid_value"),
        (format!("%7B{id}%7D"), 400, "invalid_value"),
        (
            "00000000-0000-0000-0000-000000000000".to_owned(),
            400,
            "invalid_value",
        ),
        (pfid.replace('0', "%2530"), 400, "invalid_value"),
        ("a%2Fb".to_owned(), 404, "not_found"),
        ("%00".to_owned(), 400, "invalid_value"),
        ("%E2%80%AE".to_owned(), 400, "invalid_value"),
        ("z".repeat(2000), 400, "invalid_value"),
        (places.account.to_string(), 400, "unexpected_ref_type"),
        (places.domain.to_string(), 400, "unexpected_ref_type"),
        (places.pool.to_string(), 400, "unexpected_ref_type"),
        (identity.to_string(), 400, "unexpected_ref_type"),
        (elsewhere.to_string(), 404, "not_found"),
        ("0".repeat(32), 404, "not_found"),
        (format!("7{}", "z".repeat(31)), 404, "not_found"),
        ("013xrzp12g3nqk8nkv4y96wrbzje9dsr".to_owned(), 404, "not_found"),
        (
            "123e4567-e89b-12d3-a456-426614174000".to_owned(),
            404,
            "not_found",
        ),
    ];
    for (spelled, status, expected) in &table {
        for call in [fetch(&world, spelled), revoke(&world, spelled)] {
            let (answer, usage) = world.proxy.measure(call.bearer(&alice).send()).await;
            assert_eq!(
                (answer.status.as_u16(), code(&answer).as_str()),
                (*status, *expected),
                "{spelled}"
            );
            let errors = answer.json()["errors"].clone();
            assert_eq!(
                errors["session_id"].is_array(),
                *expected == "invalid_value",
                "{spelled}"
            );
            let of_sessions = |it: &&tests::proxy::Call| it.request.key("sk") == Some("session");
            assert_eq!(usage.calls.iter().filter(of_sessions).count(), 0, "{spelled}");
        }
    }
    let encoded = pfid.replacen('0', "%30", 1);
    assert_eq!(
        fetch(&world, &encoded).bearer(&alice).send().await.status,
        200,
        "decoded once"
    );
    world.end().await;
}

#[tokio::test]
async fn whoever_does_not_hold_a_session_learns_nothing_of_it() {
    let world = World::new().await;
    let (alice, partition) = (world.token("alice"), world.partition().await);
    let id = world.create(&alice).await;
    let rival = "rival".parse().unwrap();
    world.cloud.provide_tenant(&rival).await.unwrap();
    let scopes = local::DEFAULT_SCOPES.into_iter().collect();
    let rivals_key = world.cloud.new_api_key(&rival, scopes).await.unwrap();
    let callers: [(String, Option<&str>); 5] = [
        (world.token("bob"), None),
        (world.token_with("rival", "alice", json!({})), None),
        (world.cloud.api_key().to_owned(), Some("bob")),
        (rivals_key.clone(), Some("alice")),
        (rivals_key, None),
    ];
    let nobodys = SessionId::draw(System.now(), &System).unwrap().to_string();
    let own = SessionId::parse(&id, partition).unwrap();
    for (credential, subject) in &callers {
        let ask = |call: Call| {
            let call = call.bearer(credential);
            subject.map_or(call.clone(), |subject| call.subject(subject))
        };
        for call in [fetch, revoke] {
            // Once before, so that credentials are known.
            ask(call(&world, &nobodys)).send().await;
            let (absent, cost) = world.proxy.measure(ask(call(&world, &nobodys)).send()).await;
            assert_eq!(
                (absent.status.as_u16(), code(&absent).as_str()),
                (404, "not_found")
            );
            for (foreign, reads) in [(id.clone(), true), (own.to_pfid(partition).to_string(), false)] {
                let (answer, usage) = world.proxy.measure(ask(call(&world, &foreign)).send()).await;
                assert_eq!(answer.visible(), absent.visible());
                assert!(!reads || usage.requests == cost.requests, "after the same reads");
            }
        }
        let page = ask(world.request("GET", LIST)).send().await;
        if page.status == 200 {
            assert_eq!(page.json()["summaries"], json!([]));
        } else {
            assert_eq!(code(&page), "required_value", "a key has to say whose");
        }
        assert!(world.is_valid(&alice, &id).await);
    }
    world.end().await;
}

#[tokio::test]
async fn a_list_is_read_page_by_page_the_newest_first_live_and_ended() {
    let world = World::new().await;
    let (alice, partition) = (world.token("alice"), world.partition().await);
    let mut opened = Vec::new();
    for _ in 0..7 {
        let id = world.create(&alice).await;
        opened.push(
            SessionId::parse(&id, partition)
                .unwrap()
                .to_pfid(partition)
                .to_string(),
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    opened.reverse();
    world.cloud.streams_read().await;
    let (all, pagination) = listed(&world, &alice, "").await;
    assert_eq!(all, opened, "five held and two that made room");
    assert_eq!(
        pagination,
        json!({
            "item_count": 7, "item_end": 7, "item_start": 1, "next_page_offset": null, "page_count": 1,
            "page_index": 1, "page_offset": 0, "page_size": 20, "previous_page_offset": null,
        })
    );
    let (mut read, mut offset) = (Vec::new(), json!(0));
    while let Some(at) = offset.as_u64() {
        let query = format!("pagination%5Bpage_size%5D=3&pagination%5Boffset%5D={at}");
        let (page, pagination) = listed(&world, &alice, &query).await;
        assert_eq!(page.len(), 3.min(7 - usize::try_from(at).unwrap()));
        read.extend(page);
        offset = pagination["next_page_offset"].clone();
    }
    assert_eq!(read, opened);

    let (page, usage) = world
        .proxy
        .measure(listed(&world, &alice, "page_size=2&offset=1"))
        .await;
    assert_eq!(page.0, opened[1..3]);
    assert_eq!((usage.requests, usage.round_trips), (2, 1));
    assert!(usage.table_wcu <= 0.0);

    let key = world.cloud.api_key().to_owned();
    let identity = client(&world, "alice");
    for whose in [identity.to_string(), identity.to_pfid(partition).to_string()] {
        let (page, _) = listed(&world, &key, &format!("authenticated_identity_id={whose}")).await;
        assert_eq!(page, opened);
    }
    let named = world
        .request("GET", LIST)
        .bearer(&key)
        .subject("alice")
        .send()
        .await;
    assert_eq!(named.json()["summaries"].as_array().unwrap().len(), 7);
    world.end().await;
}

#[tokio::test]
async fn every_failure_under_the_prefix_is_a_json_object_with_a_published_code() {
    let world = World::new().await;
    let (alice, key) = (world.token("alice"), world.cloud.api_key().to_owned());
    let id = world.create(&alice).await;
    let one = format!("{LIST}/{id}");
    let act = format!("{one}/revoke");
    let pool = Places::of(&world.cloud.tenant().parse().unwrap(), world.partition().await).pool;
    let whole_pool = format!("{LIST}?pool_id={pool}");
    let table = [
        ("GET", one.as_str(), "", 401, "not_authenticated"),
        ("GET", LIST, "", 401, "not_authenticated"),
        ("POST", act.as_str(), "", 401, "not_authenticated"),
        ("GET", one.as_str(), "nonsense", 401, "bad_authtoken"),
        ("GET", LIST, "a:b", 401, "bad_authtoken"),
        ("GET", LIST, key.as_str(), 400, "required_value"),
        (
            "GET",
            "/api/v1/session?sorting=status",
            &alice,
            400,
            "invalid_value",
        ),
        (
            "GET",
            "/api/v1/session?page_size=101",
            &alice,
            400,
            "invalid_value",
        ),
        ("GET", whole_pool.as_str(), key.as_str(), 501, "not_implemented"),
        ("DELETE", one.as_str(), &alice, 405, "not_implemented"),
        ("PUT", one.as_str(), &alice, 405, "not_implemented"),
        ("POST", LIST, &alice, 405, "not_implemented"),
        ("HEAD", LIST, &alice, 405, ""),
        ("GET", act.as_str(), &alice, 405, "not_implemented"),
        ("GET", "/api/v1/session/", &alice, 404, "not_found"),
        ("GET", "/api/v1/session//", &alice, 404, "not_found"),
        ("POST", "/api/v1/session/a/b/c", &alice, 404, "not_found"),
        ("BREW", "/api/v1/session/a/finish", &alice, 404, "not_found"),
    ];
    for (method, path, credential, status, expected) in table {
        let call = world.request(method, path);
        let call = if credential.is_empty() {
            call
        } else {
            call.bearer(credential)
        };
        let answer = call.send().await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}: {answer:?}");
        if !expected.is_empty() {
            assert_eq!(code(&answer), expected, "{method} {path}");
        }
        assert_eq!(answer.header("allow").is_some(), status == 405, "{method} {path}");
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401);
    }
    let twice = fetch(&world, &id).bearer(&key).subject("alice, bob").send().await;
    assert_eq!(
        (twice.status.as_u16(), code(&twice).as_str()),
        (400, "bad_request")
    );
    let other = fetch(&world, &id).bearer(&alice).subject("alice").send().await;
    assert_eq!(
        (other.status.as_u16(), code(&other).as_str()),
        (403, "not_permitted")
    );
    // The plural is another face's.
    let plural = world
        .request("GET", "/api/v1/sessions/x/y")
        .bearer(&alice)
        .send()
        .await;
    assert_eq!(plural.text, r#"{"detail":"Not Found"}"#);

    let session = |it: &tests::proxy::Request| it.key("sk") == Some("session");
    world
        .proxy
        .fault(When::always().matching(session), [Fault::InternalError]);
    for call in [fetch(&world, &id), revoke(&world, &id)] {
        let down = call.bearer(&alice).send().await;
        assert_eq!((down.status.as_u16(), code(&down).as_str()), (503, "unknown"));
        assert_eq!(down.header("retry-after"), Some("1"));
    }
    world.proxy.heal();
    assert!(world.is_valid(&alice, &id).await);
    world.end().await;
}

#[tokio::test]
async fn a_program_and_an_odd_address_have_their_words() {
    let world = World::new().await;
    let alice = world.token("alice");
    for (ip, agent, remote, kind, title) in [
        (
            "2001:DB8::0:1",
            OTHER_USER_AGENT,
            json!("2001:db8::1"),
            "browser",
            "Firefox on Linux",
        ),
        (
            "::ffff:198.51.100.9",
            "curl/8.5.0",
            json!("198.51.100.9"),
            "api",
            "curl",
        ),
        ("not an address", "", Value::Null, "browser", "Unknown device"),
    ] {
        let opening = json!({"ip_address": ip, "user_agent": agent});
        let opened = world.create_with(&alice, &opening).await;
        let told = fetch(&world, &opened).bearer(&alice).send().await.json();
        let summary = &told["summary"];
        assert_eq!(
            (&summary["session_type"], &summary["title"]),
            (&json!(kind), &json!(title))
        );
        for seen in [&summary["first_seen"], &summary["last_seen"]] {
            assert_eq!(seen.get("remote_ip").unwrap_or(&Value::Null), &remote);
            assert_eq!(seen.is_null(), remote.is_null());
        }
    }
    world.end().await;
}
