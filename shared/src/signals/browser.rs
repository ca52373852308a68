//! Whether the browser is the one it says it is.

use crate::useragent::{self, DeviceClass, Engine, System};

use super::claims::{Claims, accepted};
use super::finding::Findings;
use super::hints;
use super::weights::{
    AGENT_MISSING, AGENTS_DIFFER, ENGINE, HINTS_BRAND, HINTS_DISAGREE, HINTS_MISSING, HINTS_UNEXPECTED,
    LANGUAGES, PLUGINS_DIFFER,
};

/// Chromium sends hints to every secure page from this version on.
const HINTS_SINCE: u32 = 90;
/// Families that are known to send them. Other browsers of Chromium's descent may have switched them off.
const SEND_HINTS: [&str; 4] = ["Chrome", "Edge", "Opera", "Samsung Internet"];
/// Samsung Internet sends them from this version of its own on.
const SAMSUNG_SINCE: u32 = 23;
/// Families that name themselves in user agent and hints alike, and must not be called Google Chrome there.
const OWN_BRANDS: [&str; 3] = ["Edge", "Opera", "Samsung Internet"];

/// Holds user agent, hints, vendor and languages against each other.
pub(super) fn find(claims: &Claims<'_>, findings: &mut Findings) {
    user_agents(claims, findings);
    brands(claims, findings);
    hints_among_themselves(claims, findings);
    hints_at_all(claims, findings);
    engine(claims, findings);
    plugins(claims, findings);
    languages(claims, findings);
}

fn user_agents(claims: &Claims<'_>, findings: &mut Findings) {
    let Some(asked) = claims.observed.user_agent.filter(|it| !it.trim().is_empty()) else {
        return findings.note(AGENT_MISSING, None, None);
    };
    let Some(page) = claims.components.user_agent.as_deref() else {
        return;
    };
    let (asked, page) = (useragent::parse(asked), useragent::parse(page));
    let same_browser = asked.browser == page.browser
        && asked.browser_version.map(useragent::Version::major)
            == page.browser_version.map(useragent::Version::major);
    let same_system = asked.os == page.os || claims.may_resist();
    if !same_browser || !same_system {
        findings.note(AGENTS_DIFFER, Some(&page.to_string()), Some(&asked.to_string()));
    }
}

fn brands(claims: &Claims<'_>, findings: &mut Findings) {
    let Some(version) = claims.chromium.filter(|_| claims.engine == Some(Engine::Blink)) else {
        return;
    };
    let sources = || std::iter::once(&claims.request_hints).chain(&claims.page_hints);
    if let Some(other) = sources()
        .filter_map(hints::Hints::chromium)
        .find(|it| *it != version)
    {
        let text = |version| format!("Chromium {version}");
        return findings.note(HINTS_BRAND, Some(&text(other)), Some(&text(version)));
    }
    let chrome = |hints: &hints::Hints| hints.version_of("Google Chrome").is_some();
    if OWN_BRANDS.contains(&claims.family()) && sources().any(chrome) {
        findings.note(HINTS_BRAND, Some("Google Chrome"), Some(claims.family()));
    }
}

/// Hints of the request, hints of the page, and the page's list of whole versions come from one browser.
fn hints_among_themselves(claims: &Claims<'_>, findings: &mut Findings) {
    let Some(page) = &claims.page_hints else { return };
    let asked = &claims.request_hints;
    let full = claims
        .components
        .client_hints
        .as_ref()
        .and_then(hints::full_chromium);
    let whole = claims.components.client_hints.as_ref().map(hints::whole_brands);
    let whole = whole.as_deref().unwrap_or_default();
    let chromium = |version: u32| format!("Chromium {version}");
    let platform = |system: System| system.as_str().to_owned();
    let mobile = |mobile: bool| if mobile { "mobile" } else { "not mobile" }.to_owned();
    let differing = [
        apart(page.chromium(), asked.chromium(), chromium),
        apart(full, page.chromium(), chromium),
        apart(full, asked.chromium(), chromium),
        apart(page.platform, asked.platform, platform),
        apart(page.mobile, asked.mobile, mobile),
        lists_apart(whole, &page.brands),
        lists_apart(&asked.brands, &page.brands),
    ];
    if let Some((current, expected)) = differing.into_iter().flatten().next() {
        findings.note(HINTS_DISAGREE, Some(&current), Some(&expected));
    }
}

