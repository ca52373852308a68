//! What the evidence says of browser and machine, read once for all rules.

use crate::telemetry::{Automation, Components};
use crate::useragent::{self, DeviceClass, Engine, System, UserAgent};

use super::hints::Hints;
use super::observed::Observed;

/// What the evidence says.
pub(super) struct Claims<'a> {
    pub(super) observed: &'a Observed<'a>,
    pub(super) components: &'a Components,
    pub(super) automation: &'a Automation,
    /// The user agent's text: the request's, else the page's.
    pub(super) user_agent: Option<&'a str>,
    /// The same, read.
    pub(super) agent: Option<UserAgent>,
    /// What renders pages, where the user agent tells.
    pub(super) engine: Option<Engine>,
    /// The first number after `Chrome/`.
    pub(super) chromium: Option<u32>,
    /// Hints of the request.
    pub(super) request_hints: Hints,
    /// Hints of the page.
    pub(super) page_hints: Option<Hints>,
}

impl<'a> Claims<'a> {
    pub(super) fn of(observed: &'a Observed<'a>) -> Self {
        let components = &observed.telemetry.components;
        let user_agent = said(observed.user_agent).or(said(components.user_agent.as_deref()));
        let agent = user_agent.map(useragent::parse);
        Self {
            observed,
            components,
            automation: &observed.telemetry.automation,
            user_agent,
            engine: agent.as_ref().and_then(engine),
            chromium: user_agent.and_then(chromium),
            agent,
            request_hints: Hints::of_request(
                observed.sec_ch_ua,
                observed.sec_ch_ua_mobile,
                observed.sec_ch_ua_platform,
            ),
            page_hints: components.client_hints.as_ref().map(Hints::of_page),
        }
    }

    /// The system, as the user agent has it.
    pub(super) fn system(&self) -> System {
        self.agent.as_ref().map_or(System::Unknown, |it| it.os)
    }

    /// The class of device, as the user agent has it.
    pub(super) fn class(&self) -> DeviceClass {
        self.agent.as_ref().map_or(DeviceClass::Unknown, |it| it.device)
    }

    /// The browser's family.
    pub(super) fn family(&self) -> &str {
        self.agent.as_ref().map_or(UserAgent::UNKNOWN, |it| &it.browser)
    }

    /// Whether the user agent is that of a browser which a person uses.
    pub(super) fn is_browser(&self) -> bool {
        self.family() != UserAgent::UNKNOWN && self.agent.as_ref().is_some_and(|it| !it.automation)
    }

    /// Firefox that resists fingerprinting says Windows in requests on every computer, and the truth to pages. What says
    /// Windows to both is no such Firefox.
    pub(super) fn may_resist(&self) -> bool {
        let page = self.components.user_agent.as_deref().map(useragent::parse);
        self.family() == "Firefox"
            && self.system() == System::Windows
            && page.is_none_or(|it| it.os != System::Windows)
    }

    /// Whether it is a Mac with a touch screen, which there is none of: a device of iOS that asks for the pages of computers.
    pub(super) fn is_ios_as_mac(&self) -> bool {
        let touch = self.components.touch.as_ref();
        self.system() == System::MacOs && touch.and_then(|it| it.max_touch_points).is_some_and(|it| 1 < it)
    }

    /// Whether the user agent is of a television or of what is plugged into one. Their screens, windows and hints follow
    /// no rule.
    pub(super) fn is_television(&self) -> bool {
        let marked = |text: &str| TELEVISIONS.iter().any(|mark| text.contains(mark));
        self.user_agent.is_some_and(marked)
    }

    /// Whether the user agent is an app's window on the system's own browser.
    pub(super) fn is_web_view(&self) -> bool {
        self.user_agent.is_some_and(|it| it.contains("; wv)"))
    }

    /// The system, as hints have it.
    pub(super) fn hinted_system(&self) -> Option<System> {
        let page = || self.page_hints.as_ref().and_then(|it| it.platform);
        self.request_hints.platform.or_else(page)
    }

    /// Whether pages for phones are wanted, as hints have it.
    pub(super) fn hinted_mobile(&self) -> Option<bool> {
        let page = || self.page_hints.as_ref().and_then(|it| it.mobile);
        self.request_hints.mobile.or_else(page)
    }

    /// Languages of the visitor, the most wanted first: the request's, else the page's.
    pub(super) fn languages(&self) -> Vec<&'a str> {
        let asked = accepted(self.observed.accept_language);
        if asked.is_empty() {
            self.page_languages()
        } else {
            asked
        }
    }

    /// Languages of the visitor as the page has them.
    pub(super) fn page_languages(&self) -> Vec<&'a str> {
        let languages = self.components.languages.as_deref().unwrap_or_default();
        languages.iter().map(String::as_str).collect()
    }
}

/// Marks of televisions in user agents.
const TELEVISIONS: [&str; 17] = [
    "TV",
    "Tizen",
    "Web0S",
    "WebOS",
    "webOS",
    "CrKey",
    "BRAVIA",
    "HbbTV",
    "NetCast",
    "Roku",
    "VIDAA",
    "; AFT",
    "Android TV",
    "PlayStation",
    "Nintendo",
    "Xbox",
    "MiBOX",
];

/// Languages of an `Accept-Language` in their order, which is that of the wishes in every browser.
pub(super) fn accepted(header: Option<&str>) -> Vec<&str> {
    header
        .unwrap_or_default()
        .split(',')
        .filter_map(|it| it.split(';').next())
        .map(str::trim)
        .filter(|it| !it.is_empty() && *it != "*")
        .collect()
}

fn said(text: Option<&str>) -> Option<&str> {
    text.filter(|it| !it.trim().is_empty())
}

/// The engine, where its traits are known well enough to hold a page against them.
fn engine(agent: &UserAgent) -> Option<Engine> {
    match agent.engine {
        Engine::Unknown | Engine::Presto => None,
        // Old phones and small devices have builds of their own.
        Engine::WebKit if !matches!(agent.os, System::Ios | System::MacOs) => None,
        known => Some(known),
    }
}

fn chromium(user_agent: &str) -> Option<u32> {
    let (_, rest) = user_agent
        .split_once("Chrome/")
        .or_else(|| user_agent.split_once("Chromium/"))?;
    Some(useragent::Version::read(rest)?.major())
}
