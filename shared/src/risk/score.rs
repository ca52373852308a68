//! The one number a request is judged by.

use serde::Serialize;

/// A risk score, 0 to 100. Ten points are about one nat of log-likelihood ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Score(u8);

impl Score {
    /// No risk seen.
    pub const MIN: Self = Self(0);
    /// The highest score.
    pub const MAX: Self = Self(100);
    /// Where suspicion begins, unless the tenant says otherwise.
    pub const SUSPICIOUS: Self = Self(45);
    /// Where a session counts as stolen, unless the tenant says otherwise.
    pub const STOLEN: Self = Self(80);

    /// The score of a sum of points.
    pub fn of(points: i32) -> Self {
        Self(u8::try_from(points.clamp(0, 100)).unwrap_or(Self::MAX.0))
    }

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}
