//! How the fingerprint changed, like compared with like.

use crate::model::Sample;

use super::evidence::Evidence;
use super::weights::{
    BROWSER_NEWER, FINGERPRINT_CHANGED, FINGERPRINT_KNOWN, FINGERPRINT_MATCH, FINGERPRINT_MISSING,
    FINGERPRINT_NEVER, FINGERPRINT_NEW, FINGERPRINT_UPGRADED, Weight,
};

/// Whether the user agent changed has a say: an upgrade of the browser explains a changed fingerprint.
pub(super) fn weigh(evidence: &Evidence<'_>, user_agent: Weight) -> Weight {
    let known = |digest: &[u8; 16]| evidence.profile.is_some_and(|it| it.knows_device(digest));
    match (evidence.held.fingerprint, evidence.context.fingerprint) {
        (Sample::Supplied(before), Sample::Supplied(now)) if before == now => FINGERPRINT_MATCH,
        // The caller sends back what `create` computed and answered.
        (Sample::Computed(before), Sample::Supplied(now)) if before == now => FINGERPRINT_MATCH,
        (_, Sample::Supplied(now)) if known(&now) => FINGERPRINT_KNOWN,
        (Sample::Supplied(_), Sample::Supplied(_)) if user_agent == BROWSER_NEWER => FINGERPRINT_UPGRADED,
        (Sample::Supplied(_), Sample::Supplied(_)) => FINGERPRINT_CHANGED,
        (Sample::Supplied(_), Sample::Computed(_)) => FINGERPRINT_MISSING,
        (Sample::Computed(_), Sample::Supplied(_)) => FINGERPRINT_NEW,
        // Computed from the user agent, which is weighed already.
        (Sample::Computed(_), Sample::Computed(_)) => FINGERPRINT_NEVER,
    }
}
