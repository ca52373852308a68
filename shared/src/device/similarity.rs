//! How alike two visits are, in points: ten are about one nat of log-likelihood ratio, as in [`crate::risk`].

use super::traits::{Component, Traits};
use super::weights::{ALONE, CAUSES, OLDER, weight};

/// What comparing one component of two visits gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// Both have it, and it is equal.
    Equal,
    /// Both have it, and it differs.
    Different,
    /// It was not collected at one of them.
    Unknown,
}

/// Compares one component.
pub fn compare(one: &Traits, other: &Traits, component: Component) -> Comparison {
    match (one.mark(component), other.mark(component)) {
        (Some(one), Some(other)) if one == other => Comparison::Equal,
        (Some(_), Some(_)) => Comparison::Different,
        _ => Comparison::Unknown,
    }
}

/// The components that both have and that differ, in order: what explains a score or a new id.
pub fn differing(one: &Traits, other: &Traits) -> impl Iterator<Item = Component> {
    let differs = |component: &Component| compare(one, other, *component) == Comparison::Different;
    Component::ALL.into_iter().filter(differs)
}

/// Whether the two can be one browser at all: system, platform and browser do not contradict each other.
pub fn comparable(one: &Traits, other: &Traits) -> bool {
    [Component::System, Component::Platform, Component::Browser]
        .into_iter()
        .all(|component| compare(one, other, component) != Comparison::Different)
}

/// How alike two visits are, whichever was first; none when they cannot be one browser. Between -1,000 and 1,000.
pub fn similarity(one: &Traits, other: &Traits) -> Option<i32> {
    if !comparable(one, other) {
        return None;
    }
    let handheld = one.is_handheld() && other.is_handheld();
    let (mut alike, mut against) = (0, 0);
    for component in Component::ALL {
        let weight = weight(component, handheld);
        match compare(one, other, component) {
            Comparison::Equal => alike += weight.equal,
            Comparison::Different => against += weight.different,
            Comparison::Unknown => {}
        }
    }
    if !handheld && has_one_cause(one, other) {
        against = against.max(ALONE);
    }
    Some(alike + against)
}

/// Whether all that differs and weighs anything on desktops has one cause.
fn has_one_cause(one: &Traits, other: &Traits) -> bool {
    let weighs = |component: &Component| weight(*component, false).different != 0;
    CAUSES.iter().any(|cause| {
        differing(one, other)
            .filter(weighs)
            .all(|component| cause.contains(&component))
    })
}

/// How much speaks for the earlier visit's browser having made the later one: their similarity, less
/// for a version that goes back.
pub fn points(earlier: &Traits, later: &Traits) -> Option<i32> {
    Some(similarity(earlier, later)? + order(earlier.release(), later.release()))
}

/// Browsers are not downgraded; a beta that is left again is rare.
pub(super) fn order(earlier: Option<u32>, later: Option<u32>) -> i32 {
    match (earlier, later) {
        (Some(earlier), Some(later)) if later < earlier => OLDER,
        _ => 0,
    }
}
