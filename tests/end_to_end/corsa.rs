//! Corsa's face: what its functions let happen beyond what the readers of their bodies refuse.

use serde_json::{Value, json};
use shared::clock::{Clock, System};

use crate::client::Answer;
use crate::world::{IP, World};

impl World {
    /// A request of the backend, for `subject` if it names one.
    async fn corsa(&self, method: &str, path: &str, subject: Option<&str>, body: &Value) -> Answer {
        let call = self.request(method, path).bearer(self.cloud.api_key());
        let call = subject.map_or(call.clone(), |subject| call.subject(subject));
        call.json(body).send().await
    }
}

#[tokio::test]
async fn a_key_that_acts_for_a_user_stores_no_other_client() {
    let world = World::new().await;
    let path = "/v1/clients/individuals";
    let bob = json!({"referenceId": "bob", "alias": "Bob"});
    let stored = world.corsa("POST", path, None, &bob).await;
    assert_eq!(stored.status, 201, "{stored:?}");

    let upsert = "/v1/clients/individuals?upsert=true";
    let frozen = json!({"referenceId": "bob", "accountStatus": "FROZEN"});
    let nameless = json!({"accountStatus": "FROZEN"});
    for (path, body) in [(path, &bob), (upsert, &frozen), (path, &nameless)] {
        let answer = world.corsa("POST", path, Some("alice"), body).await;
        assert_eq!(answer.status, 404, "{body}: {answer:?}");
        assert_eq!(answer.json()["message"], "Client not found");
    }
    let kept = world.request("GET", "/v1/clients/individuals/bob");
    let kept = kept.bearer(world.cloud.api_key()).send().await.json();
    assert_eq!(kept, stored.json());

    let alice = json!({"referenceId": "alice"});
    let answer = world.corsa("POST", path, Some("alice"), &alice).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    world.end().await;
}

#[tokio::test]
async fn the_same_end_told_twice_is_answered_alike_the_second_time() {
    let world = World::new().await;
    let alice = world.token("alice");
    for ended_at in ["2999-01-01T00:00:00Z", "now"] {
        let id = world.create(&alice).await;
        let path = format!("/v1/sessions/{id}");
        let now = System.now().to_rfc3339();
        let end = json!({"endedAt": if ended_at == "now" { &now } else { ended_at }});
        let first = world.corsa("PUT", &path, None, &end).await;
        assert_eq!(first.status, 200, "{first:?}");
        let second = world.corsa("PUT", &path, None, &end).await;
        assert_eq!(second.visible(), first.visible(), "{ended_at}");
        world.cloud.streams_read().await;
        let settled = world.corsa("PUT", &path, None, &end).await;
        assert_eq!(settled.status, 200, "{settled:?}");
        assert_eq!(settled.json()["endedAt"], first.json()["endedAt"]);
        assert!(!world.is_valid(&alice, &id).await);
    }
    world.end().await;
}

#[tokio::test]
async fn a_revoke_is_the_last_word_whatever_end_is_told_after_it() {
    let world = World::new().await;
    let told = json!({"clientId": "alice", "ipAddress": IP, "device": {"fingerprint": "f"}});
    let id = world.corsa("POST", "/v1/sessions", None, &told).await.json()["id"].clone();
    let path = format!("/v1/sessions/{}", id.as_str().unwrap());
    let key = world.cloud.api_key();
    assert_eq!(world.revoke(key, id.as_str().unwrap()).await.status, 200);
    let revoked = world.corsa("GET", &path, None, &Value::Null).await.json();
    for ended_at in ["2999-01-01T00:00:00Z", &System.now().to_rfc3339()] {
        let answer = world
            .corsa("PUT", &path, None, &json!({"endedAt": ended_at}))
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()),
            (200, revoked.clone()),
            "{ended_at}"
        );
    }
    world.end().await;
}

#[tokio::test]
async fn a_key_of_an_idempotent_request_means_nothing_with_another_query() {
    let world = World::new().await;
    let store = async |path: &str, key: &str| {
        let call = world.post(path).bearer(world.cloud.api_key());
        let call = call.header("idempotency-key", key);
        call.json(&json!({"referenceId": "IND123", "alias": "Big"}))
            .send()
            .await
    };
    let (plain, upsert) = ("/v1/clients/individuals", "/v1/clients/individuals?upsert=true");
    assert_eq!(store(plain, "first").await.status, 201);
    assert_eq!(store(plain, "second").await.status, 409);
    let changed = store(upsert, "second").await;
    assert_eq!(changed.status, 201, "{changed:?}");
    assert_eq!(store(upsert, "second").await.visible(), changed.visible());
    world.end().await;
}

#[tokio::test]
async fn a_start_ahead_keeps_nobody_from_ending_the_session_now() {
    let world = World::new().await;
    let now = System.now();
    let at = |it: shared::model::Instant| json!(it.to_rfc3339());
    for ahead in [
        std::time::Duration::from_mins(2),
        std::time::Duration::from_hours(24 * 365),
    ] {
        let told = json!({
            "clientId": "alice", "ipAddress": IP, "device": {"fingerprint": "f"}, "startedAt": at(now + ahead),
        });
        let id = world.corsa("POST", "/v1/sessions", None, &told).await.json()["id"].clone();
        let path = format!("/v1/sessions/{}", id.as_str().unwrap());
        let long_ago = json!({"endedAt": at(now - std::time::Duration::from_hours(1))});
        assert_eq!(world.corsa("PUT", &path, None, &long_ago).await.status, 400);
        let ended = world
            .corsa("PUT", &path, None, &json!({"endedAt": at(System.now())}))
            .await;
        assert_eq!(ended.status, 200, "{ended:?}");
        assert!(ended.json().get("endedAt").is_some(), "{ended:?}");
    }
    world.end().await;
}

#[tokio::test]
async fn a_list_is_newest_first_also_before_1970() {
    let world = World::new().await;
    let starts = [
        "1970-01-01T00:00:00.001Z",
        "0001-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999Z",
        "2024-01-15T24:00z",
        "1969-12-31T23:59:59Z",
        "1970-01-01",
        "1900-02-28T12:00:00Z",
    ];
    for started_at in starts {
        let told = json!({
            "clientId": "alice", "ipAddress": IP, "device": {"fingerprint": "f"}, "startedAt": started_at,
        });
        let told = world.corsa("POST", "/v1/sessions", None, &told).await;
        assert_eq!(told.status, 201, "{told:?}");
    }
    let newest_first = [
        "2024-01-16T00:00:00Z",
        "1970-01-01T00:00:00.001Z",
        "1970-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999Z",
        "1969-12-31T23:59:59Z",
        "1900-02-28T12:00:00Z",
        "0001-01-01T00:00:00Z",
    ];
    for limit in [100, 2] {
        let mut path = format!("/v1/clients/alice/sessions?limit={limit}");
        let mut listed = Vec::new();
        loop {
            let page = world
                .request("GET", &path)
                .bearer(world.cloud.api_key())
                .send()
                .await;
            for session in page.json().as_array().unwrap() {
                listed.push(session["startedAt"].as_str().unwrap().to_owned());
            }
            let Some(cursor) = page.header("holdfast-next-cursor") else {
                break;
            };
            path = format!("/v1/clients/alice/sessions?limit={limit}&cursor={cursor}");
        }
        assert_eq!(listed, newest_first, "{limit} at a time");
    }
    world.end().await;
}
