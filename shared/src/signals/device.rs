//! Whether the machine is the one it says it is.

use crate::telemetry::{Screen, Window};
use crate::useragent::{DeviceClass, Engine, System};

use super::claims::Claims;
use super::finding::Findings;
use super::graphics::{self, Drawing};
use super::weights::{
    GRAPHICS_SYSTEM, HARDWARE_IMPOSSIBLE, HARDWARE_ODD, HINTS_SYSTEM, MOBILE, NO_TOUCH, PLATFORM,
    PLATFORM_VERSION, SCREEN_ODD, SCREEN_SMALL, SOFTWARE_GRAPHICS, VIRTUAL_GRAPHICS,
};

/// Holds system, class, screen and hardware against each other.
pub(super) fn find(claims: &Claims<'_>, findings: &mut Findings) {
    system(claims, findings);
    system_version(claims, findings);
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
    if let Some(platform) = claims.components.platform.as_deref() {
        let hinted = claims.page_hints.as_ref().and_then(|it| it.platform);
        let hinted = hinted.filter(|it| contradicts(platform, *it));
        let contradicted = contradicts(platform, system) && !claims.may_resist();
        if let Some(other) = contradicted.then_some(system).or(hinted) {
            findings.note(PLATFORM, Some(platform), Some(other.as_str()));
        }
    }
    let drawn = claims.components.webgl_renderer.as_deref();
    let made = claims.components.webgl_vendor.as_deref();
    let mark = drawn
        .and_then(|it| graphics::contradiction(it, system))
        .or(made.and_then(|it| graphics::vendor_contradiction(it, system)));
    if let Some(mark) = mark {
        findings.note(GRAPHICS_SYSTEM, Some(mark), Some(system.as_str()));
    }
}

/// Chromium counts systems' versions as the specification says from this version on.
const VERSIONS_SINCE: u32 = 96;

/// The system's version in hints has the form that this system's has, and a number that it has had.
fn system_version(claims: &Claims<'_>, findings: &mut Findings) {
    let Some(hints) = claims.components.client_hints.as_ref() else {
        return;
    };
    let (Some(version), Some(system)) = (
        hints.platform_version.as_deref().filter(|it| !it.is_empty()),
        claims.page_hints.as_ref().and_then(|it| it.platform),
    ) else {
        return;
    };
    if claims.chromium >= Some(VERSIONS_SINCE) && !is_version_of(version, system) {
        findings.note(PLATFORM_VERSION, Some(version), Some(system.as_str()));
    }
}

fn is_version_of(version: &str, system: System) -> bool {
    let parts: Option<Vec<u32>> = version.split('.').map(|it| it.parse().ok()).collect();
    let Some(parts) = parts else { return false };
    match (system, parts.as_slice()) {
        // Of its interfaces: 0.1 to 0.3 are Windows 7 to 8.1, whole numbers Windows 10 and later.
        (System::Windows, [0, minor, 0]) => *minor <= 3,
        (System::Windows, [major, 0, 0]) => *major <= 50,
        // 16 is what 26 says to programs built before it.
        (System::MacOs, [10, minor, _]) => (9..=16).contains(minor),
        (System::MacOs, [major, _, _]) => (11..=16).contains(major) || (26..=50).contains(major),
        (System::Android, [major] | [major, _] | [major, _, _]) => (4..=50).contains(major),
        // The kernel's.
        (System::Linux, [major, _] | [major, _, _] | [major, _, _, _]) => (2..=9).contains(major),
        // Of its builds.
        (System::ChromeOs, [major, _, _]) => 1_000 <= *major,
        (System::Windows | System::MacOs | System::Linux | System::ChromeOs | System::Android, _) => false,
        _ => true,
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
        _ => computer_as_phone(claims, findings),
    }
    let touched = match system {
        System::Ios => matches!(class, DeviceClass::Mobile | DeviceClass::Tablet),
        System::Android => class == DeviceClass::Mobile && !claims.is_television(),
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

/// Hints of one source that call computers phones, or have a model for one.
fn computer_as_phone(claims: &Claims<'_>, findings: &mut Findings) {
    let Some(page) = &claims.page_hints else { return };
    let computer = matches!(
        page.platform,
        Some(System::Windows | System::MacOs | System::ChromeOs | System::Linux)
    );
    let hints = claims.components.client_hints.as_ref();
    let model = hints
        .and_then(|it| it.model.as_deref())
        .filter(|it| !it.trim().is_empty());
    if let Some(system) = page.platform.filter(|_| computer)
        && (page.mobile == Some(true) || model.is_some())
    {
        findings.note(MOBILE, model.or(Some("mobile")), Some(system.as_str()));
    }
}

/// The shorter side of a phone's screen is never longer, CSS pixels; unfolded ones have 900. On a monitor a phone has the
/// monitor's.
const WIDEST_PHONE: u32 = 1200;
/// Nor has any such screen more pixels on its shorter side; monitors have 2,160.
const FINEST_PHONE: f64 = 3000.0;
/// The longer side of a computer's screen is never shorter, CSS pixels, at any scale that systems offer: 1,920 at 400 %
/// are 480.
const SMALLEST_COMPUTER: u32 = 400;
/// How far windows reach over the edge of a screen they fill, on Windows 8 on each side, and room for more.
const OVERHANG: u32 = 64;

fn screen(claims: &Claims<'_>, findings: &mut Findings) {
    let Some(Screen {
        width: Some(width),
        height: Some(height),
        pixel_ratio,
        ..
    }) = claims.components.screen
    else {
        return;
    };
    if claims.is_television() {
        return;
    }
    let text = format!("{width}x{height}");
    let (shorter, longer) = (width.min(height), width.max(height));
    // Firefox measures in pixels of the zoomed page, so that its screens have any size.
    let exact = claims.engine.is_some_and(|it| it != Engine::Gecko);
    let desktop = claims.class() == DeviceClass::Desktop && !claims.is_ios_as_mac();
    let fine = |ratio: f64| FINEST_PHONE < f64::from(shorter) * ratio;
    // What counts is the screen: a scale makes it small, and its pixels are as many as before.
    let coarse = |ratio: f64| f64::from(longer) * ratio.max(1.0) < f64::from(SMALLEST_COMPUTER);
    let odd = shorter == 0
        || (claims.class() == DeviceClass::Mobile && WIDEST_PHONE < shorter && pixel_ratio.is_some_and(fine))
        || (desktop && exact && pixel_ratio.is_some_and(coarse));
    if odd {
        findings.note(SCREEN_ODD, Some(&text), Some(claims.class().as_str()));
    }
    // Windows of phones are as wide as the page that they show.
    if let Some(Window {
        outer_width: Some(outer_width),
        outer_height: Some(outer_height),
        ..
    }) = claims.components.window
        && claims.class() == DeviceClass::Desktop
    {
        // iOS tells the screen as it is held upright, however it is held, and others turn late.
        let (narrower, wider) = (outer_width.min(outer_height), outer_width.max(outer_height));
        let upright = shorter.saturating_add(OVERHANG) < narrower || longer.saturating_add(OVERHANG) < wider;
        let as_told =
            width.saturating_add(OVERHANG) < outer_width || height.saturating_add(OVERHANG) < outer_height;
        if 0 < shorter && upright && as_told {
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
