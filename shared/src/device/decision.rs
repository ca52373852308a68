//! Which known device a visit comes from, if any.

use std::time::Duration;

use crate::model::Instant;

use super::similarity::{order, similarity};
use super::traits::Traits;
use super::weights::known;

/// How many candidates an item of one [`super::Key`] holds: those seen last. Eight with their traits are about 1.2 KB.
pub const CANDIDATES: usize = 8;

/// How many of them may be one device: a window that is private at times, a second monitor.
pub const TIMES: usize = 2;

/// For how long a time that is kept need not be written again when it comes back as it was.
pub const REFRESH: Duration = Duration::from_secs(86_400);

/// A device that was seen, as it was then. One device may be a candidate several times, as it was at different times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate<Id> {
    /// Which device.
    pub id: Id,
    /// What it showed.
    pub traits: Traits,
    /// When.
    pub seen_at: Instant,
}

/// Which device a visit comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision<Id> {
    /// From a known one.
    Known {
        /// Which.
        id: Id,
        /// How sure that is.
        confidence: Confidence,
    },
    /// From none that is known.
    New {
        /// How sure that is.
        confidence: Confidence,
    },
}

/// How sure a decision is: the share of all that speaks for anything that speaks for it. 1 to 99 percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Confidence(u8);

impl Confidence {
    /// In percent, 1 to 99.
    pub const fn percent(self) -> u8 {
        self.0
    }

    /// 0.01 to 0.99.
    pub fn share(self) -> f64 {
        f64::from(self.0) / 100.0
    }

    fn of(points: i32, all: impl Iterator<Item = i32>) -> Self {
        // Relative to the chosen one, so that no power overflows; ten points are one nat.
        let all: f64 = all.map(|other| (f64::from(other - points) / 10.0).exp()).sum();
        let percent = (100.0 / all.max(1.0)).round().clamp(1.0, 99.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and 99"
        )]
        Self(percent as u8)
    }
}

/// Whether a visit shows enough to be recognised by: as much as would make it known if it came again just so.
pub fn is_telling(visit: &Traits) -> bool {
    similarity(visit, visit).is_some_and(|points| known(visit.is_handheld()) <= points)
}

/// Finds the device of a visit among candidates. Of several that are equally alike it is the one seen last.
pub fn decide<Id: Copy + Eq>(visit: &Traits, candidates: &[Candidate<Id>]) -> Decision<Id> {
    let mut devices: Vec<Device<Id>> = Vec::new();
    for candidate in candidates {
        let Some(similarity) = similarity(&candidate.traits, visit) else {
            continue;
        };
        match devices.iter_mut().find(|device| device.id == candidate.id) {
            Some(device) => device.add(candidate, similarity),
            None => devices.push(Device::new(candidate, similarity)),
        }
    }
    let points = |device: &Device<Id>| device.similarity + order(device.release, visit.release());
    let known = known(visit.is_handheld());
    let all = || devices.iter().map(points).chain([known]);
    let best = devices
        .iter()
        .max_by_key(|device| (points(device), device.seen_at));
    match best {
        Some(device) if known <= points(device) => Decision::Known {
            id: device.id,
            confidence: Confidence::of(points(device), all()),
        },
        _ => Decision::New {
            confidence: Confidence::of(known, all()),
        },
    }
}

/// Whether what was seen is kept under a key already, as recently as matters; then nothing need be written.
pub fn is_remembered<Id: Copy + Eq>(kept: &[Candidate<Id>], seen: &Candidate<Id>) -> bool {
    kept.iter().any(|candidate| {
        candidate.id == seen.id
            && candidate.traits == seen.traits
            && seen.seen_at.since(candidate.seen_at) < REFRESH
    })
}

/// Adds what was seen to what is kept under a key: of a device its last [`TIMES`], in all the last [`CANDIDATES`].
pub fn remember<Id: Copy + Eq>(kept: &mut Vec<Candidate<Id>>, seen: Candidate<Id>) {
    kept.retain(|candidate| candidate.id != seen.id || candidate.traits != seen.traits);
    kept.push(seen);
    kept.sort_by_key(|candidate| std::cmp::Reverse(candidate.seen_at));
    let mut own = 0;
    kept.retain(|candidate| {
        own += usize::from(candidate.id == seen.id);
        candidate.id != seen.id || own <= TIMES
    });
    kept.truncate(CANDIDATES);
}

/// All that is known of one candidate's device.
struct Device<Id> {
    id: Id,
    /// Of the time at which it was most alike.
    similarity: i32,
    /// The newest version it showed.
    release: Option<u32>,
    seen_at: Instant,
}

impl<Id: Copy> Device<Id> {
    fn new(candidate: &Candidate<Id>, similarity: i32) -> Self {
        Self {
            id: candidate.id,
            similarity,
            release: candidate.traits.release(),
            seen_at: candidate.seen_at,
        }
    }

    fn add(&mut self, candidate: &Candidate<Id>, similarity: i32) {
        self.similarity = self.similarity.max(similarity);
        self.release = self.release.max(candidate.traits.release());
        self.seen_at = self.seen_at.max(candidate.seen_at);
    }
}
