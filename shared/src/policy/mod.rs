//! What a tenant decides: how many sessions, for how long, and what a risk score leads to.

use std::str::FromStr;
use std::time::Duration;

use crate::model::{HeldSession, Instant, Partition, SessionId, TenantId};

mod evidence;
mod lists;
mod origins;
mod telemetry;

pub use evidence::{EvidencePolicy, Piece, Promise};
pub use lists::{Listed, Lists, Pattern};
pub use origins::{Origin, Origins};
pub use telemetry::TelemetryPolicy;

/// An account of this deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its number inside PFIDs.
    pub partition: Partition,
    /// Its decisions.
    pub policy: Policy,
}

/// A tenant's decisions. The deployment's parameters give the defaults, the tenant's own item overrides them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Most sessions a subject holds at a time, 1 to 25.
    pub max_concurrent: usize,
    /// What happens when one more is opened.
    pub at_limit: AtLimit,
    /// How long a session lives whatever happens.
    pub absolute_timeout: AbsoluteTimeout,
    /// What scores lead to.
    pub risk: RiskPolicy,
    /// The addresses the tenant has decided about itself.
    pub lists: Lists,
    /// Whether IP, user agent and fingerprint in a body are believed when a user's own token sends them.
    pub trust_user_context: bool,
    /// The origins of pages that may read what their users' own tokens are answered.
    pub allowed_origins: Origins,
    /// Whether a session is told of only for a client that is known already.
    pub known_clients_only: bool,
    /// What browsers tell: who may ask for it, and for how long.
    pub telemetry: TelemetryPolicy,
    /// What the tenant's backend says it sends with every request.
    pub evidence: EvidencePolicy,
}

impl Policy {
    /// Most sessions one guard can hold within one read unit.
    pub const MOST_CONCURRENT: usize = 25;
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            max_concurrent: 5,
            at_limit: AtLimit::EvictLeastRecentlyActive,
            absolute_timeout: AbsoluteTimeout::Aal2,
            risk: RiskPolicy::default(),
            lists: Lists::default(),
            trust_user_context: false,
            allowed_origins: Origins::default(),
            known_clients_only: false,
            telemetry: TelemetryPolicy::default(),
            evidence: EvidencePolicy::default(),
        }
    }
}

/// A text that names no choice of this setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of the choices")]
pub struct UnknownChoice;

/// What happens when a subject at its limit opens one more session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtLimit {
    /// The new session is refused.
    Reject,
    /// The session opened first ends.
    EvictOldest,
    /// The session whose last activity is furthest back ends.
    EvictLeastRecentlyActive,
    /// The session with the highest score ends; among equals the least recently active.
    EvictRiskiest,
}

impl FromStr for AtLimit {
    type Err = UnknownChoice;

    fn from_str(text: &str) -> Result<Self, UnknownChoice> {
        match text {
            "reject" => Ok(Self::Reject),
            "evict_oldest" => Ok(Self::EvictOldest),
            "evict_least_recently_active" => Ok(Self::EvictLeastRecentlyActive),
            "evict_riskiest" => Ok(Self::EvictRiskiest),
            _ => Err(UnknownChoice),
        }
    }
}

/// Absolute timeouts after the assurance levels of NIST SP 800-63B-4, section 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbsoluteTimeout {
    /// 30 days.
    Aal1,
    /// 24 hours.
    Aal2,
    /// 12 hours.
    Aal3,
}

impl AbsoluteTimeout {
    /// The longest of them.
    pub const LONGEST: Duration = Self::Aal1.duration();

    /// How long a session lives at most.
    pub const fn duration(self) -> Duration {
        let hours = match self {
            Self::Aal1 => 30 * 24,
            Self::Aal2 => 24,
            Self::Aal3 => 12,
        };
        Duration::from_secs(hours * 3600)
    }
}

impl FromStr for AbsoluteTimeout {
    type Err = UnknownChoice;

    fn from_str(text: &str) -> Result<Self, UnknownChoice> {
        match text {
            "aal1" => Ok(Self::Aal1),
            "aal2" => Ok(Self::Aal2),
            "aal3" => Ok(Self::Aal3),
            _ => Err(UnknownChoice),
        }
    }
}

/// What scores lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RiskPolicy {
    /// Whether a stolen session is refused and revoked, or only reported.
    pub mode: Mode,
    /// From this score on a session is suspicious, 1 to 100.
    pub suspicious: u8,
    /// From this score on a session is treated as stolen, 1 to 100, not below `suspicious`.
    pub stolen: u8,
}

impl Default for RiskPolicy {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            suspicious: 45,
            stolen: 80,
        }
    }
}

/// Whether scores have consequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A stolen session is refused and revoked.
    Enforce,
    /// Scores are reported and nothing else happens.
    Monitor,
}

impl FromStr for Mode {
    type Err = UnknownChoice;

    fn from_str(text: &str) -> Result<Self, UnknownChoice> {
        match text {
            "enforce" => Ok(Self::Enforce),
            "monitor" => Ok(Self::Monitor),
            _ => Err(UnknownChoice),
        }
    }
}

/// How one more session gets into a full guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// By ending these, the expired ones among them first; none when there is room after all.
    Replacing(Vec<SessionId>),
    /// Not at all.
    Refused,
}

/// Decides how one more session gets in beside those `held`, at most `policy.max_concurrent` staying.
pub fn admit(held: &[(SessionId, HeldSession)], policy: &Policy, now: Instant) -> Admission {
    let (mut live, expired): (Vec<_>, Vec<_>) = held.iter().partition(|(_, session)| session.is_live(now));
    let room = policy.max_concurrent.clamp(1, Policy::MOST_CONCURRENT) - 1;
    let mut leaving: Vec<SessionId> = expired.iter().map(|(id, _)| *id).collect();
    let surplus = live.len().saturating_sub(room);
    if 0 < surplus {
        let by_activity = |(id, session): &&(SessionId, HeldSession)| (session.last_activity_at, *id);
        match policy.at_limit {
            AtLimit::Reject => return Admission::Refused,
            AtLimit::EvictOldest => live.sort_by_key(|(id, session)| (session.created_at, *id)),
            AtLimit::EvictLeastRecentlyActive => live.sort_by_key(by_activity),
            AtLimit::EvictRiskiest => {
                live.sort_by_key(|entry| (std::cmp::Reverse(entry.1.risk), by_activity(entry)));
            }
        }
        leaving.extend(live.iter().take(surplus).map(|(id, _)| *id));
    }
    Admission::Replacing(leaving)
}
