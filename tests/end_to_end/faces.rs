//! One session, many faces: whatever opened it, it is read, ended and revoked on the others, under either of its names.

use std::time::Duration;

use serde_json::{Value, json};
use shared::clock::{Clock, System};
use shared::model::{Pfid, SessionId};

use crate::client::Answer;
use crate::world::{IP, USER_AGENT, World};

/// A way to open a session of alice's.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Opened {
    OnBitcain,
    OnCorsa,
}

/// A way to end a session, and how it reads on the Prefactor face then.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ended {
    Logout,
    LogoutEverywhere,
    Revoke,
    PrefactorRevoke,
    CorsaUpdate,
}

impl Ended {
    const ALL: [Self; 5] = [
        Self::Logout,
        Self::LogoutEverywhere,
        Self::Revoke,
        Self::PrefactorRevoke,
        Self::CorsaUpdate,
    ];

    const fn status(self) -> &'static str {
        match self {
            Self::Logout | Self::CorsaUpdate => "complete",
            Self::LogoutEverywhere | Self::Revoke | Self::PrefactorRevoke => "revoked",
        }
    }
}

/// The spellings of a session's id.
struct Names {
    uuid: String,
    pfid: String,
}

impl World {
    async fn open(&self, opened: Opened) -> Names {
        let tenant = self.tenant().await;
        let id = match opened {
            Opened::OnBitcain => self.sign_in().await,
            Opened::OnCorsa => {
                let body = json!({
                    "clientId": "alice", "ipAddress": IP,
                    "device": {"fingerprint": "a1b2", "userAgent": USER_AGENT},
                });
                let call = self.post("/v1/sessions").bearer(self.cloud.api_key());
                let answer = call.json(&body).send().await;
                assert_eq!(answer.status, 201, "{answer:?}");
                answer.json()["id"].as_str().expect("an id").to_owned()
            }
        };
        let pfid = SessionId::parse(&id, tenant.partition)
            .unwrap()
            .to_pfid(tenant.partition);
        Names {
            uuid: id,
            pfid: pfid.to_string(),
        }
    }

