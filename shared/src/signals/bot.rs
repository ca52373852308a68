//! Whether a program is at the controls.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::telemetry::Screen;
use crate::useragent::{DeviceClass, Engine};

use super::claims::Claims;
use super::crawlers::{self, Crawler};
use super::finding::{Finding, Findings};
use super::weights::{
    self, Automation, DETECTOR, DEVTOOLS, DRIVER, GLOBALS, HEADLESS, IFRAME, NO_PLUGINS, Origin, PROGRAM,
    SCREEN_DEFAULT, WEBDRIVER, WORKER, Weight,
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
    /// `automation_tool`, `program`, or `suspected_automation`.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Cow<'static, str>>,
    /// The program that the user agent declares.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub crawler: Option<Crawler>,
}

/// From this sum on hints of a program make one of a visit, where they have two origins.
pub(super) const SUSPECTED: i32 = 45;
/// From how many origins on.
pub(super) const ORIGINS: usize = 2;

/// How names begin that drivers of browsers leave in pages, and nothing else: no extension, no library, no wallet.
const DRIVERS: [&str; 10] = [
    "__playwright",
    "__pw",
    "__puppeteer",
    "__webdriver",
    "__driver_",
    "__fxdriver",
    "__selenium_",
    "$cdc_",
    "cdc_",
    "$chrome_asyncScriptInfo",
];

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
    let globals = automation.globals.as_deref().unwrap_or_default();
    let (drivers, others): (Vec<&str>, Vec<&str>) = globals
        .iter()
        .map(String::as_str)
        .partition(|it| DRIVERS.iter().any(|driver| it.starts_with(driver)));
    note_names(DRIVER, &drivers, findings);
    note_names(GLOBALS, &others, findings);
    if let Some(detector) = automation.detector.as_ref().filter(|it| it.bot) {
        findings.note(DETECTOR, detector.kind.as_deref(), None);
    }
    for (weight, names) in [
        (IFRAME, &automation.iframe_mismatches),
        (WORKER, &automation.worker_mismatches),
    ] {
        let names: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
        note_names(weight, &names, findings);
    }
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

fn note_names(weight: Weight, names: &[&str], findings: &mut Findings) {
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
    let proven = proven(findings);
    let kind = if proven.is_empty() {
        is_suspected(findings).then_some(Cow::Borrowed("suspected_automation"))
    } else {
        Some(kind(&proven, crawler.as_ref()))
    };
    let looked = claims.automation.webdriver == Some(false)
        && claims.automation.detector.as_ref().is_some_and(|it| !it.bot)
        && claims.is_browser();
    let doubted = || hints(findings).next().is_some() || is_tampered(findings);
    let result = if kind.is_some() {
        Outcome::Bot
    } else if looked && !doubted() {
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

fn kind(proven: &[&'static str], crawler: Option<&Crawler>) -> Cow<'static, str> {
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
    } else if found(DRIVER) {
        "automation_tool".into()
    } else {
        tool.map_or("program".into(), |it| it.category.clone().into())
    }
}

/// Names of the findings that no honest person's settings bring about.
fn proven(findings: &[Finding]) -> Vec<&'static str> {
    findings
        .iter()
        .filter(|it| weights::named(it.name).is_some_and(|weight| weight.bot == Automation::Proven))
        .map(|it| it.name)
        .collect()
}

/// Hints and settings of those who drive browsers by program.
fn hints(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    let is_hint = |it: &&Finding| {
        weights::named(it.name)
            .is_some_and(|weight| matches!(weight.bot, Automation::Hinted(_) | Automation::Setting))
    };
    findings.iter().filter(is_hint)
}

/// Whether a finding is a hint of this origin. A lie about browser or machine is what a disguise looks like, too.
fn hints_at(finding: &Finding, origin: Origin, findings: &[Finding]) -> bool {
    let Some(weight) = weights::named(finding.name) else {
        return false;
    };
    match weight.bot {
        // What the library for bots takes for a headless browser is, where plugins are missing, the missing plugins.
        _ if weight == DETECTOR && is_about_plugins(finding, findings) => false,
        // Without a word of its own it has seen that something is not as it should be, as a disguise has it.
        _ if weight == DETECTOR && is_wordless(finding) => origin == Origin::Disguise,
        Automation::Hinted(of) => of == origin,
        _ => weight.tampering && origin == Origin::Disguise,
    }
}

fn is_about_plugins(detector: &Finding, findings: &[Finding]) -> bool {
    let headless = detector
        .current
        .as_deref()
        .is_some_and(|it| it.contains("headless"));
    headless && findings.iter().any(|it| it.name == NO_PLUGINS.name)
}

fn is_wordless(detector: &Finding) -> bool {
    detector.current.as_deref().is_none_or(|it| it == "unknown")
}

/// Whether hints of two origins sum to a program. Of one origin the strongest counts.
fn is_suspected(findings: &[Finding]) -> bool {
    let strongest = |origin: Origin| {
        let of_it = hints(findings).filter(|it| hints_at(it, origin, findings));
        of_it.map(|it| it.weight).max().unwrap_or(0)
    };
    let origins = Origin::ALL
        .into_iter()
        .filter(|origin| findings.iter().any(|it| hints_at(it, *origin, findings)))
        .count();
    let hinted: i32 = Origin::ALL.into_iter().map(strongest).sum();
    let set: i32 = hints(findings)
        .filter(|it| weights::named(it.name).is_some_and(|weight| weight.bot == Automation::Setting))
        .map(|it| it.weight)
        .sum();
    ORIGINS <= origins && SUSPECTED <= hinted.saturating_add(set)
}

/// Names of the findings that a verdict of a program rests on: proofs and the hints beside them, and settings where the sum
/// decides.
pub(super) fn reasons(findings: &[Finding]) -> Vec<&'static str> {
    let (is_proven, suspected) = (!proven(findings).is_empty(), is_suspected(findings));
    let counts = |it: &&Finding| {
        weights::named(it.name).is_some_and(|weight| match weight.bot {
            Automation::Proven => true,
            Automation::Hinted(_) => is_proven || suspected,
            Automation::Setting => suspected,
            Automation::Untold => false,
        })
    };
    findings.iter().filter(counts).map(|it| it.name).collect()
}

/// Whether a claim of the browser is not true.
pub(super) fn is_tampered(findings: &[Finding]) -> bool {
    findings
        .iter()
        .any(|it| weights::named(it.name).is_some_and(|weight| weight.tampering))
}
