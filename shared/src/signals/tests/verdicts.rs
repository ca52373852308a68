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
    ] {
        let bot = visit.signals().bot;
        assert_eq!(bot.kind.as_deref(), Some(kind), "{:?}", visit.user_agent);
        assert_eq!(bot.result, Outcome::Bot, "{kind}");
        assert_eq!(bot.crawler.and_then(|it| it.genuine), genuine, "{kind}");
    }
}

/// Honest people whose settings, extensions and machines look like a program's.
fn honest() -> Vec<(&'static str, Visit)> {
    let with = |path: &str, value: Value| chrome_windows().with(path, value);
    let detected = |kind: Value| json!({"bot": true, "kind": kind});
    let no_viewer = || with("pluginCount", json!(0)).with("pdfViewer", json!(false));
    let spoofing = || {
        with("automation.iframeMismatches", json!(["userAgent", "platform"]))
            .with("automation.workerMismatches", json!(["userAgent", "platform"]))
    };
    let in_utc = |visit: Visit| {
        visit
            .with("timeZone", json!("UTC"))
            .with("timeZoneOffsetMinutes", json!(0))
    };
    let drawn = |visit: Visit| {
        visit.with(
            "webglRenderer",
            json!("ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero)), SwiftShader driver)"),
        )
    };
    vec![
        ("PDFs are downloaded", no_viewer()),
        (
            "PDFs are downloaded, and the detector takes it for a headless browser",
            no_viewer().with("automation.detector", detected(json!("headless_chrome"))),
        ),
        (
            "the same, without acceleration, in UTC, with developer tools",
            in_utc(drawn(no_viewer()))
                .with("automation.detector", detected(json!("headless_chrome")))
                .with("automation.devtoolsProtocol", json!(true)),
        ),
        ("a wallet", with("automation.globals", json!(["phantom"]))),
        (
            "a wallet that the detector knows by its name, too",
            with("automation.globals", json!(["phantom"]))
                .with("automation.detector", detected(json!("phantomjs"))),
        ),
        (
            "a recorder for tests",
            with(
                "automation.globals",
                json!(["_Selenium_IDE_Recorder", "callSelenium"]),
            ),
        ),
        (
            "the detector's word",
            with("automation.detector", detected(json!("selenium"))),
        ),
        (
            "the detector's word without a kind",
            with("automation.detector", detected(Value::Null)),
        ),
        ("a spoofing extension", spoofing()),
        ("a spoofing extension in UTC", in_utc(spoofing())),
        (
            "a spoofing extension in UTC that the detector sees",
            in_utc(spoofing()).with("automation.detector", detected(json!("unknown"))),
        ),
        (
            "a spoofing extension with all that settings may add",
            in_utc(drawn(spoofing()))
                .with("automation.devtoolsProtocol", json!(true))
                .with("platform", json!("MacIntel")),
        ),
        (
            "another user agent, of an extension, in UTC without acceleration",
            in_utc(drawn(with("platform", json!("Linux x86_64"))))
                .with("automation.devtoolsProtocol", json!(true)),
        ),
        (
            "developer tools",
            with("automation.devtoolsProtocol", json!(true)),
        ),
        ("without acceleration", drawn(chrome_windows())),
        (
            "an old screen, in UTC",
            in_utc(with(
                "screen",
                json!({"width": 800, "height": 600, "availableWidth": 800, "availableHeight": 600}),
            )),
        ),
    ]
}

#[test]
fn no_single_origin_makes_a_bot_of_anybody() {
    for (name, visit) in honest() {
        let signals = visit.signals();
        assert_ne!(signals.bot.result, Outcome::Bot, "{name}: {:?}", signals.findings);
        assert_ne!(signals.headless, Some(true), "{name}");
        assert!(signals.bot_reasons().is_empty(), "{name}");
    }
    let downloads = chrome_windows()
        .with("pluginCount", json!(0))
        .with("pdfViewer", json!(false))
        .with(
            "automation.detector",
            json!({"bot": true, "kind": "headless_chrome"}),
        );
    assert_eq!(downloads.signals().risk().level, Level::Low);
}

#[test]
fn hints_of_two_origins_make_a_bot() {
    let with = |path: &str, value: Value| chrome_windows().with(path, value);
    let small = json!({"width": 800, "height": 600, "availableWidth": 800, "availableHeight": 600});
    let selenium = json!({"bot": true, "kind": "selenium"});
    for visit in [
        with("automation.detector", selenium.clone()).with("screen", small.clone()),
        with("automation.detector", selenium.clone())
            .with("automation.iframeMismatches", json!(["webdriver"])),
        with("automation.workerMismatches", json!(["userAgent"])).with("screen", small.clone()),
        with("automation.globals", json!(["phantom"]))
            .with("screen", small)
            .with("timeZone", json!("UTC"))
            .with("timeZoneOffsetMinutes", json!(0)),
    ] {
        let signals = visit.signals();
        assert_eq!(signals.bot.result, Outcome::Bot, "{:?}", signals.findings);
        assert_eq!(signals.bot.kind.as_deref(), Some("suspected_automation"));
        assert!(!signals.bot_reasons().is_empty());
    }
}

#[test]
fn a_disguise_that_is_half_put_on_is_never_a_human_without_a_finding() {
    let with = |path: &str, value: Value| chrome_windows().with(path, value);
    for (n, visit) in [
        with(
            "userAgentData.fullVersionList",
            json!([{"brand": "Chromium", "version": "142.0.0.0"}]),
        ),
        with("webglVendor", json!("Intel Inc.")).with("webglRenderer", json!("Intel Iris OpenGL Engine")),
        with("userAgentData.platformVersion", json!("10.0")),
        with("userAgentData.mobile", json!(true)),
        with("userAgentData.model", json!("Pixel 8")),
        with("userAgentData.platform", json!("Linux")),
        with("platform", json!("Linux x86_64")),
        with("pluginCount", json!(0)),
        firefox_windows().with("platform", json!("Linux x86_64")),
    ]
    .into_iter()
    .enumerate()
    {
        let signals = visit.signals();
        assert_eq!(signals.bot.result, Outcome::Unknown, "{n}");
        assert_eq!(signals.tampered, Some(true), "{n}");
        assert!(20 <= signals.risk().score.get(), "{n}: {:?}", signals.findings);
    }
}

#[test]
fn a_clock_that_is_off_is_told_and_weighs_nothing() {
    for offset in [-86_400 * 365 * 20, -3_600, 0, 299, 301, 86_400 * 365 * 30] {
        let mut visit = chrome_windows();
        visit.body["collectedAt"] = json!(NOW + offset * 1_000);
        let signals = visit.signals();
        assert_eq!(signals.clock_offset_seconds, Some(offset));
        assert_eq!(
            signals.findings.len(),
            usize::from(300 < offset.abs()),
            "{offset}"
        );
        assert_eq!(
            (signals.risk().score.get(), signals.bot.result),
            (0, Outcome::Human),
            "{offset}"
        );
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
