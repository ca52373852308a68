//! Which device a visit comes from.

use std::time::Duration;

use crate::device::{self, Candidate, Component, Confidence, Decision, Traits};
use crate::model::{DeviceKey, Instant};
use crate::store::Block;

/// How long a list keeps what it says of a device that shows the same again.
const FRESH: Duration = Duration::from_secs(24 * 3600);

/// What tells one machine from another of its kind. A visit that shows none of it belongs to no device.
const TELLING: [Component; 7] = [
    Component::Graphics,
    Component::CanvasGeometry,
    Component::CanvasText,
    Component::Audio,
    Component::Fonts,
    Component::Screen,
    Component::Cores,
];

/// Whether there is enough to recognise a device by.
pub(super) fn is_telling(traits: &Traits) -> bool {
    TELLING.iter().any(|component| traits.mark(*component).is_some())
}

/// The device among those of the lists, and how sure that is; `drawn` where it is a new one.
pub(super) fn device(traits: &Traits, blocks: &[Block], drawn: DeviceKey) -> (DeviceKey, Confidence, bool) {
    let candidates: Vec<_> = blocks
        .iter()
        .flat_map(|block| &block.candidates)
        .copied()
        .collect();
    match device::decide(traits, &candidates) {
        Decision::Known { id, confidence } => (id, confidence, true),
        Decision::New { confidence } => (drawn, confidence, false),
    }
}

/// The lists as they are after the visit, without those that say it already.
pub(super) fn after(blocks: &[Block], id: DeviceKey, traits: &Traits, now: Instant) -> Vec<Block> {
    let says_it = |block: &Block| {
        block.candidates.iter().any(|candidate| {
            candidate.id == id && candidate.traits == *traits && now.since(candidate.seen_at) < FRESH
        })
    };
    let changed = blocks.iter().filter(|block| !says_it(block)).cloned();
    changed
        .map(|mut block| {
            let seen = Candidate {
                id,
                traits: *traits,
                seen_at: now,
            };
            device::remember(&mut block.candidates, seen);
            block
        })
        .collect()
}
