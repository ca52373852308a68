//! The site's own backend: it holds the API key, and asks Holdfast as any customer's backend does, over HTTP.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::problem::Problem;
use crate::log::Log;

/// The user that sessions are opened for.
pub(super) const SUBJECT: &str = "demo";
/// Less than the page's own patience.
const PATIENCE: Duration = Duration::from_secs(15);
/// Largest answer of Holdfast.
const MAX_ANSWER: usize = 1024 * 1024;

/// Where "another browser" is: an address of documentation, which nobody has (RFC 5737).
const ELSEWHERE: &str = "203.0.113.42";
const OTHER_BROWSER: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0";
const OTHER_BROWSER_THAN_WINDOWS: &str =
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

/// Asks Holdfast with the demo's key.
#[derive(Debug)]
pub(super) struct Backend {
    url: String,
    authorization: Option<HeaderValue>,
    client: Client<HttpConnector, Body>,
    log: Log,
}

/// Whose request the page's was, as its server sees it.
#[derive(Debug)]
pub(super) struct Visitor<'a> {
    pub(super) address: IpAddr,
    pub(super) user_agent: &'a str,
}

/// `POST /demo/api/exchange`, `/open`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WithToken {
    token: String,
}

/// `POST /demo/api/validate`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Validation {
    session_id: String,
    token: String,
    browser: Whose,
}

/// `POST /demo/api/end`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    session_id: String,
}

/// The browser that a validation is said to come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Whose {
    This,
    Another,
}

/// Reads a body that has exactly the members of `T`.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // A list of the values would be taken for the object, too.
    let is_object = body.trim_ascii_start().starts_with(b"{");
    is_object
        .then(|| serde_json::from_slice(body).ok())
        .flatten()
        .ok_or(Problem::Body("The body is not what this address takes."))
}

impl Backend {
    /// The backend of a site that uses the Holdfast at `url`.
    pub(super) fn new(url: &str, api_key: &str, log: Log) -> Self {
        let mut authorization = HeaderValue::from_str(&format!("Bearer {api_key}")).ok();
        if let Some(value) = &mut authorization {
            value.set_sensitive(true);
        }
        Self {
            url: url.to_owned(),
            authorization,
            client: Client::builder(TokioExecutor::new()).build_http(),
            log,
        }
    }

    /// The datapoints that a token leads to.
    pub(super) async fn exchange(&self, input: WithToken) -> Result<Value, Problem> {
        match self
            .call("/token/v2/verify", &json!({"token": input.token}))
            .await?
        {
            (StatusCode::OK, answer) => self.object("exchange", StatusCode::OK, answer).map(Value::Object),
            // No token, a token of another form: all of them lead nowhere.
            (StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST, _) => Err(Problem::Token),
            (status, _) => Err(self.refused("exchange", status)),
        }
    }

    /// Opens a session of the visitor.
    pub(super) async fn open(&self, input: WithToken, visitor: &Visitor<'_>) -> Result<Value, Problem> {
        let body = json!({
            "ip_address": visitor.address.to_canonical().to_string(),
            "user_agent": visitor.user_agent,
            "telemetry_token": input.token,
        });
        self.session("create", &body).await.map(Value::Object)
    }

    /// Validates a session, for the visitor or for somebody else who has its id and a copy of the token.
    pub(super) async fn validate(&self, input: Validation, visitor: &Visitor<'_>) -> Result<Value, Problem> {
        let (address, user_agent) = match input.browser {
            Whose::This => (visitor.address.to_canonical().to_string(), visitor.user_agent),
            Whose::Another => (ELSEWHERE.to_owned(), other_than(visitor.user_agent)),
        };
        let sent = json!({"current_ip": address, "current_user_agent": user_agent});
        let body = json!({
            "session_id": input.session_id,
            "current_ip": address,
            "current_user_agent": user_agent,
            "telemetry_token": input.token,
        });
        let mut answer = self.session("validate", &body).await?;
        answer.insert("sent".to_owned(), sent);
        Ok(answer.into())
    }

    /// Ends a session.
    pub(super) async fn end(&self, input: End) -> Result<Value, Problem> {
        let body = json!({"session_id": input.session_id});
        self.session("logout", &body).await.map(Value::Object)
    }

    async fn session(&self, what: &str, body: &Value) -> Result<Map<String, Value>, Problem> {
        let path = format!("/api/v1/sessions/{what}");
        match self.call(&path, body).await? {
            (StatusCode::OK, answer) => self.object(what, StatusCode::OK, answer),
            (StatusCode::UNPROCESSABLE_ENTITY, answer) if is_about(&answer, "telemetry_token") => {
                Err(Problem::Token)
            }
            (StatusCode::UNPROCESSABLE_ENTITY, _) => {
                Err(Problem::Body("Holdfast does not take this request."))
            }
            (status, _) => Err(self.refused(what, status)),
        }
    }

    fn object(&self, what: &str, status: StatusCode, answer: Value) -> Result<Map<String, Value>, Problem> {
        match answer {
            Value::Object(answer) => Ok(answer),
            _ => Err(self.refused(what, status)),
        }
    }

    fn refused(&self, what: &str, status: StatusCode) -> Problem {
        self.log.line(format!("demo: {what} was answered with {status}"));
        match status {
            StatusCode::TOO_MANY_REQUESTS => Problem::TooMany,
            StatusCode::SERVICE_UNAVAILABLE => Problem::Unavailable,
            _ => Problem::Unexpected,
        }
    }

    async fn call(&self, path: &str, body: &Value) -> Result<(StatusCode, Value), Problem> {
        let mut request = Request::post(format!("{}{path}", self.url))
            .header(header::CONTENT_TYPE, "application/json")
            .header("holdfast-subject", SUBJECT);
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = request
            .body(Body::from(body.to_string()))
            .map_err(|_| Problem::Unexpected)?;
        let answered = async {
            let response = self.client.request(request).await.ok()?;
            let status = response.status();
            let body = Limited::new(response.into_body(), MAX_ANSWER)
                .collect()
                .await
                .ok()?;
            Some((
                status,
                serde_json::from_slice(&body.to_bytes()).unwrap_or_default(),
            ))
        };
        let answered = tokio::time::timeout(PATIENCE, answered).await;
        answered.ok().flatten().ok_or_else(|| {
            self.log.line(format!("demo: no answer from {path}"));
            Problem::Unavailable
        })
    }
}

/// A browser on another system than the one that `user_agent` names.
fn other_than(user_agent: &str) -> &'static str {
    if user_agent.contains("Windows") {
        OTHER_BROWSER_THAN_WINDOWS
    } else {
        OTHER_BROWSER
    }
}

/// Whether a 422 complains of this member.
fn is_about(answer: &Value, member: &str) -> bool {
    let complaints = answer.get("detail").and_then(Value::as_array);
    let mut places = complaints
        .into_iter()
        .flatten()
        .filter_map(|it| it.get("loc")?.as_array());
    places.any(|place| place.iter().any(|it| it == member))
}
