//! `openapi.yaml` against what this face really reads and answers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::auth;
use crate::face::Failure;
use crate::face::openapi::{self, document, printed, validator};
use crate::model::{
    self, AccountStatus, ActivityStatus, Anonymity, AutonomousSystem, ClientKind, Device, DeviceType, Ending,
    Facts, Instant, Located, Place, Point, Reason, SessionRecord, Subject, TenantId, Tenure,
};
use crate::service::{Counts, Erased, Fetched, Remaining, State};

const FACE: &str = "Corsa";

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

/// The session of the published example, told of 120 ms after its start.
fn session() -> Fetched {
    let started_at = Instant::from_secs(1_705_314_600);
    let text = |text: &str| Some(text.to_owned());
    let id = "018d0cab-c440-7abc-8123-456789abcdef".parse().unwrap();
    let subject = Subject::new("123e4567-e89b-12d3-a456-426614174000").unwrap();
    let told_at = Instant::from_millis(started_at.millis() + 120);
    let record = SessionRecord {
        started_at,
        reference_id: text("sess_abc123"),
        ip: "203.0.113.42".to_owned(),
        facts: Facts::absent(model::Absence::Documentation),
        user_agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36".to_owned(),
        fingerprint: "a1b2c3d4e5f6g7h8i9j0".to_owned(),
        device: Device {
            browser: text("Chrome"),
            browser_version: text("120.0.6099.109"),
            os: text("macOS"),
            os_version: text("14.2.1"),
            device_type: Some(DeviceType::Desktop),
            screen_resolution: text("1920x1080"),
            language: text("en-US"),
            timezone: text("America/New_York"),
        },
        ..SessionRecord::new(id, &subject, Tenure::Observed, told_at)
    };
    Fetched {
        record,
        held: None,
        state: State::Active,
    }
}

fn placed() -> Fetched {
    let mut session = session();
    let no = Some(false);
    let text = |text: &str| Some(text.to_owned());
    session.record.ip = "198.51.100.7".to_owned();
    session.record.facts = Facts {
        place: Located::At(Box::new(Place {
            country_code: text("US"),
            country: text("United States"),
            region: text("New York"),
            region_code: text("NY"),
            city: text("New York"),
            point: Some(Point {
                latitude: 40.7128,
                longitude: -74.006,
                radius_km: 20,
            }),
            time_zone: text("America/New_York"),
        })),
        system: Some(AutonomousSystem {
            number: 7922,
            organisation: text("Comcast"),
        }),
        anonymity: Anonymity {
            hosting: no,
            vpn: no,
            proxy: no,
            tor: no,
            relay: None,
        },
    };
    session
}

fn ended() -> Fetched {
    let mut session = session();
    let at = Instant::from_secs(1_705_320_000);
    let ending = Ending {
        at,
        reason: Reason::LoggedOut,
    };
    session.record.updated_at = Some(Instant::from_secs(at.secs() + 1));
    session.record.ended = Some(ending);
    session.state = State::Ended(ending);
    session
}

fn client() -> model::Client {
    let at = Instant::from_secs(1_705_314_600);
    model::Client {
        id: Subject::new("IND123").unwrap().client_id(&tenant()),
        kind: None,
        reference_id: Some("IND123".to_owned()),
        alias: Some("Big Customer".to_owned()),
        activity: ActivityStatus::Active,
        account: AccountStatus::Approved,
        tags: vec!["vip-client".to_owned()],
        controls: Vec::new(),
        created_at: at,
        updated_at: at,
    }
}

fn all_counts() -> Counts {
    Counts {
        sessions: 12,
        references: 3,
        telemetry: 7,
        device_links: 2,
        profiles: 1,
        clients: 1,
    }
}

fn receipt(counts: Counts) -> Receipt {
    let days = |days: u64| std::time::Duration::from_secs(days * 24 * 3600);
    let erased = Erased {
        at: Instant::from_millis(1_705_314_600_120),
        complete: true,
        counts,
        remaining: vec![
            (Remaining::UnattachedTelemetry, days(30)),
            (Remaining::DeviceLinks, days(180)),
            (Remaining::IdempotentAnswers, days(1)),
            (Remaining::SessionNames, days(90)),
            (Remaining::RevocationMark, days(120)),
            (Remaining::ChangeStream, days(1)),
            (Remaining::Backups, days(35)),
        ],
    };
    Receipt::of(client().id, &erased)
}

