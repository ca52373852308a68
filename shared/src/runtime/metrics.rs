//! What the service counts and measures, in CloudWatch's embedded metric format: a line of the log becomes metrics, and no
//! request is made.
//!
//! The lines hold numbers alone: no tenant, no session, no address. A validate that finds nothing writes none.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::model::{Instant, Reason};
use crate::service::endings;
use crate::store::{change, is_probe};

/// Where CloudWatch keeps them, those of each stack under its table's name.
const NAMESPACE: &str = "Holdfast";
/// How long counts of a request are gathered before they are told of.
const PAUSE: Duration = Duration::from_secs(10);

/// What is counted or measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// A session was opened.
    Opened,
    /// A session made room for another one of its subject.
    Evicted,
    /// A session ran out.
    Expired,
    /// A subject proved itself once more.
    SteppedUp,
    /// A validate was answered that the session looks suspicious.
    Suspicious,
    /// A validate was answered that the session looks stolen.
    Refused,
    /// A request's credential was none, or did not count.
    AuthRefused,
    /// A page's visit was refused, since a site's or a network's share was used up.
    TelemetryUsedUp,
    /// A scheduled cleanup's mark came through the table's stream.
    StreamHeartbeat,
    /// A guard, or a record of one in the stream, could not be read and was passed over.
    Unreadable,
    /// How old the oldest hour is that cleanup has not drained, in seconds.
    WatermarkAge,
}

/// How often each happened, or how much was measured.
pub type Numbers = BTreeMap<Metric, u64>;

impl Metric {
    /// The metric's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opened => "Opened",
            Self::Evicted => "Evicted",
            Self::Expired => "Expired",
            Self::SteppedUp => "SteppedUp",
            Self::Suspicious => "Suspicious",
            Self::Refused => "Refused",
            Self::AuthRefused => "AuthRefused",
            Self::TelemetryUsedUp => "TelemetryUsedUp",
            Self::StreamHeartbeat => "StreamHeartbeat",
            Self::Unreadable => "Unreadable",
            Self::WatermarkAge => "WatermarkAge",
        }
    }

    const fn unit(self) -> &'static str {
        match self {
            Self::WatermarkAge => "Seconds",
            _ => "Count",
        }
    }
}

/// The line that tells of `numbers`; none where there are none.
pub fn document(table: &str, now: Instant, numbers: &Numbers) -> Option<String> {
    if numbers.is_empty() {
        return None;
    }
    let metrics: Vec<Value> = numbers
        .keys()
        .map(|it| json!({"Name": it.name(), "Unit": it.unit()}))
        .collect();
    let directive = json!({"Namespace": NAMESPACE, "Dimensions": [["Table"]], "Metrics": metrics});
    let mut line = json!({
        "_aws": {"Timestamp": now.millis(), "CloudWatchMetrics": [directive]},
        // Lambda takes a line without both for INFO, and drops it.
        "level": "WARN",
        "timestamp": now.to_rfc3339(),
        "message": "metrics",
        "Table": table,
    });
    if let Some(members) = line.as_object_mut() {
        members.extend(
            numbers
                .iter()
                .map(|(it, number)| (it.name().to_owned(), json!(number))),
        );
    }
    Some(line.to_string())
}

/// What one record of the table's stream tells.
pub fn of_record(record: &Value) -> Numbers {
    if is_probe(record) {
        return Numbers::from([(Metric::StreamHeartbeat, 1)]);
    }
    let Ok(Some(change)) = change(record) else {
        return Numbers::new();
    };
    let opened = change.after.sessions.iter();
    let opened = opened.filter(|(id, _)| change.before.find(*id).is_none());
    let opened = opened.map(|_| Metric::Opened);
    let ended = endings(&change);
    let ended = ended.iter().filter_map(|(_, _, ending)| match ending.reason {
        Reason::Evicted => Some(Metric::Evicted),
        Reason::IdleTimeout | Reason::AbsoluteTimeout => Some(Metric::Expired),
        Reason::LoggedOut
        | Reason::LoggedOutEverywhere
        | Reason::Revoked
        | Reason::SuspectedTheft
        | Reason::Withdrawn
        | Reason::Pending => None,
    });
    let mut numbers = Numbers::new();
    for metric in opened.chain(ended) {
        *numbers.entry(metric).or_default() += 1;
    }
    numbers
}

