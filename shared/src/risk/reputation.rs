//! What is known of the request's address by itself, whoever uses it.

use crate::network::Network;
use crate::policy::{Listed, Pattern};

use super::evidence::Evidence;
use super::factor::Factor;
use super::network::{self, origin};
use super::weights::{
    ALLOWED, ANONYMIZER_KNOWN, ANONYMIZER_NEW, DENIED, IP_SAME, IP_SAME_PREFIX, ORDINARY, TOR_EXIT, Weight,
};

/// How the address is to be taken; none where neither a list nor the data says anything.
pub(super) fn weigh(evidence: &Evidence<'_>) -> Option<Weight> {
    match evidence.lists.find(evidence.context) {
        Some(Listed::Denied(_)) => return Some(DENIED),
        // The tenant knows its own addresses better than any data does.
        Some(Listed::Allowed(_)) => return Some(ALLOWED),
        None => {}
    }
    let anonymity = evidence.context.facts.anonymity;
    if anonymity.tor == Some(true) {
        return Some(TOR_EXIT);
    }
    if anonymity.for_hire() {
        return Some(if is_known(evidence) {
            ANONYMIZER_KNOWN
        } else {
            ANONYMIZER_NEW
        });
    }
    let told = [anonymity.hosting, anonymity.vpn, anonymity.proxy, anonymity.relay];
    told.iter().any(Option::is_some).then_some(ORDINARY)
}

/// Whether the session or its subject was accepted from there, through whatever stands there.
fn is_known(evidence: &Evidence<'_>) -> bool {
    let (held, asn) = (evidence.held, evidence.context.facts.asn());
    let same_network = [IP_SAME, IP_SAME_PREFIX].contains(&network::weigh(evidence));
    let same_system = asn.is_some() && held.asn == asn;
    // Who came through a relay is not known for what else is in its system.
    let hired = held.anonymous && !held.trail.relay;
    (hired && (same_network || same_system))
        || (asn.is_some() && evidence.profile.is_some_and(|it| it.knows_anonymizer(asn)))
}

/// The factor, with a range of the tenant's list widened to the network of the address.
pub(super) fn factor(evidence: &Evidence<'_>) -> Option<Factor> {
    let weight = weigh(evidence)?;
    let context = evidence.context;
    let current = match evidence.lists.find(context) {
        Some(Listed::Denied(Pattern::Range(_)) | Listed::Allowed(Pattern::Range(_))) => {
            context.address.map(|it| Network::of(it).to_string())
        }
        Some(Listed::Denied(pattern) | Listed::Allowed(pattern)) => Some(pattern.to_string()),
        None => origin(context.facts.asn(), None),
    };
    Some(weight.factor(current, None))
}
