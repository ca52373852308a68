//! What a session remembers of a request that was judged and not refused.

use crate::model::{Context, HeldSession, Instant, Profile, Suspicion};
use crate::policy::{Listed, Lists, RiskPolicy};

use super::score::Score;

/// The session after it was seen in `context` with this score: held by it when it is trusted and below the lower of 45
/// and the tenant's threshold, under suspicion when it is not below. Suspicion ends with a trusted context only.
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
    if policy.suspicious.min(Score::SUSPICIOUS.get()) <= score.get() {
        next.trail.suspicion = Some(suspected(held, now));
        return next;
    }
    if context.trusted {
        next.trail.suspicion = None;
        next.accept(context, now);
        if held.trail.learnt_on.is_some() || shows_all(context, &next) {
            next.trail.learnt_on = Some(Profile::day(now));
        }
    }
    next
}

/// The session after a request with this score was refused and the session left to its owner: under suspicion, and no
/// longer alive for it.
pub fn refused(held: &HeldSession, score: Score, now: Instant) -> HeldSession {
    let mut next = HeldSession {
        risk: score.get(),
        ..held.clone()
    };
    next.trail.suspicion = Some(suspected(held, now));
    next
}

/// Whether a session opened in `context` may teach its subject's profile: not by its caller's own word, nor where the
/// tenant denies, nor from an exit of Tor unless the tenant allows it.
pub fn opening_teaches(context: &Context, lists: &Lists) -> bool {
    context.trusted
        && match lists.find(context) {
            Some(Listed::Denied(_)) => false,
            Some(Listed::Allowed(_)) => true,
            None => context.facts.anonymity.tor != Some(true),
        }
}

fn suspected(held: &HeldSession, now: Instant) -> Suspicion {
    let begun = || Suspicion::new(now, held.last_activity_at);
    held.trail.suspicion.unwrap_or_else(begun)
}

/// Whether the context itself shows all that could be learnt from the session, which is not true of one that was opened
/// by its caller's own word: what only that word says is never learnt. Nor is an exit of Tor, by staying there.
fn shows_all(context: &Context, session: &HeldSession) -> bool {
    let facts = &context.facts;
    session.fingerprint == context.fingerprint
        && session.asn == facts.asn()
        && session.country.as_deref() == facts.alpha_2()
        && session.anonymous == facts.anonymity.any()
        && facts.anonymity.tor != Some(true)
}
