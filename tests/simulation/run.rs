//! Lets a plan happen: the real store and use cases, over the real SDK, on virtual time.
//!
//! Each step is a process of its own, one task of a runtime with one thread and a paused clock: tokio moves the clock to
//! the next timer when nothing else is left to do, so the order of everything follows from the delays, which follow from the
//! seed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region, StalledStreamProtectionConfig};
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::clock::{Entropy, EntropyError};
use shared::model::{Context, Facts, Instant, Partition, Reason, SessionId, Subject};
use shared::policy::{Policy, Tenant};
use shared::service::{
    Batch, Erase, Open, OpenError, Outcome, Proof, Sessions, SteppedUp, Validation, Verdict, context,
};
use shared::store::{Begun, Error, Request, Store};
use tokio::time::{sleep, timeout};

use crate::mutant::Mutant;
use crate::network::{Asked, Broken, Cloud, Weather, Wire, lock};
use crate::plan::{Clock, Plan, Step, What};
use crate::table::Change;

const USER_AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";
/// A function's time, of which it keeps half a second back.
const DEADLINE: Duration = Duration::from_millis(9_500);
/// What the network may still hold back when everybody is done.
const LAST_LETTERS: Duration = Duration::from_secs(420);
/// Processes at a time: one for each step, and one that looks at what is left.
const LANES: usize = 20;

/// What somebody was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    Opened(SessionId),
    /// The answer of an earlier sending.
    OpenedBefore(SessionId),
    LimitReached,
    Overruled,
    StillRunning,
    Valid,
    NotHeld,
    Refused,
    Ended,
    EndedAll,
    Erased {
        complete: bool,
    },
    Done,
    Failed,
}

/// What somebody did, and was told, milliseconds after the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) step: Step,
    /// The session in question.
    pub(crate) session: Option<SessionId>,
    pub(crate) start: u64,
    /// None for a process that died.
    pub(crate) end: Option<u64>,
    pub(crate) told: Option<Told>,
    /// The sessions a list showed.
    pub(crate) listed: Vec<SessionId>,
    /// Whether the store said that an earlier sending had begun.
    pub(crate) resumed: bool,
}

/// What happened.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) events: Vec<Event>,
    pub(crate) broken: Vec<Broken>,
    pub(crate) marks: Vec<i64>,
    pub(crate) opened_by: HashMap<String, usize>,
    /// What is left when everything is settled: the guard's sessions, and each record with how it ended.
    pub(crate) held: Vec<String>,
    pub(crate) records: HashMap<String, Option<String>>,
    pub(crate) profile_knows: bool,
}

#[derive(Debug)]
struct Drawn(Mutex<fastrand::Rng>);

impl Entropy for Drawn {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        lock(&self.0).fill(bytes);
        Ok(())
    }
}

/// A process: the use cases over a network of its own.
#[derive(Clone)]
struct Process {
    wire: Wire,
    entropy: Arc<Drawn>,
    sessions: Sessions,
}

impl Process {
    fn new() -> Self {
        let wire = Wire::default();
        // As the functions have it, but that nothing is drawn which the seed does not know.
        let retries = RetryConfig::standard()
            .with_max_attempts(3)
            .with_initial_backoff(Duration::from_millis(50))
            .with_use_static_exponential_base(true);
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(Duration::from_secs(2))
            .operation_timeout(Duration::from_secs(7))
            .build();
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-central-1"))
            .endpoint_url("http://table.invalid")
            .allow_no_auth()
            .http_client(wire.clone())
            .retry_config(retries)
            .retry_partition(
                RetryPartition::custom("simulation")
                    .token_bucket(TokenBucket::unlimited())
                    .build(),
            )
            .timeout_config(timeouts)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        let store = Store::new(aws_sdk_dynamodb::Client::from_conf(config), "sessions".to_owned());
        let entropy = Arc::new(Drawn(Mutex::new(fastrand::Rng::with_seed(0))));
        Self {
            wire,
            sessions: Sessions::new(store, entropy.clone(), Duration::from_hours(90 * 24)),
            entropy,
        }
    }
}

