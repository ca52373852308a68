//! The operating system and the class of device.

use std::fmt;

use super::version::Version;

/// An operating system's family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum System {
    /// Windows of desktops.
    Windows,
    /// Windows of phones.
    WindowsPhone,
    /// macOS.
    MacOs,
    /// iOS and iPadOS. An iPad's Safari calls itself a Mac; it is one here too.
    Ios,
    /// Android and what is built on it.
    Android,
    /// `HarmonyOS`.
    HarmonyOs,
    /// Chrome OS.
    ChromeOs,
    /// Linux, whatever the distribution.
    Linux,
    /// FreeBSD and its kin.
    Bsd,
    /// Tizen.
    Tizen,
    /// webOS.
    WebOs,
    /// `KaiOS` and its ancestor Firefox OS.
    KaiOs,
    /// `BlackBerry`, both generations.
    BlackBerry,
    /// Game consoles.
    Console,
    /// Phones from before smartphones.
    FeaturePhone,
    /// Not said.
    Unknown,
}

impl System {
    /// The family's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Windows => "Windows",
            Self::WindowsPhone => "Windows Phone",
            Self::MacOs => "macOS",
            Self::Ios => "iOS",
            Self::Android => "Android",
            Self::HarmonyOs => "HarmonyOS",
            Self::ChromeOs => "ChromeOS",
            Self::Linux => "Linux",
            Self::Bsd => "BSD",
            Self::Tizen => "Tizen",
            Self::WebOs => "webOS",
            Self::KaiOs => "KaiOS",
            Self::BlackBerry => "BlackBerry",
            Self::Console => "console",
            Self::FeaturePhone => "feature phone",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What kind of device a system runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeviceClass {
    /// A desktop or laptop.
    Desktop,
    /// A phone.
    Mobile,
    /// A tablet.
    Tablet,
    /// A television, or a box beside one.
    Television,
    /// A game console.
    Console,
    /// A headset for virtual reality.
    Headset,
    /// Not said, or none of these: a car, a server.
    Unknown,
}

impl DeviceClass {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Desktop,
        Self::Mobile,
        Self::Tablet,
        Self::Television,
        Self::Console,
        Self::Headset,
        Self::Unknown,
    ];

