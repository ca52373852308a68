//! What is compared with what: the service's matcher and the baselines, side by side.

use std::collections::HashMap;

use shared::device::{self, Candidate, Decision};
use shared::model::Instant;

use crate::seen::Seen;

/// Less than any two visits have that are compared at all.
const NEVER: i32 = -1_000;

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
    Matcher {
        name: "Holdfast",
        score: weighed,
        tracker: Some(|| Box::new(Tenant::default())),
    },
];

/// Gives an id to each visit, in order of time.
pub(crate) trait Track {
    /// The visit's id, and how sure that is in percent, where it says so of an id that was there before.
    fn identify(&mut self, seen: &Seen, now: f64) -> (u64, Option<u8>);
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
    fn identify(&mut self, seen: &Seen, _now: f64) -> (u64, Option<u8>) {
        let next = self.ids.len() as u64;
        (*self.ids.entry((self.hash)(seen)).or_insert(next), None)
    }
}

/// As the service would find it: only where a key leads from one visit to the other.
fn weighed(earlier: &Seen, later: &Seen) -> i32 {
    let led = earlier.keys.iter().any(|key| later.keys.contains(key));
    let points = device::points(&earlier.traits, &later.traits);
    points.filter(|_| led).unwrap_or(NEVER)
}

/// The items of a tenant, in memory.
#[derive(Default)]
struct Tenant {
    items: HashMap<device::Key, Vec<Candidate<u64>>>,
    devices: u64,
}

impl Track for Tenant {
    fn identify(&mut self, seen: &Seen, now: f64) -> (u64, Option<u8>) {
        let items = seen.keys.iter().filter_map(|key| self.items.get(key));
        let candidates: Vec<Candidate<u64>> = items.flatten().copied().collect();
        let (id, sure) = match device::decide(&seen.traits, &candidates) {
            Decision::Known { id, confidence } => (id, Some(confidence.percent())),
            Decision::New { .. } => {
                self.devices += 1;
                (self.devices, None)
            }
        };
        for key in seen.keys {
            let seen = Candidate {
                id,
                traits: seen.traits,
                seen_at: Instant::from_millis((now * 86_400_000.0) as i64),
            };
            let kept = self.items.entry(key).or_default();
            if !device::is_remembered(kept, &seen) {
                device::remember(kept, seen);
            }
        }
        (id, sure)
    }
}
