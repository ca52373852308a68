//! The factors of one request, and their sum.

use serde::Serialize;

use crate::model::{Context, HeldSession, Instant, SessionRecord};
use crate::policy::RiskPolicy;

use super::factor::Factor;
use super::score::Score;
use super::weights::{FINGERPRINT_MATCH, FINGERPRINT_NEVER, USER_AGENT_SAME};
use super::{Explanation, fingerprint, network, user_agent};

/// Whether the record has something to say about a request: its user agent, or what was expected.
///
/// When not, [`assess`] gives the same assessment with and without it.
pub fn needs_record(held: &HeldSession, context: &Context) -> bool {
    let fingerprint = fingerprint::weigh(held, context, USER_AGENT_SAME);
    !user_agent::is_same(held, context)
        || 0 < network::weigh(held, context).points
        || (fingerprint != FINGERPRINT_MATCH && fingerprint != FINGERPRINT_NEVER)
}

/// Judges a request by what its session remembers.
///
/// A record that is not at hand counts as missing data. The time is for the groups that know of distances and
/// sequences; none of those in use today reads it.
pub fn assess(
    held: &HeldSession,
    record: Option<&SessionRecord>,
    context: &Context,
    _now: Instant,
) -> Assessment {
    let network = network::weigh(held, context);
    let (agent, agent_factor) = user_agent::judge(held, record, context);
    let print = fingerprint::weigh(held, context, agent);
    let compared = [network, agent, print]
        .iter()
        .filter(|weight| weight.compared)
        .count();
    Assessment {
        factors: vec![
            network::factor(held, context),
            agent_factor,
            print.factor(None, None),
        ],
        confidence: if context.trusted && 2 <= compared {
            Confidence::Medium
        } else {
            Confidence::Low
        },
    }
}

/// How much there was to judge by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Fewer than two groups had something to compare, or the request is only its caller's own word.
    Low,
    /// At least two groups had something to compare.
    Medium,
}

/// The factors of one request, one of each group that has data. The score is their sum, whatever they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    factors: Vec<Factor>,
    confidence: Confidence,
}

impl Assessment {
    /// The reasons, in the order of [`super::Group::ALL`].
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }

    /// The sum of the factors' points, before it is brought into 0 to 100.
    pub fn sum(&self) -> i32 {
        self.factors.iter().map(|factor| factor.points).sum()
    }

    /// The score.
    pub fn score(&self) -> Score {
        Score::of(self.sum())
    }

    /// How much there was to judge by.
    pub const fn confidence(&self) -> Confidence {
        self.confidence
    }

    /// What a caller with an API key is told.
    pub fn explain(&self, policy: &RiskPolicy) -> Explanation<'_> {
        Explanation::new(self, *policy)
    }
}
