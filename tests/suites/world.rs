//! A table, the use cases over it, and a clock that the test moves.

use std::sync::Arc;
use std::time::Duration;

use shared::clock::{Clock, Fixed, System};
use shared::model::{Context, Facts, Instant, Issued, IssuerTag, Partition, Profile, SessionId, Subject};
use shared::policy::{AtLimit, Policy, Tenant};
use shared::service::{
    Batch, Open, OpenError, Outcome, Proof, Sessions, SteppedUp, Unsettled, Validation, Verdict, context,
};
use shared::store::{Error, Store};
use tests::engine::{self, Engine, StreamPosition};
use tests::proxy::Proxy;

pub(crate) const TABLE: &str = "sessions";
pub(crate) const IP: &str = "198.51.100.7";
pub(crate) const USER_AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";

/// A test's own table behind its own proxy.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) proxy: Proxy,
    pub(crate) sessions: Sessions,
    pub(crate) tenant: Tenant,
    pub(crate) clock: Arc<Fixed>,
    position: std::sync::Mutex<StreamPosition>,
}

/// A user of the tenant.
pub(crate) fn subject(name: &str) -> Subject {
    Subject::new(name).unwrap()
}

/// A token of the tenant's issuer, with this `iat`.
pub(crate) fn token(at: Instant) -> Issued {
    Issued {
        at,
        issuer: IssuerTag::of("https://issuer.example.com"),
    }
}

impl World {
    /// A table without sessions, five of them allowed to a subject.
    pub(crate) async fn new() -> Self {
        Self::with(Policy::default()).await
    }

    pub(crate) async fn with(policy: Policy) -> Self {
        let engine = Engine::with_table(TABLE).await;
        let proxy = Proxy::start(engine.url()).await;
        let store = Store::new(engine::client(&proxy.url("suite")), TABLE.to_owned());
        Self::over(store, engine, proxy, policy).await
    }

    /// A world whose requests go straight to the engine, for suites of many thousands of them.
    pub(crate) async fn direct(policy: Policy) -> Self {
        let engine = Engine::with_table(TABLE).await;
        let proxy = Proxy::start(engine.url()).await;
        Self::over(
            Store::new(engine.client(), TABLE.to_owned()),
            engine,
            proxy,
            policy,
        )
        .await
    }

    async fn over(store: Store, engine: Engine, proxy: Proxy, policy: Policy) -> Self {
        let clock = Arc::new(Fixed::at(Instant::from_secs(1_800_000_000)));
        // The first cleanup of a table looks back a month; these tables are new.
        store
            .advance_watermark(Store::hour_of(clock.now()))
            .await
            .unwrap();
        Self {
            sessions: Sessions::new(store, Arc::new(System), Duration::from_hours(90 * 24)),
            tenant: Tenant {
                id: "acme".parse().unwrap(),
                partition: Partition::new(7).unwrap(),
                policy,
            },
            clock,
            engine,
            proxy,
            position: std::sync::Mutex::default(),
        }
    }

