//! Addresses a tenant has decided about itself, whatever the data says of them.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use ipnet::IpNet;

use super::UnknownChoice;
use crate::model::Context;
use crate::network;

/// Bits before the IPv4 address in a mapped one (RFC 4291).
const MAPPED: u8 = 96;

/// The tenant's two lists. A context on both is denied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lists {
    /// Where none of its subjects is to come from.
    pub deny: Vec<Pattern>,
    /// Where its subjects are known to come from, such as its own offices.
    pub allow: Vec<Pattern>,
}

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// A range of addresses, or one: `203.0.113.0/24`, `2001:db8::/32`, `192.0.2.7`.
    Range(IpNet),
    /// An autonomous system: `AS64496`.
    System(u32),
    /// A country, ISO 3166-1 alpha-2: `FR`.
    Country(String),
}

/// On which list a context is, and by which line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed<'a> {
    /// It is denied.
    Denied(&'a Pattern),
    /// It is allowed.
    Allowed(&'a Pattern),
}

impl Lists {
    /// Where `context` stands on the lists. Systems and countries match only where the data knows them.
    pub fn find(&self, context: &Context) -> Option<Listed<'_>> {
        let first = |list| <[Pattern]>::iter(list).find(|it| it.matches(context));
        first(&self.deny)
            .map(Listed::Denied)
            .or_else(|| first(&self.allow).map(Listed::Allowed))
    }
}

impl Pattern {
    fn matches(&self, context: &Context) -> bool {
        match self {
            Self::Range(range) => context.address.is_some_and(|it| range.contains(&it)),
            Self::System(asn) => context.facts.asn() == Some(*asn),
            Self::Country(country) => context.facts.country() == Some(country),
        }
    }
}

impl FromStr for Pattern {
    type Err = UnknownChoice;

    fn from_str(text: &str) -> Result<Self, UnknownChoice> {
        if let Ok(range) = text.parse::<IpNet>() {
            return canonical(range.trunc()).map(Self::Range).ok_or(UnknownChoice);
        }
        if let Some(address) = network::exact(text) {
            return Ok(Self::Range(address.into()));
        }
        if let Some(digits) = text.strip_prefix("AS")
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && let Ok(number) = digits.parse()
            && number != 0
        {
            return Ok(Self::System(number));
        }
        if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Ok(Self::Country(text.to_owned()));
        }
        Err(UnknownChoice)
    }
}

/// The range as canonical addresses fall into it: one of mapped addresses becomes one of IPv4. None for a part of NAT64's
/// or 6to4's, which no canonical address is in, and which may well not be meant for all the IPv4 addresses behind them.
fn canonical(range: IpNet) -> Option<IpNet> {
    let IpNet::V6(v6) = range else {
        return Some(range);
    };
    let within = |first: Ipv6Addr, length| {
        let same = (v6.network().to_bits() ^ first.to_bits()) >> (128 - u32::from(length)) == 0;
        same && length <= v6.prefix_len()
    };
    if within(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), MAPPED) {
        let v4 = v6.network().to_ipv4_mapped()?;
        return IpNet::new(v4.into(), v6.prefix_len() - MAPPED).ok();
    }
    let nat64 = within(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);
    let six_to_four = within(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16);
    (!nat64 && !six_to_four).then_some(range)
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range(range) => range.fmt(f),
            Self::System(asn) => write!(f, "AS{asn}"),
            Self::Country(country) => f.write_str(country),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AutonomousSystem, Facts, Located, Place, Sample};

    fn from(ip: &str, asn: u32, country: &str) -> Context {
        Context {
            ip: ip.to_owned(),
            address: network::parse(ip),
            ip_form: network::read(ip).form,
            facts: Facts {
                place: Located::At(Box::new(Place {
                    country_code: Some(country.to_owned()),
                    ..Place::default()
                })),
                system: Some(AutonomousSystem {
                    number: asn,
                    organisation: None,
                }),
                ..Facts::default()
            },
            user_agent: String::new(),
            fingerprint: Sample::computed(""),
            trusted: true,
        }
    }

    #[test]
    fn a_line_names_a_range_a_system_or_a_country() {
        let here = from("198.51.100.7", 64_496, "FR");
        let there = from("2001:db8::1", 64_497, "AS");
        let table = [
            ("198.51.100.0/24", true, false),
            ("198.51.100.9/24", true, false),
            ("198.51.100.7", true, false),
            ("198.51.100.8", false, false),
            ("0.0.0.0/0", true, false),
            ("::/0", false, true),
            ("2001:db8::/32", false, true),
            ("::ffff:198.51.100.0/120", true, false),
            ("::ffff:0:0/96", true, false),
            ("::ffff:198.51.100.7", true, false),
            ("::ffff:198.51.100.8/128", false, false),
            ("64:ff9b::198.51.100.7", true, false),
            ("2002:c633:6407::1", true, false),
            ("AS64496", true, false),
            ("FR", true, false),
            ("AS", false, true),
        ];
        for (text, first, second) in table {
            let pattern: Pattern = text.parse().unwrap();
            assert_eq!(
                (pattern.matches(&here), pattern.matches(&there)),
                (first, second),
                "{text}"
            );
            assert_eq!(pattern.to_string().parse(), Ok(pattern), "{text}");
        }
    }

    #[test]
    fn a_line_of_another_form_is_refused() {
        for text in [
            "",
            "fr",
            "FRA",
            "AS0",
            "as1",
            "AS-1",
            "AS+1",
            "64:ff9b::/96",
            "64:ff9b::198.51.100.0/120",
            "2002::/16",
            "2002:c633:6400::/40",
            "AS4294967296",
            "198.51.100.0/33",
            "198.51.100",
            "*",
            "F1",
        ] {
            assert_eq!(text.parse::<Pattern>(), Err(UnknownChoice), "{text}");
        }
    }

    #[test]
    fn who_is_on_both_lists_is_denied() {
        let lists = Lists {
            deny: vec!["FR".parse().unwrap()],
            allow: vec!["198.51.100.0/24".parse().unwrap()],
        };
        let denied = from("198.51.100.7", 64_496, "FR");
        let allowed = from("198.51.100.7", 64_496, "DE");
        assert!(matches!(lists.find(&denied), Some(Listed::Denied(_))));
        assert!(matches!(lists.find(&allowed), Some(Listed::Allowed(_))));
        assert_eq!(lists.find(&from("203.0.113.7", 64_496, "DE")), None);
    }
}