/// Lets plans happen, one after the other.
pub(crate) struct Stage {
    processes: Vec<Process>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self {
            processes: (0..LANES).map(|_| Process::new()).collect(),
        }
    }

    /// Lets a plan happen, as the code is or with a fault put in.
    pub(crate) fn run(&self, plan: &Plan, mutant: Option<Mutant>) -> History {
        let cloud = Cloud {
            limit: plan.limit,
            mutant,
            ..Cloud::default()
        };
        self.perform(plan, &Arc::new(Mutex::new(cloud)))
    }

    /// What the table is asked when a plan happens, with its answers.
    pub(crate) fn requests(&self, plan: &Plan) -> Vec<Asked> {
        let cloud = Cloud {
            limit: plan.limit,
            log: Some(Vec::new()),
            ..Cloud::default()
        };
        let cloud = Arc::new(Mutex::new(cloud));
        self.perform(plan, &cloud);
        lock(&cloud).log.take().unwrap_or_default()
    }

    fn perform(&self, plan: &Plan, cloud: &Arc<Mutex<Cloud>>) -> History {
        for (number, process) in self.processes.iter().enumerate() {
            // By the step's name, so that leaving out others changes nothing of it.
            let seed = plan.seed.wrapping_mul(1_000_003).wrapping_add(number as u64);
            process.wire.reset(number, cloud, seed, plan.weather);
            *lock(&process.entropy.0) = fastrand::Rng::with_seed(!seed);
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let scene = Arc::new(Scene {
            plan: plan.clone(),
            tenant: tenant(plan),
            subject: Subject::new("alice").unwrap(),
            began: runtime.block_on(async { tokio::time::Instant::now() }),
            events: Mutex::default(),
            opened: Mutex::default(),
        });
        runtime.block_on(self.play(&scene, cloud))
    }

    async fn play(&self, scene: &Arc<Scene>, cloud: &Arc<Mutex<Cloud>>) -> History {
        let steps = scene.plan.steps.iter().map(|step| {
            let (scene, process, cloud) = (
                Arc::clone(scene),
                self.processes[step.number].clone(),
                Arc::clone(cloud),
            );
            tokio::spawn(scene.step(*step, process, cloud))
        });
        for step in steps.collect::<Vec<_>>() {
            step.await.unwrap();
        }
        sleep(LAST_LETTERS).await;

        // Everything is well again: what is left must be in order.
        let last = self.processes[LANES - 1].clone();
        last.wire.reset(LANES, cloud, scene.plan.seed, Weather::FAIR);
        let changes = lock(cloud).table.changes.clone();
        if scene.plan.settles {
            scene.settle(&last, &changes, Clock::RIGHT).await;
        }
        let opened: Vec<_> = lock(&scene.events)
            .iter()
            .filter_map(|it| match it.told {
                Some(Told::Opened(id)) => Some(id),
                _ => None,
            })
            .collect();
        for id in opened {
            let start = scene.elapsed();
            let told = scene.validate(&last, id, &home(), Clock::RIGHT).await;
            let step = Step {
                number: LANES - 1,
                at: start,
                host: 0,
                what: What::Validate { of: 0 },
                dies: None,
            };
            lock(&scene.events).push(Event {
                step,
                session: Some(id),
                start,
                end: Some(scene.elapsed()),
                told: Some(told),
                listed: Vec::new(),
                resumed: false,
            });
        }
        let since = lock(cloud).table.changes[changes.len()..].to_vec();
        if scene.plan.settles {
            scene.settle(&last, &since, Clock::RIGHT).await;
        }
        scene.look(&lock(cloud))
    }
}

fn tenant(plan: &Plan) -> Tenant {
    let mut policy = Policy {
        max_concurrent: plan.limit,
        at_limit: plan.at_limit,
        ..Policy::default()
    };
    // So that the thief is refused.
    policy.risk.stolen = 60;
    Tenant {
        id: "acme".parse().unwrap(),
        partition: Partition::new(7).unwrap(),
        policy,
    }
}

fn home() -> Context {
    context(
        "198.51.100.7",
        USER_AGENT,
        Some("device-1"),
        true,
        Facts::default(),
    )
    .0
}

fn elsewhere() -> Context {
    context("203.0.113.9", "curl/8.5.0", None, true, Facts::default()).0
}

/// A plan that happens.
struct Scene {
    plan: Plan,
    tenant: Tenant,
    subject: Subject,
    began: tokio::time::Instant,
    events: Mutex<Vec<Event>>,
    /// The session each step was told of, or drew for itself.
    opened: Mutex<HashMap<usize, SessionId>>,
}

impl Scene {
    /// Milliseconds after the start, as they truly are.
    fn elapsed(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap()
    }

    fn now(&self, clock: Clock) -> Instant {
        Instant::from_millis(clock.at(self.elapsed()))
    }

