//! Input that is odd, broken or hostile, on the routes of the Corsa face: taken as what it says, or refused in the face's
//! words; and data about addresses that is damaged, which no request notices.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use shared::clock::{Clock, System};
use shared::model::SessionId;

use crate::client::Answer;
use crate::world::{CREATE, USER_AGENT, VALIDATE, World, opening, root};

const SESSIONS: &str = "/v1/sessions";

/// A body of ingest, with some of its members set.
fn visit(members: &[(&str, Value)]) -> Value {
    let mut body = json!({"clientId": "carol", "ipAddress": "192.0.2.1", "device": {"fingerprint": "f"}});
    for (pointer, value) in members {
        let (parent, name) = pointer.rsplit_once('/').unwrap_or(("", pointer));
        body.pointer_mut(parent).unwrap()[name] = value.clone();
    }
    body
}

async fn send(world: &World, method: &str, path: &str, body: &Value) -> Answer {
    let call = world.request(method, path).bearer(world.cloud.api_key());
    let call = if body.is_null() { call } else { call.json(body) };
    call.send().await
}

async fn get(world: &World, path: &str) -> Answer {
    send(world, "GET", path, &Value::Null).await
}

/// The path of a session by a name, each byte of which is encoded.
fn named(name: &str) -> String {
    name.bytes()
        .fold(format!("{SESSIONS}/"), |path, byte| format!("{path}%{byte:02X}"))
}

/// Asserts that a body was refused for this alone.
#[track_caller]
fn refused(answer: &Answer, complaint: &str, what: &str) {
    assert_eq!(answer.status, 400, "{what}: {answer:?}");
    let expected = json!({"message": [complaint], "error": "Bad Request", "statusCode": 400});
    assert_eq!(answer.json(), expected, "{what}");
}

#[tokio::test]
async fn an_address_is_one_in_whatever_spelling_and_nothing_else_is() {
    let world = World::new().await;
    for ip in [
        "192.0.2.1",
        "0.0.0.0",
        "2001:db8::1",
        "2001:DB8:0:0:0:0:0:1",
        "::",
        "::ffff:192.0.2.1",
        "64:ff9b::192.0.2.1",
    ] {
        let answer = send(&world, "POST", SESSIONS, &visit(&[("/ipAddress", json!(ip))])).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["ipAddress"]),
            (201, &json!(ip))
        );
    }
    for ip in [
        "192.0.2.1:80",
        "[2001:db8::1]",
        "[2001:db8::1]:443",
        "fe80::1%eth0",
        "fe80::1%25eth0",
        "192.0.2.1/24",
        "192.0.2.01",
        "0x7f.0.0.1",
        "2130706433",
        "127.1",
        " 192.0.2.1",
        "192.0.2.1\n",
        "192.0.2.1\u{0}",
        "192.0.2.256",
        "\u{661}\u{669}\u{662}.0.2.1",
        "192.0.2.1, 198.51.100.7",
        "localhost",
        "",
    ] {
        let answer = send(&world, "POST", SESSIONS, &visit(&[("/ipAddress", json!(ip))])).await;
        refused(&answer, "ipAddress must be an ip address", ip);
    }
    assert_eq!(
        world.records_of("carol").await,
        7,
        "what was refused left nothing"
    );
    world.end().await;
}

/// Field and code of each warning in an answer.
fn warned(answer: &Value) -> Vec<(String, String)> {
    let text = |it: &Value, name: &str| it[name].as_str().unwrap().to_owned();
    let warnings = answer["warnings"].as_array().cloned().unwrap_or_default();
    warnings
        .iter()
        .map(|it| (text(it, "field"), text(it, "code")))
        .collect()
}

