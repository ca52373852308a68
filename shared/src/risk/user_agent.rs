//! How the user agent changed.

use crate::model::is_placeholder;
use crate::policy::Promise;
use crate::useragent::{self, Change, Part, UserAgent};

use super::evidence::Evidence;
use super::factor::Factor;
use super::weights::{
    AUTOMATION_NEW, BROWSER_AND_OS_OTHER, BROWSER_NEWER, BROWSER_OLDER, BROWSER_OTHER, BROWSER_UNRELEASED,
    BROWSER_WITHHELD, DESKTOP_SITE, OS_OTHER, OS_WITHHELD, USER_AGENT_CHANGED, USER_AGENT_NOT_SUPPLIED,
    USER_AGENT_SAME, USER_AGENT_WITHHELD, VERSION_WITHHELD, Weight,
};

/// How the request's user agent stands to the session's.
#[derive(Debug, Clone)]
pub(super) struct Agent {
    pub(super) weight: Weight,
    /// Whether another browser or system asks, or a program.
    pub(super) is_another: bool,
    /// Whether it is a later release of the browser or the system, which may draw and compute otherwise.
    pub(super) is_upgrade: bool,
    /// Whether the session is to be held by it from now on: it is a later version, or says the same in other words, and
    /// leaves out nothing.
    pub(super) replaces: bool,
    current: Option<String>,
    expected: Option<String>,
}

impl Agent {
    fn of(weight: Weight) -> Self {
        Self {
            weight,
            is_another: false,
            is_upgrade: false,
            replaces: false,
            current: None,
            expected: None,
        }
    }

    /// The factor, with browser, versions and system of both.
    pub(super) fn factor(self) -> Factor {
        self.weight.factor(self.current, self.expected)
    }
}

/// Whether the text is the one the session is held by.
pub(super) fn is_same(evidence: &Evidence<'_>) -> bool {
    evidence.held.user_agent == evidence.context.user_agent_digest()
}

/// How the user agent changed. The session's text is in its record alone.
pub(super) fn judge(evidence: &Evidence<'_>) -> Agent {
    if is_same(evidence) {
        return Agent::of(USER_AGENT_SAME);
    }
    if evidence.context.user_agent.is_empty() && evidence.promises.user_agent == Promise::Never {
        return Agent::of(USER_AGENT_NOT_SUPPLIED);
    }
    let now = useragent::parse(&evidence.context.user_agent);
    let current = Some(now.to_string());
    let Some(record) = evidence.record else {
        return Agent {
            current,
            ..Agent::of(USER_AGENT_CHANGED)
        };
    };
    // A record keeps what was sent, also where it stands for nothing.
    let before = Some(record.current_user_agent()).filter(|it| !is_placeholder(it));
    let before = useragent::parse(before.unwrap_or_default());
    let change = now.change_since(&before, evidence.now.secs());
    let mut weight = weight(change);
    let program = now.automation && !before.automation;
    // A group has one factor, its gravest.
    if program && weight.points < AUTOMATION_NEW.points {
        weight = AUTOMATION_NEW;
    }
    Agent {
        is_another: program || !(change.browser.is_kept() && change.system.is_kept()),
        is_upgrade: weight == BROWSER_NEWER && change.is_release,
        replaces: [USER_AGENT_SAME, BROWSER_NEWER].contains(&weight) && says_as_much(&now, &before),
        current,
        expected: Some(before.to_string()),
        ..Agent::of(weight)
    }
}

fn weight(change: Change) -> Weight {
    match (change.browser, change.system) {
        (Part::Withheld, Part::Withheld) => USER_AGENT_WITHHELD,
        (Part::Other | Part::Withheld, Part::Other | Part::Withheld) => BROWSER_AND_OS_OTHER,
        (_, Part::Other) => OS_OTHER,
        (_, Part::Withheld) => OS_WITHHELD,
        (Part::Other, _) => BROWSER_OTHER,
        (Part::Withheld, _) => BROWSER_WITHHELD,
        _ => match change.version {
            Part::Withheld => VERSION_WITHHELD,
            Part::Older => BROWSER_OLDER,
            Part::Unreleased => BROWSER_UNRELEASED,
            _ if change.desktop_site => DESKTOP_SITE,
            Part::Newer => BROWSER_NEWER,
            _ if change.is_vague => USER_AGENT_CHANGED,
            _ => USER_AGENT_SAME,
        },
    }
}

/// Whether nothing that `before` said is left out.
fn says_as_much(now: &UserAgent, before: &UserAgent) -> bool {
    let said = |version: Option<useragent::Version>| version.map_or(0, |it| it.said().len());
    said(before.browser_version) <= said(now.browser_version)
        && said(before.os_version) <= said(now.os_version)
}