/// One browser names the same brands wherever it names any, each with one version. Their order is drawn.
fn lists_apart(current: &[(String, u32)], expected: &[(String, u32)]) -> Option<(String, String)> {
    if current.is_empty() || expected.is_empty() {
        return None;
    }
    let alone = |of: &[(String, u32)], other: &[(String, u32)]| {
        let alone = of.iter().find(|it| !other.contains(it));
        alone.map(|(brand, version)| format!("{brand} {version}"))
    };
    let (one, other) = (alone(current, expected), alone(expected, current));
    let absent = || "no such brand".to_owned();
    (one.is_some() || other.is_some()).then(|| (one.unwrap_or_else(absent), other.unwrap_or_else(absent)))
}

fn apart<T: PartialEq>(
    current: Option<T>,
    expected: Option<T>,
    text: impl Fn(T) -> String,
) -> Option<(String, String)> {
    let (current, expected) = (current?, expected?);
    (current != expected).then(|| (text(current), text(expected)))
}

fn hints_at_all(claims: &Claims<'_>, findings: &mut Findings) {
    let page = claims.page_hints.as_ref();
    match claims.engine {
        Some(engine @ (Engine::Gecko | Engine::WebKit)) => {
            let hinted = claims.request_hints.chromium();
            if let Some(version) = hinted.or(page.and_then(hints::Hints::chromium)) {
                let current = format!("Chromium {version}");
                findings.note(HINTS_UNEXPECTED, Some(&current), Some(engine.as_str()));
            }
        }
        Some(Engine::Blink) => {
            let secure = claims
                .observed
                .origin
                .is_some_and(|it| it.starts_with("https://"));
            let expected = secure && sends_hints(claims);
            let asked = claims.observed.sec_ch_ua.is_some_and(|it| !it.trim().is_empty());
            // Without the page's user agent the collector collected nothing.
            let collected = claims.components.user_agent.is_some();
            if expected && collected && !asked && page.is_none() {
                findings.note(HINTS_MISSING, None, Some(claims.family()));
            }
        }
        _ => {}
    }
}

/// Whether the browser is one that sends hints to every secure page.
fn sends_hints(claims: &Claims<'_>) -> bool {
    let version = claims.agent.as_ref().and_then(|it| it.browser_version);
    let own = match claims.family() {
        "Samsung Internet" => version.is_some_and(|it| SAMSUNG_SINCE <= it.major()),
        family => SEND_HINTS.contains(&family),
    };
    // Apps that set a user agent of their own send none, and televisions have engines of their makers.
    own && claims.chromium >= Some(HINTS_SINCE) && !claims.is_web_view() && !claims.is_television()
}

/// Chromium shows PDF documents by viewers that it lists, or lists none.
fn plugins(claims: &Claims<'_>, findings: &mut Findings) {
    let components = claims.components;
    if claims.engine == Some(Engine::Blink)
        && claims.class() == DeviceClass::Desktop
        && components.pdf_viewer == Some(true)
        && components.plugin_count == Some(0)
    {
        findings.note(PLUGINS_DIFFER, Some("0"), Some("a viewer of PDF"));
    }
}

fn engine(claims: &Claims<'_>, findings: &mut Findings) {
    let Some(engine @ (Engine::Blink | Engine::Gecko | Engine::WebKit)) = claims.engine else {
        return;
    };
    let vendors = match engine {
        Engine::Blink => "Google Inc.",
        Engine::WebKit => "Apple Computer, Inc.",
        _ => "",
    };
    let vendor = claims.components.vendor.as_deref().filter(|it| *it != vendors);
    // Of the three only Blink tells pages how much memory there is.
    let memory = claims
        .components
        .device_memory
        .filter(|_| engine != Engine::Blink);
    if vendor.is_some() || memory.is_some() {
        let current = match vendor {
            Some("") => Some("no vendor"),
            Some(vendor) => Some(vendor),
            None => Some("deviceMemory"),
        };
        findings.note(ENGINE, current, Some(engine.as_str()));
    }
}

/// The most wanted language; regions are left out, since browsers shorten what they send.
fn languages(claims: &Claims<'_>, findings: &mut Findings) {
    let asked = accepted(claims.observed.accept_language);
    let page = claims.page_languages();
    let (Some(asked), Some(page)) = (asked.first(), page.first()) else {
        return;
    };
    if !language(asked).eq_ignore_ascii_case(language(page)) {
        findings.note(LANGUAGES, Some(page), Some(asked));
    }
}

fn language(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or(tag)
}