    /// The class's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::Mobile => "mobile",
            Self::Tablet => "tablet",
            Self::Television => "television",
            Self::Console => "console",
            Self::Headset => "headset",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for DeviceClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// System, its version and the class of device, where the tables know the system.
///
/// The first fingerprints have this class; [`super::class`] knows more.
pub(super) fn read(text: &str) -> (System, Option<Version>, DeviceClass) {
    let has = |word| text.contains(word);
    let mobile_or = |other| if has("Mobile") { DeviceClass::Mobile } else { other };

    // Phones with Windows name Android and iOS too, so that pages treat them alike.
    if has("Windows Phone") || has("IEMobile") {
        let version = after(text, "Windows Phone OS ").or_else(|| after(text, "Windows Phone "));
        return (System::WindowsPhone, version, DeviceClass::Mobile);
    }
    if has("Xbox") || has("PlayStation") || has("Nintendo") {
        return (System::Console, None, DeviceClass::Unknown);
    }
    if has("Windows NT") || has("Windows; U") || text.ends_with("Windows") {
        return (System::Windows, windows_version(text), DeviceClass::Desktop);
    }
    if has("iPad") {
        return (System::Ios, ios_version(text), DeviceClass::Tablet);
    }
    if has("iPhone") || has("iPod") {
        return (System::Ios, ios_version(text), DeviceClass::Mobile);
    }
    if has("Macintosh") {
        // An app on an iPad that asks for desktop pages: no Mac is mobile.
        return if has(" Mobile/") {
            (System::Ios, None, DeviceClass::Tablet)
        } else {
            (System::MacOs, after(text, "Mac OS X "), DeviceClass::Desktop)
        };
    }
    if has("Tizen") {
        return (
            System::Tizen,
            after(text, "Tizen "),
            mobile_or(DeviceClass::Unknown),
        );
    }
    if has("OpenHarmony") || has("HarmonyOS") {
        let version = after(text, "OpenHarmony ").or_else(|| after(text, "HarmonyOS "));
        return (System::HarmonyOs, version, mobile_or(DeviceClass::Tablet));
    }
    if has("KAIOS") {
        return (System::KaiOs, after(text, "KAIOS/"), DeviceClass::Mobile);
    }
    if has("Web0S") || has("webOS") {
        return (System::WebOs, None, DeviceClass::Unknown);
    }
    if has("CrOS ") {
        // `CrOS x86_64 14541.0.0`: the architecture stands between.
        let version = text
            .split_once("CrOS ")
            .and_then(|(_, rest)| rest.split_once(' '))
            .and_then(|(_, rest)| Version::read(rest));
        return (System::ChromeOs, version, DeviceClass::Desktop);
    }
    if has("Android") || has("Silk/") {
        let version = after(text, "Android ").or_else(|| after(text, "Android-"));
        return (System::Android, version, android_device(text));
    }
    if has("CFNetwork/") {
        // The network stack of Apple's apps; a Mac adds its processor or its name.
        return if has("x86_64") || has("Mac") {
            (System::MacOs, None, DeviceClass::Desktop)
        } else {
            (System::Ios, None, DeviceClass::Unknown)
        };
    }
    if has("FreeBSD") || has("OpenBSD") || has("NetBSD") {
        return (System::Bsd, None, DeviceClass::Desktop);
    }
    if has("X11") || has("Linux") || has("Ubuntu") {
        return (System::Linux, None, mobile_or(DeviceClass::Desktop));
    }
    (System::Unknown, None, DeviceClass::Unknown)
}

/// Whether browsers that run on later versions of a system say this one, too.
///
/// Chromium ("User-Agent Reduction") freezes all of these, Firefox and Safari those of macOS, Firefox that of Windows,
/// and Safari 26 says iOS 18.6 or 18.7.
pub(super) fn is_frozen(system: System, version: Version, text: &str) -> bool {
    match system {
        System::Windows => version.parts() == [10, 0],
        System::MacOs => version.parts() == [10, 15, 7] || version.parts() == [10, 15],
        System::Ios => version.parts() == [18, 6] || version.parts() == [18, 7],
        // `Android 10; K` of Chromium. Firefox says 10 for everything before it.
        System::Android => version.parts() == [10] && (text.contains("; K)") || text.contains("Gecko/")),
        System::ChromeOs => version.parts() == [14541, 0, 0],
        _ => false,
    }
}

fn after(text: &str, marker: &str) -> Option<Version> {
    text.split_once(marker).and_then(|(_, rest)| Version::read(rest))
}

/// Names that Windows was sold under, of which only the numbers sort; 11 calls itself 10.
fn windows_version(text: &str) -> Option<Version> {
    let internal = after(text, "Windows NT ")?;
    Some(match (internal.major(), internal.minor()) {
        (6, 1) => Version::new(7, 0),
        (6, 2) => Version::new(8, 0),
        (6, 3) => Version::new(8, 1),
        _ => internal,
    })
}

fn ios_version(text: &str) -> Option<Version> {
    ["iPhone OS ", "CPU OS ", "iOS ", "iPadOS "]
        .into_iter()
        .find_map(|marker| after(text, marker))
}

fn android_device(text: &str) -> DeviceClass {
    if text.contains("TV") || text.contains("; AFT") {
        return DeviceClass::Unknown;
    }
    if text.contains("Tablet") || text.contains("SM-T") {
        return DeviceClass::Tablet;
    }
    if text.contains("Mobile") {
        return DeviceClass::Mobile;
    }
    // Browsers leave out `Mobile` on tablets; apps never write it.
    if text.starts_with("Mozilla/") {
        DeviceClass::Tablet
    } else {
        DeviceClass::Unknown
    }
}
