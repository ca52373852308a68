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
        by_profile: true,
        ..compared(group, name, points)
    }
}

const fn missing(group: Group, name: &'static str, points: i32) -> Weight {
    Weight {
        compared: false,
        ..compared(group, name, points)
    }
}

/// Declares the weights, and the list of all of them in the order of the document.
macro_rules! weights {
    ($($constant:ident = $kind:ident($group:ident, $name:literal, $points:literal);)*) => {
        $(pub(super) const $constant: Weight = $kind(Group::$group, $name, $points);)*
        /// All of them, in the order of the document.
        #[cfg(test)]
        pub(super) const ALL: &[Weight] = &[$($constant),*];
    };
}

weights! {
    IP_SAME = compared(Network, "ip_same", -30);
    IP_SAME_SHARED = compared(Network, "ip_same_shared", 0);
    IP_SAME_OTHER_BROWSER = compared(Network, "ip_same_other_browser", 0);
    IP_SAME_PREFIX = compared(Network, "ip_same_prefix", 0);
    SYSTEM_SAME = compared(Network, "asn_same", 5);
    SYSTEM_KNOWN = by_profile(Network, "asn_known", 5);
    SYSTEM_OTHER_COUNTRY = by_profile(Network, "asn_other_country", 26);
    SYSTEM_NEW_SAME_COUNTRY = by_profile(Network, "asn_new_same_country", 25);
    SYSTEM_NEW = by_profile(Network, "asn_new", 25);
    COUNTRY_KNOWN = by_profile(Network, "country_known", 25);
    COUNTRY_NEW = by_profile(Network, "country_new", 40);
    NETWORK_OTHER = compared(Network, "network_other", 10);
    NETWORK_NEW_FAMILY = missing(Network, "network_new_family", 10);
    ADDRESS_WITHHELD = missing(Network, "address_withheld", 40);
    ADDRESS_NOT_SUPPLIED = missing(Network, "address_not_supplied", 0);
    NETWORK_UNKNOWN = missing(Network, "network_unknown", 0);

    ALLOWED = compared(Reputation, "tenant_allowed", -20);
    ALLOWED_NEAR = compared(Reputation, "tenant_allowed_near", 0);
    ORDINARY = compared(Reputation, "address_ordinary", 0);
    ANONYMIZER_KNOWN = compared(Reputation, "anonymizer_known", 0);
    ANONYMIZER_OTHER = by_profile(Reputation, "anonymizer_other", 15);
    ANONYMIZER_NEW = by_profile(Reputation, "anonymizer_new", 29);
    ADDRESS_HIDDEN = missing(Reputation, "address_hidden", 30);
    TOR_EXIT = compared(Reputation, "tor_exit", 60);
    DENIED = compared(Reputation, "tenant_denied", 100);

    TRAVEL_NONE = compared(Travel, "travel_none", 0);
    TRAVEL_ANONYMIZED = missing(Travel, "travel_anonymized", 0);
    TRAVEL_UNCERTAIN = missing(Travel, "travel_uncertain", 0);
    TRAVEL_COUNTRY = compared(Travel, "travel_country", 5);
    TRAVEL_WITHIN = compared(Travel, "travel_fast_within_country", 10);
    TRAVEL_FAST = compared(Travel, "travel_fast", 14);
    TRAVEL_IMPOSSIBLE = compared(Travel, "travel_impossible", 19);

    USER_AGENT_SAME = compared(UserAgent, "user_agent_same", 0);
    USER_AGENT_NOT_SUPPLIED = missing(UserAgent, "user_agent_not_supplied", 0);
    USER_AGENT_COUNTED = compared(UserAgent, "user_agent_counted", 0);
    USER_AGENT_CHANGED = missing(UserAgent, "user_agent_changed", 2);
    BROWSER_NEWER = compared(UserAgent, "browser_newer", 2);
    DESKTOP_SITE = compared(UserAgent, "desktop_site", 25);
    AUTOMATION_NEW = compared(UserAgent, "automation_new", 45);
    BROWSER_OLDER = compared(UserAgent, "browser_older", 45);
    BROWSER_UNRELEASED = compared(UserAgent, "browser_unreleased", 45);
    VERSION_WITHHELD = missing(UserAgent, "version_withheld", 45);
    BROWSER_OTHER = compared(UserAgent, "browser_other", 50);
    BROWSER_WITHHELD = missing(UserAgent, "browser_withheld", 50);
    OS_OTHER = compared(UserAgent, "os_other", 60);
    OS_WITHHELD = missing(UserAgent, "os_withheld", 60);
    BROWSER_AND_OS_OTHER = compared(UserAgent, "browser_and_os_other", 75);
    USER_AGENT_WITHHELD = missing(UserAgent, "user_agent_withheld", 75);

    FINGERPRINT_MATCH = compared(Fingerprint, "fingerprint_match", -10);
    FINGERPRINT_KNOWN = by_profile(Fingerprint, "fingerprint_known_device", 0);
    FINGERPRINT_NEVER = missing(Fingerprint, "fingerprint_never_supplied", 0);
    FINGERPRINT_NOT_SUPPLIED = missing(Fingerprint, "fingerprint_not_supplied", 0);
    FINGERPRINT_COUNTED = compared(Fingerprint, "fingerprint_counted", 0);
    FINGERPRINT_UPGRADED = compared(Fingerprint, "fingerprint_changed_with_upgrade", 10);
    FINGERPRINT_VOUCHED = compared(Fingerprint, "fingerprint_vouched_for", 0);
    FINGERPRINT_CHANGED_ABROAD = compared(Fingerprint, "fingerprint_changed_abroad", 20);
    FINGERPRINT_DRAWN = compared(Fingerprint, "fingerprint_drawn_otherwise", 25);
    FINGERPRINT_NEW = missing(Fingerprint, "fingerprint_newly_supplied", 0);
    FINGERPRINT_CHANGED = compared(Fingerprint, "fingerprint_changed", 35);
    FINGERPRINT_WITHHELD = missing(Fingerprint, "fingerprint_withheld", 40);
    FINGERPRINT_UNVOUCHED = compared(Fingerprint, "fingerprint_unvouched_for", 49);

    COMPONENTS_SAME = compared(Components, "components_same", -10);
    COMPONENTS_SAME_TOO = compared(Components, "components_same_too", -5);
    COMPONENTS_SAME_KIND = compared(Components, "components_same_kind", 0);
    COMPONENTS_NEW = missing(Components, "components_newly_supplied", 0);
    COMPONENTS_COUNTED = compared(Components, "components_counted", 0);
    TELEMETRY_MISSING_NEAR = missing(Components, "telemetry_missing_near", 10);
    TELEMETRY_UNKNOWN_NEAR = missing(Components, "telemetry_unknown_near", 15);
    TELEMETRY_LEFT_BEHIND = compared(Components, "telemetry_left_behind", 19);
    COMPONENT_CHANGED = compared(Components, "component_changed", 15);
    COMPONENTS_DRAWN = compared(Components, "components_drawn_otherwise", 20);
    COMPONENTS_IMPOSSIBLE = compared(Components, "components_impossible", 25);
    COMPONENTS_CHANGED = compared(Components, "components_changed", 33);
    COMPONENTS_OTHER_BROWSER = compared(Components, "components_of_another_browser", 34);
    TELEMETRY_ELSEWHERE = compared(Components, "telemetry_from_elsewhere", 34);
    TELEMETRY_WITHHELD = missing(Components, "telemetry_withheld", 34);
    TELEMETRY_UNKNOWN = missing(Components, "telemetry_unknown", 45);

    GUESSING = compared(Sequence, "fingerprint_guessing", 60);
}