/// Counts of single requests, told of at most every ten seconds, so that a flood of refusals is no flood of lines.
#[derive(Debug, Default)]
pub struct Tally {
    counted: Numbers,
    told_at: Option<Instant>,
}

impl Tally {
    /// A tally of nothing.
    pub const fn new() -> Self {
        Self {
            counted: Numbers::new(),
            told_at: None,
        }
    }

    /// Counts one, and gives what has to be told of now. The first of a while is told of at once.
    pub fn count(&mut self, metric: Metric, now: Instant) -> Numbers {
        *self.counted.entry(metric).or_default() += 1;
        if self.told_at.is_some_and(|at| now.since(at) < PAUSE) {
            return Numbers::new();
        }
        self.told_at = Some(now);
        std::mem::take(&mut self.counted)
    }
}

static TABLE: OnceLock<String> = OnceLock::new();
static TALLY: Mutex<Tally> = Mutex::new(Tally::new());

/// From now on metrics are told of, under this table's name.
pub(super) fn start(table: &str) {
    TABLE.get_or_init(|| table.to_owned());
}

/// Tells of numbers at once.
pub fn tell(numbers: &Numbers, now: Instant) {
    let line = TABLE.get().and_then(|table| document(table, now, numbers));
    if let Some(line) = line {
        // Nobody is helped by a request that fails since its number cannot be told.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }
}

/// Counts one request.
pub fn count(metric: Metric, now: Instant) {
    let mut tally = TALLY.lock().unwrap_or_else(PoisonError::into_inner);
    tell(&tally.count(metric, now), now);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Instant {
        Instant::from_secs(secs)
    }

    #[test]
    fn a_line_is_a_document_of_the_embedded_metric_format() {
        let numbers = Numbers::from([(Metric::Opened, 3), (Metric::WatermarkAge, 7_200)]);
        let line = document("stack-Table-1", at(1_700_000_000), &numbers).unwrap();
        assert_eq!(line.lines().count(), 1);
        assert_eq!(
            serde_json::from_str::<Value>(&line).unwrap(),
            json!({
                "_aws": {
                    "Timestamp": 1_700_000_000_000_i64,
                    "CloudWatchMetrics": [{
                        "Namespace": "Holdfast",
                        "Dimensions": [["Table"]],
                        "Metrics": [
                            {"Name": "Opened", "Unit": "Count"},
                            {"Name": "WatermarkAge", "Unit": "Seconds"},
                        ],
                    }],
                },
                "level": "WARN",
                "timestamp": at(1_700_000_000).to_rfc3339(),
                "message": "metrics",
                "Table": "stack-Table-1",
                "Opened": 3,
                "WatermarkAge": 7_200,
            })
        );
    }

    #[test]
    fn where_there_is_nothing_to_tell_there_is_no_line() {
        assert_eq!(document("t", at(0), &Numbers::new()), None);
    }

    #[test]
    fn a_flood_of_refusals_is_a_line_in_ten_seconds_and_loses_no_count() {
        let mut tally = Tally::new();
        let mut told = Vec::new();
        for second in 0..=30 {
            for _ in 0..100 {
                let numbers = tally.count(Metric::AuthRefused, at(second));
                told.extend(numbers.get(&Metric::AuthRefused).map(|count| (second, *count)));
            }
        }
        assert_eq!(told, [(0, 1), (10, 1_000), (20, 1_000), (30, 1_000)]);
    }

    #[test]
    fn a_probe_that_came_through_the_stream_is_a_heartbeat() {
        let probe = json!({"eventName": "MODIFY", "dynamodb": {
            "Keys": {"pk": {"S": "W#stream"}, "sk": {"S": "probe"}},
            "NewImage": {"pk": {"S": "W#stream"}, "sk": {"S": "probe"}, "t": {"N": "1"}},
        }});
        assert_eq!(of_record(&probe), Numbers::from([(Metric::StreamHeartbeat, 1)]));
        let mut deleted = probe;
        deleted["dynamodb"].as_object_mut().unwrap().remove("NewImage");
        assert_eq!(of_record(&deleted), Numbers::new());
    }

    #[test]
    fn what_no_stream_holds_tells_nothing() {
        for odd in [json!({}), json!({"dynamodb": {"Keys": {"sk": {"S": "guard"}}}})] {
            assert_eq!(of_record(&odd), Numbers::new(), "{odd}");
        }
    }
}
