//! What a score leads to.

use serde::Serialize;

use crate::policy::{Mode, RiskPolicy};

use super::score::Score;

/// How a score stands to the tenant's thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Below both thresholds.
    Low,
    /// The caller should ask for a further proof.
    Suspicious,
    /// The session is treated as stolen.
    Stolen,
}

impl Level {
    /// The level of `score`. The higher threshold wins where they are the wrong way round.
    pub fn of(score: Score, policy: &RiskPolicy) -> Self {
        if policy.stolen <= score.get() {
            Self::Stolen
        } else if policy.suspicious <= score.get() {
            Self::Suspicious
        } else {
            Self::Low
        }
    }

    /// The level as answers spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Suspicious => "suspicious",
            Self::Stolen => "stolen",
        }
    }
}

/// What is done about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing.
    Allow,
    /// A further proof is asked for.
    StepUp,
    /// The request is refused and the session revoked.
    Refuse,
}

impl Action {
    /// The action as answers spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::StepUp => "step_up",
            Self::Refuse => "refuse",
        }
    }
}

/// What the tenant's policy does about a score; in [`Mode::Monitor`] nothing.
pub fn decide(score: Score, policy: &RiskPolicy) -> Action {
    match (policy.mode, Level::of(score, policy)) {
        (Mode::Monitor, _) | (Mode::Enforce, Level::Low) => Action::Allow,
        (Mode::Enforce, Level::Suspicious) => Action::StepUp,
        (Mode::Enforce, Level::Stolen) => Action::Refuse,
    }
}
