//! Where the request comes from: the session's address, its network, its autonomous system, its country, or another.

use crate::network::Network;

use super::evidence::Evidence;
use super::factor::Factor;
use super::weights::{
    ADDRESS_UNREADABLE, COUNTRY_KNOWN, COUNTRY_NEW, IP_SAME, IP_SAME_PREFIX, NETWORK_NEW_FAMILY,
    NETWORK_OTHER, NETWORK_UNKNOWN, SYSTEM_KNOWN, SYSTEM_NEW, SYSTEM_NEW_SAME_COUNTRY, SYSTEM_SAME, Weight,
};

/// How the request's address stands to the session's and its subject's.
pub(super) fn weigh(evidence: &Evidence<'_>) -> Weight {
    let held = evidence.held;
    let Some(address) = evidence.context.address else {
        let known = held.ipv4.is_some() || held.ipv6.is_some();
        return if known {
            ADDRESS_UNREADABLE
        } else {
            NETWORK_UNKNOWN
        };
    };
    match held.address_like(address) {
        Some(before) if before == address => IP_SAME,
        Some(before) if Network::of(before) == Network::of(address) => IP_SAME_PREFIX,
        // Else choosing the family a session was never seen on would hide the change of network.
        before => by_data(evidence).unwrap_or(if before.is_some() {
            NETWORK_OTHER
        } else {
            NETWORK_NEW_FAMILY
        }),
    }
}

/// The same by the data about addresses, as far as it knows both sides.
fn by_data(evidence: &Evidence<'_>) -> Option<Weight> {
    let (held, facts) = (evidence.held, &evidence.context.facts);
    let profile = evidence.profile;
    let system = facts.asn();
    if let Some(asn) = system {
        if held.asn == Some(asn) {
            return Some(SYSTEM_SAME);
        }
        if profile.is_some_and(|it| it.knows_system(asn)) {
            return Some(SYSTEM_KNOWN);
        }
    }
    let has_system = held.asn.is_some() || profile.is_some_and(|it| !it.networks.is_empty());
    let new_system = system.is_some() && has_system;
    let has_country = held.country.is_some() || profile.is_some_and(|it| !it.countries.is_empty());
    match facts.alpha_2().filter(|_| has_country) {
        Some(country) if held.country.as_deref() == Some(country) => {
            new_system.then_some(SYSTEM_NEW_SAME_COUNTRY)
        }
        Some(country) if profile.is_some_and(|it| it.knows_country(country)) => Some(COUNTRY_KNOWN),
        Some(_) => Some(COUNTRY_NEW),
        None => new_system.then_some(SYSTEM_NEW),
    }
}

/// The factor: what the data says of both sides where it was judged by, else their networks in place of addresses.
pub(super) fn factor(evidence: &Evidence<'_>) -> Factor {
    let (held, context) = (evidence.held, evidence.context);
    let weight = weigh(evidence);
    let by_data = [
        SYSTEM_SAME,
        SYSTEM_KNOWN,
        SYSTEM_NEW_SAME_COUNTRY,
        SYSTEM_NEW,
        COUNTRY_KNOWN,
        COUNTRY_NEW,
    ];
    if by_data.contains(&weight) {
        return weight.factor(
            origin(context.facts.asn(), context.facts.alpha_2()),
            origin(held.asn, held.country.as_deref()),
        );
    }
    let network = |address| Network::of(address).to_string();
    let expected = match context.address {
        Some(address) => held.address_like(address),
        None => held.ipv4.map(Into::into).or(held.ipv6.map(Into::into)),
    };
    weight.factor(context.address.map(network), expected.map(network))
}

/// System and country, as far as they are known: `AS64496, FR`.
pub(super) fn origin(asn: Option<u32>, country: Option<&str>) -> Option<String> {
    let system = asn.map(|it| format!("AS{it}"));
    let parts: Vec<String> = system.into_iter().chain(country.map(str::to_owned)).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