#[tokio::test]
async fn a_backend_is_told_what_was_not_understood_and_a_user_is_not() {
    let world = World::new().await;
    let (key, token) = (world.cloud.api_key(), world.token("alice"));
    for (ip, agent, codes) in [
        ("8.8.8.8", USER_AGENT, [].as_slice()),
        ("8.8.8.8:443", USER_AGENT, &[("ip_address", "decorated")]),
        ("8.8.8.8, 10.0.0.1", USER_AGENT, &[("ip_address", "list")]),
        ("unknown", USER_AGENT, &[("ip_address", "name")]),
        (
            "10.0.0.1",
            "null",
            &[("ip_address", "private"), ("user_agent", "missing")],
        ),
    ] {
        let body = json!({"ip_address": ip, "user_agent": agent});
        let call = world.post(CREATE).json(&body);
        let told = call.clone().bearer(key).subject("alice").send().await.json();
        assert_eq!(told["success"], true, "{ip}: {told}");
        let expected: Vec<_> = codes
            .iter()
            .map(|(field, code)| ((*field).to_owned(), (*code).to_owned()))
            .collect();
        assert_eq!(warned(&told), expected, "{ip}");
        let record = world.record(told["session_id"].as_str().unwrap()).await.unwrap();
        assert_eq!(
            (record.ip.as_str(), record.user_agent.as_str()),
            (ip, agent),
            "as it was sent"
        );
        let own = call.bearer(&token).send().await.json();
        assert!(own.get("warnings").is_none(), "{own}");
    }
    let answer = send(
        &world,
        "POST",
        SESSIONS,
        &visit(&[
            ("/ipAddress", json!("10.0.0.1")),
            ("/device/fingerprint", json!("undefined")),
        ]),
    )
    .await;
    let expected = [("ipAddress", "private"), ("device.fingerprint", "missing")];
    let expected = expected.map(|(field, code)| (field.to_owned(), code.to_owned()));
    assert_eq!(
        (answer.status.as_u16(), warned(&answer.json())),
        (201, expected.to_vec())
    );
    world.end().await;
}

#[tokio::test]
async fn a_fingerprint_that_stands_for_nothing_ties_nobody_to_a_session() {
    let world = World::new().await;
    let key = world.cloud.api_key();
    let opened = async |fingerprint: Value| {
        let mut body = opening();
        body["device_fingerprint"] = fingerprint;
        let call = world.post(CREATE).bearer(key).subject("alice").json(&body);
        call.send().await.json()["fingerprint"].clone()
    };
    let computed = opened(Value::Null).await;
    for nothing in ["", " ", "null", "undefined", "0000000000000000"] {
        assert_eq!(opened(json!(nothing)).await, computed, "{nothing:?}");
    }
    assert_eq!(opened(json!("device-1")).await, "device-1");
    world.end().await;
}

#[tokio::test]
async fn a_user_learns_the_level_of_a_score_and_a_backend_the_score() {
    let world = World::new().await;
    let (key, token) = (world.cloud.api_key(), world.token("alice"));
    for agent in [USER_AGENT, "curl/8.0"] {
        let mut answers = Vec::new();
        // A session each: a refusal ends it.
        for credential in [token.as_str(), key] {
            let call = world.post(CREATE).bearer(key).subject("alice").json(&opening());
            let opened = call.send().await.json();
            let body = json!({
                "session_id": opened["session_id"], "current_ip": "203.0.113.9", "current_user_agent": agent,
            });
            let call = world.post(VALIDATE).json(&body);
            answers.push(call.bearer(credential).send().await.json());
        }
        let [own, told]: [Value; 2] = answers.try_into().unwrap();
        let level = match told["risk"]["level"].as_str() {
            Some("low") => 0,
            Some("suspicious") => 45,
            _ => 80,
        };
        assert_eq!(own["risk_score"], level, "{agent}: {told}");
        assert!(own.get("risk").is_none(), "{own}");
        assert_eq!(told["risk_score"], told["risk"]["score"]);
    }
    world.end().await;
}

