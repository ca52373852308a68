//! What is compared: the components of a visit, and what the baselines make of them.

use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};

use shared::device::{self, Traits};
use shared::telemetry::Components;

/// A visit, as the matchers see it.
pub(crate) struct Seen {
    /// All components but window and patch level, each as a number.
    values: Vec<u64>,
    /// Everything in one hash.
    pub(crate) everything: u64,
    /// The stable components in one hash.
    pub(crate) stable: u64,
    /// What the service compares.
    pub(crate) traits: Traits,
    /// Where the service looks for its device.
    pub(crate) keys: [device::Key; device::KEYS],
}

impl Seen {
    /// Reads the components of a visit.
    pub(crate) fn new(it: &Components) -> Self {
        let hints = it.client_hints.as_ref();
        let version = hints.and_then(|hints| hints.platform_version.as_ref());
        let stable: Vec<u64> = vec![
            number(&it.platform),
            number(&it.vendor),
            number(&it.vendor_flavors),
            number(&hints.map(|hints| (&hints.platform, &hints.architecture, &hints.model))),
            number(&it.hardware_concurrency),
            number(&it.device_memory),
            number(&it.architecture),
            number(&it.touch),
            number(&it.canvas_geometry),
            number(&it.canvas_text),
            number(&it.audio),
            number(&it.math),
            number(&it.fonts),
            number(&it.webgl_vendor),
            number(&it.webgl_renderer),
            number(&it.webgl_parameters),
        ];
        let volatile = [
            number(&it.user_agent),
            number(&hints.map(|hints| &hints.brands)),
            number(&version),
            number(&it.languages),
            number(&it.time_zone),
            number(&it.time_zone_offset_minutes),
            number(&it.screen.as_ref().map(|screen| (screen.width, screen.height))),
            number(
                &it.screen
                    .as_ref()
                    .map(|screen| (screen.available_width, screen.available_height)),
            ),
            number(&it.screen.as_ref().map(|screen| screen.color_depth)),
            number(&it.screen.as_ref().map(|screen| screen.pixel_ratio)),
            number(&it.font_preferences),
            number(&it.dom_blockers),
            number(&it.webgl_extensions),
            number(&it.color_gamut),
            number(&it.contrast),
            number(&it.hdr),
            number(&it.reduced_motion),
            number(&it.reduced_transparency),
            number(&it.pdf_viewer),
            number(&it.plugins),
            number(&it.plugin_count),
        ];
        let stable_hash = number(&stable);
        let values: Vec<u64> = stable.into_iter().chain(volatile).collect();
        let traits = Traits::of(it, it.user_agent.as_deref().unwrap_or_default());
        Self {
            keys: device::keys(&traits),
            traits,
            everything: number(&values),
            stable: stable_hash,
            values,
        }
    }

    /// How many components are equal.
    pub(crate) fn equal(&self, other: &Self) -> i32 {
        let pairs = self.values.iter().zip(&other.values);
        pairs.map(|(one, other)| i32::from(one == other)).sum()
    }
}

fn number(value: &impl Debug) -> u64 {
    let mut hasher = DefaultHasher::new();
    format!("{value:?}").hash(&mut hasher);
    hasher.finish()
}
