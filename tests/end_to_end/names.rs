//! A user's name is a name: it reaches nobody else's sessions, and in every spelling of a UUID it is one person's.

use serde_json::{Value, json};
use shared::model::Subject;

use crate::client::{Answer, Call};
use crate::world::{ACTIVE, CREATE, IP, LOGOUT, USER_AGENT, VALIDATE, World, opening, sighting};

const NAME: &str = "550e8400-e29b-41d4-a716-446655440000";

/// Every spelling of a UUID in which the parts of a URL need no encoding.
fn spellings(uuid: &str) -> [String; 5] {
    [
        uuid.to_owned(),
        uuid.to_uppercase(),
        uuid.replace('-', ""),
        format!("%7B{uuid}%7D"),
        format!("urn:uuid:{uuid}"),
    ]
}

fn decoded(spelling: &str) -> String {
    spelling.replace("%7B", "{").replace("%7D", "}")
}

impl World {
    /// What `credentials` are answered on every route that takes a session or its owner's id.
    async fn tries(
        &self,
        credentials: impl Fn(Call) -> Call,
        session: &str,
        id: &str,
    ) -> Vec<(String, Answer)> {
        let calls: [(&str, String, Value); 13] = [
            ("GET", ACTIVE.to_owned(), Value::Null),
            ("POST", VALIDATE.to_owned(), sighting(session)),
            ("POST", LOGOUT.to_owned(), json!({"session_id": session})),
            (
                "POST",
                LOGOUT.to_owned(),
                json!({"session_id": session, "revoke_all": true}),
            ),
            ("DELETE", format!("/api/v1/sessions/{session}"), Value::Null),
            (
                "POST",
                format!("/api/v1/sessions/{session}/step-up"),
                json!({"current_ip": IP, "current_user_agent": USER_AGENT}),
            ),
            ("GET", "/api/v1/session".to_owned(), Value::Null),
            ("GET", format!("/api/v1/session/{session}"), Value::Null),
            ("POST", format!("/api/v1/session/{session}/revoke"), Value::Null),
            ("GET", format!("/v1/sessions/{session}"), Value::Null),
            (
                "PUT",
                format!("/v1/sessions/{session}"),
                json!({"endedAt": "2026-01-01T00:00:00Z"}),
            ),
            ("GET", format!("/v1/clients/{id}/sessions"), Value::Null),
            ("DELETE", format!("/v1/clients/{id}/data"), Value::Null),
        ];
        let mut answers = Vec::new();
        for (method, path, body) in calls {
            let call = credentials(self.request(method, &path));
            let call = if body.is_null() { call } else { call.json(&body) };
            answers.push((format!("{method} {path}"), call.send().await));
        }
        answers
    }
}

#[tokio::test]
async fn a_user_who_is_called_by_anothers_client_id_reaches_nothing_of_the_other() {
    let world = World::new().await;
    let alice = world.token("alice");
    let session = world.create(&alice).await;
    let id = Subject::new("alice").unwrap().client_id(&world.tenant().await.id);
    let key = world.cloud.api_key().to_owned();
    for spelling in spellings(&id.to_string()) {
        let token = world.token(&decoded(&spelling));
        let as_user = |call: Call| call.bearer(&token);
        let as_backend = |call: Call| call.bearer(&key).subject(&spelling);
        for answers in [
            world.tries(as_user, &session, &spelling).await,
            world.tries(as_backend, &session, &spelling).await,
        ] {
            for (call, answer) in answers {
                assert!(!answer.text.contains(&session), "{call}: {answer:?}");
                assert!(!answer.text.contains(&id.to_string()), "{call}: {answer:?}");
            }
        }
        let own = as_backend(world.post(CREATE))
            .json(&opening())
            .send()
            .await
            .json();
        assert_eq!(
            world.active(&token).await,
            [own["session_id"].as_str().unwrap()],
            "{spelling}"
        );
        let client = json!({"referenceId": decoded(&spelling)});
        let stored = world
            .post("/v1/clients/individuals?upsert=true")
            .bearer(&key)
            .json(&client);
        assert_ne!(stored.send().await.json()["id"], id.to_string(), "{spelling}");
    }
    assert_eq!(world.active(&alice).await, std::slice::from_ref(&session));
    assert!(world.is_valid(&alice, &session).await);
    world.end().await;
}

#[tokio::test]
async fn a_client_without_a_name_is_nobodys_who_is_called_by_its_id() {
    let world = World::new().await;
    let key = world.cloud.api_key().to_owned();
    let stored = world
        .post("/v1/clients/individuals")
        .bearer(&key)
        .json(&json!({}));
    let id = stored.send().await.json()["id"].as_str().unwrap().to_owned();
    let told = json!({"clientId": id, "ipAddress": IP, "device": {"fingerprint": "f"}});
    let told = world.post("/v1/sessions").bearer(&key).json(&told).send().await;
    let session = told.json()["id"].as_str().unwrap().to_owned();

    let listed = world
        .request("GET", &format!("/v1/clients/{id}/sessions"))
        .bearer(&key);
    assert!(
        listed.send().await.text.contains(&session),
        "by its id it is found"
    );
    let mallory = world.token(&id);
    for (call, answer) in world.tries(|call| call.bearer(&mallory), &session, &id).await {
        assert!(!answer.text.contains(&session), "{call}: {answer:?}");
    }
    let read = world
        .request("GET", &format!("/v1/sessions/{session}"))
        .bearer(&key);
    assert!(read.send().await.json().get("endedAt").is_none());
    world.end().await;
}

#[tokio::test]
async fn a_user_whose_name_is_a_uuid_is_one_person_in_every_spelling() {
    let world = World::new().await;
    let key = world.cloud.api_key().to_owned();
    let mut sessions = vec![world.create(&world.token(NAME)).await];
    for (before, spelling) in (1..).zip(spellings(NAME)) {
        let call = world
            .post(CREATE)
            .bearer(&key)
            .subject(&spelling)
            .json(&opening());
        let opened = call.send().await.json()["session_id"]
            .as_str()
            .unwrap()
            .to_owned();
        sessions.insert(0, opened);
        sessions.truncate(5);
        assert_eq!(world.active(&world.token(&decoded(&spelling))).await, sessions);
        let path = format!("/v1/clients/{spelling}/sessions");
        let listed = world.request("GET", &path).bearer(&key).send().await.json();
        assert_eq!(listed[0]["id"], sessions[0], "{spelling}");
        let query = format!("/api/v1/session?authenticated_identity_id={spelling}");
        let listed = world.request("GET", &query).bearer(&key).send().await;
        assert_eq!(
            listed.json()["summaries"].as_array().unwrap().len(),
            before + 1,
            "{spelling}"
        );
    }
    for spelling in spellings(NAME) {
        let name = decoded(&spelling);
        let call = world.post(CREATE).bearer(&key).subject(NAME).json(&opening());
        assert_eq!(call.send().await.json()["success"], true);
        let path = format!("/v1/clients/{spelling}/data");
        let erased = world.request("DELETE", &path).bearer(&key).send().await;
        let receipt = erased.json();
        assert_eq!(
            (&receipt["complete"], &receipt["clientId"]),
            (&json!(true), &json!(NAME)),
            "{name}"
        );
        assert!(world.active(&world.token(NAME)).await.is_empty(), "{name}");
        assert_eq!(world.records_of(NAME).await, 0, "{name}");
    }
    world.end().await;
}