#[tokio::test]
async fn times_are_read_with_offsets_and_fractions_and_an_end_follows_its_start() {
    let world = World::new().await;
    for (sent, shown) in [
        ("2024-01-15T10:30:00Z", "2024-01-15T10:30:00Z"),
        ("2024-01-15T10:30:00.5+02:00", "2024-01-15T08:30:00.500Z"),
        ("2024-01-15T10:30:00.123456789-05:30", "2024-01-15T16:00:00.123Z"),
        ("2024-01-15", "2024-01-15T00:00:00Z"),
        ("2999-01-01T00:00:00Z", "2999-01-01T00:00:00Z"),
    ] {
        let answer = send(&world, "POST", SESSIONS, &visit(&[("/startedAt", json!(sent))])).await;
        assert_eq!(answer.json()["startedAt"], shown, "{sent}: {answer:?}");
    }
    for sent in [
        json!("2023-02-29T00:00:00Z"),
        json!("now"),
        json!(1_705_314_600),
        json!(""),
        json!("9999-12-31T23:59:59-00:01"),
    ] {
        let body = visit(&[("/startedAt", sent.clone())]);
        let answer = send(&world, "POST", SESSIONS, &body).await;
        refused(
            &answer,
            "startedAt must be a valid ISO 8601 date string",
            &sent.to_string(),
        );
    }

    let started = visit(&[
        ("/startedAt", json!("2024-01-15T10:30:00Z")),
        ("/referenceId", json!("visit-1")),
    ]);
    assert_eq!(send(&world, "POST", SESSIONS, &started).await.status, 201);
    let end = async |ended_at: Value| {
        let body = json!({"endedAt": ended_at});
        send(&world, "PUT", "/v1/sessions/visit-1", &body).await
    };
    let before = end(json!("2024-01-15T12:29:59.999+02:00")).await;
    refused(
        &before,
        "endedAt must not be before startedAt",
        "before its start",
    );
    for bad in [json!(0), json!("tomorrow"), json!([]), json!("")] {
        let answer = end(bad.clone()).await;
        refused(
            &answer,
            "endedAt must be a valid ISO 8601 date string",
            &bad.to_string(),
        );
    }
    let live = get(&world, "/v1/sessions/visit-1").await.json();
    assert_eq!(live.get("endedAt"), None, "nothing of it was taken");

    let ahead = end(json!("2999-01-01T01:00:00+01:00")).await;
    assert_eq!(ahead.json()["endedAt"], "2999-01-01T00:00:00Z", "{ahead:?}");
    let id = live["id"].as_str().unwrap();
    let fetched = async || {
        let told = get(&world, &format!("/api/v1/session/{id}")).await.json();
        told["summary"]["status"].clone()
    };
    assert_eq!(
        fetched().await,
        "authenticated",
        "an end to come is judged when it is read"
    );
    let soon = (System.now() + std::time::Duration::from_millis(300)).to_rfc3339();
    assert_eq!(end(json!(soon)).await.status, 200);
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    assert_eq!(fetched().await, "complete");
    for nothing in [Value::Null, json!("2024-01-15T10:30:00Z")] {
        assert_eq!(end(nothing).await.status, 200);
    }
    assert_eq!(
        end(json!("2999-01-01T00:00:00Z")).await.status,
        400,
        "it has ended"
    );
    world.end().await;
}

#[tokio::test]
async fn what_is_null_is_left_out_and_what_is_too_long_is_cut_or_refused() {
    let world = World::new().await;
    let optional = [
        "/referenceId",
        "/startedAt",
        "/device/userAgent",
        "/device/browser",
        "/device/browserVersion",
        "/device/os",
        "/device/osVersion",
        "/device/deviceType",
        "/device/screenResolution",
        "/device/language",
        "/device/timezone",
    ];
    let nulls: Vec<_> = optional.iter().map(|it| (*it, Value::Null)).collect();
    let answer = send(&world, "POST", SESSIONS, &visit(&nulls)).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert!(!answer.text.contains("null"), "{answer:?}");
    for (pointer, complaint) in [
        ("/clientId", "clientId"),
        ("/ipAddress", "ipAddress"),
        ("/device", "device"),
        ("/device/fingerprint", "device.fingerprint"),
    ] {
        let answer = send(&world, "POST", SESSIONS, &visit(&[(pointer, Value::Null)])).await;
        assert_eq!(answer.status, 400, "{pointer}: {answer:?}");
        assert!(answer.text.contains(complaint), "{pointer}: {answer:?}");
    }
    for wrong in ["desktop", "Desktop", "PHONE", "", "__proto__"] {
        let body = visit(&[("/device/deviceType", json!(wrong))]);
        let answer = send(&world, "POST", SESSIONS, &body).await;
        let complaint =
            "device.deviceType must be one of the following values: DESKTOP, MOBILE, TABLET, UNKNOWN";
        refused(&answer, complaint, wrong);
    }

    let long = "x".repeat(100_000);
    for (pointer, status, kept) in [
        ("/device/userAgent", 201, 1024),
        ("/device/browser", 201, 255),
        ("/device/timezone", 201, 255),
        ("/unknown", 201, 0),
        ("/clientId", 400, 0),
        ("/referenceId", 400, 0),
        ("/ipAddress", 400, 0),
        ("/device/fingerprint", 400, 0),
        ("/startedAt", 400, 0),
        ("/device/deviceType", 400, 0),
    ] {
        let answer = send(&world, "POST", SESSIONS, &visit(&[(pointer, json!(long))])).await;
        assert_eq!(answer.status.as_u16(), status, "{pointer}");
        assert!(
            answer.text.len() < 4_096,
            "{pointer}: an answer does not repeat it"
        );
        if 0 < kept {
            let told = answer.json().pointer(pointer).unwrap().as_str().unwrap().len();
            assert_eq!(told, kept, "{pointer}");
            let id = answer.json()["id"].as_str().unwrap().to_owned();
            assert_eq!(
                get(&world, &format!("{SESSIONS}/{id}")).await.json(),
                answer.json()
            );
        }
    }
    let over = visit(&[("/unknown", json!("x".repeat(103_000)))]);
    assert_eq!(send(&world, "POST", SESSIONS, &over).await.status, 413);

    let deep = |levels: usize| (0..levels).fold(json!({}), |inner, _| json!({"a": inner}));
    for (levels, status) in [(5, 201), (40, 400), (10_000, 400)] {
        // By hand: the depth is more than a writer of JSON takes.
        let inside = format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
        let body = format!(
            r#"{{"clientId":"carol","ipAddress":"192.0.2.1","device":{{"fingerprint":"f","extra":{inside}}}}}"#
        );
        let call = world.post(SESSIONS).bearer(world.cloud.api_key());
        let answer = call.body(body).send().await;
        assert_eq!(answer.status.as_u16(), status, "{levels} levels: {answer:?}");
    }
    let answer = send(&world, "PUT", "/v1/sessions/x", &json!({"other": deep(40)})).await;
    assert_eq!(answer.status, 400);
    world.end().await;
}

