//! What a user agent says of itself: browser, system, class of device, and whether a program wrote it.
//!
//! Today's browsers are told apart by our own tables, in one pass and without regular expressions. `woothee` knows
//! the rest (old phones, consoles, feed readers); its data ends in 2021, and its first call compiles its patterns,
//! so it is asked only for what the tables do not know.

pub(crate) mod automation;
mod browser;
mod change;
mod class;
mod engine;
mod evidence;
mod older;
pub(crate) mod places;
mod released;
mod system;
mod version;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use crate::model::SessionRecord;

pub use change::{Change, Part};
pub use engine::Engine;
pub use evidence::Evidence;
pub use system::{DeviceClass, System};
pub use version::Version;

/// A user agent, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAgent {
    /// The browser's family, one name on every system: `Chrome` is also Chrome of iOS. For a program the name it
    /// gives itself, at most 40 letters, digits, `-`, `_` and spaces. [`UserAgent::UNKNOWN`] where there is none.
    pub browser: Cow<'static, str>,
    /// The browser's version.
    pub browser_version: Option<Version>,
    /// The operating system.
    pub os: System,
    /// The system's version. Browsers freeze it: Windows 11 says 10, macOS says 10.15.7.
    pub os_version: Option<Version>,
    /// Whether browsers say this version of the system for ever: Windows 10, macOS 10.15.7, Android `10; K`, iOS 18.6.
    pub os_version_frozen: bool,
    /// The class of device. A phone or tablet may ask for the pages of computers: [`UserAgent::device_by`] knows more.
    pub device: DeviceClass,
    /// What renders pages.
    pub engine: Engine,
    /// The class of device by the rules of the first fingerprints, which knew no televisions, consoles and headsets.
    pub(crate) first_device: DeviceClass,
    /// What only iOS has, wherever it stands in the text.
    apple: Apple,
    /// Whether a program speaks: a bot, an HTTP library, a browser without a window.
    pub automation: bool,
}

/// What names iOS beside the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Apple {
    /// `iPad`.
    Ipad,
    /// A browser that has this name on iOS alone.
    Browser,
    /// Nothing.
    Nothing,
}

impl Apple {
    fn of(text: &str) -> Self {
        if text.contains("iPad") {
            Self::Ipad
        } else if ["CriOS/", "FxiOS/", "EdgiOS/", "OPiOS/"]
            .iter()
            .any(|it| text.contains(it))
        {
            Self::Browser
        } else {
            Self::Nothing
        }
    }
}

/// What counts of a user agent: the first [`SessionRecord::MAX_USER_AGENT`] characters, so that a text and what a record
/// kept of it mean the same.
pub(crate) fn kept(text: &str) -> &str {
    match text.char_indices().nth(SessionRecord::MAX_USER_AGENT) {
        Some((end, _)) => text.split_at(end).0,
        None => text,
    }
}

/// Reads a user agent; every text is one.
///
/// Only the first [`SessionRecord::MAX_USER_AGENT`] characters count.
pub fn parse(text: &str) -> UserAgent {
    let text = kept(text);
    let (os, os_version, device) = system::read(text);
    let automation = automation::speaks(text);
    let named = browser::read(text, os, automation);
    let mut agent = UserAgent {
        browser: named.family,
        browser_version: named.version,
        os,
        os_version,
        os_version_frozen: os_version.is_some_and(|it| system::is_frozen(os, it, text)),
        device,
        engine: Engine::of(text, os),
        first_device: device,
        apple: Apple::of(text),
        automation,
    };
    if !named.listed || agent.os == System::Unknown {
        older::complete(&mut agent, text);
    }
    agent.first_device = agent.device;
    agent.device = class::refine(text, agent.os, agent.device);
    agent
}

impl UserAgent {
    /// The family of a user agent that names no browser.
    pub const UNKNOWN: &'static str = "unknown";

    /// How the system's version stands to that of `earlier`, as far as both say. `None` where that is not known.
    ///
    /// A frozen version of Windows, macOS and iOS says that the system is at least as new; of Android and `ChromeOS`
    /// it says nothing. Two systems are not compared.
    ///
    /// ```
    /// use std::cmp::Ordering;
    ///
    /// use shared::useragent::parse;
    ///
    /// let iphone = |version| parse(&format!("Mozilla/5.0 (iPhone; CPU iPhone OS {version} like Mac OS X)"));
    /// assert_eq!(iphone("18_6").compare_os_version(&iphone("18_7_1")), None);
    /// assert_eq!(iphone("18_6").compare_os_version(&iphone("17_5")), Some(Ordering::Greater));
    /// assert_eq!(iphone("17_5").compare_os_version(&iphone("17_6_1")), Some(Ordering::Less));
    /// ```
    pub fn compare_os_version(&self, earlier: &Self) -> Option<Ordering> {
        if self.os != earlier.os {
            return None;
        }
        let (now, before) = (self.os_version?, earlier.os_version?);
        let unbound = matches!(self.os, System::Android | System::ChromeOs);
        match (self.os_version_frozen, earlier.os_version_frozen) {
            (false, false) => now.compare(before),
            (true, true) => None,
            _ if unbound => None,
            // The frozen one is the least that it can be, so that only a lesser one stands apart.
            (true, false) => now.compare(before).filter(|it| it.is_gt()),
            (false, true) => now.compare(before).filter(|it| it.is_lt()),
        }
    }
}

impl fmt::Display for UserAgent {
    /// `Chrome 126 on Windows 10`: versions to three parts, so that none can be read as an address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.browser)?;
        if let Some(version) = self.browser_version {
            write!(f, " {version}")?;
        }
        if self.os != System::Unknown {
            write!(f, " on {}", self.os)?;
            if let Some(version) = self.os_version {
                write!(f, " {version}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
