//! Whether a program is at the controls.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::telemetry::Screen;
use crate::useragent::{DeviceClass, Engine};

use super::claims::Claims;
use super::crawlers::{self, Crawler};
use super::finding::{Finding, Findings};
use super::weights::{
    self, Automation, DETECTOR, DEVTOOLS, GLOBALS, HEADLESS, IFRAME, NO_PLUGINS, PROGRAM, SCREEN_DEFAULT,
    WEBDRIVER, WORKER, Weight,
};

/// What a visit is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All that looks for programs looked, and found nothing.
    Human,
    /// A program.
    Bot,
    /// Too little was collected, or what was collected contradicts itself.
    Unknown,
}

/// What a visit is taken for, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bot {
    /// The verdict.
    #[serde(rename = "r")]
    pub result: Outcome,
    /// Which kind of program: a crawler's category, `fake_crawler`, `headless_browser`, `webdriver`,
    /// `automation_tool`, `program`, the detector's own word, or `suspected_automation`.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Cow<'static, str>>,
    /// The program that the user agent declares.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub crawler: Option<Crawler>,
}

/// From this sum on hints of a program make one of a visit.
pub(super) const SUSPECTED: i32 = 45;

/// Looks for a program.
pub(super) fn find(claims: &Claims<'_>, findings: &mut Findings) -> Option<Crawler> {
    let automation = claims.automation;
    if automation.webdriver == Some(true) {
        findings.note(WEBDRIVER, None, None);
    }
    let headless = is_headless(claims);
    if headless {
        findings.note(HEADLESS, None, None);
    }
    let crawler = crawlers::find(claims, findings);
    let declared = crawler.as_ref().is_some_and(|it| !it.is_tool());
    if !headless
        && !declared
        && let Some(agent) = claims.agent.as_ref()
        && (agent.automation || crawler.is_some())
    {
        findings.note(PROGRAM, Some(&agent.browser), None);
    }
    note_names(GLOBALS, automation.globals.as_deref(), findings);
    if let Some(detector) = automation.detector.as_ref().filter(|it| it.bot) {
        findings.note(DETECTOR, detector.kind.as_deref(), None);
    }
    note_names(IFRAME, automation.iframe_mismatches.as_deref(), findings);
    note_names(WORKER, automation.worker_mismatches.as_deref(), findings);
    if let Some(Screen {
        width: Some(800),
        height: Some(600),
        available_width: Some(800),
        available_height: Some(600),
        ..
    }) = claims.components.screen
    {
        findings.note(SCREEN_DEFAULT, Some("800x600"), None);
    }
    if automation.devtools_protocol == Some(true) {
        findings.note(DEVTOOLS, None, None);
    }
    // Chromium lists five viewers of PDF, unless its user wants PDFs downloaded.
    let lists_plugins = claims.engine == Some(Engine::Blink)
        && claims.class() == DeviceClass::Desktop
        && ["Chrome", "Edge", "Opera"].contains(&claims.family());
    if lists_plugins && claims.components.plugin_count == Some(0) {
        findings.note(NO_PLUGINS, Some("0"), None);
    }
    crawler
}

fn note_names(weight: Weight, names: Option<&[String]>, findings: &mut Findings) {
    let names = names.unwrap_or_default();
    if !names.is_empty() {
        findings.note(weight, Some(&names.join(", ")), None);
    }
}

fn is_headless(claims: &Claims<'_>) -> bool {
    let marked = |text: &str| text.contains("Headless") || text.contains("PhantomJS");
    let agents = [
        claims.observed.user_agent,
        claims.components.user_agent.as_deref(),
    ];
    let hints = || std::iter::once(&claims.request_hints).chain(&claims.page_hints);
    agents.into_iter().flatten().any(marked)
        || hints().any(|it| it.brands.iter().any(|(brand, _)| marked(brand)))
}

/// The verdict over all findings.
pub(super) fn judge(claims: &Claims<'_>, findings: &[Finding], crawler: Option<Crawler>) -> Bot {
    let (proven, hinted) = (names(findings, Automation::Proven), hinted(findings));
    let kind = if proven.is_empty() {
        (SUSPECTED <= hinted).then_some(Cow::Borrowed("suspected_automation"))
    } else {
        Some(kind(claims, &proven, crawler.as_ref()))
    };
    let looked = claims.automation.webdriver == Some(false)
        && claims.automation.detector.as_ref().is_some_and(|it| !it.bot)
        && claims.is_browser();
    let result = if kind.is_some() {
        Outcome::Bot
    } else if looked && hinted == 0 && !is_tampered(findings) {
        Outcome::Human
    } else {
        Outcome::Unknown
    };
    Bot {
        result,
        kind,
        crawler,
    }
}

fn kind(claims: &Claims<'_>, proven: &[&'static str], crawler: Option<&Crawler>) -> Cow<'static, str> {
    let found = |weight: Weight| proven.contains(&weight.name);
    let tool = crawler.filter(|it| it.is_tool());
    if found(weights::FAKE_CRAWLER) {
        "fake_crawler".into()
    } else if found(weights::DECLARED_CRAWLER) {
        crawler.map_or("crawler".into(), |it| it.category.clone().into())
    } else if found(HEADLESS) {
        "headless_browser".into()
    } else if found(WEBDRIVER) {
        "webdriver".into()
    } else if found(GLOBALS) {
        "automation_tool".into()
    } else if found(PROGRAM) {
        tool.map_or("program".into(), |it| it.category.clone().into())
    } else {
        let kind = claims
            .automation
            .detector
            .as_ref()
            .and_then(|it| it.kind.as_deref());
        let word =
            |it: &&str| it.len() <= 40 && it.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        kind.filter(word).map_or("bot".into(), |it| it.to_owned().into())
    }
}

/// Names of the findings that say this of a program.
fn names(findings: &[Finding], about: Automation) -> Vec<&'static str> {
    findings
        .iter()
        .filter(|it| weights::named(it.name).is_some_and(|weight| weight.bot == about))
        .map(|it| it.name)
        .collect()
}

fn hinted(findings: &[Finding]) -> i32 {
    let hints = names(findings, Automation::Hinted);
    findings
        .iter()
        .filter(|it| hints.contains(&it.name))
        .map(|it| it.weight)
        .sum()
}

/// Names of the findings that a verdict of a program rests on.
pub(super) fn reasons(findings: &[Finding]) -> Vec<&'static str> {
    let mut reasons = names(findings, Automation::Proven);
    if SUSPECTED <= hinted(findings) {
        reasons.extend(names(findings, Automation::Hinted));
    }
    reasons
}

/// Whether a claim of the browser is not true.
pub(super) fn is_tampered(findings: &[Finding]) -> bool {
    findings
        .iter()
        .any(|it| weights::named(it.name).is_some_and(|weight| weight.tampering))
}
