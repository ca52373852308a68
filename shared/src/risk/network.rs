//! Where the request comes from: the session's address, its network, its autonomous system, its country, or another.

use std::net::IpAddr;

use crate::model::{Absence, AddressForm, HeldSession};
use crate::network::{self, Network};
use crate::policy::Promise;

use super::evidence::Evidence;
use super::factor::Factor;
use super::user_agent::Agent;
use super::weights::{
    ADDRESS_NOT_SUPPLIED, ADDRESS_WITHHELD, COUNTRY_KNOWN, COUNTRY_NEW, IP_SAME, IP_SAME_OTHER_BROWSER,
    IP_SAME_PREFIX, IP_SAME_SHARED, NETWORK_NEW_FAMILY, NETWORK_OTHER, NETWORK_UNKNOWN, SYSTEM_KNOWN,
    SYSTEM_NEW, SYSTEM_NEW_SAME_COUNTRY, SYSTEM_OTHER_COUNTRY, SYSTEM_SAME, Weight,
};

/// What the data about addresses tells of a network.
const BY_DATA: [Weight; 7] = [
    SYSTEM_SAME,
    SYSTEM_KNOWN,
    SYSTEM_OTHER_COUNTRY,
    SYSTEM_NEW_SAME_COUNTRY,
    SYSTEM_NEW,
    COUNTRY_KNOWN,
    COUNTRY_NEW,
];

/// How the request's address stands to the session's and its subject's. The session's own address speaks for the
/// request only where strangers do not share it and the `agent` is the session's.
pub(super) fn weigh(evidence: &Evidence<'_>, agent: &Agent) -> Weight {
    match place(evidence) {
        IP_SAME if is_shared(evidence) => IP_SAME_SHARED,
        IP_SAME if agent.is_another => IP_SAME_OTHER_BROWSER,
        weight => weight,
    }
}

/// The same, whoever shares the address and whatever browser asks.
pub(super) fn place(evidence: &Evidence<'_>) -> Weight {
    let held = evidence.held;
    let address = match seen(evidence) {
        Ok(address) => address,
        Err(_) if evidence.promises.address == Promise::Never => return ADDRESS_NOT_SUPPLIED,
        Err(_) => return ADDRESS_WITHHELD,
    };
    let Some(address) = address else {
        return NETWORK_UNKNOWN;
    };
    match held.address_like(address) {
        Some(before) if before == HeldSession::held_part(address) => IP_SAME,
        Some(before) if Network::of(before) == Network::of(address) => IP_SAME_PREFIX,
        // Else choosing the family a session was never seen on would hide the change of network.
        before => by_data(evidence).unwrap_or(if before.is_some() {
            NETWORK_OTHER
        } else {
            NETWORK_NEW_FAMILY
        }),
    }
}

/// Whether the request comes from the session's own network, or one that its subject's profile knows: what a browser's
/// update explains, it explains there.
pub(super) fn is_own(place: Weight) -> bool {
    [IP_SAME, IP_SAME_PREFIX, SYSTEM_SAME, SYSTEM_KNOWN].contains(&place)
}

/// Whether the request comes from the place the session is held by.
pub(super) fn is_home(place: Weight) -> bool {
    [IP_SAME, IP_SAME_PREFIX].contains(&place)
}

/// Whether it is known where the request comes from: without data another network may be anywhere.
pub(super) fn is_located(place: Weight) -> bool {
    is_home(place) || BY_DATA.contains(&place)
}

