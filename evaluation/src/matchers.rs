//! What is compared with what: the baselines, side by side.

use std::collections::HashMap;

use crate::seen::Seen;

/// One way to compare visits.
pub(crate) struct Matcher {
    pub(crate) name: &'static str,
    /// How alike two visits are, the earlier first; more is more alike.
    pub(crate) score: fn(&Seen, &Seen) -> i32,
    /// Gives ids to visits; some can only compare.
    pub(crate) tracker: Option<fn() -> Box<dyn Track>>,
}

/// All of them.
pub(crate) const MATCHERS: &[Matcher] = &[
    Matcher {
        name: "exact, everything",
        score: |one, other| i32::from(one.everything == other.everything),
        tracker: Some(|| Box::new(Exact::by(|seen| seen.everything))),
    },
    Matcher {
        name: "exact, stable",
        score: |one, other| i32::from(one.stable == other.stable),
        tracker: Some(|| Box::new(Exact::by(|seen| seen.stable))),
    },
    Matcher {
        name: "count",
        score: Seen::equal,
        tracker: None,
    },
];

/// Gives an id to each visit, in order of time.
pub(crate) trait Track {
    /// The visit's id.
    fn identify(&mut self, seen: &Seen, now: f64) -> u64;
}

/// One id for each hash.
struct Exact {
    hash: fn(&Seen) -> u64,
    ids: HashMap<u64, u64>,
}

impl Exact {
    fn by(hash: fn(&Seen) -> u64) -> Self {
        Self {
            hash,
            ids: HashMap::new(),
        }
    }
}

impl Track for Exact {
    fn identify(&mut self, seen: &Seen, _now: f64) -> u64 {
        let next = self.ids.len() as u64;
        *self.ids.entry((self.hash)(seen)).or_insert(next)
    }
}
