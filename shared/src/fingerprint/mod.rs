//! The fingerprint of a device: SHA-256 over what stays the same between two visits.
//!
//! `docs/fingerprint.md` lets anyone recompute it. A change here, or of a name in [`crate::useragent`], that gives a
//! known input another fingerprint needs a new [`VERSION`]: clients send back what they once were given.

mod normal;

use std::fmt::Write as _;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::useragent;

/// Name and version of the canonical form; the first text that is hashed.
pub const VERSION: &str = "holdfast-fingerprint-1";

/// What a fingerprint is computed from. An address is no input: a device that roams stays the same device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Inputs<'a> {
    /// The user agent.
    pub user_agent: &'a str,
    /// The `Accept-Language` header, or a language tag.
    pub accept_language: Option<&'a str>,
    /// The screen's size, `1920x1080`.
    pub screen_resolution: Option<&'a str>,
    /// The time zone's name, `America/New_York`.
    pub timezone: Option<&'a str>,
}

/// A fingerprint and what went into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// 64 lower-case hexadecimal digits.
    pub hex: String,
    /// What was hashed.
    pub components: Components,
}

/// The normalised inputs, in the order in which they are hashed. Absent ones print as null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Components {
    /// [`VERSION`].
    pub version: &'static str,
    /// The browser's family, without its version.
    pub browser: String,
    /// The operating system's family, without its version.
    pub os: &'static str,
    /// The class of device.
    pub device: &'static str,
    /// The preferred language, lower case.
    pub language: Option<String>,
    /// The screen's size in pixels, the longer side first.
    pub screen: Option<String>,
    /// The time zone.
    pub timezone: Option<String>,
}

/// Computes the fingerprint of `inputs`.
pub fn compute(inputs: &Inputs<'_>) -> Fingerprint {
    let agent = useragent::parse(inputs.user_agent);
    let components = Components {
        version: VERSION,
        browser: agent.browser.into_owned(),
        os: agent.os.as_str(),
        device: agent.first_device.as_str(),
        language: inputs.accept_language.and_then(normal::language),
        screen: inputs.screen_resolution.and_then(normal::screen),
        timezone: inputs.timezone.and_then(normal::timezone),
    };
    Fingerprint {
        hex: hash(&components),
        components,
    }
}

fn hash(components: &Components) -> String {
    let text = |component: &Option<String>| component.as_deref().unwrap_or_default().to_owned();
    let mut digest = Sha256::new();
    // Netstrings: with its length before it no value can pass for the end of one and the start of the next.
    for value in [
        components.version,
        &components.browser,
        components.os,
        components.device,
        &text(&components.language),
        &text(&components.screen),
        &text(&components.timezone),
    ] {
        digest.update(format!("{}:{value},", value.len()));
    }
    digest
        .finalize()
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

#[cfg(test)]
mod tests;
