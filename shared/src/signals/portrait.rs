//! What a visit tells of browser and machine, in the words that its site is told.

use serde::{Deserialize, Serialize};

use crate::telemetry::ClientHints;
use crate::useragent::{DeviceClass, Engine, Evidence, System, UserAgent, Version};

use super::claims::Claims;
use super::observed::Observed;

/// Browser and machine. What is `None` was not collected.
///
/// As JSON it is compact, to be stored.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Portrait {
    /// The browser's family.
    #[serde(rename = "b", skip_serializing_if = "Option::is_none")]
    pub browser: Option<String>,
    /// Its version: the whole of it where the browser tells, else what its user agent has not frozen.
    #[serde(rename = "bv", skip_serializing_if = "Option::is_none")]
    pub browser_version: Option<String>,
    /// What renders pages: `Blink`, `Gecko`, `WebKit`, `EdgeHTML` or `Trident`.
    #[serde(rename = "en", skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// The user agent, as the request has it.
    #[serde(rename = "ua", skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Languages, the most wanted first.
    #[serde(rename = "l", skip_serializing_if = "Option::is_none")]
    pub languages: Option<Vec<String>>,
    /// Whether cookies are kept.
    #[serde(rename = "ck", skip_serializing_if = "Option::is_none")]
    pub cookies_enabled: Option<bool>,
    /// The class of device.
    #[serde(rename = "c", skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    /// The operating system's family.
    #[serde(rename = "o", skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// Its version, by the name it is sold under.
    #[serde(rename = "ov", skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
    /// Width and height of the screen, CSS pixels: `1920x1080`.
    #[serde(rename = "s", skip_serializing_if = "Option::is_none")]
    pub screen_resolution: Option<String>,
    /// Bits per pixel.
    #[serde(rename = "sd", skip_serializing_if = "Option::is_none")]
    pub color_depth: Option<u32>,
    /// Device pixels per CSS pixel.
    #[serde(rename = "sr", skip_serializing_if = "Option::is_none")]
    pub pixel_ratio: Option<f64>,
    /// Whether there is touch.
    #[serde(rename = "t", skip_serializing_if = "Option::is_none")]
    pub touch: Option<bool>,
    /// Logical processors, as the browser rounds them.
    #[serde(rename = "p", skip_serializing_if = "Option::is_none")]
    pub cpu_cores: Option<u32>,
    /// Memory in GiB, as the browser rounds and caps it.
    #[serde(rename = "m", skip_serializing_if = "Option::is_none")]
    pub memory_gb: Option<f64>,
    /// IANA name of the browser's time zone.
    #[serde(rename = "z", skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Minutes to add to the browser's local time for UTC: 300 in New York's winter.
    #[serde(rename = "zo", skip_serializing_if = "Option::is_none")]
    pub time_zone_offset_minutes: Option<i16>,
}

/// The class of device, as the published contracts spell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Class {
    /// A desktop or laptop.
    Desktop,
    /// A phone.
    Mobile,
    /// A tablet.
    Tablet,
    /// None of these, or not said.
    Unknown,
}

/// Longest user agent that is told, characters.
const MAX_USER_AGENT: usize = 512;
/// Most languages that are told.
const MAX_LANGUAGES: usize = 16;

/// Describes browser and machine. Hints are believed for what user agents freeze, where both speak of the same system
/// and the same version.
pub fn describe(observed: &Observed<'_>) -> Portrait {
    let claims = Claims::of(observed);
    let components = claims.components;
    let screen = components.screen.as_ref();
    let (browser, browser_version) = browser(&claims);
    let (class, os, os_version) = machine(&claims);
    Portrait {
        browser,
        browser_version,
        engine: claims.engine.map(|it| it.as_str().to_owned()),
        user_agent: claims
            .user_agent
            .map(|it| it.chars().take(MAX_USER_AGENT).collect()),
        languages: languages(&claims),
        cookies_enabled: components.cookies_enabled,
        class,
        os,
        os_version,
        screen_resolution: screen.and_then(|it| Some(format!("{}x{}", it.width?, it.height?))),
        color_depth: screen.and_then(|it| it.color_depth),
        pixel_ratio: screen.and_then(|it| it.pixel_ratio),
        touch: touch(&claims),
        cpu_cores: components.hardware_concurrency,
        memory_gb: components.device_memory,
        time_zone: components.time_zone.clone().filter(|it| is_zone(it)),
        time_zone_offset_minutes: components.time_zone_offset_minutes,
    }
}

/// Brands of browsers whose user agent is Chrome's, and of those that have one of their own.
const BRANDS: [(&str, &str); 9] = [
    ("Google Chrome", "Chrome"),
    ("Microsoft Edge", "Edge"),
    ("Opera", "Opera"),
    ("Samsung Internet", "Samsung Internet"),
    ("Brave", "Brave"),
    ("Vivaldi", "Vivaldi"),
    ("YaBrowser", "Yandex Browser"),
    ("DuckDuckGo", "DuckDuckGo"),
    ("Android WebView", "WebView"),
];

