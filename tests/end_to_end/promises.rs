//! What the published API promises, endpoint by endpoint and caller by caller.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::{Value, json};
use shared::clock::{Clock, System};
use shared::model::{Instant, Partition, Scope, SessionId};

use crate::client::Call;
use crate::world::{
    ACTIVE, CLEANUP, CREATE, FINGERPRINT, IP, LOGOUT, OTHER_USER_AGENT, USER_AGENT, VALIDATE, World, opening,
    sighting,
};

#[tokio::test]
async fn the_seven_documented_calls_answer_with_the_documented_fields() {
    let world = World::new().await;
    let token = world.token("alice");
    let curl = json!({"user_agent": "string", "ip_address": "string"});

    let answer = world.post(FINGERPRINT).json(&curl).send().await;
    assert_eq!(answer.status, 200, "fingerprint needs no credential");
    assert_eq!(answer.fields(), ["fingerprint", "components"]);

    let answer = world.post(CREATE).bearer(&token).json(&curl).send().await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.fields(),
        ["success", "session_id", "fingerprint", "expires_at", "error"]
    );
    let created = answer.json();
    assert_eq!(
        (&created["success"], &created["error"]),
        (&json!(true), &Value::Null)
    );
    let id = created["session_id"].as_str().unwrap();

    let body = json!({"session_id": id, "current_ip": "string", "current_user_agent": "string"});
    let answer = world.post(VALIDATE).bearer(&token).json(&body).send().await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        json!({
            "is_valid": true, "error_message": null, "session_id": id, "is_suspicious": false, "risk_score": 0,
        })
    );
    assert_eq!(
        answer.fields(),
        [
            "is_valid",
            "error_message",
            "session_id",
            "is_suspicious",
            "risk_score"
        ]
    );

    let answer = world.request("GET", ACTIVE).bearer(&token).send().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.fields(), ["sessions", "total_count", "max_concurrent"]);
    let list = answer.json();
    assert_eq!(
        (&list["total_count"], &list["max_concurrent"]),
        (&json!(1), &json!(5))
    );
    let session = list["sessions"][0].as_object().unwrap();
    assert_eq!(
        session.keys().collect::<Vec<_>>(),
        [
            "session_id",
            "status",
            "ip_address",
            "user_agent",
            "geo_country",
            "geo_city",
            "created_at",
            "last_activity_at",
            "is_current"
        ]
    );
    assert_eq!(session["geo_country"], Value::Null);
    assert_eq!(session["is_current"], json!(false));

    let answer = world
        .post(LOGOUT)
        .bearer(&token)
        .json(&json!({"session_id": id}))
        .send()
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.text,
        r#"{"success":true,"revoked_sessions":1,"revoke_all":false,"error":null}"#
    );

    let other = world.create(&token).await;
    let answer = world.revoke(&token, &other).await;
    assert_eq!(
        (answer.status.as_u16(), answer.text.as_str()),
        (200, r#"{"success":true}"#)
    );

    let answer = world.post(CLEANUP).bearer(&token).send().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text, r#"{"expired":0,"deleted":0}"#, "a map of integers");
    world.end().await;
}

