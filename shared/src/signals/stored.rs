//! The compact form in which signals are stored.

use serde::{Deserialize, Serialize};

use super::bot::Bot;
use super::email::Email;
use super::finding::Finding;
use super::verdict::Signals;
use super::weights;

/// Signals with short names, and without what follows from the rest.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    #[serde(rename = "f", default, skip_serializing_if = "Vec::is_empty")]
    findings: Vec<StoredFinding>,
    #[serde(rename = "b")]
    bot: Bot,
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    email: Option<Email>,
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    headless: Option<bool>,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    tampered: Option<bool>,
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    virtual_machine: Option<bool>,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    devtools_open: Option<bool>,
    #[serde(rename = "z", default, skip_serializing_if = "Option::is_none")]
    time_zone_mismatch: Option<bool>,
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    clock_offset_seconds: Option<i64>,
}

/// Name, points, what was seen, what was expected. Points are kept, so that a visit is told of as it was judged.
#[derive(Serialize, Deserialize)]
struct StoredFinding(String, i32, Option<String>, Option<String>);

impl From<Signals> for Stored {
    fn from(signals: Signals) -> Self {
        let findings = signals.findings.into_iter();
        Self {
            findings: findings
                .map(|it| StoredFinding(it.name.to_owned(), it.weight, it.current, it.expected))
                .collect(),
            bot: signals.bot,
            email: signals.email,
            headless: signals.headless,
            tampered: signals.tampered,
            virtual_machine: signals.virtual_machine,
            devtools_open: signals.devtools_open,
            time_zone_mismatch: signals.time_zone_mismatch,
            clock_offset_seconds: signals.clock_offset_seconds,
        }
    }
}

impl From<Stored> for Signals {
    fn from(stored: Stored) -> Self {
        let findings = stored.findings.into_iter();
        Self {
            findings: findings
                .filter_map(|StoredFinding(name, points, current, expected)| {
                    let weight = weights::named(&name)?;
                    Some(Finding {
                        group: weight.group,
                        name: weight.name,
                        weight: points,
                        current,
                        expected,
                    })
                })
                .collect(),
            bot: stored.bot,
            email: stored.email,
            headless: stored.headless,
            tampered: stored.tampered,
            virtual_machine: stored.virtual_machine,
            devtools_open: stored.devtools_open,
            time_zone_mismatch: stored.time_zone_mismatch,
            clock_offset_seconds: stored.clock_offset_seconds,
        }
    }
}
