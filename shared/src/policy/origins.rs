//! The origins of pages that may read what their users' own tokens are answered.

use std::str::FromStr;

use super::UnknownChoice;

/// An origin as browsers write it: `https://app.example.com`, with the port where it is not the scheme's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

/// A list of origins; empty where no page may.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origins(Vec<Origin>);

impl Origins {
    /// Whether a page of this origin may. To the letter: neither a port more nor another case is the same origin, and
    /// neither `null`, which any sandboxed page can have, nor a pattern is one.
    pub fn admit(&self, origin: &str) -> bool {
        self.0.iter().any(|it| it.0 == origin)
    }

    /// Whether no page may.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Origin> for Origins {
    fn from_iter<I: IntoIterator<Item = Origin>>(origins: I) -> Self {
        Self(origins.into_iter().collect())
    }
}

impl FromStr for Origin {
    type Err = UnknownChoice;

    /// Reads what a browser can send, so that a list with a slash too many is no list that admits nobody.
    fn from_str(text: &str) -> Result<Self, UnknownChoice> {
        let (scheme, place) = text.split_once("://").ok_or(UnknownChoice)?;
        let own_port = match scheme {
            "https" => ":443",
            "http" => ":80",
            _ => return Err(UnknownChoice),
        };
        let in_place = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._:[]".contains(c);
        let plain = !place.is_empty() && place.chars().all(in_place) && !place.ends_with(own_port);
        plain.then(|| Self(text.to_owned())).ok_or(UnknownChoice)
    }
}

impl FromStr for Origins {
    type Err = UnknownChoice;

    /// Reads origins with commas between them; nothing is an empty list.
    fn from_str(text: &str) -> Result<Self, UnknownChoice> {
        let parts = text.split(',').map(str::trim).filter(|it| !it.is_empty());
        parts.map(str::parse).collect::<Result<Vec<_>, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_admitted_as_it_is_listed_and_in_no_other_spelling() {
        let origins: Origins = "https://app.example.com, http://localhost:5173".parse().unwrap();
        assert!(origins.admit("https://app.example.com") && origins.admit("http://localhost:5173"));
        for other in [
            "",
            "null",
            "*",
            "http://app.example.com",
            "https://app.example.com/",
            "https://app.example.com:443",
            "https://app.example.com.evil.example",
            "https://evil.example",
            "HTTPS://APP.EXAMPLE.COM",
            "https://app.example.com, http://localhost:5173",
            "http://localhost",
        ] {
            assert!(!origins.admit(other), "{other}");
        }
        assert!("".parse::<Origins>().unwrap().is_empty());
    }

    #[test]
    fn what_no_browser_sends_is_no_origin() {
        for text in [
            "*",
            "null",
            "app.example.com",
            "https://",
            "https://*.example.com",
            "https://app.example.com/",
            "https://app.example.com/path",
            "https://App.example.com",
            "https://user@app.example.com",
            "https://app.example.com:443",
            "http://app.example.com:80",
            "ftp://app.example.com",
            "https://b\u{fc}cher.example",
        ] {
            assert!(text.parse::<Origins>().is_err(), "{text}");
        }
        assert!(
            "https://[::1]:8443,https://xn--bcher-kva.example"
                .parse::<Origins>()
                .is_ok()
        );
    }
}
