//! Every finding with its points. `docs/signals.md` has the same table for people; a test compares them.

use super::finding::Group;

/// What a finding weighs, whatever was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weight {
    pub(super) group: Group,
    pub(super) name: &'static str,
    pub(super) points: i32,
    /// What it says about a program at the controls.
    pub(super) bot: Automation,
    /// Whether it says that a claim of the browser is not true.
    pub(super) tampering: bool,
}

/// What a finding says about a program at the controls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Automation {
    /// There is one: no honest person's settings look like this.
    Proven,
    /// Those who drive browsers by program often look like this. Two of independent origin make a program likely.
    Hinted(Origin),
    /// So look those who drive browsers by program, and people who set their browser so. It adds to hints, and is none.
    Setting,
    /// Nothing.
    Untold,
}

/// What one cause brings about. Hints of one origin are one hint, however many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Something changes what pages see of the browser: a program that hides, or an extension.
    Disguise,
    /// Tools left something in the page, or a library for bots thinks so: a program, or an extension.
    Tools,
    /// The machine has no window.
    Machine,
}

impl Origin {
    pub(super) const ALL: [Self; 3] = [Self::Disguise, Self::Tools, Self::Machine];
}

const fn plain(group: Group, name: &'static str, points: i32) -> Weight {
    Weight {
        group,
        name,
        points,
        bot: Automation::Untold,
        tampering: false,
    }
}

const fn proof(name: &'static str, points: i32) -> Weight {
    Weight {
        bot: Automation::Proven,
        ..plain(Group::Bot, name, points)
    }
}

const fn hint(name: &'static str, points: i32, origin: Origin) -> Weight {
    Weight {
        bot: Automation::Hinted(origin),
        ..plain(Group::Bot, name, points)
    }
}

const fn setting(group: Group, name: &'static str, points: i32) -> Weight {
    Weight {
        bot: Automation::Setting,
        ..plain(group, name, points)
    }
}

const fn lie(group: Group, name: &'static str, points: i32) -> Weight {
    Weight {
        tampering: true,
        ..plain(group, name, points)
    }
}

pub(super) const WEBDRIVER: Weight = proof("webdriver", 80);
pub(super) const HEADLESS: Weight = proof("headless_browser", 80);
pub(super) const FAKE_CRAWLER: Weight = proof("fake_crawler", 80);
pub(super) const DECLARED_CRAWLER: Weight = proof("declared_crawler", 60);
pub(super) const PROGRAM: Weight = proof("automation_user_agent", 60);
pub(super) const DRIVER: Weight = proof("driver_globals", 60);
pub(super) const GLOBALS: Weight = hint("automation_globals", 10, Origin::Tools);
pub(super) const DETECTOR: Weight = hint("detector_bot", 30, Origin::Tools);
pub(super) const IFRAME: Weight = Weight {
    tampering: true,
    ..hint("iframe_mismatch", 30, Origin::Disguise)
};
pub(super) const WORKER: Weight = Weight {
    tampering: true,
    ..hint("worker_mismatch", 30, Origin::Disguise)
};
pub(super) const SCREEN_DEFAULT: Weight = hint("screen_800x600", 20, Origin::Machine);
pub(super) const DEVTOOLS: Weight = setting(Group::Bot, "devtools_protocol", 15);
pub(super) const NO_PLUGINS: Weight = setting(Group::Bot, "plugins_missing", 10);

pub(super) const AGENT_MISSING: Weight = plain(Group::Browser, "user_agent_missing", 30);
pub(super) const AGENTS_DIFFER: Weight = lie(Group::Browser, "user_agent_differs", 40);
pub(super) const HINTS_BRAND: Weight = lie(Group::Browser, "hints_browser_mismatch", 40);
pub(super) const HINTS_DISAGREE: Weight = lie(Group::Browser, "hints_disagree", 40);
pub(super) const HINTS_UNEXPECTED: Weight = lie(Group::Browser, "hints_unexpected", 50);
pub(super) const HINTS_MISSING: Weight = plain(Group::Browser, "hints_missing", 20);
pub(super) const ENGINE: Weight = lie(Group::Browser, "engine_mismatch", 40);
pub(super) const PLUGINS_DIFFER: Weight = lie(Group::Browser, "plugins_mismatch", 20);
pub(super) const LANGUAGES: Weight = lie(Group::Browser, "languages_mismatch", 15);

