//! How the user agent changed.

use crate::useragent::{self, Change};

use super::evidence::Evidence;
use super::factor::Factor;
use super::weights::{
    AUTOMATION_NEW, BROWSER_NEWER, BROWSER_OLDER, BROWSER_OTHER, OS_OTHER, USER_AGENT_CHANGED,
    USER_AGENT_MISSING, USER_AGENT_SAME, Weight,
};

/// Whether the text is the one the session is held by.
pub(super) fn is_same(evidence: &Evidence<'_>) -> bool {
    evidence.held.user_agent == evidence.context.user_agent_digest()
}

/// How the user agent changed, its weight and its factor. The session's text is in its record alone.
pub(super) fn judge(evidence: &Evidence<'_>) -> (Weight, Factor) {
    if is_same(evidence) {
        return (USER_AGENT_SAME, USER_AGENT_SAME.factor(None, None));
    }
    let current = useragent::parse(&evidence.context.user_agent);
    let Some(record) = evidence.record else {
        let factor = USER_AGENT_CHANGED.factor(Some(current.to_string()), None);
        return (USER_AGENT_CHANGED, factor);
    };
    let expected = useragent::parse(record.current_user_agent());
    let mut weight = match current.change_since(&expected) {
        Change::Same => USER_AGENT_SAME,
        Change::Undetermined => USER_AGENT_CHANGED,
        Change::Newer => BROWSER_NEWER,
        Change::Missing => USER_AGENT_MISSING,
        Change::Older => BROWSER_OLDER,
        Change::OtherBrowser => BROWSER_OTHER,
        Change::OtherSystem => OS_OTHER,
    };
    // A group has one factor, its gravest.
    if current.automation && !expected.automation && weight.points < AUTOMATION_NEW.points {
        weight = AUTOMATION_NEW;
    }
    let factor = weight.factor(Some(current.to_string()), Some(expected.to_string()));
    (weight, factor)
}
