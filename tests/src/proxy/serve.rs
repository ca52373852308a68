//! The way of a request through the proxy.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::service::service_fn;
use hyper::{HeaderMap, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::fault::{Fate, Fault, Plan};
use super::ledger::{Entry, Ledger};
use super::replica::Replica;
use super::request::Request;
use super::socket::{Reset, Socket};
use super::upstream::Upstream;
use super::usage::Units;

/// What all connections share.
pub(super) struct Inner {
    pub(super) engine_url: String,
    pub(super) upstream: Upstream,
    pub(super) ledger: Ledger,
    pub(super) plan: Mutex<Plan>,
    pub(super) replica: RwLock<Option<Arc<Replica>>>,
}

/// The connection ends without an answer.
#[derive(Debug)]
struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("connection cut")
    }
}

impl std::error::Error for Cut {}

pub(super) async fn accept(listener: TcpListener, inner: Arc<Inner>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let (socket, reset) = Socket::new(stream);
                let inner = Arc::clone(&inner);
                connections.spawn(async move {
                    let service = service_fn(|request| inner.answer(request, &reset));
                    // A connection that is cut has already told its caller so.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(socket), service)
                        .await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

impl Inner {
    async fn answer(
        &self,
        request: hyper::Request<Incoming>,
        reset: &Reset,
    ) -> Result<Response<Full<Bytes>>, Cut> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
        let request = Request {
            tag: head.uri.path().trim_matches('/').to_owned(),
            operation: operation(&head.headers),
            body: serde_json::from_slice(&body).unwrap_or_default(),
        };
        let mut entry = self.ledger.arrive(&request);
        let Fate { fault, before, after } = self.plan().decide(&request);
        if !before.is_empty() || !after.is_empty() {
            // What a hook asks for would wait for this request's round, and this request for the hook.
            entry.leave();
        }
        for hook in before {
            hook().await;
        }
        let refusal = match fault {
            Some(Fault::ThroughputExceeded) => Some(refusal(
                StatusCode::BAD_REQUEST,
                "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
            )),
            Some(Fault::Throttled) => Some(refusal(
                StatusCode::BAD_REQUEST,
                "com.amazon.coral.availability#ThrottlingException",
            )),
            Some(Fault::InternalError) => Some(refusal(
                StatusCode::INTERNAL_SERVER_ERROR,
                "com.amazonaws.dynamodb.v20120810#InternalServerError",
            )),
            Some(Fault::Unavailable) => {
                let mut answer = Response::new(Bytes::new());
                *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                Some(answer)
            }
            Some(Fault::Reset) => {
                reset.throw();
                return Err(Cut);
            }
            Some(Fault::LostBeforeCommit) => return Err(Cut),
            Some(Fault::Hang) => return hang(entry).await,
            Some(Fault::Delay(wait)) => {
                tokio::time::sleep(wait).await;
                None
            }
            _ => None,
        };
        let mut answer = match refusal {
            Some(refusal) => refusal,
            None => self.pass(&request, &head.headers, body, fault, &entry).await?,
        };
        for hook in after {
            hook().await;
        }
        match fault {
            Some(Fault::LostAfterCommit) => {
                entry.release().await;
                return Err(Cut);
            }
            Some(Fault::HangAfterCommit) => return hang(entry).await,
            Some(Fault::TruncatedJson) => {
                let half = answer.body().len() / 2;
                answer.body_mut().truncate(half);
            }
            _ => {}
        }
        entry.release().await;
        Ok(answer.map(Full::new))
    }

    /// Forwards a request, asking for its capacity, and books it.
    async fn pass(
        &self,
        request: &Request,
        headers: &HeaderMap,
        body: Bytes,
        fault: Option<Fault>,
        entry: &Entry<'_>,
    ) -> Result<Response<Bytes>, Cut> {
        let replica = self.replica().filter(|_| request.may_be_stale());
        let url = replica
            .as_ref()
            .map_or(self.engine_url.as_str(), |replica| replica.url());
        let mut asked = request.body.clone();
        let Some(fields) = asked.as_object_mut().filter(|_| request.is_metered()) else {
            return self.upstream.forward(url, headers, body).await.map_err(|_| Cut);
        };
        fields.insert("ReturnConsumedCapacity".to_owned(), json!("INDEXES"));
        let left = match (fault, fields.get_mut("RequestItems")) {
            (Some(Fault::Unprocessed), Some(items)) => split_off(items),
            _ => Map::new(),
        };
        let answer = self
            .upstream
            .forward(url, headers, asked.to_string().into())
            .await;
        let mut answer = answer.map_err(|_| Cut)?;
        let mut told: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        entry.consumed(Units::of(request, &told));
        if !left.is_empty()
            && let Some(fields) = told.as_object_mut()
        {
            let name = if request.is_read() {
                "UnprocessedKeys"
            } else {
                "UnprocessedItems"
            };
            fields.insert(name.to_owned(), Value::Object(left));
            *answer.body_mut() = told.to_string().into();
            // The checksum was of the engine's own answer.
            answer.headers_mut().remove("x-amz-crc32");
        }
        Ok(answer)
    }

    pub(super) fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn replica(&self) -> Option<Arc<Replica>> {
        self.replica
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn operation(headers: &HeaderMap) -> String {
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    let operation = target.and_then(|target| target.rsplit('.').next());
    operation.unwrap_or_default().to_owned()
}

fn refusal(status: StatusCode, kind: &str) -> Response<Bytes> {
    let body = json!({"__type": kind, "message": "injected by the proxy"});
    let mut answer = Response::new(Bytes::from(body.to_string()));
    *answer.status_mut() = status;
    let form = hyper::header::HeaderValue::from_static("application/x-amz-json-1.0");
    answer.headers_mut().insert(CONTENT_TYPE, form);
    answer
}

/// Waits until the caller gives up, which ends the connection and with it this future.
async fn hang(mut entry: Entry<'_>) -> Result<Response<Full<Bytes>>, Cut> {
    entry.leave();
    std::future::pending().await
}

/// Takes the second half out of each table's part of a batch, and returns it in the same form.
fn split_off(items: &mut Value) -> Map<String, Value> {
    let mut left = Map::new();
    for (table, part) in items.as_object_mut().into_iter().flatten() {
        let mut rest = part.clone();
        let lists = match (part, &mut rest) {
            (Value::Array(kept), Value::Array(rest)) => Some((kept, rest)),
            (Value::Object(part), Value::Object(copy)) => {
                match (part.get_mut("Keys"), copy.get_mut("Keys")) {
                    (Some(Value::Array(kept)), Some(Value::Array(rest))) => Some((kept, rest)),
                    _ => None,
                }
            }
            _ => None,
        };
        let Some((kept, list)) = lists else { continue };
        let half = kept.len().div_ceil(2);
        kept.truncate(half);
        list.drain(..half);
        if !list.is_empty() {
            left.insert(table.clone(), rest);
        }
    }
    left
}
