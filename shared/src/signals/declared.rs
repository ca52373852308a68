//! The list of crawlers of npm's `crawler-user-agents`, and how a user agent is looked up in it.
//!
//! `crawlers.txt` is written by `tools/update-lists`. Of its 1,500 patterns all but a handful are plain texts, so they
//! are kept and looked for as texts: nothing is compiled. A text counts only where a program can name itself, see
//! [`places`].

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::useragent::places::{self, Place};
use crate::useragent::{self, automation};

const LIST: &str = include_str!("crawlers.txt");

/// The section of the texts that the package has and that people's browsers show; nothing is looked up in it.
const PEOPLE: &str = "people";

/// Names of crawlers that apps of people bear, too, behind the names of a browser. They count as the first word alone.
const APPS: [&str; 3] = ["Sogou", "Viber", "WhatsApp"];

/// The section of programs that show pages in a window and read them by themselves.
const AUTOMATION: &str = "browser-automation";

/// An entry of the list.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// What is looked for, without the signs at its ends.
    text: &'static str,
    /// What stands anywhere behind it.
    then: &'static str,
    /// The line as the list has it.
    line: &'static str,
    category: &'static str,
    first: bool,
    last: bool,
}

/// How many bytes of an entry it is found by; none is shorter.
const KEY: usize = 3;

static ENTRIES: LazyLock<HashMap<&'static [u8], Vec<Entry>>> = LazyLock::new(|| {
    let mut entries: HashMap<&'static [u8], Vec<Entry>> = HashMap::new();
    for entry in listed().filter(|it| it.category != PEOPLE) {
        if let Some(key) = entry.text.as_bytes().get(..KEY) {
            entries.entry(key).or_default().push(entry);
        }
    }
    entries
});

fn listed() -> impl Iterator<Item = Entry> {
    let mut category = "";
    LIST.lines().skip(1).filter_map(move |line| {
        if let Some(name) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            category = name;
            return None;
        }
        let (text, then) = line.split_once('*').unwrap_or((line, ""));
        Some(Entry {
            text: text.trim_start_matches('^').trim_end_matches('$'),
            then,
            line,
            category,
            first: line.starts_with('^'),
            last: line.ends_with('$'),
        })
    })
}

/// Name and category of the crawler that a user agent declares; of several names the longest.
pub(crate) fn look_up(user_agent: &str) -> Option<(&'static str, &'static str)> {
    let user_agent = useragent::kept(user_agent);
    let app = automation::is_window_of_an_app(user_agent) && !automation::speaks(user_agent);
    let mut found: Option<Entry> = None;
    places::each(user_agent, |place, start, part| {
        for (at, key) in part.as_bytes().windows(KEY).enumerate() {
            for entry in ENTRIES.get(key).into_iter().flatten() {
                if found.is_none_or(|it| it.line.len() < entry.line.len())
                    && (!app || place != Place::Products || entry.category == AUTOMATION)
                    && holds(entry, user_agent, start + at, place, at)
                {
                    found = Some(*entry);
                }
            }
        }
    });
    found.map(|it| (name(it.text), it.category))
}

/// Whether the entry stands at a byte of the user agent, which is `within` bytes from where its part begins.
fn holds(entry: &Entry, user_agent: &str, at: usize, place: Place, within: usize) -> bool {
    let Some((before, rest)) = user_agent.split_at_checked(at) else {
        return false;
    };
    let Some(behind) = rest.strip_prefix(entry.text) else {
        return false;
    };
    if (entry.first && !before.is_empty())
        || (entry.last && !behind.is_empty())
        || !behind.contains(entry.then)
    {
        return false;
    }
    let of_a_word = |c: char| c.is_ascii_alphanumeric();
    let begins = !before.ends_with(of_a_word) || !entry.text.starts_with(of_a_word);
    let ends = !behind.starts_with(of_a_word) || !entry.text.ends_with(of_a_word);
    match place {
        Place::Declaration => true,
        Place::Item => within == 0 && ends,
        Place::Products if APPS.contains(&entry.text) => before.is_empty(),
        Place::Remark | Place::Products => begins,
    }
}