#[test]
fn every_reply_is_printed_as_its_example() {
    let examples = openapi::examples_of_replies(&document(), FACE);
    let same = |operation: &str, name: &str, reply: String| {
        let example = examples
            .iter()
            .find(|it| it.operation == operation && it.name == name)
            .unwrap();
        assert_eq!(reply, example.value.to_string(), "{operation} {name}");
    };
    let shown = |session: &Fetched| Session::of(&tenant(), session);
    same("ingest-session", "published", printed(&shown(&session())));
    same("ingest-session", "placed", printed(&shown(&placed())));
    same("get-session", "live", printed(&shown(&session())));
    same("get-session", "ended", printed(&shown(&ended())));
    same("update-session", "ended", printed(&shown(&ended())));
    same("list-client-sessions", "one", printed(&[shown(&session())]));
    same("list-client-sessions", "none", "[]".to_owned());
    for (name, counts) in [("erased", all_counts()), ("nothing", Counts::default())] {
        same("erase-client-data", name, printed(&receipt(counts)));
    }
    for (kind, name) in [
        (ClientKind::Individual, "individual"),
        (ClientKind::Corporate, "corporate"),
    ] {
        for verb in ["store", "get", "update"] {
            let reply = printed(&Client::of(&client(), kind));
            same(&format!("{verb}-{name}-client"), "stored", reply);
        }
    }
}

#[test]
fn an_end_that_is_to_come_is_shown_and_one_by_somebody_else_wins() {
    let mut session = ended();
    session.state = State::Active;
    let of = |session: &Fetched| serde_json::to_value(Session::of(&tenant(), session)).unwrap();
    assert_eq!(of(&session)["endedAt"], "2024-01-15T12:00:00Z");
    let at = Instant::from_secs(1_705_316_400);
    session.state = State::Ended(Ending {
        at,
        reason: Reason::LoggedOutEverywhere,
    });
    assert_eq!(of(&session)["endedAt"], "2024-01-15T11:00:00Z");
}

#[test]
fn every_example_of_a_request_is_read_and_every_example_fits_its_schema() {
    let document = document();
    let mut seen = 0;
    for (operation, described) in openapi::operations(&document, FACE) {
        let Some(content) = described.pointer("/requestBody/content/application~1json") else {
            continue;
        };
        let schema = validator(&document, &content["schema"]);
        for (name, example) in content["examples"].as_object().unwrap() {
            let value = &example["value"];
            assert!(schema.is_valid(value), "{operation} {name}");
            let body = value.to_string();
            let body = body.as_bytes();
            let (verb, noun) = operation.split_once('-').unwrap();
            let read = match (verb, noun) {
                ("ingest", _) => IngestInput::read(body).err(),
                ("update", "session") => UpdateInput::read(body).err(),
                ("store", _) => ClientInput::read(body).err(),
                _ => ClientChange::read(body).err(),
            };
            assert!(read.is_none(), "{operation} {name}: {read:?}");
            seen += 1;
        }
    }
    for example in openapi::examples_of_replies(&document, FACE) {
        let schema = validator(&document, &example.schema);
        assert!(
            schema.is_valid(&example.value),
            "{} {}",
            example.operation,
            example.name
        );
        seen += 1;
    }
    assert!(100 < seen);
}

#[test]
fn a_schema_of_a_request_takes_what_the_reader_takes() {
    let document = document();
    let schema = |name: &str| {
        let reference = format!("#/components/schemas/{name}");
        validator(&document, &json!({ "$ref": reference }))
    };
    let (create, store) = (schema("CorsaCreateSession"), schema("CorsaCreateClient"));
    let small = json!({ "clientId": "a", "ipAddress": "192.0.2.1", "device": { "fingerprint": "f" } });
    let long = |count| "a".repeat(count);
    for (field, value) in [
        ("clientId", json!(long(255))),
        ("clientId", json!(long(256))),
        ("clientId", json!("")),
        ("clientId", json!("a\nb")),
        ("clientId", json!("a/b")),
        ("clientId", json!("a?b")),
        ("clientId", json!(null)),
        ("clientId", json!(1)),
        ("referenceId", json!(null)),
        ("referenceId", json!("")),
        ("referenceId", json!(long(512))),
        ("referenceId", json!(long(513))),
        ("referenceId", json!("a/b")),
        ("referenceId", json!("a?b")),
        ("referenceId", json!("a\u{7f}b")),
        ("referenceId", json!("\u{1f980}".repeat(512))),
        ("device", json!(null)),
        ("device", json!([])),
        ("device", json!({})),
        ("device", json!({ "fingerprint": "" })),
        ("device", json!({ "fingerprint": "f", "deviceType": null })),
        ("device", json!({ "fingerprint": "f", "deviceType": "desktop" })),
        ("device", json!({ "fingerprint": "f", "userAgent": 1 })),
        ("device", json!({ "fingerprint": "f", "os": null, "other": [] })),
        ("startedAt", json!(null)),
        ("startedAt", json!(1)),
    ] {
        let mut body = small.clone();
        body[field] = value;
        let read = IngestInput::read(body.to_string().as_bytes()).is_ok();
        assert_eq!(create.is_valid(&body), read, "{field}: {body}");
    }
    for (field, value) in [
        ("tags", json!(null)),
        ("tags", json!([])),
        ("tags", json!(["a"])),
        ("tags", json!([1])),
        ("tags", json!("a")),
        ("tags", json!(vec!["a"; 50])),
        ("tags", json!(vec!["a"; 51])),
        ("alias", json!("")),
        ("alias", json!("a\tb")),
        ("referenceId", json!("")),
        ("referenceId", json!("a/b")),
        ("referenceId", json!("a?b")),
        ("accountStatus", json!("FROZEN")),
        ("accountStatus", json!("frozen")),
    ] {
        let body = json!({ field: value });
        let read = ClientInput::read(body.to_string().as_bytes()).is_ok();
        assert_eq!(store.is_valid(&body), read, "{body}");
    }
}

