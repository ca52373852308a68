//! Whether somebody tries fingerprints until one fits.

use crate::model::{Guesses, Sample};

use super::evidence::Evidence;
use super::weights::{
    FINGERPRINT_CHANGED, FINGERPRINT_CHANGED_ABROAD, FINGERPRINT_UNVOUCHED, GUESSING, Weight,
};

/// How many distinct fingerprints that match nothing a session may show within the hour. A browser that draws a new one
/// at each start shows one a start.
const ALLOWED: u8 = 3;

fn is_wrong(fingerprint: Weight) -> bool {
    [
        FINGERPRINT_CHANGED,
        FINGERPRINT_CHANGED_ABROAD,
        FINGERPRINT_UNVOUCHED,
    ]
    .contains(&fingerprint)
}

/// The guesses with this request's, where its fingerprint matches nothing.
pub(super) fn with(evidence: &Evidence<'_>, fingerprint: Weight) -> Option<Guesses> {
    let before = evidence.held.trail.guesses;
    match evidence.context.fingerprint {
        Sample::Supplied(digest) if is_wrong(fingerprint) => {
            Some(Guesses::and(before, &digest, evidence.now))
        }
        _ => before,
    }
}

/// The factor of a request that shows one fingerprint too many; none otherwise.
pub(super) fn weigh(evidence: &Evidence<'_>, fingerprint: Weight) -> Option<Weight> {
    let guesses = with(evidence, fingerprint)?;
    (is_wrong(fingerprint) && ALLOWED < guesses.count).then_some(GUESSING)
}