#[tokio::test]
async fn every_name_a_session_may_have_leads_to_it_alone() {
    let world = World::new().await;
    let names = [
        "x".to_owned(),
        "x".repeat(512),
        "\u{e4}".repeat(512),
        "a#b".to_owned(),
        "acme#R#x".to_owned(),
        "#S#".to_owned(),
        "ref#x".to_owned(),
        "..".to_owned(),
        "a b".to_owned(),
        "a+b".to_owned(),
        "a:b;c,d&e=f".to_owned(),
        "a\\b".to_owned(),
        "100%".to_owned(),
        "100%25".to_owned(),
        "a%2Fb".to_owned(),
        "%00".to_owned(),
        "{}".to_owned(),
        "a\u{202e}b".to_owned(),
        "018D0CAB-C440-7ABC-8123-456789ABCDEF".to_owned(),
        "00000000-0000-0000-0000-000000000000".to_owned(),
    ];
    let mut sessions = Vec::new();
    for name in &names {
        let body = visit(&[("/referenceId", json!(name))]);
        let answer = send(&world, "POST", SESSIONS, &body).await;
        assert_eq!(answer.status, 201, "{name}: {answer:?}");
        sessions.push((name, answer.json()));
    }
    for (name, told) in &sessions {
        assert_eq!(&get(&world, &named(name)).await.json(), told, "{name}");
        assert_eq!(&told["referenceId"], *name);
        let ended = send(&world, "PUT", &named(name), &json!({})).await;
        assert_eq!(&ended.json(), told, "{name}");
    }
    let complaint = "referenceId must be 1 to 512 characters, none of them a slash, a question mark or a control \
                     character";
    for name in [
        String::new(),
        "x".repeat(513),
        "a/b".to_owned(),
        "a?b".to_owned(),
        "a\u{0}b".to_owned(),
        "a\nb".to_owned(),
        "a\u{85}b".to_owned(),
    ] {
        let body = visit(&[("/referenceId", json!(name))]);
        refused(&send(&world, "POST", SESSIONS, &body).await, complaint, &name);
    }
    world.end().await;
}

