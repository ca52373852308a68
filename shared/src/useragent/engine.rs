//! What renders pages.

use std::fmt;

use super::system::System;

/// What renders pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Chromium's.
    Blink,
    /// Firefox's.
    Gecko,
    /// Safari's, and every browser's on iOS.
    WebKit,
    /// Edge's before 2020.
    EdgeHtml,
    /// Internet Explorer's.
    Trident,
    /// Opera's before 2013.
    Presto,
    /// Not said.
    Unknown,
}

impl Engine {
    /// The engine's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blink => "Blink",
            Self::Gecko => "Gecko",
            Self::WebKit => "WebKit",
            Self::EdgeHtml => "EdgeHTML",
            Self::Trident => "Trident",
            Self::Presto => "Presto",
            Self::Unknown => "unknown",
        }
    }

    /// The engine of a page's browser by its `navigator.vendor`, which a changed user agent leaves as it is.
    pub fn of_vendor(vendor: &str) -> Self {
        match vendor {
            "Google Inc." => Self::Blink,
            "Apple Computer, Inc." => Self::WebKit,
            "" => Self::Gecko,
            _ => Self::Unknown,
        }
    }

    pub(super) fn of(text: &str, system: System) -> Self {
        let has = |word| text.contains(word);
        if system == System::Ios {
            Self::WebKit
        } else if has("Trident/") || has("MSIE ") {
            Self::Trident
        } else if has("Edge/") {
            Self::EdgeHtml
        } else if has("Chrome/") || has("Chromium/") {
            Self::Blink
        } else if has("Firefox/") && has("Gecko/") {
            Self::Gecko
        } else if has("Presto/") {
            Self::Presto
        } else if has("AppleWebKit/") {
            Self::WebKit
        } else if has("Gecko/") {
            Self::Gecko
        } else {
            Self::Unknown
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
