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
    }
}

const fn missing(group: Group, name: &'static str, points: i32) -> Weight {
    Weight {
        group,
        name,
        points,
        compared: false,
    }
}

pub(super) const IP_SAME: Weight = compared(Group::Network, "ip_same", -30);
pub(super) const IP_SAME_PREFIX: Weight = compared(Group::Network, "ip_same_prefix", 0);
pub(super) const NETWORK_OTHER: Weight = compared(Group::Network, "network_other", 10);
pub(super) const NETWORK_NEW_FAMILY: Weight = missing(Group::Network, "network_new_family", 10);
pub(super) const ADDRESS_UNREADABLE: Weight = missing(Group::Network, "address_unreadable", 10);
pub(super) const NETWORK_UNKNOWN: Weight = missing(Group::Network, "network_unknown", 0);

pub(super) const USER_AGENT_SAME: Weight = compared(Group::UserAgent, "user_agent_same", 0);
pub(super) const USER_AGENT_CHANGED: Weight = missing(Group::UserAgent, "user_agent_changed", 2);
pub(super) const BROWSER_NEWER: Weight = compared(Group::UserAgent, "browser_newer", 2);
pub(super) const AUTOMATION_NEW: Weight = compared(Group::UserAgent, "automation_new", 25);
pub(super) const USER_AGENT_MISSING: Weight = missing(Group::UserAgent, "user_agent_missing", 25);
pub(super) const BROWSER_OLDER: Weight = compared(Group::UserAgent, "browser_older", 45);
pub(super) const BROWSER_OTHER: Weight = compared(Group::UserAgent, "browser_other", 50);
pub(super) const OS_OTHER: Weight = compared(Group::UserAgent, "os_other", 60);

pub(super) const FINGERPRINT_MATCH: Weight = compared(Group::Fingerprint, "fingerprint_match", -10);
pub(super) const FINGERPRINT_NEVER: Weight = missing(Group::Fingerprint, "fingerprint_never_supplied", 0);
pub(super) const FINGERPRINT_UPGRADED: Weight =
    compared(Group::Fingerprint, "fingerprint_changed_with_upgrade", 10);
pub(super) const FINGERPRINT_NEW: Weight = missing(Group::Fingerprint, "fingerprint_newly_supplied", 15);
pub(super) const FINGERPRINT_CHANGED: Weight = compared(Group::Fingerprint, "fingerprint_changed", 30);
pub(super) const FINGERPRINT_MISSING: Weight = missing(Group::Fingerprint, "fingerprint_missing", 35);

/// All of them, in the order of the document.
#[cfg(test)]
pub(super) const ALL: [Weight; 20] = [
    IP_SAME,
    IP_SAME_PREFIX,
    NETWORK_OTHER,
    NETWORK_NEW_FAMILY,
    ADDRESS_UNREADABLE,
    NETWORK_UNKNOWN,
    USER_AGENT_SAME,
    USER_AGENT_CHANGED,
    BROWSER_NEWER,
    AUTOMATION_NEW,
    USER_AGENT_MISSING,
    BROWSER_OLDER,
    BROWSER_OTHER,
    OS_OTHER,
    FINGERPRINT_MATCH,
    FINGERPRINT_NEVER,
    FINGERPRINT_UPGRADED,
    FINGERPRINT_NEW,
    FINGERPRINT_CHANGED,
    FINGERPRINT_MISSING,
];
