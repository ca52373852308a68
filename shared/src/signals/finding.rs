//! A reason to doubt a visit.

use serde::Serialize;

use super::weights::Weight;

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Whether a program is at the controls.
    Bot,
    /// Whether the browser is the one it says it is.
    Browser,
    /// Whether the machine is the one it says it is.
    Device,
    /// What stands between the address and its user.
    Ip,
    /// Where and when the browser believes to be.
    Environment,
    /// The e-mail address the site knows the visitor by.
    Email,
}

impl Group {
    /// Every group.
    pub const ALL: [Self; 6] = [
        Self::Bot,
        Self::Browser,
        Self::Device,
        Self::Ip,
        Self::Environment,
        Self::Email,
    ];

    /// The group as answers and documents spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Browser => "browser",
            Self::Device => "device",
            Self::Ip => "ip",
            Self::Environment => "environment",
            Self::Email => "email",
        }
    }
}

/// One reason, with what was seen and what the rest of the evidence led us to expect.
///
/// The two texts are short and safe to show: letters, digits, spaces and a few signs, never an address of a person or
/// of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub group: Group,
    /// Its name in `docs/signals.md`.
    pub name: &'static str,
    /// Points; 10 are about one nat of log-likelihood ratio.
    pub weight: i32,
    /// What was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    /// What the rest led us to expect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
}

/// Longest text of a finding, characters.
const MAX_TEXT: usize = 60;

/// The findings of a visit while they are gathered.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    /// Notes a finding.
    pub(super) fn note(&mut self, weight: Weight, current: Option<&str>, expected: Option<&str>) {
        self.0.push(Finding {
            group: weight.group,
            name: weight.name,
            weight: weight.points,
            current: current.and_then(tidy),
            expected: expected.and_then(tidy),
        });
    }

    /// Those that were noted.
    pub(super) fn into_vec(self) -> Vec<Finding> {
        self.0
    }
}

/// The text without signs that mean something to its reader; none of what could be an address.
fn tidy(text: &str) -> Option<String> {
    if text.contains('@') || 3 <= text.matches('.').count() {
        return None;
    }
    let text: String = text
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || " _$.,+-/()".contains(*c))
        .take(MAX_TEXT)
        .collect();
    (!text.trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_findings_cannot_be_addresses() {
        for (text, kept) in [
            ("Chrome 142.0.7444 on macOS", Some("Chrome 142.0.7444 on macOS")),
            ("192.0.2.77", None),
            ("2001:db8::77", Some("2001db877")),
            ("user@example.com", None),
            ("\u{202e}\n\u{0}", None),
            ("", None),
        ] {
            assert_eq!(tidy(text).as_deref(), kept, "{text}");
        }
        assert_eq!(tidy(&"a".repeat(500)).unwrap().len(), MAX_TEXT);
    }
}
