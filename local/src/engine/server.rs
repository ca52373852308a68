//! DynamoDB's protocol over HTTP: one operation a request, in JSON, from programs that have the access key.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use axum::serve::ListenerExt;
use dynoxide::Database;
use dynoxide::auth_material::{self, AuthMaterial};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::operations;
use crate::gateway::undelayed;
use crate::guard::{self, Names};
use crate::ids;

/// Largest request, as of DynamoDB.
const MAX_BODY: usize = 16 * 1024 * 1024;
const CONTENT_TYPE: &str = "application/x-amz-json-1.0";
/// The versions of the two APIs, as `X-Amz-Target` begins.
const TARGETS: [&str; 2] = ["DynamoDB_20120810.", "DynamoDBStreams_20120810."];

/// One listener, until it is stopped or dropped.
#[derive(Debug)]
pub(super) struct Server {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

struct Served {
    database: Database,
    access_key: String,
    names: Names,
}

impl Server {
    pub(super) fn start(listener: TcpListener, database: Database, access_key: &str, names: Names) -> Self {
        let served = Arc::new(Served {
            database,
            access_key: access_key.to_owned(),
            names,
        });
        let service = Router::new().fallback(answer).with_state(served);
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            // An owner that went away wants it stopped, too.
            let stopped = async move { drop(stopped.await) };
            drop(
                axum::serve(listener.tap_io(undelayed), service)
                    .with_graceful_shutdown(stopped)
                    .await,
            );
        });
        Self { stop, task }
    }

    pub(super) async fn stop(mut self) {
        drop(self.stop);
        // A client that keeps a request open must not keep us from ending.
        drop(tokio::time::timeout(Duration::from_secs(2), &mut self.task).await);
        self.task.abort();
    }
}

async fn answer(State(served): State<Arc<Served>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    if let Err(foreign) = guard::program(&parts.uri, &parts.headers, served.names) {
        return foreign.into_response();
    }
    if parts.method != Method::POST || parts.uri.path() != "/" {
        return refusal(StatusCode::NOT_FOUND, "UnknownOperationException", "");
    }
    let query = parts.uri.query().unwrap_or_default();
    if let Err(told) = served.admits(&parts.headers, query) {
        return json_body(StatusCode::BAD_REQUEST, told);
    }
    let target = guard::only(&parts.headers, &header::HeaderName::from_static("x-amz-target"));
    let operation = target.and_then(|it| TARGETS.iter().find_map(|api| it.strip_prefix(api)));
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
        let what = "the request is larger than 16 MB";
        return refusal(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", what);
    };
    let body = String::from_utf8_lossy(&body);
    match operations::run(&served.database, operation.unwrap_or_default(), &body) {
        Some(Ok(output)) => json_body(StatusCode::OK, output),
        Some(Err(error)) => {
            let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::BAD_REQUEST);
            json_body(status, error.to_json())
        }
        None => refusal(StatusCode::BAD_REQUEST, "UnknownOperationException", ""),
    }
}

impl Served {
    /// Lets in what is signed with the access key id. It is drawn, and as good as a password here: nobody but this user's
    /// programs knows it, so the signature itself is not computed again. The error is the answer's body.
    fn admits(&self, headers: &HeaderMap, query: &str) -> Result<(), String> {
        let authorization = guard::only(headers, &header::AUTHORIZATION);
        let material = AuthMaterial {
            authorization,
            query,
            has_date_header: headers.contains_key("x-amz-date") || headers.contains_key(header::DATE),
        };
        if let Some(told) = auth_material::validate(material) {
            return Err(told);
        }
        let named = authorization.and_then(access_key_id).unwrap_or_default();
        verify_slices_are_equal(named.as_bytes(), self.access_key.as_bytes()).map_err(|_| {
            let what = "the access key id is not that of this engine; `cargo local` prints it at its start";
            told("UnrecognizedClientException", what)
        })
    }
}

/// The access key id in `AWS4-HMAC-SHA256 Credential=<id>/<scope>, SignedHeaders=..., Signature=...`.
fn access_key_id(authorization: &str) -> Option<&str> {
    let parts = authorization.strip_prefix("AWS4-HMAC-SHA256 ")?.split(',');
    let mut credentials = parts.filter_map(|it| it.trim().strip_prefix("Credential="));
    let credential = credentials.next()?;
    let (id, _scope) = credential.split_once('/')?;
    credentials.next().is_none().then_some(id)
}

fn refusal(status: StatusCode, kind: &str, message: &str) -> Response<Body> {
    json_body(status, told(kind, message))
}

fn told(kind: &str, message: &str) -> String {
    let kind = format!("com.amazon.coral.service#{kind}");
    json!({"__type": kind, "message": message}).to_string()
}

fn json_body(status: StatusCode, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    if let Ok(id) = HeaderValue::from_str(&ids::request_id()) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_access_key_id_is_read_from_one_credential() {
        let table = [
            (
                "AWS4-HMAC-SHA256 Credential=KEY/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
                Some("KEY"),
            ),
            (
                "AWS4-HMAC-SHA256 SignedHeaders=host,Signature=0,Credential=KEY/20260101",
                Some("KEY"),
            ),
            ("AWS4-HMAC-SHA256 Credential=KEY", None),
            ("AWS4-HMAC-SHA256 Credential=OTHER/a, Credential=KEY/b", None),
            ("Bearer Credential=KEY/a", None),
            ("", None),
        ];
        for (header, expected) in table {
            assert_eq!(access_key_id(header), expected, "{header}");
        }
    }
}
