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
        // Another machine's clock may be ahead of this one's.
        last_activity_at: now.max(held.last_activity_at),
        risk: score.get(),
        ..held.clone()
    };
    if !is_accepted(score, policy) {
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

/// Whether a trusted request with this score shows what the session is held by from now on: it is below the lower of 45
/// and the tenant's threshold.
pub fn is_accepted(score: Score, policy: &RiskPolicy) -> bool {
    score.get() < policy.suspicious.min(Score::SUSPICIOUS.get())
}

/// Whether what `next` remembers beyond `held` is worth a write of its own.
///
/// A new day is not. Nor is the other one of the two addresses the session is held by, with what is known of it: clients
/// that have an IPv4 and an IPv6 address use them in turn, at any request. Both are written with the next touch.
pub fn is_news(held: &HeldSession, next: &HeldSession) -> bool {
    let mut same = HeldSession {
        last_activity_at: held.last_activity_at,
        ..next.clone()
    };
    same.trail.learnt_on = held.trail.learnt_on;
    if (held.ipv4, held.ipv6) == (next.ipv4, next.ipv6) {
        same.asn = held.asn;
        same.country.clone_from(&held.country);
        (same.geo, same.anonymous) = (held.geo, held.anonymous);
        same.trail.ipv6 = held.trail.ipv6;
        same.trail.relay = held.trail.relay;
        same.trail.earlier_system = held.trail.earlier_system;
        same.trail.proven = held.trail.proven;
    }
    same != *held
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
        && session.trail.relay == facts.anonymity.relayed_only()
        && facts.anonymity.tor != Some(true)
}
