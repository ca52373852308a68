//! A backend tells that a user proved itself; nobody else can.

use serde_json::{Value, json};
use shared::model::Scope;

use crate::client::Answer;
use crate::world::{CREATE, IP, USER_AGENT, VALIDATE, World};

/// Another network and another system: asked for a further proof without one.
const ELSEWHERE: &str = "203.0.113.9";
const OTHER: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";

async fn step_up(world: &World, credential: &str, subject: Option<&str>, id: &str) -> Answer {
    let proof = json!({"current_ip": ELSEWHERE, "current_user_agent": OTHER});
    let call = world.post(&format!("/api/v1/sessions/{id}/step-up"));
    let call = call.bearer(credential).json(&proof);
    subject
        .map_or(call.clone(), |subject| call.subject(subject))
        .send()
        .await
}

async fn seen_elsewhere(world: &World, id: &str) -> Value {
    let body = json!({"session_id": id, "current_ip": ELSEWHERE, "current_user_agent": OTHER});
    let call = world.post(VALIDATE).bearer(world.cloud.api_key()).json(&body);
    call.send().await.json()
}

async fn opened(world: &World, subject: &str) -> String {
    let body = json!({"ip_address": IP, "user_agent": USER_AGENT});
    let call = world
        .post(CREATE)
        .bearer(world.cloud.api_key())
        .subject(subject)
        .json(&body);
    call.send().await.json()["session_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_session_is_held_by_where_its_user_proved_itself() {
    let world = World::new().await;
    let key = world.cloud.api_key().to_owned();
    for subject in [Some("alice"), None] {
        let id = opened(&world, "alice").await;
        let before = seen_elsewhere(&world, &id).await;
        assert_eq!(
            (&before["is_suspicious"], &before["risk_score"]),
            (&json!(true), &json!(70))
        );
        let answer = step_up(&world, &key, subject, &id).await;
        let expected = format!(r#"{{"success":true,"session_id":"{id}","risk_score":0,"error":null}}"#);
        assert_eq!(
            (answer.status.as_u16(), answer.text.as_str()),
            (200, expected.as_str())
        );
        let after = seen_elsewhere(&world, &id).await;
        assert_eq!(
            (&after["is_suspicious"], &after["risk_score"]),
            (&json!(false), &json!(0))
        );
    }
    world.end().await;
}

#[tokio::test]
async fn nobody_vouches_for_itself_or_for_another_tenants_user() {
    let world = World::new().await;
    let id = opened(&world, "alice").await;
    let rival = "rival".parse().unwrap();
    world.cloud.provide_tenant(&rival).await.unwrap();
    let rivals_key = world
        .cloud
        .new_api_key(&rival, local::DEFAULT_SCOPES.into_iter().collect())
        .await
        .unwrap();
    let tenant = world.tenant().await.id;
    let reader = world
        .cloud
        .new_api_key(&tenant, [Scope::SessionsRead].into_iter().collect())
        .await
        .unwrap();
    let own = world.cloud.api_key().to_owned();

    assert_eq!(
        step_up(&world, &world.token("alice"), None, &id).await.status,
        403,
        "the user"
    );
    assert_eq!(
        step_up(&world, &reader, None, &id).await.status,
        403,
        "a key that may only read"
    );
    assert_eq!(step_up(&world, "nobody", None, &id).await.status, 401);
    let unheld = [
        step_up(&world, &own, Some("bob"), &id).await,
        step_up(&world, &rivals_key, None, &id).await,
        step_up(&world, &rivals_key, Some("alice"), &id).await,
        step_up(&world, &own, None, "no-id").await,
        step_up(&world, &own, None, "018d0cab-c440-7abc-8123-456789abcdef").await,
    ];
    for answer in &unheld {
        assert_eq!(answer.visible(), unheld[0].visible());
        assert_eq!(answer.json()["success"], false);
    }
    assert_eq!(
        seen_elsewhere(&world, &id).await["is_suspicious"],
        true,
        "nothing has moved"
    );
    world.end().await;
}