#[tokio::test]
async fn a_session_lives_from_create_until_it_is_ended_and_never_again() {
    let world = World::new().await;
    let token = world.token("alice");
    let out = world.create(&token).await;
    let revoked = world.create(&token).await;
    let kept = world.create(&token).await;
    for id in [&out, &revoked, &kept] {
        assert!(world.is_valid(&token, id).await);
    }
    let listed: BTreeSet<_> = world.active(&token).await.into_iter().collect();
    assert_eq!(
        listed,
        BTreeSet::from([out.clone(), revoked.clone(), kept.clone()])
    );

    assert_eq!(world.logout(&token, &out, false).await.json()["success"], true);
    assert_eq!(world.revoke(&token, &revoked).await.status, 200);
    for id in [&out, &revoked] {
        assert!(!world.is_valid(&token, id).await);
        let again = world.logout(&token, id, false).await;
        assert_eq!(
            again.text,
            r#"{"success":false,"revoked_sessions":0,"revoke_all":false,"error":"session not found"}"#
        );
        let again = world.revoke(&token, id).await;
        assert_eq!(
            (again.status.as_u16(), again.text.as_str()),
            (404, r#"{"detail":"Session not found"}"#)
        );
    }
    assert_eq!(world.active(&token).await, [kept]);
    world.end().await;
}

#[tokio::test]
async fn revoking_all_ends_every_session_whatever_session_is_named() {
    let world = World::new().await;
    // Whole seconds tell whether a token is older than the revocation, so this one is older by some.
    let issued_at = System.now().secs() - 5;
    let alice = world.token_with("acme", "alice", json!({"iat": issued_at}));
    let bob = world.token("bob");
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(world.create(&alice).await);
    }
    let bobs = world.create(&bob).await;
    let answer = world.logout(&alice, "no session of anyone", true).await;
    assert_eq!(
        answer.text,
        r#"{"success":true,"revoked_sessions":3,"revoke_all":true,"error":null}"#
    );
    for id in &ids {
        assert!(!world.is_valid(&alice, id).await);
    }
    assert!(world.is_valid(&bob, &bobs).await, "another user's session stays");
    let late = world.try_create(&alice).await.json();
    assert_eq!(
        late["success"], false,
        "a token from before opens nothing any more"
    );
    assert_eq!(
        late["error"],
        "all sessions were revoked after this credential was issued"
    );
    let fresh = world.token_with("acme", "alice", json!({"iat": System.now().secs() + 1}));
    assert_eq!(world.try_create(&fresh).await.json()["success"], true);
    world.end().await;
}

