//! What each operation asks of DynamoDB, beside its budget.
//!
//! The use cases run in this process against the embedded engine, through the proxy that counts; the clock is set by
//! hand. The same figures are asserted by `tests/suites/budgets.rs`; here they are printed.

use std::sync::Arc;
use std::time::Duration;

use shared::clock::{Clock, Fixed, System};
use shared::model::{Facts, Instant, Partition, Reason, SessionId, Subject};
use shared::policy::{AtLimit, Policy, Tenant};
use shared::service::{Cleaned, Open, Outcome, Sessions, Validation, context};
use shared::store::{Begun, Request, Store};
use tests::engine::{self, Engine, StreamPosition};
use tests::proxy::{Proxy, Usage};

use crate::report::{Table, say};
use crate::{Result, clients, telemetry};

/// Due guards of the cleanup that is measured.
const DUE: usize = 100;

/// Requests, sequential round trips, read units, write units of table, `history` and `due`.
pub(crate) type Budget = (u32, u32, u32, u32, u32, u32);

/// Measures every operation and prints the table.
pub(crate) async fn run() -> Result<()> {
    say(
        "## Requests and capacity\n\nMeasured / budget. The use cases in process, over HTTP to the embedded engine \
         through the counting proxy; capacity as the engine reports it, a failed condition counted as DynamoDB bills \
         it. Reads of credentials are apart.",
    )?;
    let mut table = new_table();
    creates(&mut table).await?;
    idempotent(&mut table).await?;
    validates(&mut table).await?;
    lists_and_ends(&mut table).await?;
    telemetry::counts(&mut table, &World::new(AtLimit::EvictLeastRecentlyActive).await?).await?;
    say(&table)?;
    cleanup().await
}

/// A table for [`row`].
pub(crate) fn new_table() -> Table {
    Table::new(&[
        "operation",
        "requests",
        "round trips",
        "RCU",
        "WCU table",
        "WCU `history`",
        "WCU `due`",
    ])
}

/// One operation's figures, each beside its budget; one over it is marked.
pub(crate) fn row(table: &mut Table, operation: &str, usage: &Usage, budget: Budget) {
    let index = |name: &str| usage.index_wcu.get(name).copied().unwrap_or_default();
    let count = |it: usize| u32::try_from(it).map_or(f64::INFINITY, f64::from);
    let cell = |measured: f64, budget: u32| {
        let mark = if f64::from(budget) < measured {
            " **over**"
        } else {
            ""
        };
        format!("{measured} / {budget}{mark}")
    };
    table.row([
        operation.to_owned(),
        cell(count(usage.requests), budget.0),
        cell(count(usage.round_trips), budget.1),
        cell(usage.rcu, budget.2),
        cell(usage.table_wcu, budget.3),
        cell(index("history"), budget.4),
        cell(index("due"), budget.5),
    ]);
}

async fn creates(table: &mut Table) -> Result<()> {
    let evict = World::new(AtLimit::EvictLeastRecentlyActive).await?;
    let (_, usage) = evict.measure(evict.open("alice")).await?;
    row(table, "create, first ever", &usage, (3, 2, 0, 3, 1, 1));
    let (_, usage) = evict.measure(evict.open("alice")).await?;
    row(table, "create, room, evict policies", &usage, (2, 1, 0, 2, 1, 0));
    let reject = World::new(AtLimit::Reject).await?;
    reject.open("alice").await?;
    let (_, usage) = reject.measure(reject.open("alice")).await?;
    row(table, "create, room, reject policy", &usage, (2, 2, 0, 2, 1, 0));
    for world in [&evict, &reject] {
        for _ in 2..5 {
            world.open("alice").await?;
        }
    }
    let (_, usage) = evict.measure(evict.open("alice")).await?;
    row(table, "create, full, evict", &usage, (3, 2, 0, 3, 1, 0));
    let (_, usage) = reject.measure(reject.try_open("alice", None)).await?;
    row(table, "create, full, reject", &usage, (1, 1, 0, 1, 0, 0));
    Ok(())
}

