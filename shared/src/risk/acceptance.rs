//! What a session remembers of its opening, of a request that was judged, and of a proof.

use std::time::Duration;

use crate::model::{
    Context, Elsewhere, HeldSession, Instant, OtherFingerprint, Profile, Sample, Standing, Trail, start_of,
};
use crate::policy::{Listed, Lists, RiskPolicy};

use super::assessment::Weighed;
use super::evidence::Evidence;
use super::score::Score;
use super::weights::{
    DESKTOP_SITE, FINGERPRINT_CHANGED, FINGERPRINT_CHANGED_ABROAD, FINGERPRINT_DRAWN, FINGERPRINT_KNOWN,
    FINGERPRINT_NEW, FINGERPRINT_UNVOUCHED, FINGERPRINT_UPGRADED, FINGERPRINT_VOUCHED, SYSTEM_KNOWN,
    SYSTEM_NEW_SAME_COUNTRY,
};
use super::{components, guessing, network};

/// What is left of a judgement.
pub(super) struct Kept {
    pub(super) next: HeldSession,
    pub(super) user_agent_moved: bool,
    pub(super) telemetry_moved: bool,
}

/// A session as it is opened in `context`: who opens it has just shown who that is.
pub fn opened(
    context: &Context,
    told: bool,
    lists: &Lists,
    idle_timeout: Duration,
    absolute_timeout: Duration,
    now: Instant,
) -> HeldSession {
    let mut held = HeldSession {
        created_at: now,
        last_activity_at: now,
        idle_timeout,
        absolute_expiry: now + absolute_timeout,
        fingerprint: context.fingerprint,
        ipv4: None,
        ipv6: None,
        user_agent: context.user_agent_digest(),
        risk: 0,
        country: None,
        asn: None,
        geo: None,
        anonymous: false,
        trail: Trail {
            told,
            // Whether its subject's profile learns it is for later.
            learnt_on: opening_teaches(context, lists).then(|| Profile::day(now)),
            ..Trail::default()
        },
    };
    held.hold_by(context, now);
    held
}

/// The session after its subject proved itself in `context`: it is held by that, with nothing of what led there.
pub fn proven(held: &HeldSession, context: &Context, told: bool, now: Instant) -> HeldSession {
    let mut next = HeldSession {
        last_activity_at: now.max(held.last_activity_at),
        // A device that sends no fingerprint any more is not to be asked for one for ever.
        fingerprint: context.fingerprint,
        ..held.clone()
    };
    if held.trail.learnt_on.is_none() && context.address.is_some() {
        // Nobody but its opener's own word says so: a proof of something else is none of this.
        (next.ipv4, next.ipv6) = (None, None);
        (next.asn, next.country, next.geo, next.anonymous) = (None, None, None, false);
        next.trail.relay = false;
    }
    next.hold_by(context, now);
    next.trail.told |= told;
    next.trail.proven = true;
    next.trail.learnt_on = Some(Profile::day(now));
    next
}