/// The text without what is not of the name.
pub(super) fn name(text: &'static str) -> &'static str {
    text.trim_matches(|c: char| !c.is_ascii_alphanumeric())
}

/// All names that [`look_up`] can answer.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    listed()
        .filter(|it| it.category != PEOPLE)
        .map(|it| name(it.text))
}

/// Texts of the package that find people's browsers.
#[cfg(test)]
pub(super) fn people() -> impl Iterator<Item = &'static str> {
    listed().filter(|it| it.category == PEOPLE).map(|it| it.text)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn crawlers_of_the_corpus_are_found_and_browsers_are_not() {
        let corpus: Vec<Value> =
            serde_json::from_str(include_str!("../../../tests/useragent/corpus.json")).unwrap();
        for row in &corpus {
            let text = row["user_agent"].as_str().unwrap();
            let crawler = row["crawler"] == true && !people().any(|it| text.contains(it));
            assert_eq!(crawler, look_up(text).is_some(), "{text}");
        }
    }

    #[test]
    fn every_line_of_the_list_finds_itself_where_programs_name_themselves() {
        for entry in listed() {
            let text = format!("{}{}", entry.text, entry.then);
            assert_eq!(
                look_up(&text).is_some(),
                entry.category != PEOPLE,
                "{}",
                entry.line
            );
            if !entry.first && !entry.last && entry.category != PEOPLE {
                let declared = format!("Mozilla/5.0 (compatible; {text}; +http://x.example)");
                assert!(look_up(&declared).is_some(), "{declared}");
            }
            assert!(!name(entry.text).is_empty(), "{}", entry.line);
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
    fn a_name_counts_only_where_programs_name_themselves() {
        let found = [
            "Mozilla/5.0 (iPhone; CPU iPhone OS 10_0 like Mac OS X) AppleWebKit/602.1.38 (KHTML, like Gecko) Version/10.0 Mobile/14A5297c Safari/602.1 (compatible; Mediapartners-Google/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/97.0.4692.71 Safari/537.36 (ThousandEyes Agent)",
            "Mozilla/5.0 (Linux; Android 8.0; Pixel 2 Build/OPD3.170816.012; Storebot-Google/1.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/81.0.4044.138 Mobile Safari/537.36",
            "Mozilla/5.0 (X11; Datanyze; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/65.0.3325.181 Safari/537.36",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko; Google Web Preview) Chrome/27.0.1453 Safari/537.36",
            "Mozilla/5.0 (compatible; Sonic/1.0; http://www.yama.info.waseda.ac.jp/~crawler/info.html)",
            "Viber",
            "Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)",
        ];
        for text in found {
            assert!(look_up(text).is_some(), "{text}");
        }
        let phone = |model: &str| {
            format!(
                "Mozilla/5.0 (Linux; Android 15; {model}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36"
            )
        };
        let app = |name: &str| format!("{} {name}", phone("Pixel 9"));
        let people = [
            phone("PKC110 Build/AP3A.240617.008"),
            phone("ViewSonic A8+ Build/JLS36C"),
            phone("Sonic"),
            phone("Sogou X1"),
            phone("Fever_Plus_J"),
            phone("Expanse"),
            phone("Googlebot"),
            app("Viber/27.4.0.0"),
            app("WhatsApp/2.24.13.77"),
            app("SogouMSE,SogouMobileBrowser/3.8.5"),
            app("MetaIAB Facebook"),
            app("Instagram 406.0.0.58.159 Android (35/15; 480dpi; 1080x2400; Sonic; Viber; OP573DL1)"),
        ];
        for text in people {
            assert_eq!(look_up(&text), None, "{text}");
        }
    }
}