async fn idempotent(table: &mut Table) -> Result<()> {
    let world = World::new(AtLimit::EvictLeastRecentlyActive).await?;
    world.open("alice").await?;
    let request = Request {
        tenant: &world.tenant.id,
        scope: &[1; 32],
        body: &[2; 32],
        id: world.draw()?,
        now: world.now(),
        lease: world.now() + Duration::from_secs(10),
    };
    // As create-session does it: take the lease, open, keep the answer.
    let once = async {
        let store = world.sessions.store();
        if store.begin(&request).await? == Begun::First {
            world.open("alice").await?;
            store.finish(&request, ANSWER).await?;
        }
        Result::Ok(())
    };
    let ((), usage) = world.measure(once).await?;
    row(table, "create, room, Idempotency-Key", &usage, (4, 3, 0, 4, 1, 0));
    let replay = async { Ok(world.sessions.store().begin(&request).await?) };
    let (_, usage) = world.measure(replay).await?;
    row(table, "create, replayed", &usage, (1, 1, 0, 1, 0, 0));
    Ok(())
}

async fn validates(table: &mut Table) -> Result<()> {
    let world = World::new(AtLimit::EvictLeastRecentlyActive).await?;
    let id = world.open("alice").await?;
    let same = (clients::IP, clients::USER_AGENT);
    let ((), usage) = world.measure(world.validate("alice", id, same)).await?;
    row(
        table,
        "validate, nothing changed, touch not due",
        &usage,
        (1, 1, 1, 0, 0, 0),
    );
    world.wait(Duration::from_mins(4));
    let ((), usage) = world.measure(world.validate("alice", id, same)).await?;
    row(table, "validate, touch due", &usage, (2, 2, 1, 1, 0, 0));
    let moved = (clients::OTHER_IP, clients::USER_AGENT);
    let ((), usage) = world.measure(world.validate("alice", id, moved)).await?;
    row(table, "validate, network changed", &usage, (2, 2, 1, 1, 0, 0));
    let ((), usage) = world.measure(world.validate("alice", id, moved)).await?;
    row(
        table,
        "validate, the same network again",
        &usage,
        (1, 1, 1, 0, 0, 0),
    );
    let newer = clients::USER_AGENT.replace("Chrome/120", "Chrome/121");
    let upgraded = (clients::OTHER_IP, newer.as_str());
    let ((), usage) = world.measure(world.validate("alice", id, upgraded)).await?;
    row(table, "validate, new user agent", &usage, (4, 3, 3, 2, 1, 0));
    Ok(())
}

async fn lists_and_ends(table: &mut Table) -> Result<()> {
    let world = World::new(AtLimit::EvictLeastRecentlyActive).await?;
    let tenant = &world.tenant.id;
    let key = subject("alice")?.key(tenant);
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(world.open("alice").await?);
    }
    let list = async { Ok(world.sessions.active(tenant, &key, world.now()).await?) };
    let (_, usage) = world.measure(list).await?;
    row(table, "list active, 5 held", &usage, (2, 2, 6, 0, 0, 0));
    let first = *ids.first().ok_or("a session was opened")?;
    let fetch = async { Ok(world.sessions.fetch(tenant, first, world.now()).await?) };
    let (_, usage) = world.measure(fetch).await?;
    row(table, "fetch by id", &usage, (2, 2, 2, 0, 0, 0));
    let newest = async { Ok(world.sessions.newest(tenant, &key, 21, world.now()).await?) };
    let (_, usage) = world.measure(newest).await?;
    row(table, "list newest, 5 there", &usage, (2, 1, 2, 0, 0, 0));

    world.stream()?;
    let endings = [("logout", Reason::LoggedOut), ("revoke one", Reason::Revoked)];
    for (&id, (operation, reason)) in ids.iter().zip(endings) {
        let end = async {
            Ok(world
                .sessions
                .end(tenant, &key, id, reason, None, world.now())
                .await?)
        };
        let (_, usage) = world.measure(end).await?;
        row(table, operation, &usage, (2, 1, 0, 2, 1, 0));
    }
    let all = async { Ok(world.sessions.end_all(tenant, &key, world.now()).await?) };
    let (_, usage) = world.measure(all).await?;
    row(table, "revoke all, 3 held", &usage, (1, 1, 0, 1, 0, 0));
    Ok(())
}