    /// Opens a session with a new token, again and again: one of the very second of a revoke-all opens none.
    async fn sign_in(&self) -> String {
        for _ in 0..40 {
            let answer = self.try_create(&self.token("alice")).await.json();
            if let Some(id) = answer["session_id"].as_str() {
                return id.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        panic!("alice is not let in again");
    }

    async fn fetched(&self, id: &str) -> Answer {
        let path = format!("/api/v1/session/{id}");
        self.request("GET", &path)
            .bearer(&self.token("alice"))
            .send()
            .await
    }

    /// Ends a session under this name; whether there was one to end.
    async fn end_it(&self, ended: Ended, id: &str) -> bool {
        let alice = self.token("alice");
        let said = |answer: &Answer| answer.json()["success"] == true;
        match ended {
            Ended::Logout => said(&self.logout(&alice, id, false).await),
            Ended::LogoutEverywhere => self.logout(&alice, id, true).await.status == 200,
            Ended::Revoke => self.revoke(&alice, id).await.status == 200,
            Ended::PrefactorRevoke => {
                let path = format!("/api/v1/session/{id}/revoke");
                self.post(&path).bearer(&alice).send().await.status == 200
            }
            Ended::CorsaUpdate => {
                let path = format!("/v1/sessions/{id}");
                let call = self.request("PUT", &path).bearer(self.cloud.api_key());
                let ended_at = json!({"endedAt": System.now().to_rfc3339()});
                call.json(&ended_at).send().await.status == 200
            }
        }
    }

    /// The session as the Corsa face tells it.
    async fn ingested(&self, id: &str) -> Value {
        let path = format!("/v1/sessions/{id}");
        let answer = self
            .request("GET", &path)
            .bearer(self.cloud.api_key())
            .send()
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// How a session reads: its status on Prefactor and whether it may be revoked, whether bitcain lists it as active,
    /// and whether Corsa says when it ended.
    async fn reading(&self, names: &Names) -> (String, bool, bool, bool) {
        let (by_uuid, by_pfid) = (self.fetched(&names.uuid).await, self.fetched(&names.pfid).await);
        assert_eq!(by_uuid.text, by_pfid.text);
        let body = by_uuid.json();
        let (list, active) = (self.listed().await, self.active(&self.token("alice")).await);
        let row = list.iter().find(|it| it["id"] == names.pfid.as_str());
        assert_eq!(row, Some(&body["summary"]), "a list tells what a fetch tells");
        let by_corsa = self.ingested(&names.uuid).await;
        assert_eq!(by_corsa, self.ingested(&names.pfid).await);
        assert_eq!(by_corsa["id"], names.uuid.as_str());
        let device: Pfid = text(&body["summary"]["device_id"]).parse().unwrap();
        assert_eq!(
            device.to_uuid().unwrap().to_string(),
            text(&by_corsa["device"]["id"]),
            "one device"
        );
        (
            body["summary"]["status"].as_str().expect("a status").to_owned(),
            body["actions"]["revoke"].as_bool().expect("revoke"),
            active.contains(&names.uuid),
            by_corsa.get("endedAt").is_some(),
        )
    }

    async fn listed(&self) -> Vec<Value> {
        let answer = self
            .request("GET", "/api/v1/session")
            .bearer(&self.token("alice"))
            .send()
            .await;
        answer.json()["summaries"].as_array().expect("summaries").clone()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[tokio::test]
async fn a_session_ended_on_one_face_is_ended_on_all() {
    let world = World::new().await;
    for opened in [Opened::OnBitcain, Opened::OnCorsa] {
        for ended in Ended::ALL {
            for by_pfid in [false, true] {
                let what = format!("opened {opened:?}, ended {ended:?}");
                let names = world.open(opened).await;
                let held = opened == Opened::OnBitcain;
                let live = if held { "new" } else { "authenticated" };
                assert_eq!(
                    world.reading(&names).await,
                    (live.to_owned(), true, held, false),
                    "{what}"
                );

                let id = if by_pfid { &names.pfid } else { &names.uuid };
                assert!(world.end_it(ended, id).await, "{what}");
                let over = (ended.status().to_owned(), false, false, true);
                assert_eq!(world.reading(&names).await, over, "{what}");
                assert!(!world.is_valid(&world.token("alice"), id).await, "{what}");
                for again in [Ended::Logout, Ended::Revoke, Ended::PrefactorRevoke] {
                    assert!(!world.end_it(again, id).await, "{what}, {again:?}");
                }

                // What the stream brings later changes nothing of it.
                world.cloud.streams_read().await;
                assert_eq!(world.reading(&names).await, over, "{what}, settled");
            }
        }
    }
    world.end().await;
}

#[tokio::test]
async fn a_session_that_was_used_reads_as_used_on_every_face() {
    let world = World::new().await;
    let names = world.open(Opened::OnBitcain).await;
    let alice = world.token("alice");
    let first = world.fetched(&names.pfid).await.json();
    // A newer browser is written down at once, with the use itself.
    let newer = USER_AGENT.replace("Chrome/120", "Chrome/121");
    let key = world.cloud.api_key().to_owned();
    let sighting = json!({
        "session_id": names.pfid, "current_ip": "2001:db8::7", "current_user_agent": newer,
    });
    let judged = world
        .post(crate::world::VALIDATE)
        .bearer(&key)
        .subject("alice")
        .json(&sighting);
    assert_eq!(judged.send().await.json()["is_valid"], true);

    let told = world.fetched(&names.uuid).await.json();
    assert_eq!(told["summary"]["first_seen"], first["summary"]["first_seen"]);
    let last = &told["summary"]["last_seen"];
    assert_eq!(
        (&last["remote_ip"], &last["user_agent"]),
        (&json!("2001:db8::7"), &json!(newer))
    );
    assert_eq!(told["summary"]["status"], "authenticated");
    let listed = world
        .request("GET", crate::world::ACTIVE)
        .bearer(&alice)
        .send()
        .await
        .json();
    assert_eq!(listed["sessions"][0]["user_agent"], newer);
    world.end().await;
}

#[tokio::test]
async fn one_persons_sessions_are_one_history_on_every_face() {
    let world = World::new().await;
    let mut opened = Vec::new();
    for face in [
        Opened::OnBitcain,
        Opened::OnCorsa,
        Opened::OnBitcain,
        Opened::OnCorsa,
    ] {
        opened.push(world.open(face).await);
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    opened.reverse();
    let uuids: Vec<_> = opened.iter().map(|it| it.uuid.as_str()).collect();
    let pfids: Vec<_> = opened.iter().map(|it| it.pfid.as_str()).collect();
    let list = world.listed().await;
    assert_eq!(list.iter().map(|it| text(&it["id"])).collect::<Vec<_>>(), pfids);

    // Corsa's client is found by the name of the user, and by the id the identity stands for.
    let identity: Pfid = text(&list[0]["authenticated_identity_id"]).parse().unwrap();
    for client in ["alice".to_owned(), identity.to_uuid().unwrap().to_string()] {
        let path = format!("/v1/clients/{client}/sessions");
        let call = world.request("GET", &path).bearer(world.cloud.api_key());
        let answer = call.send().await.json();
        let ids = answer.as_array().unwrap().iter().map(|it| text(&it["id"]));
        assert_eq!(ids.collect::<Vec<_>>(), uuids, "{client}");
    }
    world.end().await;
}
