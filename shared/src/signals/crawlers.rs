//! Crawlers that declare themselves, and whether their address is their operator's.

use serde::{Deserialize, Serialize};

use super::claims::Claims;
use super::declared;
use super::finding::Findings;
use super::weights::{DECLARED_CRAWLER, FAKE_CRAWLER};

/// A program that declares itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crawler {
    /// Its name, as far as its user agent gives it.
    #[serde(rename = "n")]
    pub name: String,
    /// What it is for, as the list has it: `search-engine`, `ai-crawler`, `seo`, `monitoring`, `http-library` …
    #[serde(rename = "c")]
    pub category: String,
    /// Whether its address is its operator's. `None` where operators share their networks with their customers, where
    /// the network of the address is not known, and for all whose networks are not written down here.
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    pub genuine: Option<bool>,
}

impl Crawler {
    /// Whether it is a tool that anyone may use rather than somebody's crawler.
    pub(super) fn is_tool(&self) -> bool {
        ["http-library", "browser-automation"].contains(&self.category.as_str())
    }
}

/// The crawler of a user agent; of several names the longest.
pub(super) fn find(claims: &Claims<'_>, findings: &mut Findings) -> Option<Crawler> {
    let (name, category) = declared::look_up(claims.user_agent?)?;
    let asn = claims.observed.facts.asn();
    let operator = OPERATORS.iter().find(|it| it.names.contains(&name));
    let genuine = operator.zip(asn).and_then(|(operator, asn)| operator.judge(asn));
    let crawler = Crawler {
        name: name.to_owned(),
        category: category.to_owned(),
        genuine,
    };
    if !crawler.is_tool() {
        findings.note(DECLARED_CRAWLER, Some(name), None);
    }
    if let (Some(false), Some(operator), Some(asn)) = (genuine, operator, asn) {
        findings.note(FAKE_CRAWLER, Some(&format!("AS{asn}")), Some(operator.holder));
    }
    Some(crawler)
}

/// Who runs crawlers from networks of its own.
struct Operator {
    holder: &'static str,
    /// Names as [`declared::look_up`] has them.
    names: &'static [&'static str],
    /// Autonomous systems that its crawlers come from.
    systems: &'static [u32],
    /// Whether customers of the operator come from them, too.
    shared: bool,
}

impl Operator {
    fn judge(&self, asn: u32) -> Option<bool> {
        match (self.systems.contains(&asn), self.shared) {
            (false, _) => Some(false),
            (true, true) => None,
            (true, false) => Some(true),
        }
    }
}

/// Operators that say their crawlers come from their own networks. The built data about addresses has no ranges of
/// crawlers, so systems stand for them: an address elsewhere proves a lie, one within proves little.
const OPERATORS: [Operator; 6] = [
    Operator {
        holder: "AS15169 Google",
        names: &[
            "Googlebot",
            "Googlebot-Image",
            "Googlebot-News",
            "Googlebot-Video",
            "Googlebot-Mobile",
            "AdsBot-Google",
            "AdsBot-Google-Mobile",
            "Mediapartners-Google",
            "Storebot-Google",
            "GoogleOther",
        ],
        systems: &[15169],
        shared: true,
    },
    Operator {
        holder: "AS8075 Microsoft",
        names: &["bingbot", "BingPreview", "Adidxbot", "msnbot"],
        systems: &[8075],
        shared: true,
    },
    Operator {
        holder: "AS714 Apple",
        names: &["Applebot"],
        systems: &[714, 6185],
        shared: false,
    },
    Operator {
        holder: "AS13238 Yandex",
        names: &["yandex.com/bots", "YandexRenderResourcesBot"],
        systems: &[13238, 208_722],
        shared: false,
    },
    Operator {
        holder: "AS32934 Meta",
        names: &["facebookexternalhit", "meta-externalagent"],
        systems: &[32934, 63293, 54115],
        shared: false,
    },
    Operator {
        holder: "AS43037 Seznam",
        names: &["SeznamBot", "SeznamHomepageCrawler"],
        systems: &[43037],
        shared: false,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_named_as_the_list_names_them() {
        for operator in &OPERATORS {
            let unknown: Vec<_> = operator
                .names
                .iter()
                .filter(|it| !declared::names().any(|name| name == **it))
                .collect();
            assert!(unknown.is_empty(), "{}: {unknown:?}", operator.holder);
        }
    }
}
