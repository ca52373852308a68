//! Facts about IP addresses.

mod database;
mod intelligence;
mod reading;
mod records;
mod special;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use intelligence::{Intelligence, Opened, Problem, Role, Sources};
pub use reading::{Form, Reading, read};

use crate::model::Absence;

/// The address in a text that a caller sent, canonical: what [`read`] finds.
pub fn parse(text: &str) -> Option<IpAddr> {
    read(text).address
}

/// Reads an address in its ordinary spellings and no other; an IPv4 address written as IPv6 becomes IPv4.
///
/// That is one mapped (RFC 4291), behind NAT64's well-known prefix (RFC 6052) or in 6to4 (RFC 3056): a client has one
/// IPv4 address, whatever carried it here. Ports, zones, brackets, octal and shortened forms are no addresses.
pub fn exact(text: &str) -> Option<IpAddr> {
    text.parse().ok().map(canonical)
}

/// Why `address`, in its canonical form, belongs to nobody on the public internet; nothing for an ordinary address.
pub fn special(address: IpAddr) -> Option<Absence> {
    special::absence(address)
}

fn canonical(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address.to_canonical() else {
        return address.to_canonical();
    };
    match v6.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            IpAddr::V4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        _ => IpAddr::V6(v6),
    }
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
mod spelling {
    use super::*;

    #[test]
    fn an_address_has_one_meaning() {
        for same in [
            "::ffff:192.0.2.1",
            "::FFFF:c000:201",
            "0:0:0:0:0:ffff:192.0.2.1",
            "64:ff9b::192.0.2.1",
            "64:ff9b::c000:201",
            "2002:c000:201::",
            "2002:c000:0201:1:2:3:4:5",
        ] {
            assert_eq!(exact(same), exact("192.0.2.1"), "{same}");
        }
        for other in [
            "64:ff9b:1::c000:201",
            "64:ff9b::1:c000:201",
            "::c000:201",
            "2003:c000:201::",
        ] {
            assert!(exact(other).unwrap().is_ipv6(), "{other}");
        }
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
            assert_eq!(exact(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_network_is_printed_without_the_host() {
        let network = |text| Network::of(parse(text).unwrap()).to_string();
        assert_eq!(network("198.51.100.77"), "198.51.100.0/24");
        assert_eq!(network("2001:db8:1:2::3"), "2001:db8:1::/48");
    }
}