#[tokio::test]
async fn the_current_session_is_the_one_the_token_or_the_header_names() {
    let world = World::new().await;
    let token = world.token("alice");
    let (one, two) = (world.create(&token).await, world.create(&token).await);
    let current = async |call: Call| {
        let list = call.send().await.json();
        let sessions = list["sessions"].as_array().unwrap().clone();
        sessions
            .iter()
            .filter(|it| it["is_current"] == true)
            .map(|it| it["session_id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let active = |token: &str| world.request("GET", ACTIVE).bearer(token);
    for claim in ["sid", "session_id"] {
        let named = world.token_with("acme", "alice", json!({ claim: one }));
        assert_eq!(
            current(active(&named)).await,
            std::slice::from_ref(&one),
            "{claim}"
        );
        assert_eq!(
            current(active(&named).header("x-session-id", &two)).await,
            std::slice::from_ref(&one),
            "the token's word is the better one"
        );
    }
    assert_eq!(
        current(active(&token).header("x-session-id", &two)).await,
        std::slice::from_ref(&two)
    );
    let pfid = SessionId::parse(&two, world.partition().await)
        .unwrap()
        .to_pfid(world.partition().await)
        .to_string();
    assert_eq!(current(active(&token).header("x-session-id", &pfid)).await, [two]);
    assert!(current(active(&token)).await.is_empty());
    world.end().await;
}

#[tokio::test]
async fn a_claim_that_names_no_held_session_silences_nothing() {
    let world = World::new().await;
    let token = world.token("alice");
    let (held, ended) = (world.create(&token).await, world.create(&token).await);
    let foreign = world.create(&world.token("bob")).await;
    assert_eq!(world.revoke(&token, &ended).await.status, 200);
    let elsewhere = "a2f0b9ee-4d4e-4d0b-9c8a-0f3d2f1c9d11";
    let current = async |claims: Value, header: Option<&str>| {
        let token = world.token_with("acme", "alice", claims);
        let call = world.request("GET", ACTIVE).bearer(&token);
        let call = header
            .into_iter()
            .fold(call, |call, id| call.header("x-session-id", id));
        let list = call.send().await.json();
        let sessions = list["sessions"].as_array().unwrap().clone();
        let current = sessions.iter().find(|it| it["is_current"] == true);
        current.map(|it| it["session_id"].as_str().unwrap().to_owned())
    };
    let held_is_it = Some(held.clone());
    for other in [elsewhere, "x", &ended, &foreign, &held.to_uppercase()] {
        for claims in [
            json!({"sid": other}),
            json!({"session_id": other}),
            json!({"sid": other, "session_id": other}),
        ] {
            assert_eq!(current(claims.clone(), Some(&held)).await, held_is_it, "{claims}");
            assert_eq!(current(claims.clone(), None).await, None, "{claims}");
            assert_eq!(current(claims, Some(&foreign)).await, None);
        }
        for claims in [
            json!({"sid": other, "session_id": held}),
            json!({"sid": held, "session_id": other}),
        ] {
            assert_eq!(current(claims.clone(), None).await, held_is_it, "{claims}");
        }
    }
    world.end().await;
}

#[tokio::test]
async fn an_api_key_acts_for_the_subject_it_names_and_only_a_key_may() {
    let world = World::new().await;
    let key = world.cloud.api_key();
    let (create, alice) = (|| world.post(CREATE).json(&opening()), world.token("alice"));

    let opened = create().bearer(key).subject("alice").send().await.json();
    let id = opened["session_id"].as_str().unwrap();
    assert!(world.is_valid(&alice, id).await, "it is alice's own");
    let judged = world.validate(key, id).await.json();
    assert_eq!(judged["is_valid"], true, "the record names the subject");
    assert!(
        judged["risk"].is_object(),
        "a backend reads how the score came about"
    );

    let missing = create().bearer(key).send().await;
    assert_eq!(missing.status, 422);
    assert_eq!(
        missing.json()["detail"][0]["loc"],
        json!(["header", "Holdfast-Subject"])
    );
    assert_eq!(create().bearer(&alice).subject("bob").send().await.status, 403);
    for (subject, why) in [
        ("x".repeat(256), "too long"),
        ("alice,bob".to_owned(), "two subjects"),
        ("%zz".to_owned(), "not percent-encoded"),
        ("%00".to_owned(), "a control character"),
    ] {
        let answer = create().bearer(key).subject(&subject).send().await;
        assert_eq!(answer.status, 422, "{why}");
    }
    world.end().await;
}

#[tokio::test]
async fn a_key_that_may_only_read_never_ends_a_session() {
    let world = World::new().await;
    let alice = world.token("alice");
    let id = world.create(&alice).await;
    let tenant = world.cloud.tenant().parse().unwrap();
    let reader = world
        .cloud
        .new_api_key(&tenant, [Scope::SessionsRead].into_iter().collect())
        .await
        .unwrap();
    let stolen = json!({
        "session_id": id, "current_ip": "203.0.113.9", "current_user_agent": OTHER_USER_AGENT,
        "current_fingerprint": "another",
    });
    let judged = world
        .post(VALIDATE)
        .bearer(&reader)
        .json(&stolen)
        .send()
        .await
        .json();
    assert_eq!(judged["is_valid"], false, "{judged}");
    assert!(
        world.is_valid(&alice, &id).await,
        "it was told, and nothing was done"
    );
    for call in [
        world.post(CREATE).json(&opening()),
        world.post(LOGOUT).json(&json!({"session_id": id})),
        world.request("DELETE", &format!("/api/v1/sessions/{id}")),
        world.post(CLEANUP),
        world.post(VALIDATE).subject("alice").json(&sighting(&id)),
    ] {
        assert_eq!(call.bearer(&reader).send().await.status, 403);
    }
    let list = || world.request("GET", ACTIVE).bearer(&reader);
    assert_eq!(list().send().await.status, 422, "a list is of one user");
    assert_eq!(list().subject("alice").send().await.status, 403);
    assert!(world.is_valid(&alice, &id).await);
    world.end().await;
}

#[tokio::test]
async fn every_endpoint_takes_either_spelling_of_an_id() {
    let world = World::new().await;
    let (token, partition) = (world.token("alice"), world.partition().await);
    let spelled = |id: &str| {
        let id = SessionId::parse(id, partition).unwrap();
        id.to_pfid(partition).to_string()
    };
    let (one, two) = (world.create(&token).await, world.create(&token).await);
    let judged = world.validate(&token, &spelled(&one)).await.json();
    assert_eq!(
        (&judged["is_valid"], &judged["session_id"]),
        (&json!(true), &json!(one))
    );
    assert_eq!(
        world.logout(&token, &spelled(&one), false).await.json()["success"],
        true
    );
    assert_eq!(world.revoke(&token, &spelled(&two)).await.status, 200);
    assert!(world.active(&token).await.is_empty());
    world.end().await;
}

/// An endpoint's name, its answer to who does not hold the session, and a call about a session's id.
type Endpoint<'a> = (&'a str, u16, Box<dyn Fn(&str) -> Call + 'a>);
/// Method, path, status and body, and a header with its value.
type Unrouted<'a> = (&'a str, &'a str, u16, &'a str, Option<(&'a str, &'a str)>);

/// Every way to name a session that a caller does not hold.
fn unheld(id: &str, partition: Partition) -> Vec<(&'static str, String)> {
    let own = SessionId::parse(id, partition).unwrap();
    let random = SessionId::draw(Instant::from_secs(1_800_000_000), &System).unwrap();
    let elsewhere = Partition::new(partition.number() ^ 1).unwrap();
    vec![
        ("another's", id.to_owned()),
        ("another's, as PFID", own.to_pfid(partition).to_string()),
        (
            "another's, of another partition",
            own.to_pfid(elsewhere).to_string(),
        ),
        ("another's, upper case", id.to_uppercase()),
        ("another's, without hyphens", id.replace('-', "")),
        ("another's, in braces", format!("%7B{id}%7D")),
        ("nobody's", random.to_string()),
        ("nil", "00000000-0000-0000-0000-000000000000".to_owned()),
        ("no id", "no-id".to_owned()),
        ("an expression", "a=b%20OR%20attribute_exists(x)".to_owned()),
        ("a key", "acme%23S%23x".to_owned()),
    ]
}

#[tokio::test]
async fn whoever_does_not_hold_a_session_learns_nothing_of_it() {
    let world = World::new().await;
    let (alice, partition) = (world.token("alice"), world.partition().await);
    let id = world.create(&alice).await;
    let rival = "rival".parse().unwrap();
    world.cloud.provide_tenant(&rival).await.unwrap();
    let scopes = || local::DEFAULT_SCOPES.into_iter().collect();
    let rivals_key = world.cloud.new_api_key(&rival, scopes()).await.unwrap();
    let key = world.cloud.api_key().to_owned();
    let callers: [(&str, String, Option<&str>); 5] = [
        ("another user", world.token("bob"), None),
        (
            "a namesake of another tenant",
            world.token_with("rival", "alice", json!({})),
            None,
        ),
        ("the key for another user", key, Some("bob")),
        (
            "another tenant's key for a namesake",
            rivals_key.clone(),
            Some("alice"),
        ),
        ("another tenant's key", rivals_key, None),
    ];
    for (caller, credential, subject) in &callers {
        let ask = |call: Call| {
            let call = call.bearer(credential);
            subject.map_or(call.clone(), |subject| call.subject(subject))
        };
        let endpoints: [Endpoint<'_>; 3] = [
            (
                "validate",
                200,
                Box::new(|id| world.post(VALIDATE).json(&sighting(id))),
            ),
            (
                "logout",
                200,
                Box::new(|id| world.post(LOGOUT).json(&json!({"session_id": id}))),
            ),
            (
                "revoke",
                404,
                Box::new(|id| world.request("DELETE", &format!("/api/v1/sessions/{id}"))),
            ),
        ];
        for (endpoint, status, call) in &endpoints {
            let mut first = None;
            for (kind, id) in unheld(&id, partition) {
                let answer = ask(call(&id)).send().await;
                assert_eq!(
                    answer.status.as_u16(),
                    *status,
                    "{endpoint} of {kind} by {caller}"
                );
                let first = first.get_or_insert_with(|| answer.clone());
                assert_eq!(
                    answer.visible(),
                    first.visible(),
                    "{endpoint} of {kind} by {caller}"
                );
            }
        }
        if subject.is_some() || !caller.ends_with("key") {
            let listed = ask(world.request("GET", ACTIVE)).send().await.json();
            assert_eq!(listed["total_count"], 0, "{caller}");
        }
        let ended = ask(world
            .post(LOGOUT)
            .json(&json!({"session_id": id, "revoke_all": true})));
        ended.send().await;
        assert!(world.is_valid(&alice, &id).await, "after {caller} was there");
    }
    world.end().await;
}

#[tokio::test]
async fn who_is_not_authenticated_is_told_so_before_the_body_is_looked_at() {
    let world = World::new().await;
    let endpoints = [
        ("POST", CREATE),
        ("POST", VALIDATE),
        ("GET", ACTIVE),
        ("POST", LOGOUT),
        ("DELETE", "/api/v1/sessions/x"),
        ("POST", CLEANUP),
    ];
    let credentials = [
        None,
        Some("Basic YWxpY2U6c2VjcmV0"),
        Some("Bearer"),
        Some("Bearer nonsense"),
        Some("Bearer a.b.c"),
        Some("Bearer local-0000:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ];
    for (method, path) in endpoints {
        for credential in credentials {
            let body = if method == "GET" { "" } else { "[broken" };
            let call = world.request(method, path).body(body);
            let answer = match credential {
                Some(credential) => call.header("authorization", credential),
                None => call,
            }
            .send()
            .await;
            assert_eq!(
                (answer.status.as_u16(), answer.text.as_str()),
                (401, r#"{"detail":"Not authenticated"}"#),
                "{method} {path} with {credential:?}"
            );
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
    }
    world.end().await;
}

#[tokio::test]
async fn a_bearer_is_a_bearer_in_any_case() {
    let world = World::new().await;
    let token = world.token("alice");
    for scheme in ["bearer", "BEARER", "BeArEr"] {
        let call = world.request("GET", ACTIVE);
        let answer = call
            .header("authorization", &format!("{scheme} {token}"))
            .send()
            .await;
        assert_eq!(answer.status, 200, "{scheme}");
    }
    world.end().await;
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there_are_answered_in_the_apis_words() {
    let world = World::new().await;
    let table: [Unrouted<'_>; 8] = [
        ("GET", "/", 404, r#"{"detail":"Not Found"}"#, None),
        ("GET", "/api/v1/sessions", 404, r#"{"detail":"Not Found"}"#, None),
        (
            "POST",
            "/api/v2/sessions/create",
            404,
            r#"{"detail":"Not Found"}"#,
            None,
        ),
        (
            "GET",
            CREATE,
            405,
            r#"{"detail":"Method Not Allowed"}"#,
            Some(("allow", "POST")),
        ),
        (
            "PUT",
            ACTIVE,
            405,
            r#"{"detail":"Method Not Allowed"}"#,
            Some(("allow", "GET")),
        ),
        (
            "PATCH",
            "/api/v1/sessions/x",
            405,
            r#"{"detail":"Method Not Allowed"}"#,
            Some(("allow", "DELETE")),
        ),
        (
            "POST",
            "/api/v1/sessions/create/",
            307,
            "",
            Some(("location", CREATE)),
        ),
        (
            "GET",
            "/api/v1/sessions/active/?a=b",
            307,
            "",
            Some(("location", "/api/v1/sessions/active?a=b")),
        ),
    ];
    for (method, path, status, body, header) in table {
        let answer = world.request(method, path).send().await;
        assert_eq!(
            (answer.status.as_u16(), answer.text.as_str()),
            (status, body),
            "{method} {path}"
        );
        if let Some((name, value)) = header {
            assert_eq!(answer.header(name), Some(value), "{method} {path}");
        }
    }
    world.end().await;
}

#[tokio::test]
async fn everything_wrong_with_a_body_is_told_at_once() {
    let world = World::new().await;
    let body = json!({"user_agent": 1, "idle_timeout_minutes": 4, "geo_city": []});
    let answer = world
        .post(CREATE)
        .bearer(&world.token("alice"))
        .json(&body)
        .send()
        .await;
    assert_eq!(answer.status, 422);
    let problems = answer.json()["detail"].as_array().unwrap().clone();
    let told: Vec<_> = problems
        .iter()
        .map(|it| (it["loc"][1].as_str().unwrap(), it["type"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("ip_address", "missing"),
            ("user_agent", "string_type"),
            ("geo_city", "string_type"),
            ("idle_timeout_minutes", "greater_than_equal"),
        ]
    );
    for (minutes, status) in [
        (json!("10"), 200),
        (json!(10.0), 200),
        (json!(10.5), 422),
        (json!(1441), 422),
        (json!(1440), 200),
    ] {
        let mut body = opening();
        body["idle_timeout_minutes"] = minutes.clone();
        let answer = world
            .post(CREATE)
            .bearer(&world.token("alice"))
            .json(&body)
            .send()
            .await;
        assert_eq!(answer.status.as_u16(), status, "{minutes}");
    }
    world.end().await;
}

#[tokio::test]
async fn the_fingerprint_is_the_one_a_session_is_bound_to() {
    let world = World::new().await;
    let body = json!({"user_agent": USER_AGENT, "ip_address": IP});
    let computed = world.post(FINGERPRINT).json(&body).send().await.json();
    let created = world.try_create(&world.token("alice")).await.json();
    assert_eq!(computed["fingerprint"], created["fingerprint"]);
    world.end().await;
}

#[tokio::test]
async fn a_create_sent_again_with_its_key_opens_one_session_and_gets_one_answer() {
    let world = World::new().await;
    let token = world.token("alice");
    let create = |key: &str| {
        world
            .post(CREATE)
            .bearer(&token)
            .header("idempotency-key", key)
            .json(&opening())
    };
    let first = create("once").send().await;
    let again = create("once").send().await;
    assert_eq!(first.visible(), again.visible());
    assert_eq!(world.active(&token).await.len(), 1);

    let mut other = opening();
    other["geo_city"] = json!("Bonn");
    let call = world
        .post(CREATE)
        .bearer(&token)
        .header("idempotency-key", "once");
    assert_eq!(
        call.json(&other).send().await.status,
        422,
        "the key means the other body"
    );
    assert_ne!(create("twice").send().await.text, first.text);
    let bobs = world
        .post(CREATE)
        .bearer(&world.token("bob"))
        .header("idempotency-key", "once");
    assert_ne!(
        bobs.json(&opening()).send().await.text,
        first.text,
        "a key is its caller's own"
    );
    for bad in ["x".repeat(65), "a b".to_owned()] {
        assert_eq!(create(&bad).send().await.status, 422, "{bad}");
    }
    let stranger = world
        .post(CREATE)
        .bearer("a.b.c")
        .header("idempotency-key", "once");
    assert_eq!(
        stranger.json(&opening()).send().await.status,
        401,
        "who asks comes first"
    );
    world.end().await;
}

#[tokio::test]
async fn sixty_four_equal_creates_at_once_open_one_session() {
    let world = World::new().await;
    let token = world.token("alice");
    let create = || {
        let call = world.post(CREATE).bearer(&token);
        call.header("idempotency-key", "one").json(&opening()).send()
    };
    let answers = join_all((0..64).map(|_| create())).await;
    let mut bodies = BTreeSet::new();
    for answer in &answers {
        match answer.status.as_u16() {
            200 => {
                bodies.insert(answer.text.clone());
            }
            409 => assert!(answer.header("retry-after").is_some()),
            _ => panic!("{answer:?}"),
        }
    }
    assert_eq!(bodies.len(), 1, "whoever was answered was answered the same");
    assert_eq!(world.active(&token).await.len(), 1);
    assert!(bodies.contains(&create().await.text));
    assert_eq!(world.records_of("alice").await, 1);
    world.end().await;
}
