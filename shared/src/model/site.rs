//! Sites: the pages a tenant lets send telemetry.

use std::fmt;
use std::str::FromStr;

use super::{InvalidId, TenantId};

/// Longest site key, characters.
const MAX_KEY: usize = 64;

/// The public name of a site: it is in the page, so it says who is meant and proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SiteKey(String);

impl SiteKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SiteKey {
    type Err = InvalidId;

    /// 1 to 64 letters, digits, `_` and `-`.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let alphabet = |c: u8| c.is_ascii_alphanumeric() || c == b'_' || c == b'-';
        if (1..=MAX_KEY).contains(&text.len()) && text.bytes().all(alphabet) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId)
        }
    }
}

impl fmt::Display for SiteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A site of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its name.
    pub key: SiteKey,
    /// Whose it is.
    pub tenant: TenantId,
    /// The origins its pages have, as browsers write them: `https://shop.example.com`.
    pub origins: Vec<String>,
    /// Whether it may send.
    pub enabled: bool,
}

impl Site {
    /// Whether a page of this origin may send. Exact: neither a port more nor another case is the same origin, and
    /// `null`, which any sandboxed page can have, is none.
    pub fn admits(&self, origin: &str) -> bool {
        self.enabled && origin != "null" && self.origins.iter().any(|own| own == origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_admitted_as_it_is_listed_and_in_no_other_spelling() {
        let mut site = Site {
            key: "site".parse().unwrap(),
            tenant: "acme".parse().unwrap(),
            origins: vec!["https://shop.example.com".to_owned(), "null".to_owned()],
            enabled: true,
        };
        assert!(site.admits("https://shop.example.com"));
        for other in [
            "",
            "null",
            "*",
            "http://shop.example.com",
            "https://shop.example.com:443",
            "https://shop.example.com/",
            "https://shop.example.com.evil.example",
            "https://evil.example/https://shop.example.com",
            "https://evilshop.example.com",
            "https://example.com",
            "HTTPS://SHOP.EXAMPLE.COM",
            "https://shop.example.com, https://shop.example.com",
            "https://sh\u{43e}p.example.com",
        ] {
            assert!(!site.admits(other), "{other}");
        }
        site.enabled = false;
        assert!(!site.admits("https://shop.example.com"));
    }

    #[test]
    fn a_key_fits_into_keys_of_the_table() {
        for (text, good) in [("site_1-A", true), ("", false), ("a#b", false), ("a b", false)] {
            assert_eq!(text.parse::<SiteKey>().is_ok(), good, "{text}");
        }
        assert!("a".repeat(65).parse::<SiteKey>().is_err());
    }
}