async fn cleanup() -> Result<()> {
    let world = World::new(AtLimit::EvictLeastRecentlyActive).await?;
    // Closes the hours before this one, so that they are not counted.
    world.sweep().await?;
    for number in 0..DUE {
        world.open(&format!("subject-{number}")).await?;
    }
    world.wait(Duration::from_mins(61));
    world.stream()?;
    let (cleaned, usage) = world.measure(world.sweep()).await?;
    let mut table = Table::new(&["cleanup", "measured", "budget"]);
    let count = |name: &str| usage.operations().iter().filter(|it| **it == name).count();
    let due = usage.index_wcu.get("due").copied().unwrap_or_default();
    let guards = cleaned.guards;
    let others = usage.requests - count("Query") - count("GetItem") - count("UpdateItem");
    let each = format!("{guards} + 1 for the watermark");
    for (what, measured, budget) in [
        ("due guards", guards.to_string(), "-".to_owned()),
        (
            "Query",
            count("Query").to_string(),
            "16 for each open hour".to_owned(),
        ),
        ("GetItem", count("GetItem").to_string(), each.clone()),
        ("UpdateItem", count("UpdateItem").to_string(), each),
        ("other requests", others.to_string(), "0".to_owned()),
        (
            "RCU",
            usage.rcu.to_string(),
            format!("{guards} + 1 + 0.5 for each Query"),
        ),
        ("WCU table", usage.table_wcu.to_string(), format!("{guards} + 1")),
        (
            "WCU `due`",
            due.to_string(),
            format!("{guards} to {}", 2 * guards),
        ),
    ] {
        table.row([what.to_owned(), measured, budget]);
    }
    say(&table)?;

    let mut settled = 0;
    let records = world.stream()?;
    let settle = async {
        for record in &records {
            if let Some(change) = shared::store::change(record)? {
                world.sessions.settle(&change, world.now()).await?;
                settled += 1;
            }
        }
        Result::Ok(())
    };
    let ((), usage) = world.measure(settle).await?;
    say(format_args!(
        "Settling the {settled} guard changes of that cleanup from the stream: {} requests, {} RCU, {} WCU of the \
         table, {} of `history` (budget: 1 write for each ended session).",
        usage.requests,
        usage.rcu,
        usage.table_wcu,
        usage.index_wcu.get("history").copied().unwrap_or_default(),
    ))?;
    Ok(())
}

/// An answer as long as create's.
const ANSWER: &str = r#"{"success":true,"session_id":"0193a5c8-7e2a-7c41-9d0e-5b1f6a2c3d4e","fingerprint":"8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4","expires_at":"2027-01-15T08:00:00.000Z","error":null}"#;

fn subject(name: &str) -> Result<Subject> {
    Subject::new(name).map_err(|it| format!("{name}: {it:?}").into())
}

/// A table behind the proxy, the use cases over it, and a clock that stands still.
pub(crate) struct World {
    engine: Engine,
    proxy: Proxy,
    sessions: Sessions,
    tenant: Tenant,
    clock: Fixed,
    position: std::sync::Mutex<StreamPosition>,
}

impl World {
    /// The table's name.
    pub(crate) const TABLE: &str = "sessions";

    async fn new(at_limit: AtLimit) -> Result<Self> {
        let engine = Engine::with_table(Self::TABLE).await;
        let proxy = Proxy::start(engine.url()).await;
        let store = Store::new(engine::client(&proxy.url("bench")), Self::TABLE.to_owned());
        let clock = Fixed::at(Instant::from_secs(1_800_000_000));
        // The first cleanup of a table looks back a month; this table is new.
        store.advance_watermark(Store::hour_of(clock.now())).await?;
        Ok(Self {
            sessions: Sessions::new(store, Arc::new(System), Duration::from_hours(90 * 24)),
            tenant: Tenant {
                id: "acme".parse()?,
                partition: Partition::new(7).ok_or("no partition")?,
                policy: Policy {
                    max_concurrent: 5,
                    at_limit,
                    ..Policy::default()
                },
            },
            clock,
            engine,
            proxy,
            position: std::sync::Mutex::default(),
        })
    }

