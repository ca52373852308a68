//! What stands between the address and its user.

use super::claims::Claims;
use super::finding::Findings;
use super::weights::{HOSTING, PROXY, TOR, VPN};

/// The most telling of what the data says of the address, where a person's browser speaks. Programs come from data centres,
/// and say so. A relay of a system's maker speaks against nobody.
pub(super) fn find(claims: &Claims<'_>, findings: &mut Findings) {
    if !claims.is_browser() {
        return;
    }
    let facts = claims.observed.facts;
    let anonymity = facts.anonymity;
    let is = |flag: Option<bool>| flag == Some(true);
    let weight = if is(anonymity.tor) {
        TOR
    } else if is(anonymity.proxy) {
        PROXY
    } else if is(anonymity.vpn) {
        VPN
    } else if is(anonymity.hosting) && !is(anonymity.relay) {
        HOSTING
    } else {
        return;
    };
    let system = facts.asn().map(|it| format!("AS{it}"));
    findings.note(weight, system.as_deref(), None);
}
