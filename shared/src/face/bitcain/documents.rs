//! `openapi.yaml` against what this face really reads and answers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::face::Failure;
use crate::face::openapi::{self, document, printed, validator};
use crate::model::Instant;

const FACE: &str = "Sessions";
const SESSION_ID: &str = "018d0cab-c440-7abc-8123-456789abcdef";
const FINGERPRINT: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

#[test]
fn every_reply_is_printed_as_its_example() {
    let opened_at = Instant::from_secs(1_704_164_645);
    let session = ActiveSession {
        session_id: SESSION_ID.to_owned(),
        status: "active",
        ip_address: Some("192.0.2.1".to_owned()),
        user_agent: Some("curl/8.0".to_owned()),
        geo_country: None,
        geo_city: None,
        created_at: opened_at,
        last_activity_at: Instant::from_millis(opened_at.millis() + 120),
        is_current: false,
    };
    let opened = CreateReply {
        success: true,
        session_id: Some(SESSION_ID.to_owned()),
        fingerprint: Some(FINGERPRINT.to_owned()),
        expires_at: Some(opened_at),
        error: None,
        telemetry_attached: None,
        warnings: Vec::new(),
    };
    let refused = CreateReply {
        success: false,
        session_id: None,
        fingerprint: None,
        expires_at: None,
        error: Some("maximum number of concurrent sessions reached".to_owned()),
        ..opened.clone()
    };
    let valid = ValidateReply::<()> {
        is_valid: true,
        error_message: None,
        session_id: Some(SESSION_ID.to_owned()),
        is_suspicious: false,
        risk_score: 0,
        risk: None,
    };
    let suspicious = ValidateReply {
        is_suspicious: true,
        risk_score: 45,
        ..valid.clone()
    };
    let not_held = ValidateReply::<()> {
        is_valid: false,
        error_message: Some("session not found".to_owned()),
        session_id: None,
        ..valid.clone()
    };
    let ended = LogoutReply {
        success: true,
        revoked_sessions: 1,
        revoke_all: false,
        error: None,
    };
    let nothing_ended = LogoutReply {
        success: false,
        revoked_sessions: 0,
        revoke_all: false,
        error: Some("session not found".to_owned()),
    };
    let one = ActiveReply {
        sessions: vec![session],
        total_count: 1,
        max_concurrent: 5,
    };
    let none = ActiveReply {
        sessions: Vec::new(),
        total_count: 0,
        max_concurrent: 5,
    };
    let examples = openapi::examples_of_replies(&document(), FACE);
    let same = |operation: &str, name: &str, reply: String| {
        let example = examples
            .iter()
            .find(|it| it.operation == operation && it.name == name)
            .unwrap();
        assert_eq!(reply, example.value.to_string(), "{operation} {name}");
    };
    same("create-session", "opened", printed(&opened));
    same("create-session", "refused", printed(&refused));
    same("validate-session", "valid", printed(&valid));
    same("validate-session", "suspicious", printed(&suspicious));
    same("validate-session", "not-held", printed(&not_held));
    same("list-active-sessions", "one", printed(&one));
    same("list-active-sessions", "none", printed(&none));
    same("logout-session", "ended", printed(&ended));
    same("logout-session", "not-held", printed(&nothing_ended));
    same(
        "revoke-session",
        "revoked",
        printed(&RevokeReply { success: true }),
    );
    same(
        "cleanup-sessions",
        "cleaned",
        printed(&CleanupReply {
            expired: 2,
            deleted: 2,
        }),
    );
}

#[test]
fn warnings_are_printed_as_their_example() {
    let body =
        br#"{"ip_address": "198.51.100.7, 10.0.0.1", "user_agent": "undefined", "device_fingerprint": ""}"#;
    let warned = CreateReply {
        success: true,
        session_id: Some(SESSION_ID.to_owned()),
        fingerprint: Some(FINGERPRINT.to_owned()),
        expires_at: Some(Instant::from_secs(1_704_164_645)),
        error: None,
        telemetry_attached: None,
        warnings: CreateInput::read(body).unwrap().warnings(),
    };
    let examples = openapi::examples_of_replies(&document(), FACE);
    let example = examples.iter().find(|it| it.name == "warned").unwrap();
    assert_eq!(printed(&warned), example.value.to_string());
}