    async fn step(self: Arc<Self>, step: Step, process: Process, cloud: Arc<Mutex<Cloud>>) {
        sleep(Duration::from_millis(step.at)).await;
        let target = match step.what {
            What::Validate { of } | What::Thief { of } | What::StepUp { of } | What::End { of } => {
                let Some(id) = lock(&self.opened).get(&of).copied() else {
                    return;
                };
                Some(id)
            }
            _ => None,
        };
        let mut event = Event {
            step,
            session: target,
            start: self.elapsed(),
            end: None,
            told: None,
            listed: Vec::new(),
            resumed: false,
        };
        let life = step.dies.map_or(DEADLINE, Duration::from_millis);
        let clock = self.plan.hosts[step.host];
        let done = timeout(life, self.act(&mut event, &process, clock, &cloud)).await;
        event.told = match done {
            Ok(told) => Some(told),
            // Dead, or out of time: nobody is told what became of it.
            Err(_) => step.dies.is_none().then_some(Told::Failed),
        };
        if event.told.is_some() {
            event.end = Some(self.elapsed());
        }
        if let Some(Told::Opened(id) | Told::OpenedBefore(id)) = event.told {
            lock(&self.opened).insert(step.number, id);
            event.session = Some(id);
        }
        lock(&self.events).push(event);
    }

    async fn act(&self, event: &mut Event, process: &Process, clock: Clock, cloud: &Mutex<Cloud>) -> Told {
        let (tenant, key, now) = (
            &self.tenant.id,
            self.subject.key(&self.tenant.id),
            self.now(clock),
        );
        let sessions = &process.sessions;
        let id = event.session;
        match event.step.what {
            What::Open { keyed: false } => {
                let id = SessionId::draw(now, process.entropy.as_ref()).unwrap();
                lock(&self.opened).insert(event.step.number, id);
                opened(&self.open(process, id, now, None).await)
            }
            What::Open { keyed: true } => self.once(event, process, event.step.number, now).await,
            What::Resend { of } => self.once(event, process, of, now).await,
            What::Validate { .. } => self.validate(process, id.unwrap(), &home(), clock).await,
            What::Thief { .. } => {
                process.wire.lane().judges = true;
                self.validate(process, id.unwrap(), &elsewhere(), clock).await
            }
            What::StepUp { .. } => {
                let proof = Proof {
                    tenant: &self.tenant,
                    subject: &key,
                    id: id.unwrap(),
                    context: &home(),
                    telemetry: None,
                    now,
                };
                match sessions.step_up(&proof).await {
                    Ok(SteppedUp::Held { .. }) => Told::Valid,
                    Ok(SteppedUp::NotHeld { .. }) => Told::NotHeld,
                    Err(_) => Told::Failed,
                }
            }
            What::End { .. } => {
                let ended = sessions.end(tenant, &key, id.unwrap(), Reason::Revoked, None, now);
                told(ended.await.map(|_| Told::Ended))
            }
            What::EndAll => told(sessions.end_all(tenant, &key, now).await.map(|_| Told::EndedAll)),
            What::Erase => {
                let erase = Erase {
                    tenant: &self.tenant,
                    client: self.subject.client_id(tenant),
                    now,
                    until: tokio::time::Instant::now() + Duration::from_secs(8),
                };
                let erased = Box::pin(sessions.erase(&erase)).await;
                told(erased.map(|it| Told::Erased {
                    complete: it.complete,
                }))
            }
            What::Clean => told(
                sessions
                    .clean_subject(tenant, &key, now)
                    .await
                    .map(|_| Told::Done),
            ),
            What::Sweep => {
                // The hours since the start are few; a table without a mark is looked at for a month.
                let mark = Store::hour_of(now) - 2;
                if sessions.store().advance_watermark(mark).await.is_err() {
                    return Told::Failed;
                }
                let swept = sessions.clean_due(None, u64::MAX, now, || true).await;
                told(swept.map(|_| Told::Done))
            }
            What::List => match sessions.active(tenant, &key, now).await {
                Ok(active) => {
                    event.listed = active.iter().map(|it| it.id).collect();
                    Told::Done
                }
                Err(_) => Told::Failed,
            },
            What::Settle { back } => {
                let changes = lock(cloud).table.changes.clone();
                let from = changes.len().saturating_sub(back);
                self.settle(process, &changes[from..], clock).await;
                Told::Done
            }
        }
    }

    async fn open(
        &self,
        process: &Process,
        id: SessionId,
        now: Instant,
        resumed: Option<Instant>,
    ) -> Result<Outcome, OpenError> {
        let (context, fingerprint) = context(
            "198.51.100.7",
            USER_AGENT,
            Some("device-1"),
            true,
            Facts::default(),
        );
        let request = Open {
            tenant: &self.tenant,
            subject: &self.subject,
            id,
            context: &context,
            telemetry: None,
            fingerprint: &fingerprint,
            user_agent: USER_AGENT,
            geo_country: None,
            geo_city: None,
            observed_ip: None,
            idle_timeout: Duration::from_mins(self.plan.idle),
            issued: None,
            now,
            resumed,
        };
        process.sessions.open(&request).await
    }

