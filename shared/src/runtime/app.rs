//! What a function has in hand when its first request arrives.

use std::fmt;
use std::sync::Arc;

use super::config::{Config, ConfigError};
use super::front::Front;
use super::http::Request;
use super::metrics;
use super::skew::{ClockOff, Skew};
use crate::auth::{self, Authenticator, Caller, Fetcher, KeyHeader};
use crate::clock::{Clock, Entropy, System};
use crate::model::{Instant, Site, SiteKey, TenantId};
use crate::network::{Intelligence, Opened, Sources};
use crate::policy::{Origins, Tenant};
use crate::service::{Sessions, Visits};
use crate::store::{self, Store};

/// Everything a handler works with.
pub struct App {
    /// The time. A handler asks once per request.
    pub clock: Arc<dyn Clock>,
    /// Randomness for ids.
    pub entropy: Arc<dyn Entropy>,
    /// What is known of addresses.
    pub intelligence: Intelligence,
    /// What can be done with sessions.
    pub sessions: Sessions,
    /// What can be done with visits.
    pub visits: Visits,
    /// What stands before the gateway.
    pub front: Front,
    authenticator: Authenticator,
    skew: Skew,
    allowed_origins: Origins,
}

/// Why a function could not start.
#[derive(thiserror::Error)]
pub enum BootError {
    /// The environment is not complete.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The table does not answer.
    #[error("table not reachable: {0}")]
    Store(#[from] store::Error),
    /// The machine's clock is wrong.
    #[error(transparent)]
    Clock(#[from] ClockOff),
    /// The keys that sign telemetry tokens cannot be had, or are none.
    #[error("no keys for telemetry tokens: {0}")]
    TokenKeys(Box<dyn std::error::Error + Send + Sync>),
}

/// In words: an error that ends `main` is printed as `Debug`, and somebody has to understand it.
impl fmt::Debug for BootError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl App {
    /// Reads the configuration, makes the client and warms two connections to the table. Refuses to start on a clock that
    /// is further off the table's than is tolerated.
    pub async fn boot() -> Result<Self, BootError> {
        let (config, skew) = (Config::from_environment()?, Skew::default());
        metrics::start(&config.table);
        let store = Store::new(super::aws::dynamodb(&skew).await, config.table.clone());
        store.warm_up().await?;
        skew.check()?;
        let app = Self::with(store, &config, Arc::new(System), Arc::new(System));
        Ok(Self { skew, ..app })
    }

    /// As [`App::boot`], for a function that asks what is known of addresses: opens the data about them, too.
    ///
    /// Data that is missing or damaged stops nothing: there is one line in the log, and addresses are unknown.
    pub async fn boot_with_intelligence() -> Result<Self, BootError> {
        let sources = Config::from_environment()?.intelligence;
        // On a thread of its own: pages come from the disk while the connections to the table are made.
        let opening = tokio::task::spawn_blocking(move || open(&sources));
        let mut app = Self::boot().await?;
        app.intelligence = opening.await.unwrap_or_default();
        Ok(app)
    }

    /// As [`App::boot`], for a function that asks the table nothing when it starts; so nothing says then whether its clock
    /// is right.
    pub async fn boot_write_only() -> Result<Self, BootError> {
        let (config, skew) = (Config::from_environment()?, Skew::default());
        metrics::start(&config.table);
        let store = Store::new(super::aws::dynamodb(&skew).await, config.table.clone());
        let app = Self::with(store, &config, Arc::new(System), Arc::new(System));
        Ok(Self { skew, ..app })
    }

    /// An app over a given store, time and randomness.
    pub fn with(store: Store, config: &Config, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let authenticator = Authenticator::new(
            store.credentials(),
            config.policy.clone(),
            Fetcher::new(config.loopback_jwks),
        );
        let visits = Visits::new(store.clone(), Arc::clone(&entropy), config.rate);
        let sessions = Sessions::new(store, Arc::clone(&entropy), config.retention)
            .with_creates_per_minute(config.creates_per_subject);
        Self {
            clock,
            entropy,
            intelligence: Intelligence::none(),
            sessions,
            visits,
            front: config.front.clone(),
            authenticator,
            skew: Skew::default(),
            allowed_origins: config.policy.allowed_origins.clone(),
        }
    }

    /// Whether the machine's clock is right, as far as the table's answers have told.
    ///
    /// # Errors
    /// When it is further off than is tolerated.
    pub fn check_clock(&self) -> Result<(), ClockOff> {
        self.skew.check()
    }

    /// Who is asking.
    pub async fn authenticate(&self, request: &Request, now: Instant) -> Result<Caller, auth::Error> {
        let from = request.source_ip.as_deref();
        let caller = self.authenticator.authenticate(&request.headers, from, now).await;
        match &caller {
            Ok(caller) if caller.is_backend() => {}
            Ok(caller) => request.show_to(&caller.tenant.policy.allowed_origins),
            // A page has to learn that its token is none any more.
            Err(_) => request.show_to(&self.allowed_origins),
        }
        caller
    }

    /// Who is asking, with an API key in `Authorization` or `x-api-key`.
    pub async fn authenticate_by_key(&self, request: &Request, now: Instant) -> Result<Caller, auth::Error> {
        let headers = KeyHeader::of(&request.headers)?;
        let from = request.source_ip.as_deref();
        let caller = self.authenticator.authenticate(&headers, from, now).await?;
        caller.require_backend()?;
        Ok(caller)
    }

    /// The site whose public key the request names, with its tenant.
    pub async fn site(
        &self,
        key: &SiteKey,
        request: &Request,
        now: Instant,
    ) -> Result<Option<(Site, Tenant)>, auth::Error> {
        let from = request.source_ip.as_deref();
        self.authenticator.site(key, from, now).await
    }

    /// A tenant that something else than a credential names.
    pub async fn tenant(&self, id: &TenantId, now: Instant) -> Result<Option<Tenant>, auth::Error> {
        self.authenticator.known_tenant(id, now).await
    }
}

fn open(sources: &Sources) -> Intelligence {
    let Opened {
        intelligence,
        problems,
    } = Intelligence::open(sources);
    if !problems.is_empty() {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        tracing::error!(
            "address data cannot be used, so places, networks or lists stay unknown: {}",
            problems.join("; ")
        );
    }
    intelligence
}

/// Starts the log, in the format and at the level Lambda asks for.
pub fn start_log() {
    lambda_http::tracing::init_default_subscriber();
}
