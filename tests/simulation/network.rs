//! The network between a client and the table: delays, loses, doubles and reorders requests and answers, by a seed.
//!
//! It is the HTTP client of the real AWS SDK, so the SDK's own timeouts and sendings are part of what is simulated.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::{Response, StatusCode};
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::mutant::Mutant;
use crate::table::Table;

/// What can go wrong with one request, in a thousand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Weather {
    /// The request is never delivered.
    pub(crate) lost: u32,
    /// The answer is never delivered.
    pub(crate) answer_lost: u32,
    /// The request is delivered seconds to minutes late.
    pub(crate) late: u32,
    /// The request is delivered a second time, at once or late.
    pub(crate) doubled: u32,
    /// The table answers 500, before or after it did what was asked.
    pub(crate) failed: u32,
}

impl Weather {
    /// Nothing goes wrong.
    pub(crate) const FAIR: Self = Self {
        lost: 0,
        answer_lost: 0,
        late: 0,
        doubled: 0,
        failed: 0,
    };
}

/// What an invariant of the table found broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) String);

/// An operation, its request, and the status and body it was answered with.
pub(crate) type Asked = (String, Value, (u16, Value));

/// The table and all that is noted about its guards.
#[derive(Debug, Default)]
pub(crate) struct Cloud {
    pub(crate) table: Table,
    pub(crate) limit: usize,
    pub(crate) mutant: Option<Mutant>,
    pub(crate) broken: Vec<Broken>,
    /// When everything of a guard was ended, by the clocks of those who did it.
    pub(crate) marks: Vec<i64>,
    /// Which process put a session into its guard.
    pub(crate) opened_by: HashMap<String, usize>,
    /// What was asked, with its answers, where that is wanted.
    pub(crate) log: Option<Vec<Asked>>,
    /// Sessions that were in a guard and left, or were withdrawn.
    pub(crate) gone: HashSet<String>,
    pub(crate) seen_changes: usize,
    /// The guards as they were before, for a mutant that reads stale.
    pub(crate) stale: HashMap<String, Value>,
}

/// One process: what it asks, what it has seen, and the faults that hit it.
#[derive(Debug)]
pub(crate) struct Lane {
    /// The number of its step.
    pub(crate) number: usize,
    pub(crate) cloud: Arc<Mutex<Cloud>>,
    pub(crate) random: fastrand::Rng,
    pub(crate) weather: Weather,
    /// The entries of guards as its answers showed them.
    seen: HashMap<String, Value>,
    /// Whether it judges: what it takes out as stolen it must have seen so.
    pub(crate) judges: bool,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            number: 0,
            cloud: Arc::default(),
            random: fastrand::Rng::with_seed(0),
            weather: Weather::FAIR,
            seen: HashMap::new(),
            judges: false,
        }
    }
}

/// The HTTP client of one process. Which that is changes with each history; the SDK's client over it stays.
#[derive(Clone, Default)]
pub(crate) struct Wire(Arc<Mutex<Lane>>);

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

/// What becomes of one request.
struct Fate {
    there: Duration,
    back: Duration,
    delivered: bool,
    answered: bool,
    again: Option<Duration>,
    fails_before: bool,
    fails_after: bool,
}

impl Lane {
    fn fate(&mut self) -> Fate {
        let weather = self.weather;
        let random = &mut self.random;
        let mut short = || Duration::from_millis(random.u64(1..15));
        let (there, back, soon) = (short(), short(), short());
        let late = match random.u32(0..3) {
            0 => Duration::from_millis(random.u64(1..200)),
            1 => Duration::from_millis(random.u64(200..9_000)),
            _ => Duration::from_millis(random.u64(9_000..400_000)),
        };
        let mut drawn = random.u32(0..1_000);
        let mut falls = |share: u32| {
            let hit = drawn < share;
            drawn = if hit { 1_000 } else { drawn - share };
            hit
        };
        let (lost, answer_lost) = (falls(weather.lost), falls(weather.answer_lost));
        let (is_late, doubled, failed) = (falls(weather.late), falls(weather.doubled), falls(weather.failed));
        let after = random.bool();
        Fate {
            there: if is_late { late } else { there },
            back,
            delivered: !lost,
            answered: !answer_lost,
            again: doubled.then_some(if random.bool() { soon } else { late }),
            fails_before: failed && !after,
            fails_after: failed && after,
        }
    }
}

impl Cloud {
    /// Does what a request asks, as it is or as a mutant sends it, and holds the guards against what must always be so.
    fn apply(&mut self, operation: &str, request: &Value, lane: &Mutex<Lane>) -> (u16, Value) {
        let mut request = request.clone();
        if let Some(mutant) = self.mutant {
            if let Some(stale) = mutant.is_stale(operation, &request, &self.stale) {
                return (200, stale);
            }
            mutant.rewrite(&mut request);
        }
        let answer = self.table.answer(operation, &request);
        self.watch(&request, lane);
        let answer = match answer {
            Ok(body) => (200, body),
            Err(refusal) => (400, refusal.body()),
        };
        if let Some(log) = &mut self.log {
            log.push((operation.to_owned(), request, answer.clone()));
        }
        answer
    }