#[test]
fn a_telemetry_token_that_stands_for_nothing_was_not_sent() {
    for (sent, refused) in [
        ("", false),
        (" ", false),
        ("null", false),
        ("-", false),
        ("a", true),
        ("a.b.c", true),
    ] {
        let body = json!({"ip_address": "a", "user_agent": "b", "telemetry_token": sent});
        let read = CreateInput::read(body.to_string().as_bytes());
        assert_eq!(read.is_err(), refused, "{sent:?}");
        assert!(
            read.is_err() || read.is_ok_and(|it| it.telemetry.is_none()),
            "{sent:?}"
        );
    }
}

#[test]
fn the_replies_of_a_step_up_are_printed_as_their_examples() {
    let stepped_up = StepUpReply {
        success: true,
        session_id: Some(SESSION_ID.to_owned()),
        risk_score: 0,
        error: None,
    };
    let not_stepped_up = StepUpReply {
        success: false,
        session_id: None,
        risk_score: 0,
        error: Some("session not found".to_owned()),
    };
    let examples = openapi::examples_of_replies(&document(), FACE);
    for (name, reply) in [("proven", &stepped_up), ("not-held", &not_stepped_up)] {
        let mut found = examples.iter().filter(|it| it.operation == "step-up-session");
        let example = found.find(|it| it.name == name).unwrap();
        assert_eq!(printed(reply), example.value.to_string(), "{name}");
    }
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
            let read = match operation {
                "generate-fingerprint" => FingerprintInput::read(body).err(),
                "create-session" => CreateInput::read(body).err(),
                "validate-session" => ValidateInput::read(body).err(),
                "step-up-session" => StepUpInput::read(body).err(),
                "logout-session" => LogoutInput::read(body).err(),
                "revoke-session" => RevokeInput::read(body).err(),
                other => panic!("{other} has no body"),
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
    assert!(20 < seen);
}

#[test]
fn a_schema_of_a_request_takes_what_the_reader_takes() {
    let document = document();
    let create =
        |minutes: Value| json!({ "ip_address": "a", "user_agent": "b", "idle_timeout_minutes": minutes });
    let logout = |all: Value| json!({ "session_id": "a", "revoke_all": all });
    let bodies: Vec<(&str, Value)> = [
        json!(5),
        json!(1440),
        json!(10.0),
        json!(4),
        json!(1441),
        json!(10.5),
        json!("10"),
        json!("0060"),
        json!("60.0"),
        json!("4"),
        json!("1441"),
        json!("9999"),
        json!("x"),
        json!(""),
        json!(true),
        json!(null),
        json!([]),
    ]
    .into_iter()
    .map(|minutes| ("CreateRequest", create(minutes)))
    .chain(
        [
            json!(true),
            json!(0),
            json!(1),
            json!(1.0),
            json!(2),
            json!(0.5),
            json!("true"),
            json!("OFF"),
            json!("0"),
            json!("maybe"),
            json!(""),
            json!(null),
            json!({}),
        ]
        .into_iter()
        .map(|all| ("LogoutRequest", logout(all))),
    )
    .chain([
        ("RevokeRequest", json!({ "reason": "a".repeat(255) })),
        ("RevokeRequest", json!({ "reason": "a".repeat(256) })),
        ("RevokeRequest", json!({ "reason": null })),
        (
            "ValidateRequest",
            json!({ "session_id": "a", "current_ip": "b", "current_user_agent": "c" }),
        ),
        (
            "ValidateRequest",
            json!({ "session_id": "a", "current_ip": null, "current_user_agent": "c" }),
        ),
        ("ValidateRequest", json!([])),
    ])
    .collect();
    for (name, body) in bodies {
        let text = body.to_string();
        let read = match name {
            "CreateRequest" => CreateInput::read(text.as_bytes()).is_ok(),
            "LogoutRequest" => LogoutInput::read(text.as_bytes()).is_ok(),
            "RevokeRequest" => RevokeInput::read(text.as_bytes()).is_ok(),
            _ => ValidateInput::read(text.as_bytes()).is_ok(),
        };
        let schema = validator(
            &document,
            &json!({ "$ref": format!("#/components/schemas/{name}") }),
        );
        assert_eq!(schema.is_valid(&body), read, "{name} {text}");
    }
}

#[test]
fn every_error_is_documented_with_its_status_its_headers_and_an_example() {
    let document = document();
    let cause = || "x".into();
    let problem = || CreateInput::read(br#"{"ip_address":"192.0.2.1"}"#).unwrap_err();
    let broken = || CreateInput::read(b"{").unwrap_err();
    let errors = [
        ("Unreadable", Error::Unreadable),
        ("NotAuthenticated", Error::NotAuthenticated),
        (
            "Forbidden",
            Error::Forbidden("the credential lacks the scope sessions:write"),
        ),
        ("SessionNotFound", Error::SessionNotFound),
        ("SessionNotFound", Error::NotFound),
        ("MethodNotAllowed", Error::MethodNotAllowed("POST".to_owned())),
        ("StillRunning", Error::StillRunning { retry_after: 1 }),
        ("TooLarge", Error::TooLarge),
        (
            "TooManyRequests",
            crate::auth::Error::TooMany { retry_after: 1 }.into(),
        ),
        (
            "TooManyRequests",
            Error::TooMany {
                what: "Too many sessions were opened for this user",
                retry_after: 1,
            },
        ),
        (
            "PastTheFront",
            Error::Forbidden("requests are answered at the service's public address alone"),
        ),
        (
            "Forbidden",
            Error::Forbidden("requests are answered at the service's public address alone"),
        ),
        ("Unprocessable", problem()),
        ("Unprocessable", broken()),
        (
            "Unprocessable",
            Problem::header_missing("Holdfast-Subject").into(),
        ),
        (
            "Unprocessable",
            Problem::header("Idempotency-Key", "was used with another request body").into(),
        ),
        ("Internal", Error::Internal(cause())),
        ("Unavailable", Error::Unavailable(cause())),
    ];
    for (name, error) in errors {
        let response = &document["components"]["responses"][name];
        let content = &response["content"][error.content_type()];
        let body: Value = serde_json::from_str(&error.body()).unwrap();
        let mut examples = content["examples"].as_object().unwrap().values();
        assert!(examples.any(|it| it["value"] == body), "{name}: {body}");
        assert!(
            validator(&document, &content["schema"]).is_valid(&body),
            "{name}: {body}"
        );
        for (header, _) in error.headers() {
            let described = response["headers"].as_object().unwrap();
            assert!(
                described.keys().any(|it| it.eq_ignore_ascii_case(header)),
                "{name}: {header}"
            );
        }
        let status = error.status().to_string();
        let reference = format!("#/components/responses/{name}");
        let referring = openapi::operations(&document, FACE)
            .into_iter()
            .filter(|(_, it)| it["responses"][&status]["$ref"] == reference)
            .count();
        assert!(0 < referring, "{name} is the answer {status} of no operation");
    }
}

#[test]
fn the_document_names_one_operation_for_each_function() {
    let document = document();
    let named: BTreeSet<_> = openapi::operations(&document, FACE)
        .into_iter()
        .map(|(operation, _)| operation.to_owned())
        .collect();
    let ours = [
        "generate-fingerprint",
        "create-session",
        "validate-session",
        "list-active-sessions",
        "logout-session",
        "revoke-session",
        "step-up-session",
        "cleanup-sessions",
    ];
    assert_eq!(named, ours.map(str::to_owned).into());
}