    /// What `runtime::once` does around a create with an `Idempotency-Key`: that needs a whole request, this its effect.
    async fn once(&self, event: &mut Event, process: &Process, key: usize, now: Instant) -> Told {
        let store = process.sessions.store();
        let drawn = SessionId::draw(now, process.entropy.as_ref()).unwrap();
        let scope = Sha256::digest(format!("key {key}")).into();
        let request = Request {
            tenant: &self.tenant.id,
            scope: &scope,
            body: &[7; 32],
            id: drawn,
            now,
            lease: now + DEADLINE,
        };
        let (id, resumed) = match store.begin(&request).await {
            Ok(Begun::First) => (drawn, None),
            Ok(Begun::Resumed { id, since }) => (id, Some(since)),
            Ok(Begun::Answered(answer)) => {
                return match SessionId::from_compact(&answer) {
                    Ok(id) => Told::OpenedBefore(id),
                    Err(_) => Told::Done,
                };
            }
            Ok(Begun::Running) => return Told::StillRunning,
            Ok(Begun::OtherBody) | Err(_) => return Told::Failed,
        };
        event.resumed = resumed.is_some();
        lock(&self.opened).entry(event.step.number).or_insert(id);
        let outcome = self.open(process, id, now, resumed).await;
        let answer = match &outcome {
            Ok(Outcome::Opened { id, .. }) => id.to_compact(),
            Ok(_) => "refused".to_owned(),
            Err(_) => {
                let _ = store.release(&request).await;
                return Told::Failed;
            }
        };
        if store.finish(&request, &answer).await.is_err() {
            return Told::Failed;
        }
        opened(&outcome)
    }

    async fn validate(&self, process: &Process, id: SessionId, context: &Context, clock: Clock) -> Told {
        let request = Validation {
            tenant: &self.tenant,
            subject: &self.subject.key(&self.tenant.id),
            id,
            context,
            telemetry: None,
            record: None,
            may_revoke: true,
            now: self.now(clock),
        };
        match Box::pin(process.sessions.validate(&request)).await {
            Ok(Verdict::Held {
                action: shared::risk::Action::Refuse,
                ..
            }) => Told::Refused,
            Ok(Verdict::Held { .. }) => Told::Valid,
            Ok(Verdict::NotHeld { .. }) => Told::NotHeld,
            Err(_) => Told::Failed,
        }
    }

    /// What of a batch fails comes again, as from the stream; a few times.
    async fn settle(&self, process: &Process, changes: &[Change], clock: Clock) {
        let mut left: Vec<_> = changes.iter().map(record).collect();
        for _ in 0..4 {
            let mut batch = Batch::default();
            let mut failed = Vec::new();
            for record in left {
                let now = self.now(clock);
                let settled = process.sessions.settle_record(&mut batch, &record, now).await;
                if settled.is_err() {
                    failed.push(record);
                }
            }
            left = failed;
            if left.is_empty() {
                return;
            }
            sleep(Duration::from_secs(1)).await;
        }
    }

    fn look(&self, cloud: &Cloud) -> History {
        let guards = cloud.table.of_kind("guard");
        let held = guards.filter_map(|it| it.get("m")?["M"].as_object());
        let records = cloud.table.of_kind("session").filter_map(|it| {
            let (_, id) = it["pk"]["S"].as_str()?.split_once("#S#")?;
            let id: SessionId = id.parse().ok()?;
            let reason = it.get("er").and_then(|it| it["S"].as_str()).map(str::to_owned);
            Some((id.to_compact(), reason))
        });
        History {
            events: lock(&self.events).clone(),
            broken: cloud.broken.clone(),
            marks: cloud.marks.clone(),
            opened_by: cloud.opened_by.clone(),
            held: held.flat_map(|it| it.keys().cloned()).collect(),
            records: records.collect(),
            profile_knows: cloud.table.of_kind("profile").any(|it| it.contains_key("py")),
        }
    }
}

fn opened(outcome: &Result<Outcome, OpenError>) -> Told {
    match outcome {
        Ok(Outcome::Opened { id, .. }) => Told::Opened(*id),
        Ok(Outcome::LimitReached) => Told::LimitReached,
        Ok(Outcome::Overruled) => Told::Overruled,
        // No pace is set here.
        Ok(Outcome::TooMany(_)) | Err(_) => Told::Failed,
    }
}

fn told(told: Result<Told, Error>) -> Told {
    told.unwrap_or(Told::Failed)
}

/// A write to a guard, as Lambda passes it.
fn record(change: &Change) -> Value {
    let mut record = json!({
        "eventSourceARN": "arn:aws:dynamodb:eu-central-1:1:table/sessions/stream/2027-01-15T08:00:00.000",
        "dynamodb": {"SequenceNumber": change.sequence.to_string()},
    });
    for (name, image) in [("OldImage", &change.old), ("NewImage", &change.new)] {
        if let Some(image) = image {
            record["dynamodb"][name] = Value::Object(image.clone());
        }
    }
    record
}