    fn watch(&mut self, request: &Value, lane: &Mutex<Lane>) {
        let changes: Vec<_> = self
            .table
            .changes
            .iter()
            .skip(self.seen_changes)
            .cloned()
            .collect();
        self.seen_changes = self.table.changes.len();
        for change in changes {
            let entries = |item: &Option<crate::expression::Item>| {
                let held = item.as_ref().and_then(|it| it.get("m")?["M"].as_object());
                held.cloned().unwrap_or_default()
            };
            let (old, new) = (entries(&change.old), entries(&change.new));
            if let (Some(Mutant::StaleRead), Some(old)) = (self.mutant, &change.old) {
                let pk = old["pk"]["S"].as_str().unwrap_or_default().to_owned();
                self.stale.insert(pk, serde_json::json!({"Item": old}));
            }
            if self.limit < new.len() {
                self.say(format!("{} sessions in a guard of {}", new.len(), self.limit));
            }
            for id in new.keys().filter(|id| !old.contains_key(*id)) {
                self.opened_by.insert(id.clone(), lock(lane).number);
                if self.gone.contains(id) {
                    self.say(format!("{id} came back into its guard"));
                }
            }
            let after = change.new.unwrap_or_default();
            let empty = serde_json::Map::new();
            let reasons = after
                .get("d")
                .and_then(|it| it["M"].as_object())
                .unwrap_or(&empty);
            for (id, entry) in old.iter().filter(|(id, _)| !new.contains_key(*id)) {
                self.gone.insert(id.clone());
                let lane = lock(lane);
                let stolen = reasons.get(id).is_some_and(|it| it["S"] == "t");
                if stolen && lane.judges && lane.seen.get(id).is_some_and(|seen| seen != entry) {
                    self.broken
                        .push(Broken(format!("{id} was taken out for what it was before")));
                }
            }
            let withdrawn = reasons.iter().filter(|(_, it)| it["S"] == "w");
            self.gone.extend(
                withdrawn
                    .map(|(id, _)| id.clone())
                    .filter(|id| !new.contains_key(id)),
            );
        }
        let mark = &request["ExpressionAttributeValues"][":at"]["N"];
        let empties = request["UpdateExpression"]
            .as_str()
            .is_some_and(|it| it.contains("#revoked_all_at = :at"));
        if let (true, Some(mark)) = (empties, mark.as_str().and_then(|it| it.parse().ok())) {
            self.marks.push(mark);
        }
    }

    fn say(&mut self, what: String) {
        self.broken.push(Broken(what));
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

impl Wire {
    /// The process behind it.
    pub(crate) fn lane(&self) -> MutexGuard<'_, Lane> {
        lock(&self.0)
    }

    /// Begins a process anew.
    pub(crate) fn reset(&self, number: usize, cloud: &Arc<Mutex<Cloud>>, seed: u64, weather: Weather) {
        *self.lane() = Lane {
            number,
            cloud: Arc::clone(cloud),
            random: fastrand::Rng::with_seed(seed),
            weather,
            ..Lane::default()
        };
    }

    /// Notes what an answer showed of a guard.
    fn note(&self, answer: &Value) {
        for (id, entry) in answer["Item"]["m"]["M"].as_object().into_iter().flatten() {
            self.lane().seen.insert(id.clone(), entry.clone());
        }
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap();
        let (fate, cloud) = {
            let mut lane = self.lane();
            (lane.fate(), Arc::clone(&lane.cloud))
        };
        let lane = Arc::clone(&self.0);
        let (answer, answered) = oneshot::channel();
        // On its way whatever becomes of who sent it.
        tokio::spawn(async move {
            sleep(fate.there).await;
            if !fate.delivered {
                std::future::pending::<()>().await;
            }
            let mut told = (500, serde_json::json!({"__type": "InternalServerError"}));
            if !fate.fails_before {
                let done = lock(&cloud).apply(&operation, &body, &lane);
                if !fate.fails_after {
                    told = done;
                }
            }
            if let Some(again) = fate.again {
                let (cloud, lane, operation, body) = (Arc::clone(&cloud), lane, operation, body);
                tokio::spawn(async move {
                    sleep(again).await;
                    lock(&cloud).apply(&operation, &body, &lane);
                });
            }
            if fate.answered {
                sleep(fate.back).await;
                drop(answer.send(told));
            } else {
                std::future::pending::<()>().await;
            }
        });
        let wire = self.clone();
        HttpConnectorFuture::new(async move {
            let Ok((status, body)) = answered.await else {
                return std::future::pending().await;
            };
            wire.note(&body);
            let status = StatusCode::try_from(status).unwrap();
            Ok(Response::new(status, SdkBody::from(body.to_string())))
        })
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
