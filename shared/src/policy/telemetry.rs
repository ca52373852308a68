//! What a tenant decides about telemetry.

use std::time::Duration;

/// Who may ask for what browsers told, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TelemetryPolicy {
    /// How long a token can be exchanged, 1 minute to a day.
    pub token_lifetime: Duration,
    /// How long telemetry is kept, 1 to 30 days.
    pub kept: Duration,
    /// Whether `/token/v1` takes an API key, as `/token/v2` always does.
    pub key_required: bool,
    /// Whether a token can be exchanged once only.
    pub single_use: bool,
}

impl TelemetryPolicy {
    /// Most minutes a token may live.
    pub const MOST_MINUTES: u32 = 24 * 60;
    /// Most days telemetry may be kept.
    pub const MOST_DAYS: u32 = 30;

    /// The lifetime of a token of so many minutes, brought into its range.
    pub fn minutes(minutes: u32) -> Duration {
        Duration::from_secs(60 * u64::from(minutes.clamp(1, Self::MOST_MINUTES)))
    }

    /// So many days, brought into their range.
    pub fn days(days: u32) -> Duration {
        Duration::from_secs(24 * 3600 * u64::from(days.clamp(1, Self::MOST_DAYS)))
    }
}

impl Default for TelemetryPolicy {
    fn default() -> Self {
        Self {
            token_lifetime: Self::minutes(30),
            kept: Self::days(30),
            key_required: false,
            single_use: false,
        }
    }
}
