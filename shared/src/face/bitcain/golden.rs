//! Ours against the recorded answers of the real FastAPI and Pydantic, `tests/golden`.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;
use crate::auth;
use crate::face::{Failure, Route};
use crate::model::Instant;

const CORPUS: &str = include_str!("../../../../tests/golden/bitcain.json");
const TABLE: &str = include_str!("../../../../docs/differences.md");

const SESSION_ID: &str = "018d0cab-c440-7abc-8123-456789abcdef";
const FINGERPRINT: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

const ROUTES: [Route<'_>; 7] = [
    Route {
        method: "POST",
        path: "/api/v1/sessions/fingerprint",
    },
    Route {
        method: "POST",
        path: "/api/v1/sessions/create",
    },
    Route {
        method: "POST",
        path: "/api/v1/sessions/validate",
    },
    Route {
        method: "GET",
        path: "/api/v1/sessions/active",
    },
    Route {
        method: "POST",
        path: "/api/v1/sessions/logout",
    },
    Route {
        method: "DELETE",
        path: "/api/v1/sessions/{session_id}",
    },
    Route {
        method: "POST",
        path: "/api/v1/sessions/cleanup",
    },
];

/// Where we differ on purpose: the row of `docs/differences.md`, our status, and the cases that show it.
const DIFFERENCES: &[(&str, u16, &[&str])] = &[
    (
        "duplicate-key",
        422,
        &[
            "validate/json/duplicate-key",
            "validate/json/duplicate-key-escaped",
            "validate/json/duplicate-nested-key",
            "validate/json/duplicate-unknown-key",
        ],
    ),
    (
        "depth",
        422,
        &[
            "validate/json/depth-33",
            "validate/json/depth-100",
            "validate/json/depth-500",
            "validate/json/depth-3000",
            "validate/json/depth-objects-33",
            "validate/json/depth-unclosed",
        ],
    ),
    (
        "size",
        413,
        &[
            "validate/size/16-kib-and-one",
            "validate/size/too-long-and-broken",
        ],
    ),
    (
        "not-a-number",
        422,
        &[
            "create/idle/28/NaN",
            "create/idle/29/Infinity",
            "create/idle/30/-Infinity",
            "logout/revoke-all/16/NaN",
            "validate/echoed/NaN",
            "validate/echoed/Infinity",
            "validate/echoed/-Infinity",
            "validate/unread/NaN",
            "validate/unread/Infinity",
            "validate/unread/-Infinity",
        ],
    ),
    (
        "number-beyond-double",
        422,
        &[
            "create/idle/26/1e400",
            "create/idle/27/-1e400",
            "logout/revoke-all/15/1e400",
            "validate/echoed/1e400",
            "validate/echoed/-1e400",
        ],
    ),
    (
        "lone-surrogate",
        422,
        &[
            "validate/surrogate/echoed",
            "validate/surrogate/key/high",
            "validate/surrogate/key/high-then-text",
            "validate/surrogate/key/low",
            "validate/surrogate/key/reversed",
            "validate/surrogate/read/high",
            "validate/surrogate/read/high-then-text",
            "validate/surrogate/read/low",
            "validate/surrogate/read/reversed",
            "validate/surrogate/unread/high",
            "validate/surrogate/unread/high-then-text",
            "validate/surrogate/unread/low",
            "validate/surrogate/unread/reversed",
        ],
    ),
    ("surrogate-bytes", 400, &["validate/encoding/surrogate-bytes"]),
    (
        "utf-16-and-utf-32",
        400,
        &[
            "validate/encoding/utf-16",
            "validate/encoding/utf-16-be",
            "validate/encoding/utf-16-le",
            "validate/encoding/utf-32",
        ],
    ),
    (
        "byte-order-mark",
        422,
        &[
            "validate/encoding/utf-8-mark",
            "validate/encoding/utf-8-mark-alone",
        ],
    ),
    (
        "control-characters",
        200,
        &[
            "create/text/ip-address/delete",
            "create/text/ip-address/escape-character",
            "create/text/ip-address/next-line",
            "create/text/ip-address/null-character",
            "create/text/ip-address/quotes",
            "create/text/ip-address/right-to-left-override",
            "create/text/user-agent/delete",
            "create/text/user-agent/escape-character",
            "create/text/user-agent/next-line",
            "create/text/user-agent/null-character",
            "create/text/user-agent/quotes",
            "create/text/user-agent/right-to-left-override",
        ],
    ),
    (
        "content-type",
        200,
        &[
            "validate/content-type/empty",
            "validate/content-type/form",
            "validate/content-type/multipart",
            "validate/content-type/none",
            "validate/content-type/nonsense",
            "validate/content-type/octets",
            "validate/content-type/text",
            "validate/content-type/text-json",
        ],
    ),
    (
        "credential-first",
        401,
        &[
            "validate/auth/none-and-broken-json",
            "validate/auth/none-and-invalid-utf-8",
        ],
    ),
    (
        "relative-redirect",
        307,
        &[
            "route/slash/DELETE/an-id/",
            "route/slash/GET/active/",
            "route/slash/GET/create/",
            "route/slash/POST/create/",
            "route/slash/query",
            "route/slash/two",
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
    body_base64: Option<String>,
    status: u16,
    answer_headers: BTreeMap<String, String>,
    answer: String,
    read: Option<Value>,
}

/// What a client would see, and what the endpoint was given.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
    read: Option<Value>,
}

#[test]
fn every_recorded_request_gets_the_recorded_answer() {
    let corpus: Corpus = serde_json::from_str(CORPUS).unwrap();
    assert!(600 <= corpus.cases.len());
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
        let ours = case.our_answer();
        let same = case.is_answered_by(&ours);
        match listed.remove(case.id.as_str()) {
            None if !same => wrong.push(format!(
                "{}: {} {}\n  {ours:?}",
                case.id, case.status, case.answer
            )),
            Some(_) if same => wrong.push(format!("{}: is no difference", case.id)),
            Some(status) if status != ours.status => wrong.push(format!("{}: {ours:?}", case.id)),
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
        .take_while(|line| *line != "# Where we differ from NestJS")
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let listed: Vec<_> = DIFFERENCES.iter().map(|(id, ..)| *id).collect();
    assert_eq!(documented, listed);
    assert_eq!(documented.iter().collect::<BTreeSet<_>>().len(), documented.len());
}

impl Case {
    fn our_answer(&self) -> Answer {
        let answered = match self.endpoint() {
            Some(endpoint) => self.handle(endpoint),
            None => Err(unrouted(&ROUTES, self.path_alone(), self.query())),
        };
        match answered {
            Ok((body, read)) => Answer {
                status: 200,
                headers: [("content-type".to_owned(), "application/json".to_owned())].into(),
                body,
                read,
            },
            Err(error) => {
                let named = |(name, value): (&str, String)| (name.to_owned(), value);
                let mut headers: BTreeMap<_, _> = error.headers().into_iter().map(named).collect();
                let body = error.body();
                if !body.is_empty() {
                    headers.insert("content-type".to_owned(), error.content_type().to_owned());
                }
                let body = if self.method == "HEAD" {
                    String::new()
                } else {
                    body
                };
                Answer {
                    status: error.status(),
                    headers,
                    body,
                    read: None,
                }
            }
        }
    }

    fn is_answered_by(&self, ours: &Answer) -> bool {
        // A session that is not found was read all the same.
        let read_alike = ours.status != 200 || self.read == ours.read;
        let body_alike = if self.status == 200 {
            self.answer == ours.body
        } else {
            match (
                serde_json::from_str(&self.answer),
                serde_json::from_str(&ours.body),
            ) {
                (Ok(theirs), Ok(ours)) => alike(&theirs, &ours),
                _ => self.answer == ours.body,
            }
        };
        self.status == ours.status && self.answer_headers == ours.headers && body_alike && read_alike
    }

    fn endpoint(&self) -> Option<&'static str> {
        let has = |route: &&Route<'_>| route.method == self.method && route.has(self.path_alone());
        // A path that is spelled out goes before one with a parameter.
        let route = ROUTES
            .iter()
            .filter(has)
            .min_by_key(|route| route.path.contains('{'))?;
        route.path.rsplit('/').next()
    }

    fn path_alone(&self) -> &str {
        self.path.split('?').next().unwrap()
    }

    fn query(&self) -> &str {
        self.path.split_once('?').map_or("", |(_, query)| query)
    }

    fn body(&self) -> Vec<u8> {
        match (&self.body, &self.body_base64) {
            (Some(text), None) => text.clone().into_bytes(),
            (None, Some(text)) => STANDARD.decode(text).unwrap(),
            _ => panic!("{} has one body", self.id),
        }
    }

    /// The endpoints of `tests/golden/bitcain_model.py`, over our reader and our replies.
    fn handle(&self, endpoint: &str) -> Result<(String, Option<Value>), Error> {
        if endpoint != "fingerprint" {
            let credential = self
                .headers
                .get("Authorization")
                .and_then(|value| value.split_once(' '));
            let good = |(scheme, token): (&str, &str)| {
                scheme.eq_ignore_ascii_case("bearer") && token == "golden-token"
            };
            if !credential.is_some_and(good) {
                return Err(auth::Error::Missing.into());
            }
        }
        let body = self.body();
        let opened_at = Instant::from_secs(1_704_164_645);
        match endpoint {
            "fingerprint" => {
                let input = FingerprintInput::read(&body)?;
                let reply = FingerprintReply {
                    fingerprint: FINGERPRINT.to_owned(),
                    components: json!({ "timezone": input.timezone }),
                };
                let read = json!({ "user_agent": input.user_agent, "ip_address": input.ip_address,
                    "accept_language": input.accept_language, "screen_resolution": input.screen_resolution,
                    "timezone": input.timezone });
                Ok((printed(&reply), Some(read)))
            }
            "create" => {
                let input = CreateInput::read(&body)?;
                let read = json!({ "ip_address": input.ip_address, "user_agent": input.user_agent,
                    "device_fingerprint": input.device_fingerprint, "geo_country": input.geo_country,
                    "geo_city": input.geo_city, "idle_timeout_minutes": input.idle_timeout_minutes });
                let room = input.geo_city.as_deref() != Some("no room");
                let fingerprint = input.device_fingerprint.unwrap_or_else(|| FINGERPRINT.to_owned());
                let reply = CreateReply {
                    success: room,
                    session_id: room.then(|| SESSION_ID.to_owned()),
                    fingerprint: room.then_some(fingerprint),
                    expires_at: room.then_some(opened_at),
                    error: (!room).then(|| "session limit reached".to_owned()),
                    telemetry_attached: None,
                    warnings: Vec::new(),
                };
                Ok((printed(&reply), Some(read)))
            }
            "validate" => {
                let input = ValidateInput::read(&body)?;
                let read = json!({ "session_id": input.session_id, "current_ip": input.current_ip,
                    "current_user_agent": input.current_user_agent,
                    "current_fingerprint": input.current_fingerprint });
                let known = input.session_id == SESSION_ID;
                let reply = ValidateReply::<()> {
                    is_valid: known,
                    error_message: (!known).then(|| "session not found".to_owned()),
                    session_id: known.then_some(input.session_id),
                    is_suspicious: false,
                    risk_score: 0,
                    risk: None,
                };
                Ok((printed(&reply), Some(read)))
            }
            "logout" => {
                let input = LogoutInput::read(&body)?;
                let known = input.session_id == SESSION_ID;
                let reply = LogoutReply {
                    success: known,
                    revoked_sessions: usize::from(known),
                    revoke_all: input.revoke_all,
                    error: (!known).then(|| "session not found".to_owned()),
                };
                let read = json!({ "session_id": input.session_id, "revoke_all": input.revoke_all });
                Ok((printed(&reply), Some(read)))
            }
            "{session_id}" => {
                let input = RevokeInput::read(&body)?;
                if self.path_alone().rsplit('/').next() != Some(SESSION_ID) {
                    return Err(Error::SessionNotFound);
                }
                let read = json!({ "reason": input.reason });
                Ok((printed(&RevokeReply { success: true }), Some(read)))
            }
            "active" => Ok((printed(&active(opened_at)), None)),
            "cleanup" => Ok((
                printed(&CleanupReply {
                    expired: 2,
                    deleted: 2,
                }),
                None,
            )),
            other => panic!("no endpoint {other}"),
        }
    }
}

fn active(opened_at: Instant) -> ActiveReply {
    ActiveReply {
        sessions: vec![ActiveSession {
            session_id: SESSION_ID.to_owned(),
            status: "active",
            ip_address: Some("192.0.2.1".to_owned()),
            user_agent: Some("curl/8.0".to_owned()),
            geo_country: None,
            geo_city: None,
            created_at: opened_at,
            last_activity_at: Instant::from_millis(opened_at.millis() + 120),
            is_current: false,
        }],
        total_count: 1,
        max_concurrent: 5,
    }
}

fn printed(reply: &impl serde::Serialize) -> String {
    serde_json::to_string(reply).unwrap()
}

/// Equal as JSON: 1e16 is 10000000000000000.0, and keys have no order.
fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| alike(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let in_other =
                |(key, value): (&String, &Value)| other.get(key).is_some_and(|it| alike(value, it));
            one.len() == other.len() && one.iter().all(in_other)
        }
        _ => one == other,
    }
}