    /// Where the table is, through the proxy.
    pub(crate) fn proxy_url(&self) -> String {
        self.proxy.url("bench")
    }

    pub(crate) const fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    pub(crate) async fn measure<T>(&self, work: impl Future<Output = Result<T>>) -> Result<(T, Usage)> {
        let (done, usage) = self.proxy.measure(work).await;
        Ok((done?, usage))
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    fn wait(&self, by: Duration) {
        self.clock
            .advance_millis(i64::try_from(by.as_millis()).unwrap_or_default());
    }

    fn draw(&self) -> Result<SessionId> {
        Ok(SessionId::draw(self.now(), &System)?)
    }

    /// What the stream has brought since the last look.
    fn stream(&self) -> Result<Vec<serde_json::Value>> {
        let mut position = self
            .position
            .lock()
            .map_err(|_| "a reader of the stream failed")?;
        Ok(self.engine.stream(Self::TABLE, &mut position))
    }

    async fn sweep(&self) -> Result<Cleaned> {
        let done = self
            .sessions
            .clean_due(None, u64::MAX, self.now(), || true)
            .await?;
        Ok(done)
    }

    async fn open(&self, name: &str) -> Result<SessionId> {
        self.open_showing(name, None).await
    }

    /// Opens a session that shows the telemetry of this digest.
    pub(crate) async fn open_showing(&self, name: &str, telemetry: Option<&[u8; 32]>) -> Result<SessionId> {
        match self.try_open(name, telemetry).await? {
            Outcome::Opened { id, .. } => Ok(id),
            other => Err(format!("not opened: {other:?}").into()),
        }
    }

    async fn try_open(&self, name: &str, telemetry: Option<&[u8; 32]>) -> Result<Outcome> {
        let shown = self.sessions.shown(&self.tenant, telemetry, self.now()).await?;
        let (context, fingerprint) = context(clients::IP, clients::USER_AGENT, None, true, Facts::default());
        let (subject, now) = (subject(name)?, self.now());
        let request = Open {
            telemetry: shown.as_ref(),
            tenant: &self.tenant,
            subject: &subject,
            id: self.draw()?,
            context: &context,
            fingerprint: &fingerprint,
            user_agent: clients::USER_AGENT,
            geo_country: None,
            geo_city: None,
            observed_ip: None,
            idle_timeout: Duration::from_mins(60),
            issued: None,
            now,
            resumed: None,
        };
        self.sessions
            .open(&request)
            .await
            .map_err(|it| format!("{it:?}").into())
    }

    async fn validate(&self, name: &str, id: SessionId, from: (&str, &str)) -> Result<()> {
        self.try_validate(name, id, from, None).await
    }

    /// Validates a session with the telemetry of this digest.
    pub(crate) async fn validate_showing(
        &self,
        name: &str,
        id: SessionId,
        telemetry: &[u8; 32],
    ) -> Result<()> {
        let from = (clients::IP, clients::USER_AGENT);
        self.try_validate(name, id, from, Some(telemetry)).await
    }

    async fn try_validate(
        &self,
        name: &str,
        id: SessionId,
        (ip, user_agent): (&str, &str),
        telemetry: Option<&[u8; 32]>,
    ) -> Result<()> {
        let (context, _) = context(ip, user_agent, None, true, Facts::default());
        self.sessions
            .validate(&Validation {
                telemetry,
                tenant: &self.tenant,
                subject: &subject(name)?.key(&self.tenant.id),
                id,
                context: &context,
                record: None,
                may_revoke: true,
                now: self.now(),
            })
            .await?;
        Ok(())
    }
}
