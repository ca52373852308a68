//! What the browser collector tells of the device, compared with what it told before.

use crate::device::{self, Component, Traits};
use crate::useragent::{self, Change};

use super::evidence::Evidence;
use super::factor::Factor;
use super::weights::{
    COMPONENT_CHANGED, COMPONENTS_CHANGED, COMPONENTS_IMPOSSIBLE, COMPONENTS_NEW, COMPONENTS_OTHER_BROWSER,
    COMPONENTS_SAME, TELEMETRY_UNKNOWN, Weight,
};

/// What the telemetry token of a request leads to.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::large_enum_variant,
    reason = "one of them lives on the stack for one judgement"
)]
pub enum Told<'a> {
    /// To nothing: it is unknown, or its time is over.
    Nothing,
    /// To what a browser told.
    Visit {
        /// What the device is compared by; none where another version of it was stored.
        traits: Option<Traits>,
        /// The user agent it was sent with.
        user_agent: &'a str,
        /// Whether a claim of the browser is not true.
        tampered: bool,
    },
}

/// What a machine and a browser's release are made of. A monitor, a window, a journey or a setting changes none of them.
const STABLE: [Component; 8] = [
    Component::System,
    Component::Platform,
    Component::Browser,
    Component::Model,
    Component::Cores,
    Component::Memory,
    Component::Touch,
    Component::Graphics,
];
/// What is stable within one release of a browser, and may change with the next.
const DRAWN: [Component; 7] = [
    Component::CanvasGeometry,
    Component::CanvasText,
    Component::Audio,
    Component::Math,
    Component::Fonts,
    Component::GraphicsLimits,
    Component::GraphicsExtensions,
];

/// The factor of a request that shows telemetry; none has no factor, whatever was shown before: pages tell now and then.
pub(super) fn weigh(evidence: &Evidence<'_>) -> Option<Weight> {
    judge(evidence).map(|(weight, _)| weight)
}

/// The factor of the group, with the components that changed.
pub(super) fn factor(evidence: &Evidence<'_>) -> Option<Factor> {
    let (weight, changed) = judge(evidence)?;
    let names: Vec<&str> = changed.iter().map(|it| it.as_str()).collect();
    let (current, expected) = if weight == COMPONENTS_OTHER_BROWSER {
        let Some(Told::Visit { user_agent, .. }) = evidence.told else {
            return None;
        };
        let of = |text: &str| useragent::parse(text).to_string();
        (Some(of(&evidence.context.user_agent)), Some(of(user_agent)))
    } else {
        ((!names.is_empty()).then(|| names.join(", ")), None)
    };
    Some(weight.factor(current, expected))
}

fn judge(evidence: &Evidence<'_>) -> Option<(Weight, Vec<Component>)> {
    let (traits, user_agent, tampered) = match evidence.told? {
        Told::Nothing => return Some((TELEMETRY_UNKNOWN, Vec::new())),
        Told::Visit {
            traits,
            user_agent,
            tampered,
        } => (traits, user_agent, tampered),
    };
    let before = evidence.record.and_then(|it| it.attached.traits.as_deref());
    let before = before.and_then(Traits::from_bytes);
    let changed = match (before, traits) {
        (Some(before), Some(now)) => changed(&before, &now),
        _ => Vec::new(),
    };
    let by_count = match changed.len() {
        0 if before.is_none() || traits.is_none() => COMPONENTS_NEW,
        0 => COMPONENTS_SAME,
        1 => COMPONENT_CHANGED,
        _ => COMPONENTS_CHANGED,
    };
    // A group has one factor, its gravest.
    let impossible = if is_of_another_browser(user_agent, &evidence.context.user_agent) {
        Some(COMPONENTS_OTHER_BROWSER)
    } else {
        tampered.then_some(COMPONENTS_IMPOSSIBLE)
    };
    let weight = impossible
        .filter(|it| by_count.points < it.points)
        .unwrap_or(by_count);
    Some((weight, changed))
}

/// The components that no upgrade, journey or new monitor explains.
fn changed(before: &Traits, now: &Traits) -> Vec<Component> {
    let same_release = before.release() == now.release();
    device::differing(before, now)
        .filter(|it| STABLE.contains(it) || (same_release && DRAWN.contains(it)))
        .collect()
}

/// Whether telemetry was sent by another browser than the request, or from another system: the token was carried over.
fn is_of_another_browser(sent_by: &str, shown_by: &str) -> bool {
    let change = useragent::parse(shown_by).change_since(&useragent::parse(sent_by));
    matches!(change, Change::OtherBrowser | Change::OtherSystem)
}
