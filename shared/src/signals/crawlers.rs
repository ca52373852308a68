//! Crawlers that declare themselves, by the list of npm's `crawler-user-agents`.
//!
//! `crawlers.txt` is written by `tools/update-lists`. Of its 1,500 patterns all but a handful are plain texts, so they
//! are looked for as texts: nothing is compiled, and ordinary browsers are told apart before anything is looked for.

use serde::{Deserialize, Serialize};

use super::claims::Claims;
use super::finding::Findings;
use super::weights::{DECLARED_CRAWLER, FAKE_CRAWLER};

const LIST: &str = include_str!("crawlers.txt");

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
    let (name, category) = look_up(claims.user_agent?)?;
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

/// Name and category of the crawler that a user agent declares.
pub(super) fn look_up(user_agent: &str) -> Option<(&'static str, &'static str)> {
    if is_ordinary(user_agent) {
        return None;
    }
    let mut category = "";
    let mut found: Option<(&str, &str)> = None;
    for line in LIST.lines().skip(1) {
        if let Some(name) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            category = name;
        } else if found.is_none_or(|(longest, _)| longest.len() < line.len()) && holds(line, user_agent) {
            found = Some((line, category));
        }
    }
    let (text, category) = found?;
    Some((name(text), category))
}

/// Whether the user agent has the text: `^` and `$` are its ends, `*` is anything.
fn holds(text: &str, user_agent: &str) -> bool {
    if let Some(start) = text.strip_prefix('^') {
        user_agent.starts_with(start)
    } else if let Some(end) = text.strip_suffix('$') {
        user_agent.ends_with(end)
    } else if let Some((first, second)) = text.split_once('*') {
        user_agent
            .split_once(first)
            .is_some_and(|(_, rest)| rest.contains(second))
    } else {
        user_agent.contains(text)
    }
}

/// The text without what is not of the name.
fn name(text: &'static str) -> &'static str {
    let text = text.split_once('*').map_or(text, |(first, _)| first);
    text.trim_matches(|c: char| !c.is_ascii_alphanumeric())
}

/// Products of browsers that people use.
const PRODUCTS: [&str; 22] = [
    "Mozilla",
    "AppleWebKit",
    "Chrome",
    "Safari",
    "Version",
    "Mobile",
    "Gecko",
    "Firefox",
    "Edg",
    "EdgA",
    "EdgiOS",
    "OPR",
    "CriOS",
    "FxiOS",
    "GSA",
    "SamsungBrowser",
    "Vivaldi",
    "YaBrowser",
    "DuckDuckGo",
    "Ddg",
    "Brave",
    "Electron",
];
/// What crawlers say of themselves between parentheses, in lower case.
const WORDS: [&str; 9] = [
    "bot",
    "crawl",
    "spider",
    "http",
    "www.",
    "@",
    "compatible",
    "+",
    "preview",
];

/// Whether a user agent names nothing but browsers, so that the list need not be asked.
fn is_ordinary(user_agent: &str) -> bool {
    if !user_agent.starts_with("Mozilla/5.0 (") {
        return false;
    }
    let lower = user_agent.to_ascii_lowercase();
    if WORDS.iter().any(|it| lower.contains(it)) {
        return false;
    }
    let mut depth = 0_u32;
    let outside: String = user_agent
        .chars()
        .filter(|c| {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => return depth == 0,
            }
            false
        })
        .collect();
    outside
        .split_ascii_whitespace()
        .all(|it| PRODUCTS.contains(&it.split('/').next().unwrap_or(it)))
}

/// Who runs crawlers from networks of its own.
struct Operator {
    holder: &'static str,
    /// Names as [`look_up`] has them.
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
    use serde_json::Value;

    use super::*;

    #[test]
    fn crawlers_of_the_corpus_are_found_and_browsers_are_not() {
        let corpus: Vec<Value> =
            serde_json::from_str(include_str!("../../../tests/useragent/corpus.json")).unwrap();
        let (mut crawlers, mut found, mut ordinary, mut browsers) = (0, 0, 0, 0);
        for row in &corpus {
            let text = row["user_agent"].as_str().unwrap();
            let declared = look_up(text);
            if row["crawler"] == true {
                crawlers += 1;
                found += usize::from(declared.is_some());
            } else {
                browsers += 1;
                ordinary += usize::from(is_ordinary(text));
                assert_eq!(declared, None, "{text}");
            }
        }
        println!(
            "{found} of {crawlers} crawlers; {ordinary} of {browsers} browsers without a look at the list"
        );
        assert!(found * 100 >= crawlers * 99, "{found} of {crawlers}");
        assert!(ordinary * 100 >= browsers * 80, "{ordinary} of {browsers}");
    }

    #[test]
    fn every_line_of_the_list_finds_itself() {
        let mut category = "";
        for line in LIST.lines().skip(1) {
            if let Some(name) = line.strip_prefix('[') {
                category = name.trim_end_matches(']');
                continue;
            }
            let text = line
                .trim_start_matches('^')
                .trim_end_matches('$')
                .replace('*', "x");
            assert!(look_up(&text).is_some(), "{category} {line}");
            assert!(!name(line).is_empty(), "{line}");
        }
    }

    #[test]
    fn the_longest_name_wins_and_ends_are_ends() {
        for (text, expected) in [
            (
                "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
                Some(("Googlebot", "search-engine")),
            ),
            ("Googlebot-Image/1.0", Some(("Googlebot-Image", "search-engine"))),
            ("curl/8.5.0", Some(("curl", "http-library"))),
            ("libcurl-agent of nobody", None),
            ("", None),
        ] {
            assert_eq!(look_up(text), expected, "{text}");
        }
    }

    #[test]
    fn operators_are_named_as_the_list_names_them() {
        for operator in &OPERATORS {
            let known = |it: &&&str| LIST.lines().any(|line| name(line) == **it);
            assert!(operator.names.iter().any(|it| known(&it)), "{}", operator.holder);
            let unknown: Vec<_> = operator.names.iter().filter(|it| !known(it)).collect();
            assert!(unknown.is_empty(), "{}: {unknown:?}", operator.holder);
        }
    }
}
