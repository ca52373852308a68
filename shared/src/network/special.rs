//! Addresses that belong to nobody on the public internet, recognised before any data is asked.
//!
//! Data about places is wrong inside these ranges: published tables put 192.168.1.1 into Australia and 203.0.113.42 into
//! a data centre.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::model::Absence;

/// Why `address`, in its canonical form, can have no place; nothing for an ordinary public address.
///
/// After the IANA special-purpose registries (RFC 6890 and its successors). Ranges that they call globally reachable
/// (AS112, AMT) are ordinary, except those inside `2001::/23` (AS112's `2001:4:112::/48`, AMT's `2001:3::/32`): they
/// hold protocols' own servers, where nobody asks from.
pub(super) fn absence(address: IpAddr) -> Option<Absence> {
    match address {
        IpAddr::V4(v4) => V4
            .iter()
            .find(|(network, bits, _)| (v4.to_bits() ^ network.to_bits()) >> (32 - bits) == 0)
            .map(|(_, _, why)| *why),
        IpAddr::V6(v6) => V6
            .iter()
            .find(|(network, bits, _)| (v6.to_bits() ^ network.to_bits()) >> (128 - bits) == 0)
            .map(|(_, _, why)| *why)
            // Only 2000::/3 is handed out (RFC 4291); the rest waits for a purpose.
            .or_else(|| (v6.to_bits() >> 125 != 1).then_some(Absence::Reserved)),
    }
}

const V4: [(Ipv4Addr, u32, Absence); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8, Absence::Reserved), // this network, RFC 791
    (Ipv4Addr::new(10, 0, 0, 0), 8, Absence::Private), // RFC 1918
    (Ipv4Addr::new(100, 64, 0, 0), 10, Absence::Shared), // RFC 6598
    (Ipv4Addr::new(127, 0, 0, 0), 8, Absence::Loopback), // RFC 1122
    (Ipv4Addr::new(169, 254, 0, 0), 16, Absence::LinkLocal), // RFC 3927
    (Ipv4Addr::new(172, 16, 0, 0), 12, Absence::Private), // RFC 1918
    (Ipv4Addr::new(192, 0, 0, 0), 24, Absence::Reserved), // protocol assignments, RFC 6890
    (Ipv4Addr::new(192, 0, 2, 0), 24, Absence::Documentation), // RFC 5737
    (Ipv4Addr::new(192, 88, 99, 0), 24, Absence::Reserved), // 6to4 relays, RFC 7526
    (Ipv4Addr::new(192, 168, 0, 0), 16, Absence::Private), // RFC 1918
    (Ipv4Addr::new(198, 18, 0, 0), 15, Absence::Benchmarking), // RFC 2544
    (Ipv4Addr::new(198, 51, 100, 0), 24, Absence::Documentation), // RFC 5737
    (Ipv4Addr::new(203, 0, 113, 0), 24, Absence::Documentation), // RFC 5737
    (Ipv4Addr::new(224, 0, 0, 0), 4, Absence::Multicast), // RFC 5771
    (Ipv4Addr::new(240, 0, 0, 0), 4, Absence::Reserved), // RFC 1112, and broadcast
];

const V6: [(Ipv6Addr, u32, Absence); 8] = [
    (Ipv6Addr::LOCALHOST, 128, Absence::Loopback), // RFC 4291
    (
        Ipv6Addr::new(0x2001, 2, 0, 0, 0, 0, 0, 0),
        48,
        Absence::Benchmarking,
    ), // RFC 5180
    // Protocol assignments, with Teredo: the address inside it is the client's NAT as it was, not who asks now.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, Absence::Reserved), // RFC 2928, RFC 4380
    (
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0),
        32,
        Absence::Documentation,
    ), // RFC 3849
    (
        Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0),
        20,
        Absence::Documentation,
    ), // RFC 9637
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, Absence::Private),   // RFC 4193
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, Absence::LinkLocal), // RFC 4291
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, Absence::Multicast), // RFC 4291
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::parse;

    #[test]
    fn every_special_range_has_its_reason_from_its_first_to_its_last_address() {
        use Absence::{
            Benchmarking, Documentation, LinkLocal, Loopback, Multicast, Private, Reserved, Shared,
        };
        for (first, last, why) in [
            ("0.0.0.0", "0.255.255.255", Reserved),
            ("10.0.0.0", "10.255.255.255", Private),
            ("100.64.0.0", "100.127.255.255", Shared),
            ("127.0.0.0", "127.255.255.255", Loopback),
            ("169.254.0.0", "169.254.255.255", LinkLocal),
            ("172.16.0.0", "172.31.255.255", Private),
            ("192.0.0.0", "192.0.0.255", Reserved),
            ("192.0.2.0", "192.0.2.255", Documentation),
            ("192.88.99.0", "192.88.99.255", Reserved),
            ("192.168.0.0", "192.168.255.255", Private),
            ("198.18.0.0", "198.19.255.255", Benchmarking),
            ("198.51.100.0", "198.51.100.255", Documentation),
            ("203.0.113.0", "203.0.113.255", Documentation),
            ("224.0.0.0", "239.255.255.255", Multicast),
            ("240.0.0.0", "255.255.255.255", Reserved),
            ("::", "::", Reserved),
            ("::1", "::1", Loopback),
            ("::2", "::fffe:ffff:ffff", Reserved),
            ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", Reserved),
            ("100::", "100::ffff:ffff:ffff:ffff", Reserved),
            ("2001::", "2001:1:ffff:ffff:ffff:ffff:ffff:ffff", Reserved),
            ("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", Benchmarking),
            ("2001:3::", "2001:4:112:ffff:ffff:ffff:ffff:ffff", Reserved),
            ("2001:10::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", Reserved),
            (
                "2001:db8::",
                "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
                Documentation,
            ),
            ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", Documentation),
            ("4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Reserved),
            ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Private),
            ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", LinkLocal),
            ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Reserved),
            ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Multicast),
        ] {
            for text in [first, last] {
                assert_eq!(absence(parse(text).unwrap()), Some(why), "{text}");
            }
        }
    }

    #[test]
    fn the_neighbours_of_special_ranges_are_ordinary() {
        for text in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.31.196.1",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "203.0.112.255",
            "203.0.114.0",
            "223.255.255.255",
            "2000::",
            "2001:200::",
            "2001:db7:ffff::",
            "2001:db9::",
            "2003::",
            "2606:4700::1111",
            "3ffe:ffff::",
            "3fff:1000::",
        ] {
            assert_eq!(absence(parse(text).unwrap()), None, "{text}");
        }
    }

    #[test]
    fn an_address_inside_another_one_is_judged_as_itself() {
        for (text, why) in [
            ("::ffff:203.0.113.42", Some(Absence::Documentation)),
            ("64:ff9b::192.168.1.1", Some(Absence::Private)),
            ("2002:7f00:1::1", Some(Absence::Loopback)),
            ("2002:a00:1::", Some(Absence::Private)),
            ("64:ff9b::8.8.8.8", None),
            ("2002:808:808::808:808", None),
        ] {
            assert_eq!(absence(parse(text).unwrap()), why, "{text}");
        }
    }
}
