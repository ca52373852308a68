//! How a user agent differs from an earlier one, part by part.

use std::cmp::Ordering;

use super::released;
use super::{System, UserAgent, Version};

/// How one part of a user agent differs from the same part of an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// Both say the same.
    Same,
    /// The earlier one did not say it, or says what its browsers say whatever is true.
    Unsaid,
    /// A later version.
    Newer,
    /// A later version than was released yet.
    Unreleased,
    /// An earlier version.
    Older,
    /// Another one.
    Other,
    /// The earlier one said it, this one does not.
    Withheld,
}

impl Part {
    /// Whether nothing speaks against the part.
    pub const fn is_kept(self) -> bool {
        matches!(self, Self::Same | Self::Unsaid)
    }
}

/// How a user agent differs from an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Change {
    /// The browser: never a version.
    pub browser: Part,
    /// The system: never a version. A page asked for as desktops see it leaves it the same.
    pub system: Part,
    /// The versions of both: never another one.
    pub version: Part,
    /// Whether a phone or tablet asks for the page of desktops, or asks for it no more.
    pub desktop_site: bool,
    /// Whether what is newer is a release of the browser or of the system, not a patch.
    pub is_release: bool,
    /// Whether something could not be compared.
    pub is_vague: bool,
}

impl UserAgent {
    /// How this user agent, seen at `now` (seconds since 1970), differs from `earlier`.
    pub fn change_since(&self, earlier: &Self, now: i64) -> Change {
        let desktop_site = is_desktop_site(self, earlier);
        let system = if desktop_site {
            Part::Same
        } else {
            system(self, earlier)
        };
        let browser = if desktop_site {
            Part::Same
        } else {
            browser(self, earlier)
        };
        let comparable = browser == Part::Same && system.is_kept();
        let (version, is_release) = if comparable {
            version(self, earlier, desktop_site, now)
        } else {
            (Part::Unsaid, false)
        };
        Change {
            browser,
            system,
            version,
            desktop_site,
            is_release,
            is_vague: [browser, system].contains(&Part::Unsaid),
        }
    }

    fn is_named(&self) -> bool {
        self.browser != Self::UNKNOWN
    }
}

fn browser(now: &UserAgent, before: &UserAgent) -> Part {
    match (before.is_named(), now.is_named()) {
        (false, _) => Part::Unsaid,
        (true, false) => Part::Withheld,
        (true, true) if now.browser == before.browser => Part::Same,
        (true, true) => Part::Other,
    }
}

fn system(now: &UserAgent, before: &UserAgent) -> Part {
    match (before.os, now.os) {
        (System::Unknown, _) => Part::Unsaid,
        (_, System::Unknown) => Part::Withheld,
        (before, now) if before == now => Part::Same,
        _ => Part::Other,
    }
}

/// Whether one of the two is the other's "request desktop site": Android says Linux then, and iOS says macOS, where
/// some browsers hide their own name behind Safari's, as all of iOS's render pages with its engine.
fn is_desktop_site(now: &UserAgent, before: &UserAgent) -> bool {
    let same_family = now.is_named() && now.browser == before.browser;
    match (now.os, before.os) {
        (System::Android, System::Linux) | (System::Linux, System::Android) => same_family,
        (System::MacOs, System::Ios) => same_family || now.browser == "Safari",
        (System::Ios, System::MacOs) => same_family || before.browser == "Safari",
        _ => false,
    }
}

/// How the versions differ, the browser's before the system's, and whether that is a release.
fn version(now: &UserAgent, before: &UserAgent, desktop_site: bool, at: i64) -> (Part, bool) {
    let (ours, theirs) = if now.browser == before.browser {
        (now.browser_version, before.browser_version)
    } else {
        (None, None)
    };
    let browser = compared(ours, theirs);
    match browser {
        Part::Newer => {
            let plausible = |version: Version| released::is_plausible(&now.browser, version.major(), at);
            let release = |version: Version| match now.browser.as_ref() {
                // Its releases count up the second number.
                "Safari" => (version.major(), version.minor()),
                _ => (version.major(), 0),
            };
            return if ours.is_some_and(plausible) {
                (Part::Newer, ours.map(release) != theirs.map(release))
            } else {
                (Part::Unreleased, false)
            };
        }
        Part::Older | Part::Withheld => return (browser, false),
        _ => {}
    }
    // The page of desktops is asked for in another system's name.
    if desktop_site {
        return (browser, false);
    }
    match now.compare_os_version(before) {
        Some(Ordering::Greater) => (Part::Newer, true),
        Some(Ordering::Less) => (Part::Older, false),
        // What a browser stops saying of its system says nothing.
        _ => (browser, false),
    }
}

