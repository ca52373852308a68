//! The books: what is measured now, and what was ever used.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::request::Request;
use super::usage::{Call, Units};

/// How long nothing may arrive before the answers of a round are given.
///
/// The engine answers in less than a millisecond, so two requests sent together could look like one after
/// the other. While measuring, answers are therefore held until nothing more has come for this long: whatever
/// the caller sends without waiting for an answer is then seen to overlap.
const QUIET: Duration = Duration::from_millis(40);

#[derive(Debug, Default)]
pub(super) struct Ledger(Mutex<Books>);

#[derive(Debug, Default)]
struct Books {
    asked: BTreeMap<String, BTreeSet<Asked>>,
    scans: usize,
    requests: BTreeMap<String, usize>,
    measurements: u64,
    measurement: Option<Measurement>,
}

/// What IAM would be asked about a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// The action, such as `GetItem`.
    pub action: String,
    /// The index, of a Query on one.
    pub index: Option<String>,
    /// The partition keys, those of the index where there is one.
    pub leading_keys: BTreeSet<String>,
}

#[derive(Debug)]
struct Measurement {
    number: u64,
    calls: Vec<Call>,
    /// Whether answers wait for those of their round.
    holds: bool,
    round: Round,
}

/// Requests whose answers leave together.
#[derive(Debug)]
struct Round {
    number: u64,
    members: Vec<usize>,
    unanswered: usize,
    last_arrival: Instant,
}

impl Ledger {
    pub(super) fn asked(&self) -> BTreeMap<String, BTreeSet<Asked>> {
        self.books().asked.clone()
    }

    pub(super) fn requests(&self, tag: &str) -> usize {
        self.books().requests.get(tag).copied().unwrap_or_default()
    }

    pub(super) fn scans(&self) -> usize {
        self.books().scans
    }

    /// Begins a measurement; where it `holds`, answers wait for those of their round.
    pub(super) fn begin(&self, holds: bool) {
        let mut books = self.books();
        books.measurements += 1;
        books.measurement = Some(Measurement {
            number: books.measurements,
            calls: Vec::new(),
            holds,
            round: Round {
                number: 0,
                members: Vec::new(),
                unanswered: 0,
                last_arrival: Instant::now(),
            },
        });
    }

    pub(super) fn end(&self) -> Vec<Call> {
        let measurement = self.books().measurement.take();
        measurement
            .map(|measurement| measurement.calls)
            .unwrap_or_default()
    }

    /// Notes a request's arrival; the entry stands for it until it is answered.
    pub(super) fn arrive(&self, request: &Request) -> Entry<'_> {
        let now = Instant::now();
        let mut books = self.books();
        books.scans += usize::from(request.operation == "Scan");
        *books.requests.entry(request.tag.clone()).or_default() += 1;
        let asked = books.asked.entry(request.tag.clone()).or_default();
        asked.extend(request.actions().into_iter().map(|action| Asked {
            action,
            index: request.index().map(str::to_owned),
            leading_keys: request.leading_keys(),
        }));
        let place = books.measurement.as_mut().map(|measurement| {
            let call = measurement.calls.len();
            measurement.calls.push(Call {
                request: request.clone(),
                units: Units::default(),
                condition_failed: false,
                started: now,
                ended: now,
            });
            if measurement.holds {
                measurement.round.members.push(call);
                measurement.round.unanswered += 1;
                measurement.round.last_arrival = now;
            }
            let holds = measurement.holds;
            let place = Place {
                measurement: measurement.number,
                round: measurement.round.number,
                call,
            };
            (place, holds)
        });
        Entry {
            ledger: self,
            is_awaited: place.is_some_and(|(_, holds)| holds),
            place: place.map(|(place, _)| place),
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request under way; dropping it is its end.
pub(super) struct Entry<'ledger> {
    ledger: &'ledger Ledger,
    place: Option<Place>,
    /// Whether its round waits for it.
    is_awaited: bool,
}

#[derive(Clone, Copy)]
struct Place {
    measurement: u64,
    round: u64,
    call: usize,
}

impl Entry<'_> {
    pub(super) fn consumed(&self, (units, condition_failed): (Units, bool)) {
        self.update(|measurement, place| {
            if let Some(call) = measurement.calls.get_mut(place.call) {
                call.units = units;
                call.condition_failed = condition_failed;
            }
        });
    }

    /// Leaves the round: its answer waits for something else than the others' arrival.
    pub(super) fn leave(&mut self) {
        if std::mem::take(&mut self.is_awaited) {
            self.update(|measurement, place| measurement.round.leave(place));
        }
    }

    /// Waits until the round is complete. Every member's call ends at the same instant, before any member's
    /// answer is sent, so that the next round's calls start after it.
    pub(super) async fn release(&mut self) {
        if !self.is_awaited {
            return;
        }
        self.is_awaited = false;
        self.update(|measurement, place| measurement.round.answer(place));
        while let Some(wait) = self.update(Measurement::close_round).flatten() {
            tokio::time::sleep(wait).await;
        }
        self.place = None;
    }

    fn update<T>(&self, change: impl FnOnce(&mut Measurement, Place) -> T) -> Option<T> {
        let place = self.place?;
        let mut books = self.ledger.books();
        let measurement = books.measurement.as_mut()?;
        (measurement.number == place.measurement).then(|| change(measurement, place))
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.leave();
        self.update(|measurement, place| {
            if let Some(call) = measurement.calls.get_mut(place.call) {
                call.ended = Instant::now();
            }
        });
    }
}

impl Measurement {
    /// Closes the call's round if it is complete; else says for how long to wait before asking again.
    fn close_round(&mut self, place: Place) -> Option<Duration> {
        if self.round.number != place.round {
            return None;
        }
        let now = Instant::now();
        let quiet = now.saturating_duration_since(self.round.last_arrival);
        if self.round.unanswered != 0 || quiet < QUIET {
            return Some(QUIET.saturating_sub(quiet).max(Duration::from_millis(1)));
        }
        for member in self.round.members.drain(..) {
            if let Some(call) = self.calls.get_mut(member) {
                call.ended = now;
            }
        }
        self.round.number += 1;
        None
    }
}

impl Round {
    fn answer(&mut self, place: Place) {
        if self.number == place.round {
            self.unanswered = self.unanswered.saturating_sub(1);
        }
    }

    fn leave(&mut self, place: Place) {
        if self.number == place.round {
            self.answer(place);
            self.members.retain(|member| *member != place.call);
        }
    }
}
