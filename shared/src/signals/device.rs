//! Whether the machine is the one it says it is.

use crate::telemetry::{Screen, Window};
use crate::useragent::{DeviceClass, Engine, System};

use super::claims::Claims;
use super::finding::Findings;
use super::graphics::{self, Drawing};
use super::weights::{
    GRAPHICS_SYSTEM, HARDWARE_IMPOSSIBLE, HARDWARE_ODD, HINTS_SYSTEM, MOBILE, NO_TOUCH, PLATFORM, SCREEN_ODD,
    SCREEN_SMALL, SOFTWARE_GRAPHICS, VIRTUAL_GRAPHICS,
};

/// Holds system, class, screen and hardware against each other.
pub(super) fn find(claims: &Claims<'_>, findings: &mut Findings) {
    system(claims, findings);
    mobile(claims, findings);
    screen(claims, findings);
    hardware(claims, findings);
    drawing(claims, findings);
}

fn system(claims: &Claims<'_>, findings: &mut Findings) {
    let system = claims.system();
    if !is_plain(system) {
        return;
    }
    if let Some(hinted) = claims.hinted_system()
        && !agrees(system, hinted)
    {
        findings.note(HINTS_SYSTEM, Some(hinted.as_str()), Some(system.as_str()));
    }
    if let Some(platform) = claims.components.platform.as_deref()
        && contradicts(platform, system)
        && !claims.may_resist()
    {
        findings.note(PLATFORM, Some(platform), Some(system.as_str()));
    }
    if let Some(renderer) = claims.components.webgl_renderer.as_deref()
        && let Some(mark) = graphics::contradiction(renderer, system)
    {
        findings.note(GRAPHICS_SYSTEM, Some(mark), Some(system.as_str()));
    }
}

/// Systems that hints, platforms and graphics name in ways that are known.
pub(super) fn is_plain(system: System) -> bool {
    matches!(
        system,
        System::Windows
            | System::MacOs
            | System::Ios
            | System::Android
            | System::HarmonyOs
            | System::ChromeOs
            | System::Linux
    )
}

/// Whether hints may say this of a user agent's system.
fn agrees(system: System, hinted: System) -> bool {
    system == hinted
        || matches!(
            (system, hinted),
            // A phone that asks for the page of computers.
            (System::Linux, System::Android)
                | (System::HarmonyOs, System::Android | System::Linux)
                | (System::ChromeOs, System::Linux)
        )
}

/// Whether `navigator.platform` cannot be that of the system.
fn contradicts(platform: &str, system: System) -> bool {
    agreement(platform, system) == Some(false)
}

/// Whether a platform is one of the system; `None` for one that says nothing of its system.
pub(super) fn agreement(platform: &str, system: System) -> Option<bool> {
    let starts = |with: &[&str]| with.iter().any(|it| platform.starts_with(it));
    if starts(&["Win"]) {
        Some(system == System::Windows)
    } else if starts(&["Mac", "iPhone", "iPad", "iPod"]) {
        // iPads call themselves Macs, in either place, to get the pages of computers.
        Some(matches!(system, System::MacOs | System::Ios))
    } else if starts(&["Linux", "Android", "CrOS"]) {
        Some(!matches!(system, System::Windows | System::MacOs | System::Ios))
    } else {
        None
    }
}

fn mobile(claims: &Claims<'_>, findings: &mut Findings) {
    let (system, class) = (claims.system(), claims.class());
    let computer = matches!(
        system,
        System::Windows | System::MacOs | System::Linux | System::ChromeOs
    ) && class == DeviceClass::Desktop;
    match (claims.hinted_mobile(), class) {
        (Some(true), DeviceClass::Desktop) if computer => {
            findings.note(MOBILE, Some("mobile"), Some(class.as_str()));
        }
        (Some(false), DeviceClass::Mobile) => {
            findings.note(MOBILE, Some("not mobile"), Some(class.as_str()));
        }
        _ => {}
    }
    let touched = match system {
        System::Ios => matches!(class, DeviceClass::Mobile | DeviceClass::Tablet),
        System::Android => class == DeviceClass::Mobile,
        _ => false,
    };
    // Where a browser has no `maxTouchPoints` (Safari before 13) the library says 0, and the page has `ontouchstart`.
    let untouched = claims
        .components
        .touch
        .as_ref()
        .is_some_and(|it| it.max_touch_points == Some(0) && it.touch_start == Some(false));
    if touched && untouched {
        findings.note(NO_TOUCH, Some("0"), Some(class.as_str()));
    }
}

