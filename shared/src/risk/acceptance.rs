//! What a session remembers of a request that was judged and not refused.

use crate::model::{Context, HeldSession, Instant, Profile, Suspicion};
use crate::policy::RiskPolicy;

use super::score::Score;

/// The session after it was seen in `context` with this score: held by it when it is trusted and below the tenant's
/// threshold, under suspicion when it is not below. The profile may learn from it below 45 only, whatever the tenant.
pub fn seen(
    held: &HeldSession,
    context: &Context,
    score: Score,
    policy: &RiskPolicy,
    now: Instant,
) -> HeldSession {
    let mut next = HeldSession {
        last_activity_at: now,
        risk: score.get(),
        ..held.clone()
    };
    if policy.suspicious <= score.get() {
        next.trail.suspicion = held
            .trail
            .suspicion
            .or_else(|| Some(Suspicion::new(now, held.last_activity_at)));
        return next;
    }
    next.trail.suspicion = None;
    if context.trusted {
        let before = next.clone();
        next.accept(context, now);
        if score < Score::SUSPICIOUS {
            next.trail.learnt_on = Some(Profile::day(now));
        } else if next != before {
            next.trail.learnt_on = None;
        }
    }
    next
}
