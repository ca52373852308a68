//! What stands before the gateway, such as `CloudFront`: how its requests are told from those that go past it.

use std::fmt;
use std::str::FromStr;

use lambda_http::http::{HeaderMap, HeaderName};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use super::http::Request;
use crate::network;

/// The header in which the front shows its secret.
pub const HEADER: &str = "x-holdfast-origin";
/// `CloudFront`'s own header with the visitor's address and, always behind a colon, its port.
const WITH_PORT: &str = "cloudfront-viewer-address";
/// Lengths a secret may have, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 32..=128;
/// The one in use, and beside it the next or the former while they change.
const MOST: usize = 2;

/// What requests through the front have, and no others. The default is no front: every request passes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Front {
    /// The secrets, any of which lets a request pass; none where there is no front.
    pub secrets: Secrets,
    /// The header in which the front says what address a request came from.
    pub address_header: Option<HeaderName>,
}

/// Secrets of the front, by their digests alone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(Vec<[u8; 32]>);

/// The text does not list secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoSecrets;

/// A request that did not come through the front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request came past the front")]
pub struct Bypassed;

impl Front {
    /// Lets a request pass that came through the front, without the secret, and with the address the front names.
    ///
    /// # Errors
    /// When it did not.
    pub fn admit(&self, request: &mut Request) -> Result<(), Bypassed> {
        if !self.secrets.admit(&request.headers) {
            return Err(Bypassed);
        }
        request.headers.remove(HEADER);
        let named = self
            .address_header
            .as_ref()
            .and_then(|it| address(it, &request.headers));
        if let Some(address) = named {
            request.source_ip = Some(address);
        }
        Ok(())
    }
}

/// The address a header names, where it is one.
fn address(name: &HeaderName, headers: &HeaderMap) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    let text = if name == WITH_PORT {
        text.rsplit_once(':')?.0
    } else {
        text
    };
    network::parse(text).map(|it| it.to_string())
}

impl Secrets {
    /// Whether there are none, so that nothing is asked of a request.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the headers show one of the secrets. How long that takes depends on none of them.
    fn admit(&self, headers: &HeaderMap) -> bool {
        if self.is_empty() {
            return true;
        }
        let mut shown = headers.get_all(HEADER).iter();
        let (Some(shown), None) = (shown.next(), shown.next()) else {
            return false;
        };
        let shown = Sha256::digest(shown.as_bytes());
        let any = self
            .0
            .iter()
            .fold(Choice::from(0), |any, secret| any | shown.ct_eq(secret));
        any.into()
    }
}

impl FromStr for Secrets {
    type Err = NoSecrets;

    /// One secret, or two with a comma between them; nothing is none.
    fn from_str(text: &str) -> Result<Self, NoSecrets> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let alphabet = |c: u8| c.is_ascii_alphanumeric() || c == b'_' || c == b'-';
        let secrets: Vec<_> = text.split(',').collect();
        let good = |it: &&str| LENGTH.contains(&it.len()) && it.bytes().all(alphabet);
        if MOST < secrets.len() || !secrets.iter().all(good) {
            return Err(NoSecrets);
        }
        Ok(Self(secrets.iter().map(|it| Sha256::digest(it).into()).collect()))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Secrets", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "old-0123456789abcdefghijklmnopqrstuv";
    const NEW: &str = "new-0123456789abcdefghijklmnopqrstuv";

    fn request(headers: &[(&str, &str)]) -> Request {
        let headers: serde_json::Map<_, _> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).into()))
            .collect();
        let event = serde_json::json!({
            "version": "2.0", "routeKey": "GET /a", "rawPath": "/a", "rawQueryString": "", "headers": headers,
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "d", "domainPrefix": "d", "requestId": "r",
                "routeKey": "GET /a", "stage": "$default", "time": "25/Nov/2026:08:00:00 +0000", "timeEpoch": 1,
                "http": {"method": "GET", "path": "/a", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "t"},
            },
            "isBase64Encoded": false,
        });
        Request::read(&event.to_string()).unwrap()
    }

    fn front(secrets: &str, address_header: Option<&'static str>) -> Front {
        Front {
            secrets: secrets.parse().unwrap(),
            address_header: address_header.map(HeaderName::from_static),
        }
    }

    #[test]
    fn either_of_two_secrets_lets_a_request_pass_and_nothing_else_does() {
        let both = front(&format!("{NEW},{OLD}"), None);
        for shown in [NEW, OLD] {
            let mut request = request(&[(HEADER, shown)]);
            assert_eq!(both.admit(&mut request), Ok(()), "{shown}");
            assert!(request.headers.is_empty(), "nobody further in sees the secret");
        }
        let short = NEW.strip_suffix('v').unwrap();
        let upper = NEW.to_uppercase();
        for shown in [
            "",
            short,
            &upper,
            &format!("{NEW} "),
            &format!("{NEW},{OLD}"),
            &format!("{NEW},{NEW}"),
        ] {
            assert_eq!(
                both.admit(&mut request(&[(HEADER, shown)])),
                Err(Bypassed),
                "{shown}"
            );
        }
        assert_eq!(both.admit(&mut request(&[])), Err(Bypassed));
        assert_eq!(
            front(NEW, None).admit(&mut request(&[(HEADER, OLD)])),
            Err(Bypassed)
        );
    }

    #[test]
    fn without_a_front_every_request_passes() {
        for headers in [[].as_slice(), &[(HEADER, OLD)]] {
            assert_eq!(Front::default().admit(&mut request(headers)), Ok(()));
        }
    }

    #[test]
    fn the_address_is_the_one_that_the_front_names_and_else_that_of_the_connection() {
        for (header, value, read) in [
            (WITH_PORT, "198.51.100.7:46532", "198.51.100.7"),
            (WITH_PORT, "2001:db8::1:443", "2001:db8::1"),
            (WITH_PORT, "[2001:db8::1]:443", "2001:db8::1"),
            (WITH_PORT, "198.51.100.7", "192.0.2.1"),
            ("x-visitor", "198.51.100.7", "198.51.100.7"),
            ("x-visitor", "2001:DB8::1", "2001:db8::1"),
            ("x-visitor", "198.51.100.7, 203.0.113.9", "192.0.2.1"),
            ("x-visitor", "unknown", "192.0.2.1"),
            ("x-forwarded-for", "198.51.100.7", "192.0.2.1"),
        ] {
            let named = if header == WITH_PORT {
                WITH_PORT
            } else {
                "x-visitor"
            };
            let mut request = request(&[(HEADER, NEW), (header, value)]);
            front(NEW, Some(named)).admit(&mut request).unwrap();
            assert_eq!(request.source_ip.as_deref(), Some(read), "{header}: {value}");
        }
    }

    #[test]
    fn a_secret_is_32_to_128_letters_and_digits_and_there_are_two_at_most() {
        for good in [
            String::new(),
            NEW.to_owned(),
            "a".repeat(128),
            format!("{NEW},{OLD}"),
        ] {
            assert!(good.parse::<Secrets>().is_ok(), "{good}");
        }
        for bad in [
            "short".to_owned(),
            "a".repeat(31),
            "a".repeat(129),
            format!("{NEW},"),
            format!("{NEW},short"),
            format!("{NEW},{OLD},{NEW}"),
            format!("{NEW}!"),
        ] {
            assert_eq!(bad.parse::<Secrets>(), Err(NoSecrets), "{bad}");
        }
    }

    #[test]
    fn a_secret_is_never_printed() {
        assert_eq!(format!("{:?}", NEW.parse::<Secrets>().unwrap()), "1 Secrets");
    }
}
