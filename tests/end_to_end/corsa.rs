//! Corsa's face: what its functions let happen beyond what the readers of their bodies refuse.

use serde_json::{Value, json};

use crate::client::Answer;
use crate::world::World;

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