/// The address to be judged, none where there is nothing to compare it with; or why there is none, though the session
/// or its subject is known to come from somewhere.
fn seen(evidence: &Evidence<'_>) -> Result<Option<IpAddr>, &'static str> {
    let (held, context) = (evidence.held, evidence.context);
    let known = held.has_network() || evidence.profile.is_some_and(|it| !it.networks.is_empty());
    let Some(address) = context.address else {
        return if known {
            Err(context.ip_form.as_str())
        } else {
            Ok(None)
        };
    };
    // A session that is held inside a private network alone has no client's address to compare with: all is compared.
    let is_clients = |kind| matches!(kind, None | Some(Absence::Documentation));
    let inside = held.has_network() && !held_kinds(held).any(is_clients);
    match network::special(address) {
        Some(kind) if known && !inside && !held_kinds(held).any(|it| it == Some(kind)) => Err(kind.as_str()),
        _ => Ok(Some(address)),
    }
}

fn held_kinds(held: &HeldSession) -> impl Iterator<Item = Option<Absence>> {
    let addresses = [held.ipv4.map(IpAddr::V4), held.ipv6.map(IpAddr::V6)];
    addresses.into_iter().flatten().map(network::special)
}

/// Whether the profile may have something to say about a request that stands so to the session without it.
pub(super) fn is_for_profile(evidence: &Evidence<'_>, place: Weight) -> bool {
    let (held, facts) = (evidence.held, &evidence.context.facts);
    match place {
        // Unless the system is where the session was let in before.
        SYSTEM_NEW_SAME_COUNTRY => held.trail.elsewhere.map(|it| it.asn) != facts.asn(),
        SYSTEM_OTHER_COUNTRY | SYSTEM_NEW | COUNTRY_NEW | NETWORK_UNKNOWN => true,
        NETWORK_OTHER | NETWORK_NEW_FAMILY => {
            !held.has_network() || facts.asn().is_some() || facts.alpha_2().is_some()
        }
        _ => false,
    }
}

/// Whether strangers may have the address too: hosting, VPN, proxy, Tor, a relay, or a carrier's shared space.
fn is_shared(evidence: &Evidence<'_>) -> bool {
    let context = evidence.context;
    let shared = context.address.and_then(network::special) == Some(Absence::Shared);
    evidence.held.anonymous || context.facts.anonymity.any() || shared
}

/// How the address stands by the data about addresses, as far as it knows both sides.
fn by_data(evidence: &Evidence<'_>) -> Option<Weight> {
    let (held, facts) = (evidence.held, &evidence.context.facts);
    let profile = evidence.profile;
    let (system, country) = (facts.asn(), facts.alpha_2());
    let same_country = country.is_some() && held.country.as_deref() == country;
    let knows_country = country.is_some_and(|it| profile.is_some_and(|profile| profile.knows_country(it)));
    // A system may span the globe, its customers do not.
    let strays = country.is_some() && held.country.is_some() && !same_country && !knows_country;
    if let Some(asn) = system {
        let near = |weight| Some(if strays { SYSTEM_OTHER_COUNTRY } else { weight });
        if held.asn == Some(asn) {
            return near(SYSTEM_SAME);
        }
        match held.trail.elsewhere {
            Some(elsewhere) if elsewhere.asn == asn && same_country => {
                return Some(if elsewhere.known {
                    SYSTEM_KNOWN
                } else {
                    SYSTEM_NEW_SAME_COUNTRY
                });
            }
            _ => {}
        }
        if profile.is_some_and(|it| it.knows_system(asn)) {
            return near(SYSTEM_KNOWN);
        }
    }
    let has_system = held.asn.is_some() || profile.is_some_and(|it| !it.networks.is_empty());
    let new_system = system.is_some() && has_system;
    let has_country = held.country.is_some() || profile.is_some_and(|it| !it.countries.is_empty());
    match country.filter(|_| has_country) {
        Some(_) if same_country => new_system.then_some(SYSTEM_NEW_SAME_COUNTRY),
        Some(_) if knows_country => Some(COUNTRY_KNOWN),
        Some(_) => Some(COUNTRY_NEW),
        None => new_system.then_some(SYSTEM_NEW),
    }
}

/// The factor: what the data says of both sides where it was judged by, else their networks in place of addresses.
pub(super) fn factor(evidence: &Evidence<'_>, weight: Weight) -> Factor {
    let (held, context) = (evidence.held, evidence.context);
    if BY_DATA.contains(&weight) {
        return weight.factor(
            origin(context.facts.asn(), context.facts.alpha_2()),
            origin(held.asn, held.country.as_deref()),
        );
    }
    let network = |address| Network::of(address).to_string();
    let any = || held.ipv4.map(Into::into).or(held.ipv6.map(Into::into));
    let (current, expected) = match (seen(evidence), context.address) {
        (Err(why), _) => (Some(why.to_owned()), any()),
        (Ok(_), Some(address)) => {
            let decorated = context.ip_form == AddressForm::Decorated;
            let note = if decorated {
                ", read from a longer text"
            } else {
                ""
            };
            (
                Some(format!("{}{note}", network(address))),
                held.address_like(address),
            )
        }
        (Ok(_), None) => (Some(context.ip_form.as_str().to_owned()), any()),
    };
    weight.factor(current, expected.map(network))
}

/// System and country, as far as they are known: `AS64496, FR`.
pub(super) fn origin(asn: Option<u32>, country: Option<&str>) -> Option<String> {
    let system = asn.map(|it| format!("AS{it}"));
    let parts: Vec<String> = system.into_iter().chain(country.map(str::to_owned)).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