#[tokio::test]
async fn what_stands_in_a_path_is_decoded_exactly_once() {
    let world = World::new().await;
    let body = visit(&[("/referenceId", json!("50%25 off"))]);
    let told = send(&world, "POST", SESSIONS, &body).await.json();
    let id = told["id"].as_str().unwrap();
    let partition = world.partition().await;
    let pfid = SessionId::parse(id, partition).unwrap().to_pfid(partition);
    let again = |text: &str| text.replace('%', "%25");
    let (by_name, by_id, by_pfid) = (named("50%25 off"), named(id), named(&pfid.to_string()));
    for path in [&by_name, &by_id, &by_pfid, &format!("{SESSIONS}/50%2525%20off")] {
        assert_eq!(get(&world, path).await.json(), told, "{path}");
        for wrong in [again(path), again(&again(path))] {
            let answer = get(&world, &wrong).await;
            assert_eq!(answer.status, 404, "{wrong}: {answer:?}");
            let answer = send(&world, "PUT", &wrong, &json!({})).await;
            assert_eq!(answer.status, 404, "{wrong}: {answer:?}");
        }
    }
    for path in [
        format!("{SESSIONS}/50%25%20off"),
        format!("{SESSIONS}/%zz"),
        format!("{SESSIONS}/%"),
        format!("{SESSIONS}/%FF%FE"),
        format!("{SESSIONS}/%00"),
        format!("{SESSIONS}/a%2Fb"),
        format!("{SESSIONS}/{}", "x".repeat(5_000)),
    ] {
        let answer = get(&world, &path).await;
        assert!(matches!(answer.status.as_u16(), 400 | 404), "{path}: {answer:?}");
    }

    let client = visit(&[("/clientId", json!("50%25 off"))]);
    let told = send(&world, "POST", SESSIONS, &client).await.json();
    let list = async |spelled: &str| {
        let answer = get(&world, &format!("/v1/clients/{spelled}/sessions")).await;
        assert_eq!(answer.status, 200, "{spelled}: {answer:?}");
        answer.json()
    };
    assert_eq!(list("50%2525%20off").await, json!([told]));
    for other in ["50%25%20off", "50%252525%2520off"] {
        assert_eq!(list(other).await, json!([]), "{other}");
    }
    world.end().await;
}

/// Files that are no data about addresses, in a folder of their own each, and whether opening tells.
fn damaged(folder: &Path) -> Vec<(&'static str, PathBuf, bool)> {
    let good = std::fs::read(root().join("intel/fixtures/maxmind/GeoLite2-City-Test.mmdb")).unwrap();
    let half = good.len() / 2;
    let mut noise = good.clone();
    for byte in noise.iter_mut().skip(200).take(half) {
        *byte ^= 0xa5;
    }
    let mut without_end = good.clone();
    without_end.truncate(good.len() - 100);
    let file = |name: &'static str, bytes: &[u8], told| {
        let path = folder.join(name).with_extension("mmdb");
        std::fs::write(&path, bytes).unwrap();
        (name, path, told)
    };
    vec![
        ("missing", folder.join("nowhere.mmdb"), true),
        ("a missing folder", folder.join("nowhere"), true),
        file("empty", &[], true),
        file("truncated", &good[..half], true),
        file("cut", &without_end, true),
        file("text", b"404: Not Found", true),
        // Its end, which says what it is, is whole; what it says of an address is not.
        file("corrupted", &noise, false),
    ]
}

#[tokio::test]
async fn damaged_data_about_addresses_is_one_line_in_the_log_and_no_request_notices() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("damaged-data");
    std::fs::create_dir_all(&folder).unwrap();
    for (what, path, told) in damaged(&folder) {
        let world = World::with_data(&path).await;
        let alice = world.token("alice");
        for ip in ["81.2.69.142", "2001:218::1", "192.0.2.1"] {
            let body = visit(&[("/ipAddress", json!(ip))]);
            let answer = send(&world, "POST", SESSIONS, &body).await;
            assert_eq!(answer.status, 201, "{what}, {ip}: {answer:?}");
            if told {
                let has_place = answer
                    .json()
                    .as_object()
                    .unwrap()
                    .keys()
                    .any(|it| it.starts_with("geo"));
                assert!(!has_place, "{what}, {ip}: {answer:?}");
            }
        }
        let id = world.create_with(&alice, &opening()).await;
        let seen = json!({"session_id": id, "current_ip": "81.2.69.142", "current_user_agent": USER_AGENT});
        let judged = world.post(crate::world::VALIDATE).bearer(&alice).json(&seen);
        assert_eq!(judged.send().await.json()["is_valid"], true, "{what}");
        let fetched = world.request("GET", &format!("/api/v1/session/{id}"));
        assert_eq!(fetched.bearer(&alice).send().await.status, 200, "{what}");
        for package in [
            "ingest-session",
            "create-session",
            "validate-session",
            "fetch-session",
        ] {
            let lines = world.lines_with("address data cannot be used");
            let of_package = lines.iter().filter(|it| it.contains(package));
            assert_eq!(
                of_package.count(),
                usize::from(told),
                "{what}, {package}: {lines:#?}"
            );
        }
        world.end().await;
    }
}
