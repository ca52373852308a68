//! What is known of the request's address by itself, whoever uses it.

use crate::network::Network;
use crate::policy::{Listed, Pattern};

use super::evidence::Evidence;
use super::factor::Factor;
use super::network::{is_home, origin};
use super::weights::{
    ADDRESS_HIDDEN, ADDRESS_WITHHELD, ALLOWED, ALLOWED_NEAR, ANONYMIZER_KNOWN, ANONYMIZER_NEW,
    ANONYMIZER_OTHER, DENIED, ORDINARY, TOR_EXIT, Weight,
};

/// How the address is to be taken, which stands to the session as `place` says; none where neither a list nor the data
/// says anything.
pub(super) fn weigh(evidence: &Evidence<'_>, place: Weight) -> Option<Weight> {
    if place == ADDRESS_WITHHELD {
        // Whatever it would be: an address that is not shown must not be the better choice.
        return Some(ADDRESS_HIDDEN);
    }
    match evidence.lists.find(evidence.context) {
        Some(Listed::Denied(_)) => return Some(DENIED),
        // The tenant knows its own addresses better than any data does. That excuses a network that would cost
        // something, and nothing else.
        Some(Listed::Allowed(_)) if -ALLOWED.points <= place.points => return Some(ALLOWED),
        Some(Listed::Allowed(_)) => return Some(ALLOWED_NEAR),
        None => {}
    }
    let anonymity = evidence.context.facts.anonymity;
    if anonymity.tor == Some(true) {
        return Some(TOR_EXIT);
    }
    if anonymity.for_hire() {
        return Some(if is_known(evidence, place) {
            ANONYMIZER_KNOWN
        } else if is_hired(evidence) {
            ANONYMIZER_OTHER
        } else {
            ANONYMIZER_NEW
        });
    }
    let told = [anonymity.hosting, anonymity.vpn, anonymity.proxy, anonymity.relay];
    told.iter().any(Option::is_some).then_some(ORDINARY)
}

/// Whether the session is held from there, or its subject known to come from there, through whatever stands there.
fn is_known(evidence: &Evidence<'_>, place: Weight) -> bool {
    let (held, asn) = (evidence.held, evidence.context.facts.asn());
    let same_system = asn.is_some() && held.asn == asn;
    (is_hired(evidence) && (is_home(place) || same_system))
        || (asn.is_some() && evidence.profile.is_some_and(|it| it.knows_anonymizer(asn)))
}

/// Whether the session is held through hosting, a VPN or a proxy. Who came through a relay is not known for what else is in
/// its system.
const fn is_hired(evidence: &Evidence<'_>) -> bool {
    evidence.held.anonymous && !evidence.held.trail.relay
}

/// The factor, with a range of the tenant's list widened to the network of the address.
pub(super) fn factor(evidence: &Evidence<'_>, weight: Weight) -> Factor {
    let context = evidence.context;
    let current = match evidence.lists.find(context) {
        _ if weight == ADDRESS_HIDDEN => None,
        Some(Listed::Denied(Pattern::Range(_)) | Listed::Allowed(Pattern::Range(_))) => {
            context.address.map(|it| Network::of(it).to_string())
        }
        Some(Listed::Denied(pattern) | Listed::Allowed(pattern)) => Some(pattern.to_string()),
        None => origin(context.facts.asn(), None),
    };
    weight.factor(current, None)
}
