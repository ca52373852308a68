//! What each component weighs. `docs/device-identity.md` has the same table for people; a test compares them.

use super::traits::Component;

/// Points of one component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weight {
    /// At least 0.
    pub(super) equal: i32,
    /// At most 0.
    pub(super) different: i32,
}

/// For a visit of an older version of the browser than was seen.
pub(super) const OLDER: i32 = -45;

/// What one cause changes together on desktops: a laptop that draws with its other graphics processor, and another
/// language. Nothing else of these differs then, while two machines differ in more.
pub(super) const CAUSES: [&[Component]; 2] = [
    &[
        Component::Graphics,
        Component::GraphicsLimits,
        Component::GraphicsExtensions,
        Component::CanvasGeometry,
        Component::CanvasText,
    ],
    &[Component::Language, Component::Languages],
];

/// What is against a device at most when all that differs has one cause.
pub(super) const ALONE: i32 = -4;

/// At least this much must speak for a known device: on desktops, and on phones and tablets.
pub(super) const fn known(handheld: bool) -> i32 {
    if handheld { 20 } else { 32 }
}

/// What a component weighs on phones and tablets, and on other devices.
pub(super) const fn weight(component: Component, handheld: bool) -> Weight {
    let (desktop, phone) = points(component);
    let (equal, different) = if handheld { phone } else { desktop };
    Weight { equal, different }
}

type Points = (i32, i32);

const fn points(component: Component) -> (Points, Points) {
    match component {
        // The first three must not differ at all; the others tell nothing that is not told elsewhere.
        Component::System
        | Component::Platform
        | Component::Browser
        | Component::SystemVersion
        | Component::PixelRatio => ((0, 0), (0, 0)),
        Component::Model => ((0, -16), (0, -18)),
        Component::Cores
        | Component::CanvasGeometry
        | Component::CanvasText
        | Component::Audio
        | Component::Math
        | Component::GraphicsExtensions => ((1, -3), (1, -3)),
        Component::Memory => ((1, -3), (2, -3)),
        Component::Touch => ((1, -18), (0, 0)),
        Component::Fonts => ((12, -17), (0, -8)),
        Component::FontPreferences => ((3, -12), (1, -12)),
        Component::Blockers => ((3, -5), (1, -7)),
        Component::Graphics => ((5, -16), (1, -25)),
        Component::GraphicsLimits => ((5, -15), (0, 0)),
        Component::Screen => ((3, -5), (12, -30)),
        Component::ScreenFrame => ((2, -6), (0, 0)),
        Component::Colors => ((0, -4), (2, -12)),
        Component::Settings => ((4, -12), (7, -12)),
        Component::Plugins => ((4, -8), (0, -6)),
        Component::TimeZone => ((6, -11), (10, -12)),
        Component::Language | Component::Languages => ((6, -7), (6, -7)),
    }
}
