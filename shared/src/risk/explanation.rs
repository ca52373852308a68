//! Why a request got its score, for the tenant's own systems; a client is never told.

use serde::Serialize;

use crate::policy::{Mode, RiskPolicy};

use super::MODEL_VERSION;
use super::assessment::{Assessment, Confidence};
use super::decision::{Action, Level, decide};
use super::factor::Factor;
use super::score::Score;

/// The additive `risk` object of an answer to an API key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation<'a> {
    /// The score.
    pub score: Score,
    /// How it stands to the tenant's thresholds.
    pub level: Level,
    /// What was done.
    pub action: Action,
    /// `enforce` or `monitor`.
    pub mode: &'static str,
    /// [`MODEL_VERSION`].
    pub model_version: &'static str,
    /// How much there was to judge by.
    pub confidence: Confidence,
    /// The reasons; their points add up to the score, before it is brought into 0 to 100.
    pub factors: &'a [Factor],
}

impl<'a> Explanation<'a> {
    pub(super) fn new(assessment: &'a Assessment, policy: RiskPolicy) -> Self {
        let score = assessment.score();
        Self {
            score,
            level: Level::of(score, &policy),
            action: decide(score, &policy),
            mode: match policy.mode {
                Mode::Enforce => "enforce",
                Mode::Monitor => "monitor",
            },
            model_version: MODEL_VERSION,
            confidence: assessment.confidence(),
            factors: assessment.factors(),
        }
    }
}
