//! The browser, by the products a user agent names.

use std::borrow::Cow;

use super::UserAgent;
use super::system::System;
use super::version::Version;

/// A browser as found.
pub(super) struct Named {
    pub(super) family: Cow<'static, str>,
    pub(super) version: Option<Version>,
    /// Whether the tables know the family.
    pub(super) listed: bool,
}

/// How sure a product's name makes us: browsers name those they descend from as well.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Itself,
    Engine,
    Ancestor,
}

/// The browser of `text`, which runs on `os`; `program` is whether a program speaks.
pub(super) fn read(text: &str, os: System, program: bool) -> Named {
    let names_a_bot = |name: &str| {
        let name = name.to_ascii_lowercase();
        program
            && ["bot", "spider", "crawl"].iter().any(|word| name.contains(word))
            && !name.contains("cubot")
    };
    let mut best: Option<(Standing, &'static str, Option<Version>)> = None;
    let mut unlisted: Option<(Cow<'static, str>, Option<Version>)> = None;
    let mut says = Says::default();

    let mut pieces = text
        .split([' ', '(', ')', ';', ',', '[', ']'])
        .filter(|piece| !piece.is_empty())
        .peekable();
    while let Some(piece) = pieces.next() {
        let (name, version) = match piece.split_once('/') {
            Some((name, version)) => (name, Version::read(version)),
            None => (piece, pieces.peek().and_then(|next| version_of_next(next))),
        };
        says.hear(name, version, piece);
        if let Some((standing, family)) = listed(name, piece.contains('/')) {
            let version = if name == "Trident" { None } else { version };
            best = match best.take() {
                // `FB_IAB/FB4A;FBAV/470`: the first product of a family need not be the one with the version.
                Some((before, same, None)) if same == family => Some((before, same, version)),
                Some(found) if found.0 <= standing => Some(found),
                _ => Some((standing, family, version)),
            };
        } else if piece.contains('/')
            && (unlisted.is_none() || names_a_bot(name))
            && !NO_BROWSER.contains(&name)
        {
            unlisted = tidy(name).map(|name| (name, version)).or(unlisted);
        }
    }

    if let Some((Standing::Itself, family, version)) = best {
        let version = match family {
            // `Opera/9.80` for ever, the truth under `Version`; later ones say `OPR`.
            "Opera" if text.starts_with("Opera/") => says.version_if_given.or(version),
            // Trident is the engine; since 11 the version is a revision.
            "Internet Explorer" => version.or(says.revision),
            _ => version,
        };
        return Named::listed(family, version);
    }
    if let Some((name, version)) = unlisted.as_ref().filter(|(name, _)| names_a_bot(name)) {
        return Named {
            family: name.clone(),
            version: *version,
            listed: true,
        };
    }
    match best {
        Some((_, "Chrome", version)) if says.view || (says.old_view && os == System::Android) => {
            Named::listed("WebView", version)
        }
        Some((Standing::Ancestor, _, _)) if os == System::Android => {
            Named::listed("Android Browser", says.version_if_given)
        }
        Some((Standing::Ancestor, family, _)) => Named::listed(family, says.version_if_given),
        Some((_, family, version)) => Named::listed(family, version),
        // An app's window: WebKit without the browser around it.
        None if says.webkit && matches!(os, System::Ios | System::MacOs) => Named::listed("WebView", None),
        None => match unlisted {
            Some((family, version)) => Named {
                family,
                version,
                listed: false,
            },
            None => Named {
                family: alone(text).unwrap_or(Cow::Borrowed(UserAgent::UNKNOWN)),
                version: None,
                listed: false,
            },
        },
    }
}

impl Named {
    fn listed(family: &'static str, version: Option<Version>) -> Self {
        Self {
            family: Cow::Borrowed(family),
            version,
            listed: true,
        }
    }
}

/// What other products say about the browser.
#[derive(Default)]
struct Says {
    version_if_given: Option<Version>,
    revision: Option<Version>,
    view: bool,
    old_view: bool,
    webkit: bool,
}

impl Says {
    fn hear(&mut self, name: &str, version: Option<Version>, piece: &str) {
        match name {
            "Version" => {
                self.version_if_given = version;
                self.old_view = version == Some(Version::new(4, 0));
            }
            "wv" => self.view = true,
            "AppleWebKit" => self.webkit = true,
            _ => {
                if let Some(revision) = piece.strip_prefix("rv:") {
                    self.revision = Version::read(revision);
                }
            }
        }
    }
}

/// Families by the product that gives them away.
fn listed(name: &str, versioned: bool) -> Option<(Standing, &'static str)> {
    let itself = match name {
        "Edg" | "Edge" | "EdgA" | "EdgiOS" | "EdgW" => "Edge",
        "OPR" | "Opera" | "OPT" | "OPiOS" | "OPX" => "Opera",
        "SamsungBrowser" => "Samsung Internet",
        "FxiOS" => "Firefox",
        "Focus" | "Klar" if versioned => "Firefox Focus",
        "CriOS" => "Chrome",
        "Vivaldi" => "Vivaldi",
        "Brave" => "Brave",
        "DuckDuckGo" | "Ddg" => "DuckDuckGo",
        "YaBrowser" | "YaApp_Android" | "YaSearchApp" => "Yandex Browser",
        "UCBrowser" | "UBrowser" => "UC Browser",
        "MiuiBrowser" => "MIUI Browser",
        "HuaweiBrowser" => "Huawei Browser",
        "VivoBrowser" => "Vivo Browser",
        "HeyTapBrowser" => "HeyTap Browser",
        "QQBrowser" | "MQQBrowser" => "QQ Browser",
        "Whale" if versioned => "Whale",
        "Silk" if versioned => "Amazon Silk",
        "Ecosia" => "Ecosia",
        "Maxthon" => "Maxthon",
        "coc_coc_browser" => "Coc Coc",
        "AVG" if versioned => "AVG",
        "Avast" if versioned => "Avast",
        "ADG" if versioned => "AOL",
        "SeaMonkey" => "SeaMonkey",
        "PaleMoon" => "Pale Moon",
        "Waterfox" => "Waterfox",
        "Epiphany" => "Epiphany",
        "Falkon" => "Falkon",
        "Konqueror" => "Konqueror",
        "MSIE" | "Trident" | "IEMobile" => "Internet Explorer",
        "GSA" => "Google App",
        "FBAV" | "FB_IAB" | "FBAN" => "Facebook",
        "Instagram" => "Instagram",
        "Twitter" => "Twitter",
        "Snapchat" => "Snapchat",
        "Pinterest" => "Pinterest",
        "LinkedInApp" => "LinkedIn",
        "MicroMessenger" => "WeChat",
        "musical_ly" | "BytedanceWebview" | "TikTok" | "trill" => "TikTok",
        "Line" if versioned => "LINE",
        "KAKAOTALK" => "KakaoTalk",
        "Electron" => "Electron",
        "PhantomJS" => "PhantomJS",
        _ => {
            return match name {
                "Firefox" => Some((Standing::Engine, "Firefox")),
                "Chrome" | "CrMo" | "HeadlessChrome" | "Chromium" if versioned => {
                    Some((Standing::Engine, "Chrome"))
                }
                "Safari" if versioned => Some((Standing::Ancestor, "Safari")),
                _ => None,
            };
        }
    };
    Some((Standing::Itself, itself))
}

/// Products that every browser names, or that name no browser.
const NO_BROWSER: [&str; 15] = [
    "Mozilla",
    "AppleWebKit",
    "Gecko",
    "KHTML",
    "Version",
    "Mobile",
    "Build",
    "Goanna",
    "CFNetwork",
    "Darwin",
    "Presto",
    "U",
    "Linux",
    "http:",
    "https:",
];

fn version_of_next(next: &str) -> Option<Version> {
    let number = next.split_once('@').map_or(next, |(_, number)| number);
    Version::read(number)
}

/// A name that is safe to print and to compare.
fn tidy(name: &str) -> Option<Cow<'static, str>> {
    let name: String = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ' '))
        .take(40)
        .collect();
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        .then_some(Cow::Owned(name))
}

/// The first word of a text without products: `curl`, `Synapse (bot; …)`.
fn alone(text: &str) -> Option<Cow<'static, str>> {
    let word = text.split([' ', '(', ';', ',']).next()?;
    if word.contains('/') || word.contains(':') {
        None
    } else {
        tidy(word)
    }
}