pub(super) const HINTS_SYSTEM: Weight = lie(Group::Device, "hints_os_mismatch", 50);
pub(super) const PLATFORM: Weight = lie(Group::Device, "platform_mismatch", 40);
pub(super) const GRAPHICS_SYSTEM: Weight = lie(Group::Device, "graphics_os_mismatch", 30);
pub(super) const PLATFORM_VERSION: Weight = lie(Group::Device, "platform_version_impossible", 40);
pub(super) const MOBILE: Weight = lie(Group::Device, "mobile_mismatch", 30);
pub(super) const NO_TOUCH: Weight = lie(Group::Device, "touch_missing", 25);
pub(super) const SCREEN_ODD: Weight = plain(Group::Device, "screen_implausible", 20);
pub(super) const SCREEN_SMALL: Weight = plain(Group::Device, "screen_smaller_than_window", 20);
pub(super) const HARDWARE_IMPOSSIBLE: Weight = lie(Group::Device, "hardware_impossible", 25);
pub(super) const HARDWARE_ODD: Weight = plain(Group::Device, "hardware_implausible", 5);
pub(super) const SOFTWARE_GRAPHICS: Weight = setting(Group::Device, "software_graphics", 15);
pub(super) const VIRTUAL_GRAPHICS: Weight = plain(Group::Device, "virtual_graphics", 10);

pub(super) const TOR: Weight = plain(Group::Ip, "ip_tor", 45);
pub(super) const PROXY: Weight = plain(Group::Ip, "ip_proxy", 30);
pub(super) const HOSTING: Weight = plain(Group::Ip, "ip_hosting", 30);
pub(super) const VPN: Weight = plain(Group::Ip, "ip_vpn", 15);

pub(super) const OFFSET: Weight = lie(Group::Environment, "time_zone_offset_mismatch", 30);
pub(super) const ZONE_FAR: Weight = plain(Group::Environment, "time_zone_far", 25);
pub(super) const ZONE_OTHER: Weight = plain(Group::Environment, "time_zone_other", 5);
pub(super) const ZONE_UTC: Weight = setting(Group::Environment, "time_zone_utc", 15);
pub(super) const LOCALE: Weight = plain(Group::Environment, "locale_country", 5);
pub(super) const CLOCK: Weight = plain(Group::Environment, "clock_off", 0);

pub(super) const EMAIL_DISPOSABLE: Weight = plain(Group::Email, "email_disposable", 25);
pub(super) const EMAIL_MASKED: Weight = plain(Group::Email, "email_masked", 0);

/// All of them, in the order of the document.
pub(super) const ALL: [Weight; 46] = [
    WEBDRIVER,
    HEADLESS,
    FAKE_CRAWLER,
    DECLARED_CRAWLER,
    PROGRAM,
    DRIVER,
    GLOBALS,
    DETECTOR,
    IFRAME,
    WORKER,
    SCREEN_DEFAULT,
    DEVTOOLS,
    NO_PLUGINS,
    AGENT_MISSING,
    AGENTS_DIFFER,
    HINTS_BRAND,
    HINTS_DISAGREE,
    HINTS_UNEXPECTED,
    HINTS_MISSING,
    ENGINE,
    PLUGINS_DIFFER,
    LANGUAGES,
    HINTS_SYSTEM,
    PLATFORM,
    GRAPHICS_SYSTEM,
    PLATFORM_VERSION,
    MOBILE,
    NO_TOUCH,
    SCREEN_ODD,
    SCREEN_SMALL,
    HARDWARE_IMPOSSIBLE,
    HARDWARE_ODD,
    SOFTWARE_GRAPHICS,
    VIRTUAL_GRAPHICS,
    TOR,
    PROXY,
    HOSTING,
    VPN,
    OFFSET,
    ZONE_FAR,
    ZONE_OTHER,
    ZONE_UTC,
    LOCALE,
    CLOCK,
    EMAIL_DISPOSABLE,
    EMAIL_MASKED,
];

/// The weight of this name.
pub(super) fn named(name: &str) -> Option<Weight> {
    ALL.into_iter().find(|it| it.name == name)
}
