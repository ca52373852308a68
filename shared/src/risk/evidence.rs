//! What a judgement rests on.

use crate::model::{Context, HeldSession, Instant, Profile, SessionRecord};
use crate::policy::{EvidencePolicy, Lists};

use super::components::Told;

/// What a judgement rests on. Nothing else enters.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// What the session remembers.
    pub held: &'a HeldSession,
    /// Everything about the session, where it is at hand.
    pub record: Option<&'a SessionRecord>,
    /// What its subject is known by, where it is at hand.
    pub profile: Option<&'a Profile>,
    /// What the request shows.
    pub context: &'a Context,
    /// What the request's telemetry token leads to, where it has one.
    pub told: Option<Told<'a>>,
    /// What the tenant decided about addresses.
    pub lists: &'a Lists,
    /// What the tenant's backend sends with its requests.
    pub promises: EvidencePolicy,
    /// The time of the request.
    pub now: Instant,
}

impl Evidence<'_> {
    /// The time of the request for the rules that forgive with time: in a run of suspicious requests that of the first.
    pub(super) fn time(&self) -> Instant {
        self.held.trail.suspicion.unwrap_or(self.now)
    }

    /// When the session was last seen where it is held.
    pub(super) fn home_at(&self) -> Instant {
        self.held.trail.home_at.unwrap_or(self.held.created_at)
    }

    /// Whether the profile knows too little for something unknown to mean much.
    pub(super) fn profile_is_young(&self) -> bool {
        self.profile.is_none_or(|it| it.is_young(self.now))
    }
}