fn browser(claims: &Claims<'_>) -> (Option<String>, Option<String>) {
    let Some(agent) = claims
        .agent
        .as_ref()
        .filter(|it| it.browser != UserAgent::UNKNOWN)
    else {
        return (None, None);
    };
    let said = agent.browser_version.map(|it| it.to_string());
    let plain = || (Some(agent.browser.to_string()), said.clone());
    // Hints of another Chromium than the user agent's are not this browser's.
    let sources = [Some(&claims.request_hints), claims.page_hints.as_ref()];
    let hints = sources
        .into_iter()
        .flatten()
        .find(|it| it.chromium().is_some() && it.chromium() == claims.chromium);
    let Some(hints) = hints else { return plain() };
    let brand = BRANDS.iter().find(|(brand, family)| {
        hints.version_of(brand).is_some() && (agent.browser == *family || agent.browser == "Chrome")
    });
    let (brand, family) = brand.map_or(("Chromium", agent.browser.as_ref()), |(brand, family)| {
        (*brand, *family)
    });
    let whole = claims
        .components
        .client_hints
        .as_ref()
        .and_then(|it| whole_version(it, brand));
    let same = |whole: &String| Version::read(whole).map(Version::major) == hints.version_of(brand);
    let version = whole.filter(same).or_else(|| {
        // The user agent has Chrome's version, which another brand may count otherwise.
        if agent.browser == family {
            said.clone()
        } else {
            hints.version_of(brand).map(|it| it.to_string())
        }
    });
    (Some(family.to_owned()), version)
}

fn whole_version(hints: &ClientHints, brand: &str) -> Option<String> {
    let list = hints.full_version_list.as_ref()?;
    let version = list.iter().find(|it| it.brand == brand)?.version.trim();
    let fits = version.len() <= 32 && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (fits && !version.is_empty()).then(|| version.to_owned())
}

fn machine(claims: &Claims<'_>) -> (Option<Class>, Option<String>, Option<String>) {
    let Some(agent) = claims.agent.as_ref() else {
        return (None, None, None);
    };
    let components = claims.components;
    let (system, class) = agent.device_by(&Evidence {
        touch_points: components.touch.as_ref().and_then(|it| it.max_touch_points),
        platform: components.platform.as_deref(),
        engine: components.vendor.as_deref().map(Engine::of_vendor),
        screen: components.screen.as_ref().and_then(|it| it.width.zip(it.height)),
    });
    let class = match class {
        DeviceClass::Desktop => Class::Desktop,
        DeviceClass::Mobile => Class::Mobile,
        DeviceClass::Tablet => Class::Tablet,
        // The published contracts have no other class.
        DeviceClass::Television | DeviceClass::Console | DeviceClass::Headset | DeviceClass::Unknown => {
            Class::Unknown
        }
    };
    let os = (system != System::Unknown).then(|| system.as_str().to_owned());
    let hinted = claims
        .hinted_system()
        .filter(|it| *it == system)
        .and(claims.components.client_hints.as_ref())
        .and_then(|it| Version::read(it.platform_version.as_deref()?));
    let version = match (system, hinted) {
        (System::Windows, Some(hinted)) => windows(hinted),
        // The version of the kernel, which is nobody's version of Linux.
        (System::Linux, _) => None,
        (_, Some(hinted)) if 0 < hinted.major() => Some(hinted.to_string()),
        _ => None,
    };
    // Of a page for computers the user agent has the version of another system.
    let said = agent.os_version.filter(|_| system == agent.os);
    (Some(class), os, version.or(said.map(|it| it.to_string())))
}

/// Windows by the version of its interfaces that hints have (Microsoft, "Detect Windows 11 using User-Agent Client
/// Hints").
fn windows(hinted: Version) -> Option<String> {
    let name = match (hinted.major(), hinted.minor()) {
        (0, 1) => "7",
        (0, 2) => "8",
        (0, 3) => "8.1",
        (0, _) => return None,
        (1..13, _) => "10",
        _ => "11",
    };
    Some(name.to_owned())
}

fn languages(claims: &Claims<'_>) -> Option<Vec<String>> {
    let is_tag = |it: &&&str| {
        (1..=35).contains(&it.len())
            && it
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let languages = claims.languages();
    let tags: Vec<String> = languages
        .iter()
        .filter(is_tag)
        .take(MAX_LANGUAGES)
        .map(|it| (*it).to_owned())
        .collect();
    (!tags.is_empty()).then_some(tags)
}

fn touch(claims: &Claims<'_>) -> Option<bool> {
    let touch = claims.components.touch.as_ref()?;
    let points = touch.max_touch_points.map(|it| 0 < it);
    // The library says 0 points also where the browser does not count them.
    let started = touch.touch_start.filter(|it| *it);
    started.or(points).or(touch.touch_start).or(touch.touch_event)
}

fn is_zone(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte))
}