    pub(crate) fn limited(max_concurrent: usize, at_limit: AtLimit) -> Policy {
        Policy {
            max_concurrent,
            at_limit,
            ..Policy::default()
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    pub(crate) fn wait(&self, by: Duration) {
        self.clock.advance_millis(i64::try_from(by.as_millis()).unwrap());
    }

    pub(crate) fn draw(&self) -> SessionId {
        SessionId::draw(self.now(), &System).unwrap()
    }

    /// Opens a session, whatever becomes of it.
    pub(crate) async fn try_open(&self, name: &str) -> Result<Outcome, OpenError> {
        self.try_open_by(name, None).await
    }

    /// The same with a user's token of this `iat`.
    pub(crate) async fn try_open_issued(&self, name: &str, issued_at: Instant) -> Result<Outcome, OpenError> {
        self.try_open_by(name, Some(token(issued_at))).await
    }

    pub(crate) async fn try_open_by(&self, name: &str, issued: Option<Issued>) -> Result<Outcome, OpenError> {
        let (context, fingerprint) = context(IP, USER_AGENT, None, true, Facts::default());
        let (subject, now) = (subject(name), self.now());
        let request = Open {
            telemetry: None,
            tenant: &self.tenant,
            subject: &subject,
            id: self.draw(),
            context: &context,
            fingerprint: &fingerprint,
            user_agent: USER_AGENT,
            geo_country: None,
            geo_city: None,
            observed_ip: None,
            idle_timeout: Duration::from_mins(60),
            issued,
            now,
            resumed: None,
        };
        self.sessions.open(&request).await
    }

    /// Opens a session from this context.
    pub(crate) async fn open_in(&self, name: &str, context: &Context) -> SessionId {
        let (subject, now) = (subject(name), self.now());
        let request = Open {
            telemetry: None,
            tenant: &self.tenant,
            subject: &subject,
            id: self.draw(),
            context,
            fingerprint: "",
            user_agent: &context.user_agent,
            geo_country: None,
            geo_city: None,
            observed_ip: None,
            idle_timeout: Duration::from_mins(1439),
            issued: None,
            now,
            resumed: None,
        };
        match self.sessions.open(&request).await.unwrap() {
            Outcome::Opened { id, .. } => id,
            other => panic!("{other:?}"),
        }
    }

    /// Validates a session in this context; how it scored, and none when it is not held any more.
    pub(crate) async fn score_in(&self, name: &str, id: SessionId, context: &Context) -> Option<u8> {
        self.scored(name, id, context, true).await
    }

    /// The same for a caller that may revoke nothing.
    pub(crate) async fn score_read_only(&self, name: &str, id: SessionId, context: &Context) -> Option<u8> {
        self.scored(name, id, context, false).await
    }

    async fn scored(&self, name: &str, id: SessionId, context: &Context, may_revoke: bool) -> Option<u8> {
        let request = Validation {
            telemetry: None,
            tenant: &self.tenant,
            subject: &subject(name).key(&self.tenant.id),
            id,
            context,
            record: None,
            may_revoke,
            now: self.now(),
        };
        match self.sessions.validate(&request).await.unwrap() {
            Verdict::Held { assessment, .. } => Some(assessment.score().get()),
            Verdict::NotHeld { .. } => None,
        }
    }

    /// The subject proved itself in this context.
    pub(crate) async fn step_up(&self, name: &str, id: SessionId, context: &Context) -> SteppedUp {
        let proof = Proof {
            telemetry: None,
            tenant: &self.tenant,
            subject: &subject(name).key(&self.tenant.id),
            id,
            context,
            now: self.now(),
        };
        self.sessions.step_up(&proof).await.unwrap()
    }

    /// What the subject is known by.
    pub(crate) async fn profile(&self, name: &str) -> Profile {
        let store = self.sessions.store();
        let key = subject(name).key(&self.tenant.id);
        store
            .profile(&self.tenant.id, &key, self.now())
            .await
            .unwrap()
            .profile
    }

    /// Opens a session that must open.
    pub(crate) async fn open(&self, name: &str) -> SessionId {
        match self.try_open(name).await.unwrap() {
            Outcome::Opened { id, .. } => id,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn try_validate_from(
        &self,
        name: &str,
        id: SessionId,
        (ip, user_agent): (&str, &str),
    ) -> Result<Verdict, Error> {
        let (context, _) = context(ip, user_agent, None, true, Facts::default());
        let request = Validation {
            telemetry: None,
            tenant: &self.tenant,
            subject: &subject(name).key(&self.tenant.id),
            id,
            context: &context,
            record: None,
            may_revoke: true,
            now: self.now(),
        };
        self.sessions.validate(&request).await
    }

    /// Whether the session is held, seen from where it was opened.
    pub(crate) async fn is_held(&self, name: &str, id: SessionId) -> bool {
        let verdict = self.try_validate_from(name, id, (IP, USER_AGENT)).await.unwrap();
        matches!(verdict, Verdict::Held { .. })
    }

    /// The live sessions of a subject, as a strongly consistent read shows them.
    pub(crate) async fn live(&self, name: &str) -> Vec<SessionId> {
        let guard = self
            .sessions
            .store()
            .guard(&self.tenant.id, &subject(name).key(&self.tenant.id))
            .await
            .unwrap();
        let live = guard.unwrap_or_default().sessions;
        live.into_iter()
            .filter(|(_, session)| session.is_live(self.now()))
            .map(|(id, _)| id)
            .collect()
    }

    /// What the stream has brought since the last look.
    pub(crate) fn stream(&self) -> Vec<serde_json::Value> {
        self.engine.stream(TABLE, &mut self.position.lock().unwrap())
    }

    /// Settles everything the stream has brought.
    pub(crate) async fn settle(&self) {
        for record in self.stream() {
            self.settle_one(&record).await;
        }
    }

    /// Settles one record of a batch.
    pub(crate) async fn settle_in(
        &self,
        batch: &mut Batch,
        record: &serde_json::Value,
    ) -> Result<(), Unsettled> {
        self.sessions.settle_record(batch, record, self.now()).await
    }

    pub(crate) async fn settle_one(&self, record: &serde_json::Value) {
        self.settle_in(&mut Batch::default(), record).await.unwrap();
    }

    /// Why a session ended, as its record tells.
    pub(crate) async fn ending(&self, id: SessionId) -> Option<shared::model::Ending> {
        self.sessions
            .store()
            .record(&self.tenant.id, id)
            .await
            .unwrap()
            .unwrap()
            .ended
    }
}
