//! Ours against the recorded answers of the real NestJS and class-validator, `tests/golden-corsa`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::*;
use crate::auth;
use crate::face::Failure;

const CORPUS: &str = include_str!("../../../../tests/golden-corsa/corsa.json");
const TABLE: &str = include_str!("../../../../docs/differences.md");

/// Where we differ on purpose: the row of `docs/differences.md`, our status, and the cases that show it.
const DIFFERENCES: &[(&str, u16, &[&str])] = &[
    (
        "corsa-json-words",
        400,
        &[
            "create/json/space",
            "create/json/brace",
            "create/json/bracket",
            "create/json/quote",
            "create/json/trailing-comma",
            "create/json/single-quotes",
            "create/json/no-colon",
            "create/json/unquoted",
            "create/json/two-values",
            "create/json/word",
            "create/json/comment",
            "create/json/bad-escape",
            "create/json/control-character",
            "create/json/leading-zero",
            "create/json/lonely-minus",
            "create/json/not-a-number",
            "create/json/infinity",
            "create/json/text",
            "create/json/number",
            "create/json/true",
            "create/json/null",
            "create/json/list",
            "create/json/list-of-objects",
            "create/json/list-of-good",
        ],
    ),
    (
        "corsa-duplicate-key",
        400,
        &["create/json/duplicate-key", "create/json/duplicate-nested-key"],
    ),
    (
        "corsa-depth",
        400,
        &[
            "create/json/depth-33",
            "create/json/depth-100",
            "create/json/depth-3000",
            "create/json/depth-33-good",
        ],
    ),
    ("corsa-lone-surrogate", 400, &["create/json/lone-surrogate"]),
    ("corsa-byte-order-mark", 400, &["create/json/byte-order-mark"]),
    (
        "corsa-content-type",
        201,
        &[
            "create/content-type/none",
            "create/content-type/text",
            "create/content-type/form",
            "create/content-type/charset-latin1",
            "create/content-type/problem",
        ],
    ),
    ("corsa-credential-first", 401, &["create/auth/none-and-broken"]),
    (
        "corsa-device-list",
        400,
        &[
            "create/device/list-of-text",
            "create/device/list-of-two",
            "create/device/list-of-null",
        ],
    ),
    (
        "corsa-zone",
        400,
        &["create/ip/fe80::1%eth0", "create/ip/fe80::1%25eth0"],
    ),
    (
        "corsa-dates",
        400,
        &[
            "create/time/2024-01-15T10:30:00,5Z",
            "create/time/2024-01-15T10:30:00+02",
            "create/time/2024-01-15T10Z",
            "create/time/2024-01",
            "create/time/2024",
            "create/time/20240115",
            "create/time/20240115T103000Z",
            "create/time/2024-W03-1",
            "create/time/2024-015",
            "update/time/2024-01-15T10:30:00,5Z",
            "update/time/2024-01-15T10:30:00+02",
            "update/time/2024-01-15T10Z",
        ],
    ),
    (
        "corsa-paths",
        404,
        &[
            "route/GET /v1/sessions/an-id/",
            "route/GET /V1/SESSIONS/an-id",
            "route/HEAD /v1/sessions/an-id",
        ],
    ),
];

#[derive(Deserialize)]
struct Corpus {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Option<String>,
    status: u16,
    answer: String,
}

