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
mod serve;
mod socket;
mod upstream;
mod usage;

pub use fault::{Fault, When};
pub use ledger::Asked;
pub use request::Request;
pub use usage::{Call, Units, Usage};

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use ledger::Ledger;
use replica::Replica;
use serve::{Inner, accept};
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
        self.inner.ledger.begin(true);
        let done = work.await;
        (done, Usage::of(self.inner.ledger.end()))
    }

    /// The same without holding any answer back, for work that is not to be slowed down. Its round trips are only those
    /// that happened not to overlap.
    pub async fn record<T>(&self, work: impl Future<Output = T>) -> (T, Usage) {
        let _turn = self.turn.lock().await;
        self.inner.ledger.begin(false);
        let done = work.await;
        (done, Usage::of(self.inner.ledger.end()))
    }

    /// The actions each tag has used since the start, by the names IAM grants them under (`GetItem`).
    pub fn actions(&self) -> BTreeMap<String, BTreeSet<String>> {
        let actions = |asked: BTreeSet<Asked>| asked.into_iter().map(|it| it.action).collect();
        let asked = self.asked().into_iter();
        asked.map(|(tag, asked)| (tag, actions(asked))).collect()
    }

    /// What each tag has asked for since the start, as IAM is asked about it.
    pub fn asked(&self) -> BTreeMap<String, BTreeSet<Asked>> {
        self.inner.ledger.asked()
    }

    /// How many requests a tag has made since the start, each sending of the SDK counted.
    pub fn requests(&self, tag: &str) -> usize {
        self.inner.ledger.requests(tag)
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
