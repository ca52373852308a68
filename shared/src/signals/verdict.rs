//! The findings of one visit, and what follows from them.

use serde::{Deserialize, Serialize};

use super::bot::{self, Bot, Outcome};
use super::claims::Claims;
use super::email::{self, Email};
use super::finding::{Finding, Findings};
use super::graphics::{self, Drawing};
use super::observed::Observed;
use super::stored::Stored;
use super::weights::HEADLESS;
use super::{browser, device, environment, ip, weights};
use crate::risk::Score;

/// What a visit's evidence tells. What is `None` is not known; it never means "no".
///
/// As JSON it is compact, to be stored; findings of names that are no longer known are left out when it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Signals {
    /// The reasons for doubt, in the order of the document.
    pub findings: Vec<Finding>,
    /// Whether a program is at the controls.
    pub bot: Bot,
    /// What the site's e-mail address of the visitor tells; `None` without a readable one.
    pub email: Option<Email>,
    /// Whether the browser has no window.
    pub headless: Option<bool>,
    /// Whether a claim of the browser is not true.
    pub tampered: Option<bool>,
    /// Whether something draws that virtual machines and machines without a graphics processor have.
    pub virtual_machine: Option<bool>,
    /// Whether something listens on the debugging protocol: developer tools, or a program.
    pub devtools_open: Option<bool>,
    /// Whether the browser's offset from UTC is another than that of the address's place.
    pub time_zone_mismatch: Option<bool>,
    /// Seconds that the browser's clock is ahead of ours, negative when it is behind; sending takes some of them.
    pub clock_offset_seconds: Option<i64>,
}

/// Reads what a visit's evidence tells.
pub fn read(observed: &Observed<'_>) -> Signals {
    let claims = Claims::of(observed);
    let mut findings = Findings::default();
    let crawler = bot::find(&claims, &mut findings);
    browser::find(&claims, &mut findings);
    device::find(&claims, &mut findings);
    ip::find(&claims, &mut findings);
    let time_zone_mismatch = environment::find(&claims, &mut findings);
    let clock_offset_seconds = environment::clock(&claims, &mut findings);
    let email = email::judge(observed.telemetry.external_id("email"), &mut findings);

    let mut findings = findings.into_vec();
    findings.sort_by_key(|it| weights::ALL.iter().position(|weight| weight.name == it.name));
    let bot = bot::judge(&claims, &findings, crawler);
    Signals {
        headless: headless(&claims, &findings, bot.result),
        tampered: tampered(&claims, &findings),
        virtual_machine: virtual_machine(&claims),
        devtools_open: claims.automation.devtools_protocol,
        time_zone_mismatch,
        clock_offset_seconds: Some(clock_offset_seconds),
        findings,
        bot,
        email,
    }
}

fn headless(claims: &Claims<'_>, findings: &[Finding], result: Outcome) -> Option<bool> {
    let detected = claims
        .automation
        .detector
        .as_ref()
        .filter(|it| it.bot)
        .and_then(|it| it.kind.as_deref())
        .is_some_and(|it| it.contains("headless"));
    // The detector's word is no proof, and is believed with the rest.
    if (detected && result == Outcome::Bot) || findings.iter().any(|it| it.name == HEADLESS.name) {
        Some(true)
    } else {
        (result == Outcome::Human).then_some(false)
    }
}

fn tampered(claims: &Claims<'_>, findings: &[Finding]) -> Option<bool> {
    if bot::is_tampered(findings) {
        return Some(true);
    }
    // The system is what nearly all lies are about.
    let system = claims.system();
    let platform = claims.components.platform.as_deref();
    let comparable = platform.is_some_and(|it| device::agreement(it, system).is_some());
    let compared = device::is_plain(system) && (claims.hinted_system().is_some() || comparable);
    compared.then_some(false)
}

fn virtual_machine(claims: &Claims<'_>) -> Option<bool> {
    let renderer = claims.components.webgl_renderer.as_deref()?;
    Some(graphics::drawing(renderer)? != Drawing::Hardware)
}

impl Signals {
    /// Names of the findings that the verdict of a program rests on.
    pub fn bot_reasons(&self) -> Vec<&'static str> {
        bot::reasons(&self.findings)
    }

    /// The risk of the visit by itself; that of a session is judged by [`crate::risk`].
    pub fn risk(&self) -> Risk {
        let sum = self
            .findings
            .iter()
            .fold(0_i32, |sum, it| sum.saturating_add(it.weight));
        let score = Score::of(sum);
        let weighing = self.findings.iter().filter(|it| it.weight != 0);
        Risk {
            score,
            level: Level::of(score),
            reasons: weighing.map(|it| it.name).collect(),
        }
    }
}

/// How risky a visit is by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Risk {
    /// The sum of the findings' points, brought into 0 to 100.
    pub score: Score,
    /// How it stands to the thresholds that sessions are judged by unless the tenant says otherwise.
    pub level: Level,
    /// Names of the findings that have points.
    pub reasons: Vec<&'static str>,
}

/// How a score stands to the thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Below [`Score::SUSPICIOUS`].
    Low,
    /// Below [`Score::STOLEN`].
    Medium,
    /// From there on.
    High,
}

impl Level {
    /// The lowest score of the level.
    pub const fn least(self) -> Score {
        match self {
            Self::Low => Score::MIN,
            Self::Medium => Score::SUSPICIOUS,
            Self::High => Score::STOLEN,
        }
    }

    fn of(score: Score) -> Self {
        if score < Score::SUSPICIOUS {
            Self::Low
        } else if score < Score::STOLEN {
            Self::Medium
        } else {
            Self::High
        }
    }
}
