//! What an operation cost: requests, round trips and capacity units.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::Value;

use super::request::Request;
use crate::engine::item_size;

/// One request that reached the proxy, a retry or an injected failure included.
#[derive(Clone, Debug)]
pub struct Call {
    /// What was asked.
    pub request: Request,
    /// What it consumed; nothing when the engine never saw it or refused it for its form.
    pub units: Units,
    /// Whether its condition failed, or its transaction was cancelled.
    pub condition_failed: bool,
    /// When it arrived.
    pub started: Instant,
    /// When its answer left, or its connection was cut.
    pub ended: Instant,
}

/// Capacity units.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Units {
    /// Read units, of the table and its indexes together.
    pub read: f64,
    /// Write units of the table.
    pub table_write: f64,
    /// Write units of each index written.
    pub index_write: BTreeMap<String, f64>,
}

impl Units {
    /// Reads what an answer reports. A failed condition reports nothing, but is charged by the size of the
    /// item it met: one unit for each KB of the item when the answer returns it, else one (twice that for
    /// each part of a cancelled transaction).
    pub(super) fn of(request: &Request, answer: &Value) -> (Self, bool) {
        let mut units = Self::default();
        match answer.get("__type").and_then(Value::as_str) {
            Some(error) if error.ends_with("ConditionalCheckFailedException") => {
                units.table_write = write_units(answer.get("Item"));
                return (units, true);
            }
            Some(error) if error.ends_with("TransactionCanceledException") => {
                let reasons = answer.get("CancellationReasons").and_then(Value::as_array);
                units.table_write = reasons
                    .into_iter()
                    .flatten()
                    .map(|reason| 2.0 * write_units(reason.get("Item")))
                    .sum();
                return (units, true);
            }
            _ => {}
        }
        match answer.get("ConsumedCapacity") {
            Some(Value::Array(tables)) => tables.iter().for_each(|table| units.add(request, table)),
            Some(table) => units.add(request, table),
            None => {}
        }
        (units, false)
    }

    fn add(&mut self, request: &Request, consumed: &Value) {
        if request.is_read() {
            self.read += number(consumed);
            return;
        }
        self.table_write += consumed.get("Table").map_or_else(|| number(consumed), number);
        let indexes = consumed.get("GlobalSecondaryIndexes").and_then(Value::as_object);
        for (index, consumed) in indexes.into_iter().flatten() {
            *self.index_write.entry(index.clone()).or_default() += number(consumed);
        }
    }
}

/// What was consumed between two moments.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    /// Requests, every retry counted.
    pub requests: usize,
    /// Requests that had to wait for another: the longest chain of which none overlaps the next.
    pub round_trips: usize,
    /// Read units, of the table and its indexes together.
    pub rcu: f64,
    /// Write units of the table.
    pub table_wcu: f64,
    /// Write units of each index written.
    pub index_wcu: BTreeMap<String, f64>,
    /// The requests themselves, as they arrived.
    pub calls: Vec<Call>,
}

impl Usage {
    /// Sums up calls.
    pub fn of(calls: Vec<Call>) -> Self {
        let mut usage = Self {
            requests: calls.len(),
            round_trips: longest_chain(&calls),
            ..Self::default()
        };
        for Call { units, .. } in &calls {
            usage.rcu += units.read;
            usage.table_wcu += units.table_write;
            for (index, units) in &units.index_write {
                *usage.index_wcu.entry(index.clone()).or_default() += units;
            }
        }
        usage.calls = calls;
        usage
    }

    /// The same, of some of the calls: those of one tag, or all but the reads of credentials.
    #[must_use]
    pub fn only(&self, wanted: impl Fn(&Call) -> bool) -> Self {
        Self::of(self.calls.iter().filter(|call| wanted(call)).cloned().collect())
    }

    /// Requests, sequential round trips, RCU and the table's WCU: the four figures of a budget.
    pub fn budget(&self) -> (usize, usize, f64, f64) {
        (self.requests, self.round_trips, self.rcu, self.table_wcu)
    }

    /// The operations' names, as they arrived.
    pub fn operations(&self) -> Vec<&str> {
        self.calls
            .iter()
            .map(|call| call.request.operation.as_str())
            .collect()
    }
}

/// The most calls that can be picked so that no two overlap: always taking the one that ends first.
fn longest_chain(calls: &[Call]) -> usize {
    let mut spans: Vec<_> = calls.iter().map(|call| (call.ended, call.started)).collect();
    spans.sort_unstable();
    let mut chain = 0;
    let mut free_from = None;
    for (ended, started) in spans {
        if free_from.is_none_or(|instant| instant <= started) {
            chain += 1;
            free_from = Some(ended);
        }
    }
    chain
}

fn number(consumed: &Value) -> f64 {
    consumed
        .get("CapacityUnits")
        .and_then(Value::as_f64)
        .unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "an item has at most 400 KB")]
fn write_units(item: Option<&Value>) -> f64 {
    item.map_or(1, |item| item_size(item).div_ceil(1024).max(1)) as f64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn call(origin: Instant, started: u64, ended: u64) -> Call {
        Call {
            request: Request {
                tag: String::new(),
                operation: "GetItem".to_owned(),
                body: Value::Null,
            },
            units: Units::default(),
            condition_failed: false,
            started: origin + Duration::from_millis(started),
            ended: origin + Duration::from_millis(ended),
        }
    }

    #[test]
    fn round_trips_are_the_longest_chain_of_calls_that_do_not_overlap() {
        let origin = Instant::now();
        let cases: [(&[(u64, u64)], usize); 6] = [
            (&[], 0),
            (&[(0, 5)], 1),
            (&[(0, 5), (1, 4), (2, 9)], 1),
            (&[(0, 5), (5, 9), (10, 12)], 3),
            (&[(0, 20), (0, 5), (6, 9)], 2),
            (&[(0, 2), (1, 3), (2, 4), (3, 5)], 2),
        ];
        for (spans, expected) in cases {
            let calls = spans
                .iter()
                .map(|&(started, ended)| call(origin, started, ended))
                .collect();
            assert_eq!(Usage::of(calls).round_trips, expected, "{spans:?}");
        }
    }
}
