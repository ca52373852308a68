//! Which device a visit comes from.

use crate::device::{self, Candidate, Confidence, Decision, Traits};
use crate::model::{DeviceKey, Instant};
use crate::store::Block;

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
    let seen = Candidate {
        id,
        traits: *traits,
        seen_at: now,
    };
    let changed = blocks
        .iter()
        .filter(|block| !device::is_remembered(&block.candidates, &seen))
        .cloned();
    changed
        .map(|mut block| {
            device::remember(&mut block.candidates, seen);
            block
        })
        .collect()
}
