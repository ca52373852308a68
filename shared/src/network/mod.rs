//! Facts about IP addresses.

mod intelligence;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use intelligence::Intelligence;

/// Reads an address in its ordinary spellings; an IPv4 address written as IPv6 becomes IPv4.
///
/// Ports, zones, brackets, octal and shortened forms are no addresses.
pub fn parse(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// The part of an address that one household or office shares: an IPv4 /24 or an IPv6 /48.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// The network of `address`.
    pub fn of(address: IpAddr) -> Self {
        Self(match address {
            IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & !0xff)),
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 80))),
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0, if self.0.is_ipv4() { 24 } else { 48 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_meaning() {
        assert_eq!(parse("::ffff:192.0.2.1"), parse("192.0.2.1"));
        for odd in [
            "192.0.2.01",
            "192.0.2",
            "0x7f.1",
            "192.0.2.1:80",
            "[::1]",
            "fe80::1%eth0",
            " 192.0.2.1",
            "",
        ] {
            assert_eq!(parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_network_is_printed_without_the_host() {
        let network = |text| Network::of(parse(text).unwrap()).to_string();
        assert_eq!(network("198.51.100.77"), "198.51.100.0/24");
        assert_eq!(network("2001:db8:1:2::3"), "2001:db8:1::/48");
    }
}