#[test]
fn every_error_is_documented_with_its_status_its_headers_and_an_example() {
    let document = document();
    let cause = || "x".into();
    let refused = |body: &str| IngestInput::read(body.as_bytes()).unwrap_err();
    let nested = r#"{"clientId":"a","ipAddress":"192.0.2.1","device":{"fingerprint":1,"deviceType":"desktop"},"startedAt":"today"}"#;
    let lacking = auth::Error::Forbidden("the credential lacks the scope sessions:write");
    let errors = [
        ("CorsaInvalid", refused("{}")),
        ("CorsaInvalid", refused(nested)),
        ("CorsaInvalid", refused("{")),
        (
            "CorsaInvalid",
            Error::invalid("endedAt must not be before startedAt"),
        ),
        ("CorsaInvalid", Page::read("limit=101").unwrap_err()),
        (
            "CorsaInvalid",
            Error::invalid("Idempotency-Key must be 1 to 64 visible ASCII characters"),
        ),
        ("CorsaUnauthorized", Error::NotAuthenticated),
        ("CorsaForbidden", lacking.into()),
        (
            "CorsaForbidden",
            auth::Error::Forbidden("this takes an API key").into(),
        ),
        ("CorsaNotFound", Error::SessionNotFound),
        ("CorsaNotFound", Error::ClientNotFound),
        ("CorsaNotFound", unrouted("GET", "/v1/x", "")),
        ("CorsaConflict", Error::StillRunning { retry_after: 1 }),
        ("CorsaConflict", Error::ClientExists),
        ("CorsaTooLarge", Error::TooLarge),
        ("CorsaUnprocessable", Error::OtherBody),
        ("CorsaTooMany", Error::TooMany { retry_after: 1 }),
        (
            "CorsaForbidden",
            Error::Forbidden("requests are answered at the service's public address alone"),
        ),
        ("CorsaInternal", Error::Internal(cause())),
        ("CorsaUnavailable", Error::Unavailable(cause())),
    ];
    for (name, error) in errors {
        let response = &document["components"]["responses"][name];
        let content = &response["content"][error.content_type()];
        let body: Value = serde_json::from_str(&error.body()).unwrap();
        let mut examples = content["examples"].as_object().unwrap().values();
        assert!(examples.any(|it| it["value"] == body), "{name}: {body}");
        let schema = validator(&document, &content["schema"]);
        assert!(schema.is_valid(&body), "{name}: {body}");
        for (header, _) in error.headers() {
            let described = response["headers"].as_object().unwrap();
            let mut names = described.keys();
            assert!(
                names.any(|it| it.eq_ignore_ascii_case(header)),
                "{name}: {header}"
            );
        }
        let status = error.status().to_string();
        let reference = format!("#/components/responses/{name}");
        let operations = openapi::operations(&document, FACE);
        let mut answers = operations.iter().map(|(_, it)| &it["responses"][&status]["$ref"]);
        assert!(
            answers.any(|it| *it == reference),
            "{name} is the answer {status} of no operation"
        );
    }
}

#[test]
fn the_document_names_the_operations_of_each_function() {
    let document = document();
    let operations = openapi::operations(&document, FACE);
    let named: BTreeSet<_> = operations
        .into_iter()
        .map(|(operation, _)| operation.replace("-individual-", "-").replace("-corporate-", "-"))
        .collect();
    let functions = [
        "ingest-session",
        "get-session",
        "update-session",
        "list-client-sessions",
        "store-client",
        "get-client",
        "update-client",
        "erase-client-data",
    ];
    assert_eq!(named, functions.map(str::to_owned).into());
}
