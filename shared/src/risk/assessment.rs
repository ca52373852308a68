//! The factors of one request, and their sum.

use serde::Serialize;

use crate::policy::RiskPolicy;

use super::evidence::Evidence;
use super::factor::Factor;
use super::score::Score;
use super::weights::{ANONYMIZER_NEW, FINGERPRINT_MATCH, FINGERPRINT_NEVER, USER_AGENT_SAME};
use super::{Explanation, components, fingerprint, network, reputation, sequence, travel, user_agent};

/// Whether record and profile have something to say about a request: its user agent, or what is known of its subject.
///
/// When not, [`assess`] gives the same assessment with and without them.
pub fn needs_history(evidence: &Evidence<'_>) -> bool {
    let fingerprint = fingerprint::weigh(evidence, USER_AGENT_SAME);
    evidence.told.is_some()
        || !user_agent::is_same(evidence)
        || 0 < network::weigh(evidence).points
        || (fingerprint != FINGERPRINT_MATCH && fingerprint != FINGERPRINT_NEVER)
        || reputation::weigh(evidence) == Some(ANONYMIZER_NEW)
}

/// Judges a request by what its session remembers and its subject is known by.
///
/// A record or profile that is not at hand counts as missing data.
pub fn assess(evidence: &Evidence<'_>) -> Assessment {
    let network = network::weigh(evidence);
    let (agent, agent_factor) = user_agent::judge(evidence);
    let print = fingerprint::weigh(evidence, agent);
    let weights = [
        Some(network),
        reputation::weigh(evidence),
        travel::weigh(evidence),
        Some(agent),
        Some(print),
        components::weigh(evidence),
        sequence::weigh(evidence, agent),
    ];
    let weights = || weights.iter().flatten();
    let compared = weights().filter(|weight| weight.compared).count();
    let unsure = evidence.profile_is_young() && weights().any(|weight| weight.by_profile);
    let factors = [
        Some(network::factor(evidence)),
        reputation::factor(evidence),
        travel::factor(evidence),
        Some(agent_factor),
        Some(print.factor(None, None)),
        components::factor(evidence),
        sequence::factor(evidence, agent),
    ];
    Assessment {
        factors: factors.into_iter().flatten().collect(),
        confidence: if evidence.context.trusted && 2 <= compared && !unsure {
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
    /// Fewer than two groups had something to compare, or the request is only its caller's own word, or something was
    /// called new or known by a profile that has learnt little yet.
    Low,
    /// None of these.
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
