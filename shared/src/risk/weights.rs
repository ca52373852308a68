//! Every factor with its points. `docs/risk.md` has the same table for people; a test compares them.

use super::factor::{Factor, Group};

/// What a factor weighs, whatever was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weight {
    pub(super) group: Group,
    pub(super) name: &'static str,
    pub(super) points: i32,
    /// Whether something was compared with something; if not, data was missing.
    pub(super) compared: bool,
    /// Whether it rests on what the subject's profile knows.
    pub(super) by_profile: bool,
}

impl Weight {
    /// The factor of this weight, for what was seen and expected.
    pub(super) fn factor(self, current: Option<String>, expected: Option<String>) -> Factor {
        Factor {
            group: self.group,
            name: self.name,
            points: self.points,
            current,
            expected,
        }
    }
}

const fn compared(group: Group, name: &'static str, points: i32) -> Weight {
    Weight {
        group,
        name,
        points,
        compared: true,
        by_profile: false,
    }
}

const fn by_profile(group: Group, name: &'static str, points: i32) -> Weight {
    Weight {
        group,
        name,
        points,
        compared: true,
        by_profile: true,
    }
}

const fn missing(group: Group, name: &'static str, points: i32) -> Weight {
    Weight {
        group,
        name,
        points,
        compared: false,
        by_profile: false,
    }
}

pub(super) const IP_SAME: Weight = compared(Group::Network, "ip_same", -30);
pub(super) const IP_SAME_PREFIX: Weight = compared(Group::Network, "ip_same_prefix", 0);
pub(super) const SYSTEM_SAME: Weight = compared(Group::Network, "asn_same", 5);
pub(super) const SYSTEM_KNOWN: Weight = by_profile(Group::Network, "asn_known", 5);
pub(super) const SYSTEM_NEW_SAME_COUNTRY: Weight = by_profile(Group::Network, "asn_new_same_country", 25);
pub(super) const SYSTEM_NEW: Weight = by_profile(Group::Network, "asn_new", 25);
pub(super) const COUNTRY_KNOWN: Weight = by_profile(Group::Network, "country_known", 25);
pub(super) const COUNTRY_NEW: Weight = by_profile(Group::Network, "country_new", 45);
pub(super) const NETWORK_OTHER: Weight = compared(Group::Network, "network_other", 10);
pub(super) const NETWORK_NEW_FAMILY: Weight = missing(Group::Network, "network_new_family", 10);
pub(super) const ADDRESS_UNREADABLE: Weight = missing(Group::Network, "address_unreadable", 10);
pub(super) const NETWORK_UNKNOWN: Weight = missing(Group::Network, "network_unknown", 0);

pub(super) const ALLOWED: Weight = compared(Group::Reputation, "tenant_allowed", -20);
pub(super) const ORDINARY: Weight = compared(Group::Reputation, "address_ordinary", 0);
pub(super) const ANONYMIZER_KNOWN: Weight = compared(Group::Reputation, "anonymizer_known", 0);
pub(super) const ANONYMIZER_NEW: Weight = by_profile(Group::Reputation, "anonymizer_new", 35);
pub(super) const TOR_EXIT: Weight = compared(Group::Reputation, "tor_exit", 60);
pub(super) const DENIED: Weight = compared(Group::Reputation, "tenant_denied", 100);

pub(super) const TRAVEL_NONE: Weight = compared(Group::Travel, "travel_none", 0);
pub(super) const TRAVEL_ANONYMIZED: Weight = missing(Group::Travel, "travel_anonymized", 0);
pub(super) const TRAVEL_UNCERTAIN: Weight = missing(Group::Travel, "travel_uncertain", 0);
pub(super) const TRAVEL_COUNTRY: Weight = compared(Group::Travel, "travel_country", 5);
pub(super) const TRAVEL_FAST: Weight = compared(Group::Travel, "travel_fast", 15);
pub(super) const TRAVEL_IMPOSSIBLE: Weight = compared(Group::Travel, "travel_impossible", 30);

pub(super) const USER_AGENT_SAME: Weight = compared(Group::UserAgent, "user_agent_same", 0);
pub(super) const USER_AGENT_CHANGED: Weight = missing(Group::UserAgent, "user_agent_changed", 2);
pub(super) const BROWSER_NEWER: Weight = compared(Group::UserAgent, "browser_newer", 2);
pub(super) const AUTOMATION_NEW: Weight = compared(Group::UserAgent, "automation_new", 25);
pub(super) const USER_AGENT_MISSING: Weight = missing(Group::UserAgent, "user_agent_missing", 25);
pub(super) const BROWSER_OLDER: Weight = compared(Group::UserAgent, "browser_older", 45);
pub(super) const BROWSER_OTHER: Weight = compared(Group::UserAgent, "browser_other", 50);
pub(super) const OS_OTHER: Weight = compared(Group::UserAgent, "os_other", 60);

