//! An HTTP proxy before a DynamoDB engine: it counts what is used, and makes what a healthy engine never does.
//!
//! A caller is told apart by the path of its endpoint URL ([`Proxy::url`]); the path is not forwarded. Each
//! request is asked for the capacity of table and indexes, whatever its caller asked, so that answers may
//! carry `ConsumedCapacity` unasked. Requests run concurrently over kept-alive connections.
//!
//! ```ignore
//! let engine = Engine::with_table("sessions").await;
//! let proxy = Proxy::start(engine.url()).await;
//! let client = engine::client(&proxy.url("validate-session"));
//! let (verdict, usage) = proxy.measure(validate(&client)).await;
//! assert_eq!(usage.budget(), (1, 1, 1.0, 0.0));
//!
//! proxy.seed(42);
//! proxy.fault(When::chance(0.2), [Fault::Throttled, Fault::LostAfterCommit]);
//! proxy.after(When::nth(1).operation("UpdateItem"), async move { revoke(&other).await });
//! ```

mod fault;
mod ledger;
mod replica;
mod request;
mod socket;
mod upstream;
mod usage;

pub use fault::{Fault, When};
pub use request::Request;
pub use usage::{Call, Units, Usage};

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::service::service_fn;
use hyper::{HeaderMap, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use fault::{Fate, Plan};
use ledger::{Entry, Ledger};
use replica::Replica;
use socket::{Reset, Socket};
use upstream::Upstream;

/// A proxy on a free port of 127.0.0.1, until it is dropped.
pub struct Proxy {
    address: SocketAddr,
    inner: Arc<Inner>,
    turn: tokio::sync::Mutex<()>,
    _server: JoinSet<()>,
}

impl Proxy {
    /// Starts before the engine at `engine_url`, healthy and without lag.
    pub async fn start(engine_url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let inner = Arc::new(Inner {
            engine_url: engine_url.to_owned(),
            upstream: Upstream::new(),
            ledger: Ledger::default(),
            plan: Mutex::default(),
            replica: RwLock::default(),
        });
        let mut server = JoinSet::new();
        server.spawn(accept(listener, Arc::clone(&inner)));
        Self {
            address,
            inner,
            turn: tokio::sync::Mutex::default(),
            _server: server,
        }
    }

    /// The endpoint URL for the caller `tag`, fit for `AWS_ENDPOINT_URL_DYNAMODB`.
    ///
    /// The tag is one path segment, such as a function's name; it may be empty.
    pub fn url(&self, tag: &str) -> String {
        format!("http://{}/{tag}", self.address)
    }

    /// Runs some work and tells what it, and whoever else used the proxy meanwhile, has used.
    ///
    /// While it runs, answers are held until nothing more arrives for 40 ms, so that requests sent together
    /// are seen together; a round trip takes that long. One measurement runs at a time.
    pub async fn measure<T>(&self, work: impl Future<Output = T>) -> (T, Usage) {
        let _turn = self.turn.lock().await;
        self.inner.ledger.begin();
        let done = work.await;
        (done, Usage::of(self.inner.ledger.end()))
    }

    /// The actions each tag has used since the start, by the names IAM grants them under (`GetItem`).
    pub fn actions(&self) -> BTreeMap<String, BTreeSet<String>> {
        self.inner.ledger.actions()
    }

    /// How many Scans have been asked for since the start.
    pub fn scans(&self) -> usize {
        self.inner.ledger.scans()
    }

    /// Forgets every rule, and draws what is left to chance in later ones from `seed`.
    pub fn seed(&self, seed: u64) {
        self.inner.plan().reset(seed);
    }

    /// Forgets every rule.
    pub fn heal(&self) {
        self.seed(0);
    }

    /// Lets the requests that `when` picks fail in one of the ways given, drawn anew for each.
    ///
    /// Of several rules that pick the same request, the first made wins.
    pub fn fault(&self, when: When, one_of: impl Into<Vec<Fault>>) {
        self.inner.plan().fault(when, one_of.into());
    }

    /// Runs `work` once, before the first request that `when` picks is forwarded.
    ///
    /// The work may use the proxy itself; its requests are then counted by the rules as any other.
    pub fn before(&self, when: When, work: impl Future<Output = ()> + Send + 'static) {
        self.inner.plan().before(when, Box::new(|| Box::pin(work)));
    }

    /// Runs `work` once, after the first request that `when` picks was applied and before its answer is sent
    /// or lost: between a commit and the SDK's retry, when a [`Fault::LostAfterCommit`] meets the same request.
    pub fn after(&self, when: When, work: impl Future<Output = ()> + Send + 'static) {
        self.inner.plan().after(when, Box::new(|| Box::pin(work)));
    }

    /// From now on answers reads without `ConsistentRead`, index queries among them, from a copy of `table`
    /// at least `lag` old. The copy starts with what the table's stream tells of its present content.
    pub async fn lag(&self, table: &str, lag: Duration) {
        let inner = &self.inner;
        let replica = Replica::start(inner.upstream.clone(), &inner.engine_url, table, lag).await;
        *inner.replica.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(replica));
    }

    /// Waits until stale reads show everything that was committed before the call. Returns at once without
    /// lag.
    pub async fn catch_up(&self) {
        if let Some(replica) = self.inner.replica() {
            replica.catch_up().await;
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Proxy")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

struct Inner {
    engine_url: String,
    upstream: Upstream,
    ledger: Ledger,
    plan: Mutex<Plan>,
    replica: RwLock<Option<Arc<Replica>>>,
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

async fn accept(listener: TcpListener, inner: Arc<Inner>) {
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

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replica(&self) -> Option<Arc<Replica>> {
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
