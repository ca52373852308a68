//! A reason for a score.

use serde::Serialize;

/// What a factor is about. A request has at most one factor of each group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Where the request comes from, compared with the session.
    Network,
    /// What is known of that network by itself: hosting, VPN, Tor, the tenant's lists. Needs address data or lists.
    Reputation,
    /// Whether a person can have travelled there. Needs address data.
    Travel,
    /// The user agent.
    UserAgent,
    /// The device fingerprint.
    Fingerprint,
    /// The parts of a device that the browser collector reports. Needs the collector.
    Components,
    /// What one request after the other tries. Has a factor only when somebody tries fingerprints.
    Sequence,
}

impl Group {
    /// Every group, in the order in which factors are listed.
    pub const ALL: [Self; 7] = [
        Self::Network,
        Self::Reputation,
        Self::Travel,
        Self::UserAgent,
        Self::Fingerprint,
        Self::Components,
        Self::Sequence,
    ];

    /// The group as answers spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Reputation => "reputation",
            Self::Travel => "travel",
            Self::UserAgent => "user_agent",
            Self::Fingerprint => "fingerprint",
            Self::Components => "components",
            Self::Sequence => "sequence",
        }
    }
}

/// One reason, with what was seen and what the session led us to expect.
///
/// The two texts are networks (/24, /48), autonomous systems, countries and browser families, never a full address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Factor {
    /// What it is about.
    pub group: Group,
    /// Its name in `docs/risk.md`.
    pub name: &'static str,
    /// What it adds to the score.
    pub points: i32,
    /// What the request shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    /// What the session remembers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
}