pub(super) const FINGERPRINT_MATCH: Weight = compared(Group::Fingerprint, "fingerprint_match", -10);
pub(super) const FINGERPRINT_KNOWN: Weight = by_profile(Group::Fingerprint, "fingerprint_known_device", 0);
pub(super) const FINGERPRINT_NEVER: Weight = missing(Group::Fingerprint, "fingerprint_never_supplied", 0);
pub(super) const FINGERPRINT_UPGRADED: Weight =
    compared(Group::Fingerprint, "fingerprint_changed_with_upgrade", 10);
pub(super) const FINGERPRINT_NEW: Weight = missing(Group::Fingerprint, "fingerprint_newly_supplied", 15);
pub(super) const FINGERPRINT_CHANGED: Weight = compared(Group::Fingerprint, "fingerprint_changed", 30);
pub(super) const FINGERPRINT_MISSING: Weight = missing(Group::Fingerprint, "fingerprint_missing", 35);

pub(super) const COMPONENTS_SAME: Weight = compared(Group::Components, "components_same", 0);
pub(super) const COMPONENTS_NEW: Weight = missing(Group::Components, "components_newly_supplied", 0);
pub(super) const TELEMETRY_UNKNOWN: Weight = missing(Group::Components, "telemetry_unknown", 0);
pub(super) const COMPONENT_CHANGED: Weight = compared(Group::Components, "component_changed", 15);
pub(super) const COMPONENTS_IMPOSSIBLE: Weight = compared(Group::Components, "components_impossible", 25);
pub(super) const COMPONENTS_OTHER_BROWSER: Weight =
    compared(Group::Components, "components_of_another_browser", 25);
pub(super) const COMPONENTS_CHANGED: Weight = compared(Group::Components, "components_changed", 40);

pub(super) const SYSTEM_RETURNED: Weight = compared(Group::Sequence, "asn_alternating", 40);
/// Less than the other: a fingerprint that is missing asks for proof, and never refuses by itself.
pub(super) const SYSTEM_RETURNED_UNSHOWN: Weight = missing(Group::Sequence, "asn_alternating_unshown", 35);
pub(super) const FINGERPRINT_RETURNED: Weight = compared(Group::Sequence, "fingerprint_alternating", 40);

/// All of them, in the order of the document.
#[cfg(test)]
pub(super) const ALL: [Weight; 49] = [
    IP_SAME,
    IP_SAME_PREFIX,
    SYSTEM_SAME,
    SYSTEM_KNOWN,
    SYSTEM_NEW_SAME_COUNTRY,
    SYSTEM_NEW,
    COUNTRY_KNOWN,
    COUNTRY_NEW,
    NETWORK_OTHER,
    NETWORK_NEW_FAMILY,
    ADDRESS_UNREADABLE,
    NETWORK_UNKNOWN,
    ALLOWED,
    ORDINARY,
    ANONYMIZER_KNOWN,
    ANONYMIZER_NEW,
    TOR_EXIT,
    DENIED,
    TRAVEL_NONE,
    TRAVEL_ANONYMIZED,
    TRAVEL_UNCERTAIN,
    TRAVEL_COUNTRY,
    TRAVEL_FAST,
    TRAVEL_IMPOSSIBLE,
    USER_AGENT_SAME,
    USER_AGENT_CHANGED,
    BROWSER_NEWER,
    AUTOMATION_NEW,
    USER_AGENT_MISSING,
    BROWSER_OLDER,
    BROWSER_OTHER,
    OS_OTHER,
    FINGERPRINT_MATCH,
    FINGERPRINT_KNOWN,
    FINGERPRINT_NEVER,
    FINGERPRINT_UPGRADED,
    FINGERPRINT_NEW,
    FINGERPRINT_CHANGED,
    FINGERPRINT_MISSING,
    COMPONENTS_SAME,
    COMPONENTS_NEW,
    TELEMETRY_UNKNOWN,
    COMPONENT_CHANGED,
    COMPONENTS_IMPOSSIBLE,
    COMPONENTS_OTHER_BROWSER,
    COMPONENTS_CHANGED,
    SYSTEM_RETURNED,
    SYSTEM_RETURNED_UNSHOWN,
    FINGERPRINT_RETURNED,
];
