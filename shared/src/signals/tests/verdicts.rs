//! What is made of the findings together.

use super::profiles::{chrome_windows, firefox_windows};
use super::*;

/// Debian's Chromium 156 without a window, as it was measured.
fn headless() -> Visit {
    let agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36";
    let mut visit = chrome_windows()
        .agent(agent)
        .hinted("HeadlessChrome", 156, "Linux", "", false);
    visit.name = "headless";
    visit.accept_language = None;
    visit
        .from(Facts::default())
        .with("platform", json!("Linux x86_64"))
        .with("languages", json!(["en-US"]))
        .with("timeZone", json!("UTC"))
        .with("timeZoneOffsetMinutes", json!(0))
        .with(
            "screen",
            json!({"width": 800, "height": 600, "availableWidth": 800, "availableHeight": 600}),
        )
        .with(
            "window",
            json!({"innerWidth": 800, "innerHeight": 600, "outerWidth": 800, "outerHeight": 600}),
        )
        .with(
            "webglRenderer",
            json!(
                "ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero) (0x0000C0DE)), SwiftShader driver)"
            ),
        )
        .with(
            "automation.detector",
            json!({"bot": true, "kind": "headless_chrome"}),
        )
}

/// The same, which says that it is Chrome 142 of Windows.
fn spoofed() -> Visit {
    let mut visit = headless()
        .agent(&chrome_windows().user_agent.unwrap())
        .hinted("Chromium", 156, "Linux", "", false)
        .with("userAgentData.fullVersionList", json!([]))
        .with("automation.detector", json!({"bot": false, "kind": null}));
    visit.name = "spoofed";
    visit
}

/// The first, started with `TZ=Asia/Tokyo`.
fn tokyo() -> Visit {
    headless()
        .with("timeZone", json!("Asia/Tokyo"))
        .with("timeZoneOffsetMinutes", json!(-540))
}

pub(super) fn measured() -> Vec<Visit> {
    vec![headless(), spoofed(), tokyo()]
}

#[test]
fn a_browser_without_a_window_is_a_bot() {
    let signals = headless().signals();
    assert_eq!(
        headless().names(),
        [
            "headless_browser",
            "detector_bot",
            "screen_800x600",
            "software_graphics",
            "time_zone_utc"
        ]
    );
    assert_eq!(signals.bot.result, Outcome::Bot);
    assert_eq!(signals.bot.kind.as_deref(), Some("headless_browser"));
    assert_eq!(
        (signals.headless, signals.virtual_machine),
        (Some(true), Some(true))
    );
    assert_eq!(signals.tampered, Some(false));
    assert_eq!(signals.risk().level, Level::High);
}

#[test]
fn a_spoofed_user_agent_is_seen_although_the_page_sees_no_bot() {
    let signals = spoofed().signals();
    assert_eq!(
        spoofed().names(),
        [
            "screen_800x600",
            "hints_browser_mismatch",
            "hints_os_mismatch",
            "platform_mismatch",
            "software_graphics",
            "time_zone_utc"
        ]
    );
    assert_eq!(signals.bot.result, Outcome::Bot);
    assert_eq!(signals.bot.kind.as_deref(), Some("suspected_automation"));
    assert_eq!(
        signals.bot_reasons(),
        ["screen_800x600", "software_graphics", "time_zone_utc"]
    );
    assert_eq!(signals.tampered, Some(true));
    assert_eq!(signals.risk().score.get(), 100);
}

#[test]
fn another_time_zone_hides_nothing_but_the_zone() {
    let mut expected = headless().names();
    expected.retain(|it| *it != "time_zone_utc");
    assert_eq!(tokyo().names(), expected);
    assert_eq!(tokyo().signals().bot.result, Outcome::Bot);
    // Where the address is known, the zone is held against it.
    let placed = tokyo().from(home("DE", "Europe/Berlin"));
    assert!(placed.names().contains(&"time_zone_far"));
    assert_eq!(placed.signals().time_zone_mismatch, Some(true));
}

