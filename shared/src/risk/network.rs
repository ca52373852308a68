//! Where the request comes from, without address data: the address, its network, or another.

use crate::model::{Context, HeldSession};
use crate::network::Network;

use super::factor::Factor;
use super::weights::{
    ADDRESS_UNREADABLE, IP_SAME, IP_SAME_PREFIX, NETWORK_NEW_FAMILY, NETWORK_OTHER, NETWORK_UNKNOWN, Weight,
};

/// How the request's address stands to the session's.
pub(super) fn weigh(held: &HeldSession, context: &Context) -> Weight {
    let Some(address) = context.address else {
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
        Some(_) => NETWORK_OTHER,
        // Else choosing the family a session was never seen on would hide the change of network.
        None => NETWORK_NEW_FAMILY,
    }
}

/// The factor, with networks in place of addresses.
pub(super) fn factor(held: &HeldSession, context: &Context) -> Factor {
    let network = |address| Network::of(address).to_string();
    let expected = match context.address {
        Some(address) => held.address_like(address),
        None => held.ipv4.map(Into::into).or(held.ipv6.map(Into::into)),
    };
    weigh(held, context).factor(context.address.map(network), expected.map(network))
}
