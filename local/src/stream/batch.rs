//! What becomes of a batch: done, tried again, split, given up.

use std::collections::VecDeque;

use serde_json::Value;

use crate::template::Mapping;

/// Batches still to be worked on, in order, and how often the first was tried.
#[derive(Debug)]
pub(super) struct Work {
    batches: VecDeque<Vec<Value>>,
    failures: u32,
}

/// What happened to the first batch.
#[derive(Debug, PartialEq)]
pub(super) enum Progress {
    /// Everything in it is done.
    Done,
    /// It, or what is left of it, comes again.
    Again,
    /// It failed too often and is given up.
    GivenUp(Vec<Value>),
}

impl Work {
    pub(super) fn new(records: Vec<Value>) -> Self {
        Self {
            batches: VecDeque::from([records]),
            failures: 0,
        }
    }

    pub(super) fn first(&self) -> Option<&[Value]> {
        self.batches.front().map(Vec::as_slice)
    }

    /// How often the first batch has failed as it is.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// Takes note that the first batch failed from `failed` on, or not at all.
    ///
    /// Progress and splitting do not count as attempts; only a batch that is tried again as it was does.
    pub(super) fn settle(&mut self, failed: Option<usize>, mapping: &Mapping) -> Progress {
        let Some(mut batch) = self.batches.pop_front() else {
            return Progress::Done;
        };
        let Some(from) = failed else {
            self.failures = 0;
            return Progress::Done;
        };
        let mut rest = batch.split_off(from.min(batch.len()));
        let progressed = !batch.is_empty();
        if mapping.bisects && rest.len() > 1 {
            let second = rest.split_off(rest.len().div_ceil(2));
            self.batches.push_front(second);
            self.batches.push_front(rest);
            self.failures = 0;
            return Progress::Again;
        }
        self.failures = if progressed {
            1
        } else {
            self.failures.saturating_add(1)
        };
        if mapping.retries.is_some_and(|retries| self.failures > retries) {
            self.failures = 0;
            return Progress::GivenUp(rest);
        }
        self.batches.push_front(rest);
        Progress::Again
    }
}

/// The sequence number of a record.
pub(super) fn sequence_number(record: &Value) -> &str {
    record
        .pointer("/dynamodb/SequenceNumber")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Where the failed part of `records` begins, by what the function answered; `None` when nothing failed.
///
/// An answer that names no record of the batch means that all of it failed.
pub(super) fn first_failure(records: &[Value], answer: &[u8], reports: bool) -> Option<usize> {
    if !reports {
        return None;
    }
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let failures = match answer.get("batchItemFailures") {
        None | Some(Value::Null) => return None,
        Some(Value::Array(failures)) => failures,
        Some(_) => return Some(0),
    };
    let places = failures.iter().map(|failure| {
        let id = failure.get("itemIdentifier").and_then(Value::as_str)?;
        records.iter().position(|it| sequence_number(it) == id)
    });
    // `None`, an identifier that is not in the batch, is smaller than every place: then all of it failed.
    places.min().map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::template::Start;

    fn records(numbers: std::ops::Range<u32>) -> Vec<Value> {
        numbers
            .map(|n| json!({"dynamodb": {"SequenceNumber": n.to_string()}}))
            .collect()
    }

    fn mapping(bisects: bool, retries: Option<u32>) -> Mapping {
        Mapping {
            function: "F".to_owned(),
            table: "Table".to_owned(),
            batch_size: 10,
            start: Start::TrimHorizon,
            filters: Vec::new(),
            reports_item_failures: true,
            bisects,
            retries,
        }
    }

    /// Works a batch through a function that fails on `poison`; says what it saw and what was given up.
    fn run(poison: &[&str], mapping: &Mapping) -> (Vec<String>, Vec<String>) {
        let mut work = Work::new(records(0..6));
        let (mut seen, mut given_up) = (Vec::new(), Vec::new());
        let names = |batch: &[Value]| -> String { batch.iter().map(sequence_number).collect() };
        for _ in 0..50 {
            let Some(batch) = work.first().map(<[Value]>::to_vec) else {
                break;
            };
            seen.push(names(&batch));
            let failed = batch.iter().position(|it| poison.contains(&sequence_number(it)));
            if let Progress::GivenUp(batch) = work.settle(failed, mapping) {
                given_up.push(names(&batch));
            }
        }
        (seen, given_up)
    }

    #[test]
    fn a_poison_record_is_isolated_and_given_up_while_the_others_pass_in_order() {
        let (seen, given_up) = run(&["3"], &mapping(true, Some(1)));
        assert_eq!(seen, ["012345", "34", "3", "3", "4", "5"]);
        assert_eq!(given_up, ["3"]);
    }

    #[test]
    fn without_bisecting_the_rest_of_the_batch_is_given_up_with_it() {
        let (seen, given_up) = run(&["3"], &mapping(false, Some(2)));
        assert_eq!(seen, ["012345", "345", "345"]);
        assert_eq!(given_up, ["345"]);
    }

    #[test]
    fn without_a_limit_a_failed_batch_comes_for_ever() {
        let (seen, given_up) = run(&["0"], &mapping(false, None));
        assert_eq!(seen.len(), 50);
        assert!(given_up.is_empty());
    }

    #[test]
    fn the_first_failure_decides_where_to_go_on() {
        let table = [
            ("null", true, None),
            ("{}", true, None),
            (r#"{"batchItemFailures":[]}"#, true, None),
            (r#"{"batchItemFailures":null}"#, true, None),
            (
                r#"{"batchItemFailures":[{"itemIdentifier":"4"},{"itemIdentifier":"2"}]}"#,
                true,
                Some(2),
            ),
            (
                r#"{"batchItemFailures":[{"itemIdentifier":"4"},{"itemIdentifier":"9"}]}"#,
                true,
                Some(0),
            ),
            (r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#, true, Some(0)),
            (r#"{"batchItemFailures":"all"}"#, true, Some(0)),
            (r#"{"batchItemFailures":[{"itemIdentifier":"2"}]}"#, false, None),
        ];
        for (answer, reports, expected) in table {
            let found = first_failure(&records(0..6), answer.as_bytes(), reports);
            assert_eq!(found, expected, "{answer}");
        }
    }
}