#[test]
fn every_recorded_request_gets_the_recorded_answer() {
    let corpus: Corpus = serde_json::from_str(CORPUS).unwrap();
    assert!(400 <= corpus.cases.len());
    let mut listed: BTreeMap<&str, u16> = BTreeMap::new();
    for (difference, status, cases) in DIFFERENCES {
        for case in *cases {
            assert_eq!(
                listed.insert(case, *status),
                None,
                "{case} is in {difference} and elsewhere"
            );
        }
    }

    let mut wrong = Vec::new();
    for case in &corpus.cases {
        let (status, answer) = case.our_answer();
        let same = case.status == status && case.is_answered_by(&answer);
        match listed.remove(case.id.as_str()) {
            None if !same => wrong.push(format!(
                "{}: {} {}\n  {status} {answer}",
                case.id, case.status, case.answer
            )),
            Some(_) if same => wrong.push(format!("{}: is no difference", case.id)),
            Some(ours) if status != ours => wrong.push(format!("{}: {status} {answer}", case.id)),
            None | Some(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert!(listed.is_empty(), "no such case: {listed:?}");
}

#[test]
fn the_documentation_lists_the_same_differences() {
    let documented: Vec<_> = TABLE
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .filter(|id| id.starts_with("corsa-"))
        .collect();
    let listed: Vec<_> = DIFFERENCES.iter().map(|(id, ..)| *id).collect();
    assert_eq!(documented, listed);
    assert_eq!(documented.iter().collect::<BTreeSet<_>>().len(), documented.len());
}

impl Case {
    fn our_answer(&self) -> (u16, String) {
        match self.handle() {
            Ok(read) => (if self.method == "POST" { 201 } else { 200 }, read.to_string()),
            Err(error) if self.method == "HEAD" => (error.status(), String::new()),
            Err(error) => (error.status(), error.body()),
        }
    }

    fn is_answered_by(&self, ours: &str) -> bool {
        let parsed = |text: &str| serde_json::from_str::<Value>(text).map(without_nulls).ok();
        self.answer == ours || parsed(&self.answer) == parsed(ours)
    }

    /// The endpoints of `tests/golden-corsa/model.mjs`, over our readers.
    fn handle(&self) -> Result<Value, Error> {
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let segments: Vec<_> = path.split('/').skip(2).collect();
        let body = self.body.as_deref().unwrap_or_default().as_bytes();
        match (self.method.as_str(), segments.as_slice()) {
            ("POST", ["sessions"]) => self.let_in().and_then(|()| ingested(body)),
            ("GET", ["sessions", id]) if !id.is_empty() && path.starts_with("/v1") => {
                self.let_in()?;
                failure(id).map_or_else(|| Ok(json!({ "id": id })), Err)
            }
            ("PUT", ["sessions", id]) => {
                self.let_in()?;
                let input = UpdateInput::read(body)?;
                let ended_at = input.ended_at.map(|at| millis(&time::printed(at)));
                failure(id).map_or_else(|| Ok(json!({ "endedAt": ended_at })), Err)
            }
            ("GET", ["clients", id, "sessions"]) => {
                self.let_in()?;
                failure(id).map_or_else(|| Ok(json!([])), Err)
            }
            ("POST", ["clients", "individuals"]) => self.let_in().and_then(|()| stored(body)),
            ("PUT", ["clients", "individuals", _]) => self.let_in().and_then(|()| changed(body)),
            _ => Err(unrouted(&self.method, path, query)),
        }
    }

    fn let_in(&self) -> Result<(), Error> {
        let bearer = self.headers.get("authorization").map(String::as_str);
        match bearer {
            Some("Bearer golden:token") => Ok(()),
            Some("Bearer golden:reader") => {
                Err(auth::Error::Forbidden("the credential lacks the scope sessions:write").into())
            }
            Some(_) => Err(auth::Error::Invalid.into()),
            None => Err(auth::Error::Missing.into()),
        }
    }
}

fn failure(id: &str) -> Option<Error> {
    Some(match id {
        "no-session" => Error::SessionNotFound,
        "no-client" => Error::ClientNotFound,
        "ends-before-it-starts" => Error::invalid("endedAt must not be before startedAt"),
        "still-running" => Error::StillRunning { retry_after: 1 },
        "other-body" => Error::OtherBody,
        "is-broken" => Error::Internal("a bug".into()),
        "is-away" => Error::Unavailable("away".into()),
        _ => return None,
    })
}

fn ingested(body: &[u8]) -> Result<Value, Error> {
    let input = IngestInput::read(body)?;
    let device = &input.device;
    Ok(json!({
        "clientId": input.client_id,
        "referenceId": input.reference_id,
        "ipAddress": input.ip_address,
        "device": {
            "fingerprint": input.fingerprint,
            "userAgent": input.user_agent,
            "browser": device.browser,
            "browserVersion": device.browser_version,
            "os": device.os,
            "osVersion": device.os_version,
            "deviceType": device.device_type.map(crate::model::DeviceType::as_str),
            "screenResolution": device.screen_resolution,
            "language": device.language,
            "timezone": device.timezone,
        },
        "startedAt": input.started_at.map(|at| millis(&time::printed(at))),
    }))
}

fn stored(body: &[u8]) -> Result<Value, Error> {
    let input = ClientInput::read(body)?;
    Ok(json!({
        "referenceId": input.reference_id,
        "alias": input.alias,
        "activityStatus": input.activity.map(crate::model::ActivityStatus::as_str),
        "accountStatus": input.account.map(crate::model::AccountStatus::as_str),
        "tags": input.tags,
        "controls": input.controls,
    }))
}

fn changed(body: &[u8]) -> Result<Value, Error> {
    let input = ClientChange::read(body)?;
    let labels = |labels: Vec<String>| (!labels.is_empty()).then_some(labels);
    Ok(json!({
        "referenceId": input.reference_id,
        "alias": input.alias,
        "activityStatus": input.activity.map(crate::model::ActivityStatus::as_str),
        "accountStatus": input.account.map(crate::model::AccountStatus::as_str),
        "tagsToAdd": labels(input.tags.add),
        "tagsToRemove": labels(input.tags.remove),
        "controlsToAdd": labels(input.controls.add),
        "controlsToRemove": labels(input.controls.remove),
    }))
}

/// As JavaScript prints a time: always with milliseconds.
fn millis(printed: &str) -> String {
    if printed.contains('.') {
        printed.to_owned()
    } else {
        printed.replace('Z', ".000Z")
    }
}

/// What is null is as good as left out.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name, without_nulls(value)))
                .collect::<Map<_, _>>(),
        ),
        Value::Array(values) => values.into_iter().map(without_nulls).collect(),
        other => other,
    }
}
