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
