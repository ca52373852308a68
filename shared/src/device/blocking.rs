//! Where to look for a device: a few digests of what seldom changes together.
//!
//! Each change leaves at least one digest as it was, so a changed device is still found; and each is kept in one item,
//! so that looking is one read of a few items, however many devices there are.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::traits::{Component, Traits, VERSION};

/// A digest that devices are kept under; prints as 22 characters base64url. Different tenants have equal ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key([u8; 16]);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// How many keys a visit has.
pub const KEYS: usize = 4;

/// What goes into every key: what must not differ.
const ALWAYS: [Component; 3] = [Component::System, Component::Platform, Component::Browser];

/// What goes into each.
const PARTS: [&[Component]; KEYS] = [
    // The machine and its fonts: keeps through a monitor, a journey, a release, and made-up cores and memory.
    &[
        Component::Graphics,
        Component::GraphicsLimits,
        Component::Model,
        Component::Fonts,
    ],
    // The machine and its language: keeps through a monitor, fonts, a journey, a release.
    &[
        Component::Graphics,
        Component::Model,
        Component::Cores,
        Component::Memory,
        Component::Touch,
        Component::Language,
    ],
    // Where and how it is used: tells equal phones apart.
    &[
        Component::Graphics,
        Component::Screen,
        Component::TimeZone,
        Component::Language,
        Component::Settings,
    ],
    // Without WebGL: keeps through a driver.
    &[
        Component::Screen,
        Component::Cores,
        Component::Memory,
        Component::Fonts,
        Component::Language,
    ],
];

/// The keys of a visit, in a fixed order.
pub fn keys(traits: &Traits) -> [Key; KEYS] {
    let mut number = 0_u8;
    PARTS.map(|parts| {
        number += 1;
        let mut hash = Sha256::new();
        hash.update([VERSION, number]);
        for component in ALWAYS.iter().chain(parts) {
            let mark = traits.mark(*component);
            hash.update([u8::from(mark.is_some())]);
            hash.update(mark.unwrap_or_default().to_be_bytes());
        }
        let mut key = [0; 16];
        for (byte, drawn) in key.iter_mut().zip(hash.finalize()) {
            *byte = drawn;
        }
        Key(key)
    })
}
