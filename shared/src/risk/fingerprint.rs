//! How the fingerprint changed, like compared with like.

use crate::model::{Sample, Standing, start_of};
use crate::policy::Promise;

use super::evidence::Evidence;
use super::network::is_own;
use super::weights::{
    COUNTRY_NEW, FINGERPRINT_CHANGED, FINGERPRINT_CHANGED_ABROAD, FINGERPRINT_KNOWN, FINGERPRINT_MATCH,
    FINGERPRINT_NEVER, FINGERPRINT_NEW, FINGERPRINT_NOT_SUPPLIED, FINGERPRINT_UPGRADED, FINGERPRINT_WITHHELD,
    SYSTEM_OTHER_COUNTRY, Weight,
};

/// What the fingerprint says of a request whose network stands to the session as `place` says. What the user agent claims
/// explains another one in the session's own networks only: nobody can check the claim, and a thief makes it elsewhere.
pub(super) fn weigh(evidence: &Evidence<'_>, is_explained: bool, place: Weight) -> Weight {
    let own_network = is_own(place);
    let known = |digest: &[u8; 16]| evidence.profile.is_some_and(|it| it.knows_device(digest));
    match (evidence.held.fingerprint, evidence.context.fingerprint) {
        (Sample::Supplied(before), Sample::Supplied(now)) if before == now => FINGERPRINT_MATCH,
        // The caller sends back what `create` computed and answered.
        (Sample::Computed(before), Sample::Supplied(now)) if before == now => FINGERPRINT_MATCH,
        (before, Sample::Supplied(now)) => {
            let unexplained = match before {
                Sample::Computed(_) => FINGERPRINT_NEW,
                // Clock and language go along to another country.
                Sample::Supplied(_) if [COUNTRY_NEW, SYSTEM_OTHER_COUNTRY].contains(&place) => {
                    FINGERPRINT_CHANGED_ABROAD
                }
                Sample::Supplied(_) => FINGERPRINT_CHANGED,
            };
            match let_in(evidence, &now) {
                Some(Standing::Known) => FINGERPRINT_KNOWN,
                Some(Standing::Upgraded) if own_network => FINGERPRINT_UPGRADED,
                None if known(&now) => FINGERPRINT_KNOWN,
                None if unexplained == FINGERPRINT_CHANGED && is_explained && own_network => {
                    FINGERPRINT_UPGRADED
                }
                _ => unexplained,
            }
        }
        (Sample::Supplied(_), Sample::Computed(_)) if evidence.promises.fingerprint == Promise::Never => {
            FINGERPRINT_NOT_SUPPLIED
        }
        (Sample::Supplied(_), Sample::Computed(_)) => FINGERPRINT_WITHHELD,
        // Computed from the user agent, which is weighed already.
        (Sample::Computed(_), Sample::Computed(_)) => FINGERPRINT_NEVER,
    }
}

/// Whether the profile has something to say about the fingerprint: it is another one, and new to the session.
pub(super) fn is_for_profile(evidence: &Evidence<'_>, weight: Weight) -> bool {
    match evidence.context.fingerprint {
        Sample::Supplied(digest) => weight != FINGERPRINT_MATCH && let_in(evidence, &digest).is_none(),
        Sample::Computed(_) => false,
    }
}

/// Why the session was let in with this fingerprint before, where it was.
fn let_in(evidence: &Evidence<'_>, digest: &[u8; 16]) -> Option<Standing> {
    let other = evidence.held.trail.other_fingerprint?;
    (other.start == start_of(digest)).then_some(other.standing)
}
