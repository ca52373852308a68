//! One session, many faces: whatever opened it, it is read, ended and revoked on the others, under either of its names.

use std::time::Duration;

use serde_json::{Value, json};
use shared::clock::{Clock, System};
use shared::model::{Device, Facts, SessionId, SessionRecord, Subject, Tenure};

use crate::client::Answer;
use crate::world::{IP, USER_AGENT, World};

/// A way to open a session of alice's.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Opened {
    OnBitcain,
    Elsewhere,
}

/// A way to end a session, and how it reads on the Prefactor face then.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ended {
    Logout,
    LogoutEverywhere,
    Revoke,
    PrefactorRevoke,
}

impl Ended {
    const ALL: [Self; 4] = [
        Self::Logout,
        Self::LogoutEverywhere,
        Self::Revoke,
        Self::PrefactorRevoke,
    ];

    const fn status(self) -> &'static str {
        match self {
            Self::Logout => "complete",
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
            Opened::OnBitcain => self.create(&self.token("alice")).await,
            Opened::Elsewhere => {
                let now = System.now();
                let record = observed(now);
                let alice = Subject::new("alice").unwrap();
                self.sessions()
                    .observe(&tenant.id, &alice, &record)
                    .await
                    .unwrap();
                record.id.to_string()
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
        }
    }

    /// How a session reads: its status, whether it may be revoked, and whether bitcain lists it as active.
    async fn reading(&self, names: &Names) -> (String, bool, bool) {
        let (by_uuid, by_pfid) = (self.fetched(&names.uuid).await, self.fetched(&names.pfid).await);
        assert_eq!(by_uuid.text, by_pfid.text);
        let body = by_uuid.json();
        let (list, active) = (self.listed().await, self.active(&self.token("alice")).await);
        let row = list.iter().find(|it| it["id"] == names.pfid.as_str());
        assert_eq!(row, Some(&body["summary"]), "a list tells what a fetch tells");
        (
            body["summary"]["status"].as_str().expect("a status").to_owned(),
            body["actions"]["revoke"].as_bool().expect("revoke"),
            active.contains(&names.uuid),
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

fn observed(now: shared::model::Instant) -> SessionRecord {
    SessionRecord {
        id: SessionId::draw(now, &System).unwrap(),
        subject: "alice".to_owned(),
        issuer: None,
        tenure: Tenure::Observed,
        created_at: now,
        started_at: now - Duration::from_mins(10),
        updated_at: None,
        reference_id: None,
        ip: IP.to_owned(),
        facts: Facts::default(),
        user_agent: USER_AGENT.to_owned(),
        latest_user_agent: None,
        fingerprint: "a1b2".to_owned(),
        device: Device::default(),
        geo_country: None,
        geo_city: None,
        observed_ip: None,
        ended: None,
        last_activity_at: None,
        last_ip: None,
    }
}

#[tokio::test]
async fn a_session_ended_on_one_face_is_ended_on_all() {
    let world = World::new().await;
    for opened in [Opened::OnBitcain, Opened::Elsewhere] {
        for ended in Ended::ALL {
            for by_pfid in [false, true] {
                let what = format!("opened {opened:?}, ended {ended:?}");
                let names = world.open(opened).await;
                let held = opened == Opened::OnBitcain;
                let live = if held { "new" } else { "authenticated" };
                assert_eq!(
                    world.reading(&names).await,
                    (live.to_owned(), true, held),
                    "{what}"
                );

                let id = if by_pfid { &names.pfid } else { &names.uuid };
                assert!(world.end_it(ended, id).await, "{what}");
                let over = (ended.status().to_owned(), false, false);
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
