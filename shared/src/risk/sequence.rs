//! The order in which systems and fingerprints follow each other: whether two users take turns.

use std::time::Duration;

use crate::model::{EarlierFingerprint, Sample};

use super::evidence::Evidence;
use super::factor::Factor;
use super::network::origin;
use super::weights::{
    FINGERPRINT_RETURNED, SYSTEM_RETURNED, SYSTEM_RETURNED_UNSHOWN, USER_AGENT_SAME, Weight,
};

/// How soon something has to come back for it to count.
const WINDOW: Duration = Duration::from_mins(30);

/// Whether the request goes back to where the session was before; none where it does not.
pub(super) fn weigh(evidence: &Evidence<'_>, user_agent: Weight) -> Option<Weight> {
    let recent = |left_at| evidence.time().since(left_at) <= WINDOW;
    let trail = &evidence.held.trail;
    let (before, now) = (evidence.held.fingerprint, evidence.context.fingerprint);
    let other_device =
        matches!((before, now), (Sample::Supplied(before), Sample::Supplied(now)) if before != now);
    // Left out, it may be another one.
    let unshown = matches!((before, now), (Sample::Supplied(_), Sample::Computed(_)));
    if let (Some(earlier), Sample::Supplied(now)) = (trail.earlier_fingerprint, now)
        && other_device
        && earlier.start == EarlierFingerprint::start_of(&now)
        && recent(earlier.left_at)
    {
        return Some(FINGERPRINT_RETURNED);
    }
    let (earlier, address) = (trail.earlier_system?, evidence.context.address?);
    let asn = evidence.context.facts.asn()?;
    let returned = earlier.asn == asn
        && evidence.held.asn != Some(asn)
        && earlier.ipv6 == address.is_ipv6()
        && trail.ipv6 == address.is_ipv6();
    if !returned || !recent(earlier.left_at) {
        return None;
    }
    if other_device || user_agent != USER_AGENT_SAME {
        return Some(SYSTEM_RETURNED);
    }
    unshown.then_some(SYSTEM_RETURNED_UNSHOWN)
}

/// The factor, with the systems that take turns.
pub(super) fn factor(evidence: &Evidence<'_>, user_agent: Weight) -> Option<Factor> {
    let weight = weigh(evidence, user_agent)?;
    if weight == FINGERPRINT_RETURNED {
        return Some(weight.factor(None, None));
    }
    let current = origin(evidence.context.facts.asn(), None);
    Some(weight.factor(current, origin(evidence.held.asn, None)))
}
