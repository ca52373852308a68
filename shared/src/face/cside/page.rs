//! A page of another origin asks: what lets its browser read the answer (WHATWG Fetch, 3.2).

use super::error::Error;
use crate::face::Failure;
use crate::model::{Site, SiteKey};

/// How long a browser may remember that it may ask, seconds; browsers keep it for at most two hours.
const REMEMBERED: &str = "7200";

/// The site key in a query (`siteKey=...`), where there is one and no second.
///
/// In the query and nowhere else, so that a preflight, which has neither headers nor body of the page, can be judged by it.
pub fn site_key(query: &str) -> Option<SiteKey> {
    let mut keys = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "siteKey");
    match (keys.next(), keys.next()) {
        (Some((_, key)), None) => key.parse().ok(),
        _ => None,
    }
}

/// A page whose origin its site admits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    origin: String,
}

impl Page {
    /// The page that sent this `Origin` to this site.
    ///
    /// # Errors
    /// [`Error::NotAdmitted`], the same for a site that is not there and for one that does not have this origin.
    pub fn of(site: Option<&Site>, origin: Option<&str>) -> Result<Self, Error> {
        match (site, origin) {
            (Some(site), Some(origin)) if site.admits(origin) => Ok(Self {
                origin: origin.to_owned(),
            }),
            _ => Err(Error::NotAdmitted),
        }
    }

    /// Its origin.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Its host, without scheme and port.
    pub fn host(&self) -> &str {
        let (_, rest) = self.origin.split_once("://").unwrap_or(("", &self.origin));
        match rest.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|c| c.is_ascii_digit()) => host,
            _ => rest,
        }
    }

    /// What every answer to it carries. No credentials: there are none to send.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        vec![
            ("access-control-allow-origin", self.origin.clone()),
            ("vary", "Origin".to_owned()),
        ]
    }

    /// What the answer to its preflight carries.
    pub fn preflight(&self) -> Vec<(&'static str, String)> {
        let mut headers = self.headers();
        headers.extend([
            ("access-control-allow-methods", "POST".to_owned()),
            ("access-control-allow-headers", "content-type".to_owned()),
            ("access-control-max-age", REMEMBERED.to_owned()),
        ]);
        headers
    }
}

/// A failure that the page may read, where it was admitted before.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct AtPage {
    /// The failure.
    #[source]
    pub error: Error,
    /// Who may read it.
    pub page: Option<Page>,
}

impl From<Error> for AtPage {
    /// Before it is known who asks, nobody may read it.
    fn from(error: Error) -> Self {
        Self { error, page: None }
    }
}

impl Failure for AtPage {
    fn status(&self) -> u16 {
        self.error.status()
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = self.error.headers();
        if let Some(page) = &self.page {
            headers.extend(page.headers());
            // A page of another origin reads no other header unless it is told so.
            if headers.iter().any(|(name, _)| *name == "retry-after") {
                headers.push(("access-control-expose-headers", "retry-after".to_owned()));
            }
        }
        headers
    }

    fn content_type(&self) -> &'static str {
        self.error.content_type()
    }

    fn body(&self) -> String {
        self.error.body()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_key_is_in_the_query_once() {
        for (query, expected) in [
            ("siteKey=site_1", Some("site_1")),
            ("a=b&siteKey=site%5F1", Some("site_1")),
            ("", None),
            ("siteKey=", None),
            ("sitekey=site_1", None),
            ("siteKey=a&siteKey=a", None),
            ("siteKey=a%23b", None),
        ] {
            let key = site_key(query);
            assert_eq!(key.as_ref().map(SiteKey::as_str), expected, "{query}");
        }
    }

    #[test]
    fn a_host_has_neither_scheme_nor_port() {
        for (origin, host) in [
            ("https://shop.example.com", "shop.example.com"),
            ("http://127.0.0.1:8787", "127.0.0.1"),
            ("http://[::1]:8787", "[::1]"),
            ("http://[2001:db8::a]", "[2001:db8::a]"),
        ] {
            let origin = origin.to_owned();
            assert_eq!(Page { origin }.host(), host);
        }
    }

    #[test]
    fn a_failure_is_read_by_the_page_that_was_admitted_and_by_no_other() {
        let page = Page {
            origin: "https://shop.example.com".to_owned(),
        };
        let allow = |failure: AtPage| {
            let headers = failure.headers();
            headers
                .into_iter()
                .find(|(name, _)| *name == "access-control-allow-origin")
        };
        let at = |error, page| AtPage { error, page };
        assert!(allow(at(Error::Replayed, Some(page))).is_some());
        assert!(allow(Error::NotAdmitted.into()).is_none());
    }
}