/// The session after a request that was not refused: under suspicion when its score is not below the lower of 45 and the
/// tenant's threshold. It is held by what it was held by; where else it was let in, and with what, is noted beside that
/// with what it cost, so that the next such request costs the same.
pub(super) fn seen(evidence: &Evidence<'_>, weighed: &Weighed, score: Score, policy: RiskPolicy) -> Kept {
    let (held, context, now) = (evidence.held, evidence.context, evidence.now);
    let mut next = HeldSession {
        // Another machine's clock may be ahead of this one's.
        last_activity_at: now.max(held.last_activity_at),
        risk: score.get(),
        ..held.clone()
    };
    next.trail.guesses = guessing::with(evidence, weighed.fingerprint);
    let mut kept = Kept {
        next,
        user_agent_moved: false,
        telemetry_moved: false,
    };
    let trail = &mut kept.next.trail;
    if !is_accepted(score, &policy) {
        trail.suspicion.get_or_insert(Instant::from_secs(now.secs()));
        return kept;
    }
    if !context.trusted {
        return kept;
    }
    trail.suspicion = None;
    trail.latest = context.address.or(trail.latest);
    if network::is_home(weighed.place) {
        trail.home_at = Some(Instant::from_secs(now.secs()));
    }
    let day = Profile::day(now);
    let teaches = held.trail.learnt_on.is_some() || shows_all(context, held);
    match context.facts.asn().filter(|asn| held.asn != Some(*asn)) {
        Some(asn) if [SYSTEM_KNOWN, SYSTEM_NEW_SAME_COUNTRY].contains(&weighed.place) => {
            trail.elsewhere = Some(Elsewhere {
                asn,
                known: weighed.place == SYSTEM_KNOWN,
                hired: context.facts.anonymity.for_hire(),
                on: day,
            });
        }
        _ if teaches => trail.learnt_on = Some(day),
        _ => {}
    }
    if let Sample::Supplied(digest) = context.fingerprint
        && let Some(standing) = match weighed.fingerprint {
            FINGERPRINT_CHANGED
            | FINGERPRINT_CHANGED_ABROAD
            | FINGERPRINT_DRAWN
            | FINGERPRINT_UNVOUCHED
            | FINGERPRINT_VOUCHED
            | FINGERPRINT_NEW => Some(Standing::Unexplained),
            FINGERPRINT_UPGRADED => Some(Standing::Upgraded),
            FINGERPRINT_KNOWN => Some(Standing::Known),
            _ => None,
        }
    {
        trail.other_fingerprint = Some(OtherFingerprint {
            start: start_of(&digest),
            standing,
        });
    }
    // Of the page of desktops telemetry shows another machine than the next page does.
    if components::replaces(weighed.telemetry(), weighed.network) && weighed.agent.weight != DESKTOP_SITE {
        trail.told = true;
        kept.telemetry_moved = true;
    }
    if weighed.agent.replaces {
        kept.next.user_agent = context.user_agent_digest();
        kept.user_agent_moved = true;
    }
    kept
}

/// The session after a request was refused, where it is left to its owner: under suspicion, and no longer alive for it.
pub(super) fn refused(evidence: &Evidence<'_>, weighed: &Weighed, score: Score) -> Kept {
    let mut next = HeldSession {
        risk: score.get(),
        ..evidence.held.clone()
    };
    next.trail.guesses = guessing::with(evidence, weighed.fingerprint);
    next.trail
        .suspicion
        .get_or_insert(Instant::from_secs(evidence.now.secs()));
    Kept {
        next,
        user_agent_moved: false,
        telemetry_moved: false,
    }
}

/// Whether a trusted request with this score is let in without a further proof: it is below the lower of 45 and the
/// tenant's threshold.
pub fn is_accepted(score: Score, policy: &RiskPolicy) -> bool {
    score.get() < policy.suspicious.min(Score::SUSPICIOUS.get())
}

/// Whether what `next` remembers beyond `held` is worth a write of its own. A new day, another address of the same
/// network, the time at home and a lower score are not: they are written with the next touch. Else a client that uses
/// its IPv4 and its IPv6 address in turn, announced by two systems, would cost a write at every request.
pub fn is_news(held: &HeldSession, next: &HeldSession) -> bool {
    let mut same = HeldSession {
        last_activity_at: held.last_activity_at,
        ..next.clone()
    };
    same.trail.learnt_on = held.trail.learnt_on;
    same.trail.latest = held.trail.latest;
    same.trail.home_at = held.trail.home_at;
    same.risk = same.risk.max(held.risk);
    if let (Some(elsewhere), Some(before)) = (&mut same.trail.elsewhere, held.trail.elsewhere)
        && elsewhere.asn == before.asn
    {
        elsewhere.on = before.on;
    }
    same != *held
}

/// Whether a session opened in `context` may teach its subject's profile: not by its caller's own word, nor where the
/// tenant denies, nor from an exit of Tor unless the tenant allows it.
fn opening_teaches(context: &Context, lists: &Lists) -> bool {
    context.trusted
        && match lists.find(context) {
            Some(Listed::Denied(_)) => false,
            Some(Listed::Allowed(_)) => true,
            None => context.facts.anonymity.tor != Some(true),
        }
}

/// Whether the context itself shows all that the session is held by, which was opened by its caller's own word: what
/// only that word says is never learnt. Nor is an exit of Tor, by staying there.
fn shows_all(context: &Context, session: &HeldSession) -> bool {
    let facts = &context.facts;
    session.fingerprint == context.fingerprint
        && session.asn == facts.asn()
        && session.country.as_deref() == facts.alpha_2()
        && session.anonymous == facts.anonymity.any()
        && session.trail.relay == facts.anonymity.relayed_only()
        && facts.anonymity.tor != Some(true)
}
