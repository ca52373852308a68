//! What a thief of a cookie can choose by himself buys nothing.

use std::time::Duration;

use serde_json::{Value, json};
use shared::clock::{Clock, System};
use shared::model::{Profile, Subject};

use crate::telemetry::{sending, telemetry, token_of, visit};
use crate::world::{CREATE, IP, OTHER_USER_AGENT, USER_AGENT, VALIDATE, World, root};

/// Another network than [`IP`]'s.
const ELSEWHERE: &str = "203.0.113.9";
const OWN: &str = "the fingerprint of the user's own browser";
const THIEFS: &str = "the fingerprint of the thief's browser";

/// What a request shows.
#[derive(Clone, Copy)]
struct Shown<'a> {
    ip: &'a str,
    user_agent: &'a str,
    fingerprint: Option<&'a str>,
    telemetry: Option<&'a str>,
}

/// The user's own request.
const USER: Shown<'_> = Shown {
    ip: IP,
    user_agent: USER_AGENT,
    fingerprint: Some(OWN),
    telemetry: None,
};

async fn opened(world: &World, subject: &str, shown: Shown<'_>) -> Value {
    let body = json!({
        "ip_address": shown.ip, "user_agent": shown.user_agent, "device_fingerprint": shown.fingerprint,
        "telemetry_token": shown.telemetry,
    });
    let call = world.post(CREATE).bearer(world.cloud.api_key()).subject(subject);
    let answer = call.json(&body).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn open(world: &World, subject: &str, shown: Shown<'_>) -> String {
    let answer = opened(world, subject, shown).await;
    answer["session_id"].as_str().unwrap().to_owned()
}

async fn judged(world: &World, id: &str, shown: Shown<'_>) -> Value {
    let body = json!({
        "session_id": id, "current_ip": shown.ip, "current_user_agent": shown.user_agent,
        "current_fingerprint": shown.fingerprint, "telemetry_token": shown.telemetry,
    });
    let call = world.post(VALIDATE).bearer(world.cloud.api_key()).json(&body);
    let answer = call.send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn score(world: &World, id: &str, shown: Shown<'_>) -> i64 {
    judged(world, id, shown).await["risk_score"].as_i64().unwrap()
}

/// The factor of a group: name, points, what was seen.
fn factor(answer: &Value, group: &str) -> (String, i64, String) {
    let factors = answer["risk"]["factors"].as_array().unwrap();
    let found = factors.iter().find(|it| it["group"] == group);
    let found = found.unwrap_or_else(|| panic!("{group}: {answer}"));
    let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
    (text("name"), found["points"].as_i64().unwrap(), text("current"))
}

async fn profile(world: &World, subject: &str) -> Profile {
    let tenant = world.tenant().await.id;
    let key = Subject::new(subject).unwrap().key(&tenant);
    let known = world.store().profile(&tenant, &key, System.now()).await;
    known.unwrap().profile
}

/// Waits until the stream has taught the subject's profile that.
async fn learnt(world: &World, subject: &str, what: impl Fn(&Profile) -> bool) {
    for _ in 0..200 {
        if what(&profile(world, subject).await) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{:?}", profile(world, subject).await);
}

#[tokio::test]
async fn a_claim_of_a_newer_browser_excuses_no_other_fingerprint_from_another_network() {
    let world = World::new().await;
    let id = open(&world, "alice", USER).await;
    for version in [
        "121.0.0.0",
        "142.0.0.0",
        "120.0.6099.130",
        "999.0.0.0",
        "120.0.0.0",
    ] {
        let claimed = USER_AGENT.replace("120.0.0.0", version);
        let thief = Shown {
            ip: ELSEWHERE,
            user_agent: &claimed,
            fingerprint: Some(THIEFS),
            telemetry: None,
        };
        for time in ["first", "second"] {
            let answer = judged(&world, &id, thief).await;
            assert_eq!(answer["is_suspicious"], true, "{version}, {time}: {answer}");
            assert_eq!(answer["risk"]["action"], "step_up", "{version}, {time}: {answer}");
        }
    }
    assert_eq!(score(&world, &id, USER).await, 0, "nothing of it was kept");
    world.end().await;
}

#[tokio::test]
async fn an_address_that_is_not_shown_costs_no_less_than_one_abroad() {
    let world = World::with_data(&root().join("intel/fixtures/maxmind")).await;
    let home = Shown {
        ip: "216.160.83.56",
        fingerprint: None,
        ..USER
    };
    let id = open(&world, "alice", home).await;
    let at = |ip| Shown { ip, ..home };
    let abroad = judged(&world, &id, at("89.160.20.128")).await;
    assert_eq!(factor(&abroad, "network").0, "country_new", "{abroad}");
    let abroad = abroad["risk_score"].as_i64().unwrap();
    assert!((45..100).contains(&abroad), "{abroad}");
    for (ip, form) in [
        ("216.160.83.56, 89.160.20.128", "list"),
        ("89.160.20.128, 216.160.83.56", "list"),
        ("unknown", "name"),
        ("_hidden", "name"),
        ("localhost", "name"),
        ("10.0.0.1", "private"),
        ("fd00::1", "private"),
        ("127.0.0.1", "loopback"),
        ("::1", "loopback"),
        ("169.254.0.1", "link_local"),
        ("999.999.999.999", "not_an_address"),
    ] {
        let answer = judged(&world, &id, at(ip)).await;
        assert!(abroad <= answer["risk_score"].as_i64().unwrap(), "{ip}: {answer}");
        let (name, _, current) = factor(&answer, "network");
        assert_eq!(
            (name.as_str(), current.as_str()),
            ("address_withheld", form),
            "{ip}"
        );
    }
    for written in ["216.160.83.56:4711", " 216.160.83.56 ", "[216.160.83.56]"] {
        assert_eq!(
            score(&world, &id, at(written)).await,
            0,
            "{written} is that address"
        );
    }
    world.end().await;
}

#[tokio::test]
async fn a_request_that_says_less_never_becomes_what_a_session_is_held_by() {
    let world = World::new().await;
    let home = Shown {
        fingerprint: None,
        ..USER
    };
    let thief = Shown {
        user_agent: OTHER_USER_AGENT,
        ..home
    };
    let id = open(&world, "alice", home).await;
    let direct = score(&world, &id, thief).await;
    assert!(45 <= direct, "{direct}");
    let without_system = USER_AGENT.replace("(Windows NT 10.0; Win64; x64) ", "");
    let without_browser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
    for vague in ["", "null", without_system.as_str(), without_browser] {
        let id = open(&world, "alice", home).await;
        let asked = Shown {
            user_agent: vague,
            ..home
        };
        for _ in 0..2 {
            let answer = judged(&world, &id, asked).await;
            assert_eq!(answer["is_suspicious"], true, "{vague}: {answer}");
        }
        assert_eq!(score(&world, &id, thief).await, direct, "after {vague:?}");
        assert_eq!(score(&world, &id, home).await, 0, "after {vague:?}");
        assert_eq!(
            world.record(&id).await.unwrap().latest_user_agent,
            None,
            "{vague}"
        );
    }
    world.end().await;
}

#[tokio::test]
async fn a_thief_who_passed_has_taught_nothing_once_all_sessions_are_revoked() {
    let world = World::new().await;
    let thief = Shown {
        fingerprint: Some(THIEFS),
        ..USER
    };
    let id = open(&world, "alice", USER).await;
    learnt(&world, "alice", |it| it.devices.len() == 1).await;
    let passed = judged(&world, &id, thief).await;
    assert_eq!(
        (&passed["is_valid"], &passed["is_suspicious"]),
        (&json!(true), &json!(false)),
        "at the user's own address: {passed}"
    );
    let out = world.logout(&world.token("alice"), &id, true).await;
    assert_eq!(out.status, 200, "{out:?}");
    learnt(&world, "alice", |it| it.devices.is_empty()).await;

    let stranger = open(&world, "bob", USER).await;
    let id = open(&world, "alice", USER).await;
    learnt(&world, "alice", |it| it.devices.len() == 1).await;
    for ip in [IP, "198.51.100.200", ELSEWHERE] {
        let shown = Shown { ip, ..thief };
        let answer = judged(&world, &id, shown).await;
        assert_eq!(factor(&answer, "fingerprint").0, "fingerprint_changed", "{ip}");
        assert_eq!(
            answer["risk_score"].as_i64().unwrap(),
            score(&world, &stranger, shown).await,
            "{ip}: as for one who was never robbed"
        );
    }
    world.end().await;
}

#[tokio::test]
async fn no_telemetry_is_better_than_the_thiefs_own() {
    let world = World::new().await;
    let token = visit(&world).await;
    // Visits come from this machine itself.
    let own = Shown {
        ip: "127.0.0.1",
        telemetry: Some(&token),
        ..USER
    };
    let mut told = telemetry();
    told["components"]["hardwareConcurrency"] = json!(2);
    told["components"]["canvasGeometry"] = json!("ff0102030405060708090a0b0c0d0e0f");
    let thiefs = token_of(&sending(&world, told.to_string()).send().await);
    let mut parts: Vec<_> = token.split('.').collect();
    let claims = "eyJqdGkiOiJBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBIiwidGVuYW50IjoiYWNtZSIsImlhdCI6MCwiZXhwIjoxfQ";
    parts[1] = claims;
    let invented = parts.join(".");
    let points = async |ip, telemetry: Option<&str>| {
        let id = open(&world, "alice", own).await;
        let answer = judged(
            &world,
            &id,
            Shown {
                ip,
                telemetry,
                ..USER
            },
        )
        .await;
        let (name, points, _) = factor(&answer, "components");
        (name, points)
    };
    let (name, honest) = points("127.0.0.1", Some(&thiefs)).await;
    assert_eq!((name.as_str(), honest), ("components_drawn_otherwise", 20));
    for (telemetry, expected) in [
        (None, "telemetry_withheld"),
        (Some(invented.as_str()), "telemetry_unknown"),
    ] {
        let (name, points) = points(ELSEWHERE, telemetry).await;
        assert_eq!(name, expected);
        assert!(honest <= points, "{name}: {points}");
    }
    // What another network saw vouches for nothing; less is held against it where the fingerprint matches.
    for replayed in [token.as_str(), thiefs.as_str()] {
        let (name, points) = points(ELSEWHERE, Some(replayed)).await;
        assert_eq!((name.as_str(), points), ("telemetry_left_behind", 19));
    }
    world.end().await;
}

#[tokio::test]
async fn who_tries_fingerprints_is_refused_after_three() {
    let world = World::new().await;
    let id = open(&world, "alice", USER).await;
    let guess = async |fingerprint: &str| {
        let shown = Shown {
            ip: ELSEWHERE,
            fingerprint: Some(fingerprint),
            ..USER
        };
        judged(&world, &id, shown).await
    };
    for fingerprint in ["one", "one", "two", "three", "three"] {
        let answer = guess(fingerprint).await;
        assert_eq!(answer["risk"]["action"], "step_up", "{fingerprint}: {answer}");
    }
    let answer = guess("four").await;
    assert_eq!(answer["risk"]["action"], "refuse", "{answer}");
    assert_eq!(factor(&answer, "sequence").0, "fingerprint_guessing");
    let right = guess(OWN).await;
    assert_eq!(right["is_valid"], false, "too late: {right}");
    world.end().await;
}

#[tokio::test]
async fn an_empty_fingerprint_is_none() {
    let world = World::new().await;
    let held = open(&world, "alice", USER).await;
    for nothing in ["", "  ", "null", "undefined", "[object Object]"] {
        let shown = Shown {
            fingerprint: Some(nothing),
            ..USER
        };
        let answer = opened(&world, "alice", shown).await;
        let computed = answer["fingerprint"].as_str().unwrap();
        assert_eq!(computed.len(), 64, "{nothing:?}: {computed}");
        let id = answer["session_id"].as_str().unwrap();
        let seen = judged(
            &world,
            id,
            Shown {
                ip: ELSEWHERE,
                ..shown
            },
        )
        .await;
        assert_eq!(
            factor(&seen, "fingerprint").0,
            "fingerprint_never_supplied",
            "{nothing:?}"
        );
        let withheld = judged(
            &world,
            &held,
            Shown {
                ip: ELSEWHERE,
                ..shown
            },
        )
        .await;
        assert_eq!(
            factor(&withheld, "fingerprint").0,
            "fingerprint_withheld",
            "{nothing:?}"
        );
    }
    world.end().await;
}