#[test]
fn a_lie_that_is_no_bot_is_unknown_and_never_human() {
    let liar = chrome_windows().with("platform", json!("MacIntel")).signals();
    assert_eq!(liar.bot.result, Outcome::Unknown);
    assert_eq!(liar.bot.kind, None);
    assert!(liar.bot_reasons().is_empty());
    assert_eq!(liar.tampered, Some(true));
    assert_eq!(liar.headless, None);
}

#[test]
fn human_is_said_only_where_all_looked() {
    for path in ["automation.webdriver", "automation.detector"] {
        let signals = chrome_windows().without(path).signals();
        assert_eq!(signals.bot.result, Outcome::Unknown, "{path}");
    }
    assert_eq!(chrome_windows().signals().bot.result, Outcome::Human);
}

#[test]
fn kinds_say_what_a_program_is() {
    let agent = |text: &str| chrome_windows().agent(text);
    let with = |path: &str, value: Value| chrome_windows().with(path, value);
    let by = |visit: Visit, number| {
        let mut facts = home("US", "America/New_York");
        facts.system = Some(AutonomousSystem {
            number,
            organisation: None,
        });
        visit.from(facts)
    };
    let google = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    let apple = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.1 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)";
    for (visit, kind, genuine) in [
        (agent(google).from(Facts::default()), "search-engine", None),
        (by(agent(google), 15169), "search-engine", None),
        (by(agent(google), 64496), "fake_crawler", Some(false)),
        (by(agent(apple), 714), "search-engine", Some(true)),
        (agent("GPTBot/1.2"), "ai-crawler", None),
        (agent("curl/8.5.0"), "http-library", None),
        (agent("my-own-crawler-of-nothing 1.0"), "program", None),
        (with("automation.webdriver", json!(true)), "webdriver", None),
        (
            with("automation.globals", json!(["__playwright"])),
            "automation_tool",
            None,
        ),
        (
            with("automation.detector", json!({"bot": true, "kind": "selenium"})),
            "selenium",
            None,
        ),
        (
            with("automation.detector", json!({"bot": true, "kind": "<b>"})),
            "bot",
            None,
        ),
        (
            with("automation.detector", json!({"bot": true, "kind": null})),
            "bot",
            None,
        ),
    ] {
        let bot = visit.signals().bot;
        assert_eq!(bot.kind.as_deref(), Some(kind), "{:?}", visit.user_agent);
        assert_eq!(bot.result, Outcome::Bot, "{kind}");
        assert_eq!(bot.crawler.and_then(|it| it.genuine), genuine, "{kind}");
    }
}

#[test]
fn levels_are_those_of_sessions() {
    let risk = |visit: Visit| visit.signals().risk();
    assert_eq!(risk(chrome_windows()).level, Level::Low);
    let medium = risk(
        firefox_windows()
            .with("vendor", json!("Google Inc."))
            .with("hardwareConcurrency", json!(1)),
    );
    assert_eq!((medium.score.get(), medium.level), (45, Level::Medium));
    assert_eq!(medium.reasons, ["engine_mismatch", "hardware_implausible"]);
    let high = risk(chrome_windows().with("automation.webdriver", json!(true)));
    assert_eq!((high.score.get(), high.level), (80, Level::High));
    // A masked address is told of, and weighs nothing.
    let masked = chrome_windows()
        .with("externalIds.email", json!("a@duck.com"))
        .signals();
    assert_eq!(masked.findings.len(), 1);
    assert!(masked.risk().reasons.is_empty());
}

#[test]
fn stored_signals_are_small_and_survive_names_that_are_gone() {
    let stored = serde_json::to_string(&spoofed().signals()).unwrap();
    println!("{} bytes: {stored}", stored.len());
    assert!(stored.len() <= 512, "{}", stored.len());
    let gone = stored.replace("screen_800x600", "screen_of_yore");
    let read: Signals = serde_json::from_str(&gone).unwrap();
    assert_eq!(read.findings.len(), spoofed().names().len() - 1);
    let portrait = serde_json::to_string(&spoofed().portrait()).unwrap();
    println!("{} bytes: {portrait}", portrait.len());
    assert!(portrait.len() <= 512, "{}", portrait.len());
}
