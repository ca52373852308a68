//! What the browser collector tells of the device, compared with what it told before.

use std::net::IpAddr;

use crate::device::{self, Component, Traits};
use crate::network::Network;
use crate::policy::Promise;
use crate::useragent::{self, Engine, Part, UserAgent};

use super::evidence::Evidence;
use super::factor::Factor;
use super::network::{is_own, origin};
use super::user_agent::Agent;
use super::weights::{
    ADDRESS_WITHHELD, COMPONENT_CHANGED, COMPONENTS_CHANGED, COMPONENTS_DRAWN, COMPONENTS_IMPOSSIBLE,
    COMPONENTS_NEW, COMPONENTS_OTHER_BROWSER, COMPONENTS_SAME, COMPONENTS_SAME_KIND, COMPONENTS_SAME_TOO,
    DESKTOP_SITE, IP_SAME, TELEMETRY_ELSEWHERE, TELEMETRY_MISSING_NEAR, TELEMETRY_UNKNOWN,
    TELEMETRY_UNKNOWN_NEAR, TELEMETRY_WITHHELD, Weight,
};

/// What the telemetry token of a request leads to.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::large_enum_variant,
    reason = "one of them lives on the stack for one judgement"
)]
pub enum Told<'a> {
    /// To nothing that is known: it may be an invention.
    Nothing,
    /// To a visit whose time is over.
    Expired,
    /// To what a browser told.
    Visit {
        /// What the device is compared by; none where another version of it was stored.
        traits: Option<Traits>,
        /// The user agent it was sent with.
        user_agent: &'a str,
        /// Whether a claim of the browser is not true.
        tampered: bool,
        /// The address it was sent from.
        address: Option<IpAddr>,
        /// The autonomous system of that address.
        asn: Option<u32>,
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
/// What a phone pretends that asks for the page of desktops; the user agent has told it already.
const PRETENDED: [Component; 5] = [
    Component::System,
    Component::Platform,
    Component::Browser,
    Component::Model,
    Component::Touch,
];
/// What is stable within one release of a browser, and may change with the next: at home, where that is believed.
const DRAWN: [Component; 7] = [
    Component::CanvasGeometry,
    Component::CanvasText,
    Component::Audio,
    Component::Math,
    Component::Fonts,
    Component::GraphicsLimits,
    Component::GraphicsExtensions,
];

/// What the telemetry of a request says, with the components that changed; none where it has none and none is missed.
/// The network stands to the session as `place` says.
pub(super) fn judge(
    evidence: &Evidence<'_>,
    place: Weight,
    agent: &Agent,
) -> Option<(Weight, Vec<Component>)> {
    let alone = |weight| Some((weight, Vec::new()));
    let near = is_own(place);
    let (traits, user_agent, tampered) = match evidence.told {
        None | Some(Told::Expired) => return missing(evidence, near).and_then(alone),
        // A token that was never given out is the caller's invention, or older than its visit is kept.
        Some(Told::Nothing) if near || !evidence.held.trail.told => return alone(TELEMETRY_UNKNOWN_NEAR),
        Some(Told::Nothing) => return alone(TELEMETRY_UNKNOWN),
        // Who shows what another network saw vouches for nothing here.
        Some(Told::Visit { address, asn, .. })
            if place == ADDRESS_WITHHELD || is_elsewhere(evidence, address, asn) =>
        {
            return match missing(evidence, near) {
                Some(TELEMETRY_WITHHELD) => alone(TELEMETRY_ELSEWHERE),
                other => other.and_then(alone),
            };
        }
        Some(Told::Visit {
            traits,
            user_agent,
            tampered,
            ..
        }) => (traits, user_agent, tampered),
    };
    let sent_by = useragent::parse(user_agent);
    let before = evidence.record.and_then(|it| it.attached.traits.as_deref());
    let before = before.and_then(Traits::from_bytes);
    let changed = match (before, traits) {
        (Some(before), Some(now)) => changed(&before, &now, near, agent.weight == DESKTOP_SITE),
        _ => Vec::new(),
    };
    let by_count = match changed.len() {
        0 if before.is_none() || traits.is_none() => COMPONENTS_NEW,
        0 if !tells_apart(before.as_ref(), &sent_by) => COMPONENTS_SAME_KIND,
        0 => COMPONENTS_SAME,
        1 => COMPONENT_CHANGED,
        _ if is_drawn_anew(&changed) => COMPONENTS_DRAWN,
        _ => COMPONENTS_CHANGED,
    };
    // A group has one factor, its gravest.
    let impossible = if is_of_another_browser(&sent_by, evidence) {
        Some(COMPONENTS_OTHER_BROWSER)
    } else {
        tampered.then_some(COMPONENTS_IMPOSSIBLE)
    };
    let weight = impossible
        .filter(|it| by_count.points < it.points)
        .unwrap_or(by_count);
    Some((weight, changed))
}

/// What it costs to show none. In the session's own network little, as pages tell when they are loaded, and not at every
/// call; unless the tenant's backend promises it with each.
fn missing(evidence: &Evidence<'_>, near: bool) -> Option<Weight> {
    if !evidence.held.trail.told {
        return None;
    }
    match evidence.promises.telemetry {
        Promise::Never => None,
        Promise::Unsaid if near => Some(TELEMETRY_MISSING_NEAR),
        Promise::Unsaid | Promise::Always => Some(TELEMETRY_WITHHELD),
    }
}

/// Whether the weight says that telemetry is missed, so that nothing vouches for the device.
pub(super) fn is_missed(weight: Weight) -> bool {
    [
        TELEMETRY_MISSING_NEAR,
        TELEMETRY_UNKNOWN_NEAR,
        TELEMETRY_WITHHELD,
        TELEMETRY_UNKNOWN,
        TELEMETRY_ELSEWHERE,
    ]
    .contains(&weight)
}

/// Whether nothing but what such a browser invents tells the machine from the one the session knows.
pub(super) fn is_redrawn((weight, changed): &(Weight, Vec<Component>)) -> bool {
    [COMPONENT_CHANGED, COMPONENTS_DRAWN].contains(weight) && is_drawn_anew(changed)
}

/// Whether the machine may be the same: browsers against fingerprinting draw anew at each start, and invent processors and
/// memory. Fewer of these are never graver than all.
fn is_drawn_anew(changed: &[Component]) -> bool {
    let invented = |it: &Component| [Component::Cores, Component::Memory].contains(it);
    changed.iter().all(|it| DRAWN.contains(it) || invented(it))
}

/// Whether telemetry was sent from another network than the request, as far as both are known.
fn is_elsewhere(evidence: &Evidence<'_>, told_from: Option<IpAddr>, told_by: Option<u32>) -> bool {
    let context = evidence.context;
    let (Some(from), Some(here)) = (told_from, context.address) else {
        return false;
    };
    if Network::of(from) == Network::of(here) {
        return false;
    }
    match (told_by, context.facts.asn()) {
        (Some(there), Some(here)) => there != here,
        // A host has addresses of both families.
        _ => from.is_ipv4() == here.is_ipv4(),
    }
}

/// Whether the telemetry may become what the session is compared with: it shows nothing that speaks against it, and comes
/// from the very address the session is held by. Who shares no more than a provider or a prefix with the owner could
/// make his own machine the one that is known.
pub(super) fn replaces(weight: Option<Weight>, network: Weight) -> bool {
    let same = [
        COMPONENTS_SAME,
        COMPONENTS_SAME_TOO,
        COMPONENTS_SAME_KIND,
        COMPONENTS_NEW,
    ];
    network == IP_SAME && weight.is_some_and(|it| same.contains(&it))
}

/// The factor, with the components that changed, or the browsers that differ.
pub(super) fn factor(evidence: &Evidence<'_>, weight: Weight, changed: &[Component]) -> Factor {
    let names: Vec<&str> = changed.iter().map(|it| it.as_str()).collect();
    let (current, expected) = match evidence.told {
        Some(Told::Visit { user_agent, .. }) if weight == COMPONENTS_OTHER_BROWSER => {
            let of = |text: &str| useragent::parse(text).to_string();
            (Some(of(&evidence.context.user_agent)), Some(of(user_agent)))
        }
        Some(Told::Visit { address, asn, .. }) if weight == TELEMETRY_ELSEWHERE => {
            let network = |address| Network::of(address).to_string();
            let of = |asn, address: Option<IpAddr>| origin(asn, None).or_else(|| address.map(network));
            (
                of(asn, address),
                of(evidence.context.facts.asn(), evidence.context.address),
            )
        }
        _ => ((!names.is_empty()).then(|| names.join(", ")), None),
    };
    weight.factor(current, expected)
}

/// Whether what a browser shows is its machine's alone: one iPhone is like the next, and who shows little is like many.
fn tells_apart(shown: Option<&Traits>, sent_by: &UserAgent) -> bool {
    shown.is_some_and(device::is_telling) && sent_by.engine != Engine::WebKit
}

/// The components that no upgrade, journey or new monitor explains. One that is not shown any more is another one, or
/// leaving it out would be the better choice; and an upgrade, which anybody can claim, explains nothing away from the
/// session's own networks.
fn changed(before: &Traits, now: &Traits, near: bool, desktop_site: bool) -> Vec<Component> {
    let upgraded = near && before.release() != now.release();
    let differs = |it: &Component| before.mark(*it).is_some() && before.mark(*it) != now.mark(*it);
    Component::ALL
        .into_iter()
        .filter(differs)
        .filter(|it| STABLE.contains(it) || (!upgraded && DRAWN.contains(it)))
        .filter(|it| !(desktop_site && PRETENDED.contains(it)))
        .collect()
}

/// Whether telemetry was sent by another browser than the request, or from another system: the token was carried over.
fn is_of_another_browser(sent_by: &UserAgent, evidence: &Evidence<'_>) -> bool {
    let shown_by = useragent::parse(&evidence.context.user_agent);
    let change = shown_by.change_since(sent_by, evidence.now.secs());
    change.browser == Part::Other || change.system == Part::Other
}