/// The shorter side of a phone's screen is never longer, CSS pixels; unfolded ones have 900.
const WIDEST_PHONE: u32 = 1200;
/// The longer side of a computer's screen is never shorter, CSS pixels, at any scale that systems offer.
const SMALLEST_COMPUTER: u32 = 500;
/// How far windows reach over the edge of a screen they fill, on Windows 8 on each side, and room for more.
const OVERHANG: u32 = 64;

fn screen(claims: &Claims<'_>, findings: &mut Findings) {
    let Some(Screen {
        width: Some(width),
        height: Some(height),
        ..
    }) = claims.components.screen
    else {
        return;
    };
    let text = format!("{width}x{height}");
    let (shorter, longer) = (width.min(height), width.max(height));
    // Firefox measures in pixels of the zoomed page, so that its screens have any size.
    let exact = claims.engine != Some(Engine::Gecko);
    let desktop = claims.class() == DeviceClass::Desktop;
    let odd = shorter == 0
        || (claims.class() == DeviceClass::Mobile && WIDEST_PHONE < shorter)
        || (desktop && exact && claims.engine.is_some() && longer < SMALLEST_COMPUTER);
    if odd {
        findings.note(SCREEN_ODD, Some(&text), Some(claims.class().as_str()));
    }
    // Windows of phones are as wide as the page that they show.
    if let Some(Window {
        outer_width,
        outer_height,
        ..
    }) = &claims.components.window
        && desktop
    {
        let over = |outer: Option<u32>, screen: u32| {
            outer.is_some_and(|outer| screen.saturating_add(OVERHANG) < outer)
        };
        if 0 < shorter && (over(*outer_width, width) || over(*outer_height, height)) {
            findings.note(SCREEN_SMALL, Some(&text), None);
        }
    }
}

/// The most logical processors of a machine that is sold.
const MOST_PROCESSORS: u32 = 1024;
/// More than that is a server, not a visitor's machine.
const MANY_PROCESSORS: u32 = 128;
/// What browsers tell of memory, GiB (Device Memory, W3C): powers of two, up to 8, lately 32.
const MEMORY: [f64; 8] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0];

fn hardware(claims: &Claims<'_>, findings: &mut Findings) {
    let processors = claims.components.hardware_concurrency;
    // Tools that guard privacy write 0, which tells nothing.
    let memory = claims.components.device_memory.filter(|it| *it != 0.0);
    let impossible_count = processors.filter(|it| *it == 0 || MOST_PROCESSORS < *it);
    let impossible_memory = memory.filter(|it| !MEMORY.contains(it));
    if impossible_count.is_some() || impossible_memory.is_some() {
        let current = impossible_count
            .map(|it| format!("{it} processors"))
            .or(impossible_memory.map(|it| format!("{it} GiB")));
        findings.note(HARDWARE_IMPOSSIBLE, current.as_deref(), None);
    }
    if claims.class() != DeviceClass::Desktop {
        return;
    }
    let odd_count = processors.filter(|it| *it == 1 || (MANY_PROCESSORS < *it && *it <= MOST_PROCESSORS));
    let odd_memory = memory.filter(|it| MEMORY.contains(it) && *it < 1.0);
    if odd_count.is_some() || odd_memory.is_some() {
        let current = odd_count
            .map(|it| format!("{it} processors"))
            .or(odd_memory.map(|it| format!("{it} GiB")));
        findings.note(HARDWARE_ODD, current.as_deref(), None);
    }
}

fn drawing(claims: &Claims<'_>, findings: &mut Findings) {
    let renderer = claims.components.webgl_renderer.as_deref();
    match renderer.and_then(graphics::drawing) {
        Some(Drawing::Software(name)) => findings.note(SOFTWARE_GRAPHICS, Some(name), None),
        Some(Drawing::Virtual(name)) => findings.note(VIRTUAL_GRAPHICS, Some(name), None),
        Some(Drawing::Hardware) | None => {}
    }
}