fn compared(now: Option<Version>, before: Option<Version>) -> Part {
    match (now, before) {
        (_, None) => Part::Unsaid,
        (None, Some(_)) => Part::Withheld,
        (Some(now), Some(before)) => match now.compare(before) {
            Some(Ordering::Less) => Part::Older,
            Some(Ordering::Greater) => Part::Newer,
            Some(Ordering::Equal) => Part::Same,
            None => Part::Unsaid,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::Part::{Newer, Older, Other, Same, Unreleased, Unsaid, Withheld};
    use super::*;
    use crate::useragent::parse;

    /// 25 November 2026.
    const NOW: i64 = 1_795_600_000;

    fn chrome(system: &str, version: &str) -> UserAgent {
        parse(&format!("Mozilla/5.0 ({system}) Chrome/{version} Safari/537.36"))
    }

    #[test]
    fn each_part_is_compared_by_itself() {
        let windows = "Windows NT 10.0; Win64; x64";
        let before = chrome(windows, "126.0.6478.127");
        let table = [
            (chrome(windows, "126"), (Same, Same, Same)),
            (chrome(windows, "126.0.0.0"), (Same, Same, Same)),
            (chrome(windows, "126.0.6478.200"), (Same, Same, Newer)),
            (chrome(windows, "127.0.0.0"), (Same, Same, Newer)),
            (chrome(windows, "900.0.0.0"), (Same, Same, Unreleased)),
            (chrome(windows, "9.0.0.0"), (Same, Same, Older)),
            (chrome(windows, "126.0.6478.1"), (Same, Same, Older)),
            (chrome(windows, "x"), (Same, Same, Withheld)),
            (chrome("Windows NT 6.1", "126.0.0.0"), (Same, Same, Older)),
            (
                parse("Mozilla/5.0 (Windows NT 10.0; rv:127.0) Gecko/20100101 Firefox/127.0"),
                (Other, Same, Unsaid),
            ),
            (chrome("X11; Linux x86_64", "127.0.0.0"), (Same, Other, Unsaid)),
            (parse(""), (Withheld, Withheld, Unsaid)),
            (parse("Mozilla/5.0 (Windows NT 10.0)"), (Withheld, Same, Unsaid)),
            (parse("curl/8.7.1"), (Other, Withheld, Unsaid)),
            (parse("Chrome/126.0 Safari/537.36"), (Same, Withheld, Unsaid)),
        ];
        for (after, expected) in table {
            let change = after.change_since(&before, NOW);
            assert_eq!(
                (change.browser, change.system, change.version),
                expected,
                "{after}"
            );
        }
        let nothing = before.change_since(&parse(""), NOW);
        assert_eq!(
            (nothing.browser, nothing.system, nothing.is_vague),
            (Unsaid, Unsaid, true)
        );
    }

    #[test]
    fn a_release_is_told_from_a_patch() {
        let windows = "Windows NT 10.0; Win64; x64";
        let safari = |version: &str| {
            parse(&format!(
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/{version} Safari/605.1.15"
            ))
        };
        for (before, after, release) in [
            (chrome(windows, "126.0.0.0"), chrome(windows, "127.0.0.0"), true),
            (
                chrome(windows, "126.0.6478.1"),
                chrome(windows, "126.0.6478.2"),
                false,
            ),
            (safari("26.1"), safari("26.2"), true),
            (safari("26.1"), safari("26.1.1"), false),
        ] {
            assert_eq!(after.change_since(&before, NOW).is_release, release, "{after}");
        }
    }
}
