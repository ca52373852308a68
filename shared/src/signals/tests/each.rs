//! Every finding: visits that show it, and near misses that do not.

use super::profiles::{chrome_android, chrome_windows, firefox_windows, safari_iphone, safari_mac};
use super::*;

const WINDOWS: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const LINUX: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const GOOGLEBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

/// A finding, visits that show it, and near misses.
type Row = (&'static str, Vec<Visit>, Vec<Visit>);

fn windows() -> Visit {
    chrome_windows()
}

fn asked(change: impl FnOnce(&mut Visit)) -> Visit {
    let mut visit = windows();
    change(&mut visit);
    visit
}

fn collected(at: i64) -> Visit {
    asked(|it| it.body["collectedAt"] = json!(at))
}

fn samsung(version: &str, chromium: u32) -> String {
    format!(
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/{version} Chrome/{chromium}.0.0.0 Mobile Safari/537.36"
    )
}

fn near(name: &str, change: impl FnOnce(&mut crate::model::Anonymity)) -> Visit {
    let mut visit = windows();
    if name == "curl" {
        visit = visit.agent("curl/8.5.0");
    }
    change(&mut visit.facts.anonymity);
    visit
}

fn by(visit: Visit, asn: u32) -> Visit {
    let mut facts = home("US", "America/New_York");
    facts.system = Some(AutonomousSystem {
        number: asn,
        organisation: None,
    });
    visit.from(facts)
}

fn vague(visit: Visit) -> Visit {
    let mut visit = visit;
    if let Located::At(place) = &mut visit.facts.place {
        place.point = Some(Point {
            latitude: 0.0,
            longitude: 0.0,
            radius_km: 1000,
        });
    }
    visit
}

fn in_zone(zone: &str, offset: i32) -> Visit {
    windows()
        .with("timeZone", json!(zone))
        .with("timeZoneOffsetMinutes", json!(offset))
}

#[expect(clippy::too_many_lines, reason = "one table")]
fn bots() -> Vec<Row> {
    let yes = Some(true);
    vec![
        (
            "webdriver",
            vec![windows().with("automation.webdriver", json!(true))],
            vec![windows(), windows().without("automation.webdriver")],
        ),
        (
            "headless_browser",
            vec![
                windows().agent(&WINDOWS.replace("Chrome/", "HeadlessChrome/")),
                windows().with("userAgent", json!(WINDOWS.replace("Chrome/", "HeadlessChrome/"))),
                windows().hinted("HeadlessChrome", 142, "Windows", "15.0.0", false),
            ],
            vec![
                windows(),
                windows().hinted("Brave", 142, "Windows", "15.0.0", false),
            ],
        ),
        (
            "fake_crawler",
            vec![
                by(windows().agent(GOOGLEBOT), 64496),
                by(windows().agent("Mozilla/5.0 (Applebot/0.1)"), 15169),
            ],
            vec![
                by(windows().agent(GOOGLEBOT), 15169),
                windows().agent(GOOGLEBOT).from(Facts::default()),
                by(
                    windows().agent("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)"),
                    64496,
                ),
            ],
        ),
        (
            "declared_crawler",
            vec![windows().agent(GOOGLEBOT), windows().agent("GPTBot/1.2")],
            vec![windows(), windows().agent("curl/8.5.0")],
        ),
        (
            "automation_user_agent",
            vec![
                windows().agent("curl/8.5.0"),
                windows().agent("python-requests/2.32.3"),
            ],
            vec![windows(), windows().agent(GOOGLEBOT)],
        ),
        (
            "driver_globals",
            vec![
                windows().with("automation.globals", json!(["__playwright"])),
                windows().with("automation.globals", json!(["phantom", "__pwInitScripts"])),
                windows().with("automation.globals", json!(["$cdc_asdjflasutopfhvcZLmcfl_"])),
            ],
            vec![
                windows().with("automation.globals", json!(["phantom"])),
                windows().with("automation.globals", json!(["_Selenium_IDE_Recorder"])),
                windows().without("automation.globals"),
            ],
        ),
        (
            "automation_globals",
            vec![windows().with("automation.globals", json!(["phantom"]))],
            vec![
                windows(),
                windows().with("automation.globals", json!(["__playwright"])),
                windows().without("automation.globals"),
            ],
        ),
        (
            "detector_bot",
            vec![windows().with("automation.detector", json!({"bot": true, "kind": "selenium"}))],
            vec![
                windows(),
                windows().with("automation.detector", json!({"bot": false, "kind": "selenium"})),
                windows().without("automation.detector"),
            ],
        ),
        (
            "iframe_mismatch",
            vec![windows().with("automation.iframeMismatches", json!(["platform"]))],
            vec![windows(), windows().without("automation.iframeMismatches")],
        ),
        (
            "worker_mismatch",
            vec![windows().with("automation.workerMismatches", json!(["userAgent"]))],
            vec![windows(), windows().without("automation.workerMismatches")],
        ),
        (
            "screen_800x600",
            vec![windows().with(
                "screen",
                json!({"width": 800, "height": 600, "availableWidth": 800, "availableHeight": 600}),
            )],
            vec![
                windows().with(
                    "screen",
                    json!({"width": 800, "height": 600, "availableWidth": 800, "availableHeight": 560}),
                ),
                windows().with("screen", json!({"width": 800, "height": 600})),
            ],
        ),
        (
            "devtools_protocol",
            vec![windows().with("automation.devtoolsProtocol", json!(true))],
            vec![windows(), windows().without("automation.devtoolsProtocol")],
        ),
        (
            "plugins_missing",
            vec![windows().with("pluginCount", json!(0))],
            vec![
                chrome_android(),
                windows().without("pluginCount"),
                firefox_windows().with("pluginCount", json!(0)),
            ],
        ),
        (
            "ip_tor",
            vec![near("", |it| it.tor = yes)],
            vec![near("", |it| it.tor = None), near("curl", |it| it.tor = yes)],
        ),
        (
            "ip_proxy",
            vec![near("", |it| it.proxy = yes)],
            vec![near("", |it| it.proxy = None), near("curl", |it| it.proxy = yes)],
        ),
        (
            "ip_vpn",
            vec![near("", |it| (it.vpn, it.hosting) = (yes, yes))],
            vec![
                near("", |it| (it.vpn, it.tor) = (yes, yes)),
                near("", |it| it.vpn = None),
            ],
        ),
        (
            "ip_hosting",
            vec![near("", |it| it.hosting = yes)],
            vec![
                near("", |it| (it.hosting, it.relay) = (yes, yes)),
                near("", |it| (it.hosting, it.vpn) = (yes, yes)),
                near("curl", |it| it.hosting = yes),
            ],
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "one table")]
fn browsers() -> Vec<Row> {
    vec![
        (
            "user_agent_missing",
            vec![
                asked(|it| it.user_agent = None),
                asked(|it| it.user_agent = Some(" ".into())),
            ],
            vec![windows(), windows().without("userAgent")],
        ),
        (
            "user_agent_differs",
            vec![
                windows().with("userAgent", json!(LINUX)),
                windows().with("userAgent", json!(WINDOWS.replace("142", "141"))),
                asked(|it| it.user_agent = Some(firefox_windows().user_agent.unwrap())),
            ],
            vec![
                windows(),
                windows().without("userAgent"),
                windows().with("userAgent", json!(WINDOWS.replace("142.0.0.0", "142.0.7444.60"))),
            ],
        ),
        (
            "hints_browser_mismatch",
            vec![
                windows().hinted("Google Chrome", 156, "Windows", "15.0.0", false),
                windows()
                    .without("userAgentData")
                    .agent(&WINDOWS.replace("142", "120")),
                windows().agent(&format!("{WINDOWS} Edg/142.0.0.0")),
            ],
            vec![
                windows(),
                windows().hinted("Vivaldi", 142, "Windows", "15.0.0", false),
                windows().agent(&format!("{WINDOWS} Edg/142.0.0.0")).hinted(
                    "Microsoft Edge",
                    142,
                    "Windows",
                    "15.0.0",
                    false,
                ),
                windows().agent(WINDOWS).without_hints(),
            ],
        ),
        (
            "hints_disagree",
            vec![
                asked(|it| it.sec_ch_ua = Some(r#""Chromium";v="141""#.into())),
                asked(|it| it.sec_ch_ua_platform = Some("\"Linux\"".into())),
                asked(|it| it.sec_ch_ua_mobile = Some("?1".into())),
                windows().with("userAgentData.fullVersionList.0.version", json!("141.0.0.0")),
                // Brands without their entry among the whole versions, and the reverse.
                windows().with("userAgentData.fullVersionList", json!([{"brand": "Chromium", "version": "142.0.0.0"}])),
                windows().with("userAgentData.brands", json!([{"brand": "Chromium", "version": "142"}])),
                windows().with("userAgentData.fullVersionList.1.brand", json!("Microsoft Edge")),
                windows().with("userAgentData.fullVersionList.1.version", json!("120.0.0.0")),
                asked(|it| it.sec_ch_ua = Some(r#""Chromium";v="142", "Not_A Brand";v="99""#.into())),
            ],
            vec![
                windows(),
                asked(|it| it.sec_ch_ua = None),
                asked(|it| it.sec_ch_ua_platform = Some("\"\"".into())),
                windows().with("userAgentData.fullVersionList", json!([])),
                windows().without("userAgentData"),
                asked(|it| {
                    let brands = r#""Not_A Brand";v="99", "Google Chrome";v="142", "Chromium";v="142""#;
                    it.sec_ch_ua = Some(brands.into());
                }),
            ],
        ),
        (
            "hints_unexpected",
            vec![
                windows().agent(&firefox_windows().user_agent.unwrap()),
                safari_iphone().hinted("Google Chrome", 142, "iOS", "18", true),
            ],
            vec![firefox_windows(), safari_mac()],
        ),
        (
            "hints_missing",
            vec![
                windows().without_hints(),
                chrome_android().agent(&samsung("23.0", 115)).without_hints(),
                windows().agent(&format!("{WINDOWS} Edg/142.0.0.0")).without_hints(),
            ],
            vec![
                chrome_android().agent(&samsung("22.0", 111)).without_hints(),
                chrome_android().agent(&samsung("15.0", 90)).without_hints(),
                // An app's window, whose app may have given it a name of its own.
                chrome_android().agent("Mozilla/5.0 (Linux; Android 13; SM-A536B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/142.0.0.0 Mobile Safari/537.36 OPR/80.0.0.0").without_hints(),
                // A television.
                windows().agent("Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.6099.270 Safari/537.36 WebAppManager").without_hints(),
                // Every browser of iOS has the system's engine.
                safari_iphone().agent("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0.7444.77 Mobile/15E148 Safari/604.1"),
                asked(|it| it.sec_ch_ua = None),
                windows().without("userAgentData"),
                asked(|it| it.origin = Some("http://shop.example.com".into())).without_hints(),
                asked(|it| it.origin = None).without_hints(),
                windows().without_hints().without("userAgent"),
                windows().agent(&WINDOWS.replace("142", "89")).without_hints(),
                windows()
                    .agent(&format!("{WINDOWS} QQBrowser/13"))
                    .without_hints(),
                firefox_windows(),
            ],
        ),
        (
            "engine_mismatch",
            vec![
                firefox_windows().with("vendor", json!("Google Inc.")),
                firefox_windows().with("deviceMemory", json!(8)),
                safari_iphone().with("vendor", json!("Google Inc.")),
                windows().with("vendor", json!("")),
            ],
            vec![
                firefox_windows(),
                safari_iphone(),
                windows(),
                windows().without("vendor"),
            ],
        ),
        (
            "plugins_mismatch",
            vec![windows().with("pluginCount", json!(0))],
            vec![
                windows().with("pluginCount", json!(0)).with("pdfViewer", json!(false)),
                windows().with("pluginCount", json!(0)).without("pdfViewer"),
                chrome_android().with("pdfViewer", json!(true)),
                firefox_windows().with("pluginCount", json!(0)),
                windows(),
            ],
        ),
        (
            "languages_mismatch",
            vec![asked(|it| it.accept_language = Some("fr,de;q=0.5".into()))],
            vec![
                asked(|it| it.accept_language = Some("de".into())),
                asked(|it| it.accept_language = Some("DE-at,en".into())).from(Facts::default()),
                asked(|it| it.accept_language = Some("*".into())),
                asked(|it| it.accept_language = None),
                asked(|it| it.accept_language = Some("fr".into())).without("languages"),
            ],
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "one table")]
fn devices() -> Vec<Row> {
    let screen = |width: u32, height: u32| json!({"width": width, "height": height});
    let sharp =
        |width: u32, height: u32, ratio: f64| json!({"width": width, "height": height, "pixelRatio": ratio});
    let ipad = |width: u32, height: u32, outer_width: u32, outer_height: u32| {
        safari_mac()
            .with(
                "touch",
                json!({"maxTouchPoints": 5, "touchEvent": true, "touchStart": true}),
            )
            .with("screen", screen(width, height))
            .with(
                "window",
                json!({"outerWidth": outer_width, "outerHeight": outer_height}),
            )
    };
    vec![
        (
            "hints_os_mismatch",
            vec![
                windows().hinted("Google Chrome", 142, "Linux", "", false),
                asked(|it| it.sec_ch_ua_platform = Some("\"Linux\"".into())),
                chrome_android().hinted("Google Chrome", 142, "Linux", "", true),
            ],
            vec![
                windows(),
                asked(|it| it.sec_ch_ua_platform = Some("\"Unknown\"".into())).without("userAgentData"),
                windows().agent(LINUX).hinted("Google Chrome", 142, "Android", "14", false),
            ],
        ),
        (
            "platform_mismatch",
            vec![
                windows().with("platform", json!("Linux x86_64")),
                windows().with("platform", json!("MacIntel")),
                safari_iphone().with("platform", json!("Win32")),
                chrome_android().with("platform", json!("Win32")),
                safari_mac().with("platform", json!("Linux x86_64")),
                // Firefox that resists says Windows to the server alone.
                firefox_windows().with("platform", json!("Linux x86_64")),
                firefox_windows().with("platform", json!("MacIntel")),
                windows().with("userAgentData.platform", json!("Linux")),
            ],
            vec![
                windows().with("platform", json!("Win64")),
                windows().with("platform", json!("")),
                windows().without("platform"),
                safari_iphone().with("platform", json!("MacIntel")),
                chrome_android().with("platform", json!("Linux aarch64")),
                firefox_windows()
                    .with("platform", json!("Linux x86_64"))
                    .with("userAgent", json!("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")),
                firefox_windows().with("platform", json!("Linux x86_64")).without("userAgent"),
            ],
        ),
        (
            "platform_version_impossible",
            [
                ("Windows", "10.0"), ("Windows", "10"), ("Windows", "10.0.19045"), ("Windows", "0.9.0"), ("Windows", "14.2.1"),
                ("Windows", "10_0_0"), ("macOS", "10_15_7"), ("macOS", "5.0.0"), ("macOS", "14.2"), ("macOS", "6.8.0"),
                ("Android", "1.0.0"), ("Android", "14.0.0.1"), ("Linux", "10.0.0"), ("Linux", "x86"), ("Chrome OS", "15.0.0"),
            ]
            .map(|(system, version)| windows().hinted("Google Chrome", 142, system, version, false))
            .to_vec(),
            [
                ("Windows", "0.1.0"), ("Windows", "0.3.0"), ("Windows", "1.0.0"), ("Windows", "10.0.0"), ("Windows", "19.0.0"),
                ("Windows", ""), ("macOS", "10.15.7"), ("macOS", "14.2.1"), ("macOS", "26.1.0"), ("Android", "14"),
                ("Android", "8.1.0"), ("Android", "16.0.0"), ("Linux", "6.8.0"), ("Linux", ""), ("Chrome OS", "16433.0.0"),
                ("Fuchsia", "x"),
            ]
            .map(|(system, version)| windows().hinted("Google Chrome", 142, system, version, false))
            .into_iter()
            // Chromium that counted otherwise.
            .chain([windows().agent(&WINDOWS.replace("142", "92")).hinted("Google Chrome", 92, "Windows", "10.0", false)])
            .collect(),
        ),
        (
            "graphics_os_mismatch",
            vec![
                windows().with("webglRenderer", json!("ANGLE (Intel, Mesa Intel(R) UHD Graphics 620 (KBL GT2), OpenGL 4.6)")),
                windows().with("webglRenderer", json!("ANGLE (Apple, ANGLE Metal Renderer: Apple M1, Unspecified Version)")),
                safari_mac().with("webglRenderer", json!("ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 Direct3D11 vs_5_0 ps_5_0, D3D11)")),
                safari_iphone().with("webglRenderer", json!("Mali-G78")),
                firefox_windows().with("platform", json!("Linux x86_64")).with("webglRenderer", json!("llvmpipe (LLVM 15.0.7, 256 bits)")),
                windows().with("webglVendor", json!("Intel Inc.")).with("webglRenderer", json!("Intel Iris OpenGL Engine")),
                windows().with("webglVendor", json!("Intel Inc.")),
                windows().with("webglRenderer", json!("ANGLE (ATI Technologies Inc., AMD Radeon Pro 5500M OpenGL Engine, OpenGL 4.1)")),
                windows().agent(LINUX).with("webglRenderer", json!("ANGLE (Apple, ANGLE Metal Renderer: Apple M1, Unspecified Version)")),
                windows().with("webglRenderer", json!("Adreno (TM) 650")),
                windows().with("webglRenderer", json!("ANGLE (ARM, Mali-G78, OpenGL ES 3.2)")),
                safari_mac().with("webglRenderer", json!("ANGLE (NVIDIA, NVIDIA GeForce RTX 3060, OpenGL 4.1)")),
                safari_mac().with("webglRenderer", json!("ANGLE (Intel, Vulkan 1.3.0 (Intel(R) UHD Graphics), Intel driver)")),
                safari_iphone().with("webglRenderer", json!("NVIDIA GeForce GTX 980")),
                chrome_android().with("webglRenderer", json!("Apple GPU")),
            ],
            vec![
                windows().with("webglRenderer", json!("ANGLE (Qualcomm, Qualcomm(R) Adreno(TM) 690 GPU Direct3D11 vs_5_0 ps_5_0, D3D11)")),
                windows().with("webglRenderer", json!("ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero) (0x0000C0DE)), SwiftShader driver)")),
                windows().with("webglRenderer", json!("Mozilla")),
                safari_mac().with("webglVendor", json!("Intel Inc.")).with("webglRenderer", json!("Intel Iris OpenGL Engine")),
                safari_mac().with("webglRenderer", json!("AMD Radeon Pro 5500M OpenGL Engine")),
                safari_iphone().with("webglRenderer", json!("PowerVR SGX 554")),
                windows().agent(LINUX).with("webglRenderer", json!("NVIDIA GeForce RTX 3060/PCIe/SSE2")),
                windows().agent(LINUX).with("webglRenderer", json!("Mesa Apple M1 (G13G B1)")),
                windows().agent(LINUX).with("webglRenderer", json!("D3D12 (NVIDIA GeForce RTX 3080), Mesa 23.2")),
                windows().without("webglRenderer"),
            ],
        ),
        (
            "mobile_mismatch",
            vec![
                windows().hinted("Google Chrome", 142, "Windows", "15.0.0", true),
                chrome_android().hinted("Google Chrome", 142, "Android", "14", false),
                windows().with("userAgentData.model", json!("Pixel 8")),
                windows().without("userAgentData.mobile").with("userAgentData.model", json!("SM-G991B")),
            ],
            vec![
                windows(),
                chrome_android(),
                chrome_android().with("userAgentData.model", json!("Pixel 8")),
                // A tablet.
                chrome_android()
                    .agent(&LINUX.replace("X11; Linux x86_64", "Linux; Android 10; K"))
                    .hinted("Google Chrome", 142, "Android", "14", false),
            ],
        ),
        (
            "touch_missing",
            vec![
                chrome_android().with("touch", json!({"maxTouchPoints": 0, "touchStart": false})),
                safari_iphone().with("touch", json!({"maxTouchPoints": 0, "touchStart": false})),
            ],
            vec![
                windows(),
                // Safari 12 counts no points.
                safari_iphone().with("touch", json!({"maxTouchPoints": 0, "touchEvent": true, "touchStart": true})),
                chrome_android().with("touch.maxTouchPoints", json!(1)),
                chrome_android().without("touch"),
                // A television.
                chrome_android().agent("Mozilla/5.0 (Linux; Android 12; BRAVIA 4K TV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36").with("touch.maxTouchPoints", json!(0)),
            ],
        ),
        (
            "screen_implausible",
            vec![
                windows().with("screen", screen(0, 0)),
                windows().with("screen", sharp(320, 240, 1.0)),
                chrome_android().with("screen", sharp(1440, 2560, 2.625)),
            ],
            vec![
                // 400 % of 1920x1080, by the system; and a page that is made small on it.
                windows().with("screen", sharp(480, 270, 4.0)).without("window"),
                windows().with("screen", sharp(480, 270, 1.0)).without("window"),
                windows().with("screen", sharp(1920, 1080, 0.25)),
                windows().with("screen", sharp(341, 192, 4.0)).without("window"),
                // A phone on a monitor, one that is unfolded, and one that is turned.
                chrome_android().with("screen", sharp(3840, 2160, 1.0)),
                chrome_android().with("screen", sharp(1080, 1840, 2.0)),
                chrome_android().with("screen", sharp(915, 412, 2.625)),
                chrome_android().with("screen", screen(1440, 2560)),
                // A television.
                windows().agent("Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.6099.270 Safari/537.36").with("screen", screen(0, 0)),
                windows().with("screen", screen(640, 360)),
                windows().with("screen", json!({"width": 0})),
                chrome_android().with("screen", screen(884, 1104)),
                firefox_windows().with("screen", screen(455, 256)).without("window"),
                windows().without("screen"),
            ],
        ),
        (
            "screen_smaller_than_window",
            vec![windows().with("window.outerWidth", json!(2560)), windows().with("window.outerHeight", json!(1200))],
            vec![
                windows().with("window.outerWidth", json!(1936)),
                windows().with("window.innerWidth", json!(3840)),
                windows().without("window"),
                // iOS tells the screen as it is held upright.
                ipad(820, 1180, 1180, 820),
                ipad(1024, 1366, 1366, 1024),
                ipad(820, 1180, 585, 820),
                // A monitor that is turned, and told of late.
                windows().with("screen", screen(1080, 1920)).with("window", json!({"outerWidth": 1936, "outerHeight": 1096})),
                windows().with("screen", sharp(480, 270, 4.0)).with("window", json!({"outerWidth": 496, "outerHeight": 278})),
                chrome_android().with("window.outerWidth", json!(980)),
            ],
        ),
        (
            "hardware_impossible",
            vec![
                windows().with("hardwareConcurrency", json!(0)),
                windows().with("hardwareConcurrency", json!(5000)),
                windows().with("deviceMemory", json!(6)),
                windows().with("deviceMemory", json!(64)),
            ],
            vec![
                windows().with("deviceMemory", json!(32)),
                chrome_android().with("deviceMemory", json!(0.25)),
                windows().with("deviceMemory", json!(0)),
windows().without("deviceMemory").without("hardwareConcurrency"),
            ],
        ),
        (
            "hardware_implausible",
            vec![
                windows().with("hardwareConcurrency", json!(1)),
                windows().with("hardwareConcurrency", json!(256)),
                windows().with("deviceMemory", json!(0.5)),
            ],
            vec![
                windows().with("hardwareConcurrency", json!(2)),
                windows().with("hardwareConcurrency", json!(128)),
                windows().with("deviceMemory", json!(1)),
                chrome_android().with("deviceMemory", json!(0.5)).with("hardwareConcurrency", json!(1)),
            ],
        ),
        (
            "software_graphics",
            vec![
                windows().with("webglRenderer", json!("ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero)), SwiftShader driver)")),
                windows().agent(LINUX).with("webglRenderer", json!("llvmpipe (LLVM 15.0.7, 256 bits)")),
            ],
            vec![windows(), windows().with("webglVendor", json!("VMware, Inc."))],
        ),
        (
            "virtual_graphics",
            vec![
                windows().with("webglRenderer", json!("ANGLE (Microsoft, Microsoft Basic Render Driver Direct3D11 vs_5_0)")),
                windows().with("webglRenderer", json!("ANGLE (VMware, VMware SVGA 3D Direct3D11 vs_4_1 ps_4_1, D3D11)")),
                windows().agent(LINUX).with("webglRenderer", json!("SVGA3D; build: RELEASE; LLVM;")),
                windows().with("webglRenderer", json!("VirtualBox Graphics Adapter (WDDM)")),
            ],
            vec![windows(), windows().agent(LINUX).with("webglRenderer", json!("llvmpipe, VMware, Inc."))],
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "one table")]
fn places() -> Vec<Row> {
    let tokyo = || in_zone("Asia/Tokyo", -540);
    let in_america = |zone, offset| in_zone(zone, offset).from(home("US", "America/Los_Angeles"));
    vec![
        (
            "time_zone_offset_mismatch",
            vec![in_zone("Europe/Berlin", -540), in_zone("America/New_York", -60)],
            vec![
                in_zone("Europe/Berlin", -60),
                // A machine that has not heard of a law yet.
                in_zone("America/Asuncion", 240),
                in_zone("Nowhere/At_All", -540),
                windows().without("timeZone"),
                windows().without("timeZoneOffsetMinutes"),
            ],
        ),
        (
            "time_zone_far",
            vec![tokyo(), in_zone("America/New_York", 300)],
            vec![
                in_zone("Europe/Moscow", -180),
                in_america("America/New_York", 300),
                in_america("US/Hawaii", 600),
                in_zone("America/Indianapolis", 300).from(home("US", "Pacific/Honolulu")),
                in_zone("America/Knox_IN", 360).from(home("US", "America/Adak")),
                in_zone("America/Coral_Harbour", 300).from(home("CA", "America/Vancouver")),
                in_zone("Canada/Newfoundland", 210).from(home("CA", "Canada/Pacific")),
                in_zone("Brazil/Acre", 300).from(home("BR", "America/Noronha")),
                in_zone("Australia/West", -480).from(home("AU", "Australia/ACT")),
                in_zone("Asia/Ust-Nera", -600).from(home("RU", "Europe/Moscow")),
                // The address's zone is of a neighbour, its country is the browser's.
                in_zone("America/Los_Angeles", 480).from(home("US", "America/Halifax")),
                vague(tokyo()),
                tokyo().from(Facts::default()),
                {
                    let mut visit = tokyo();
                    visit.facts.anonymity.vpn = Some(true);
                    visit
                },
            ],
        ),
        (
            "time_zone_other",
            vec![
                tokyo(),
                in_zone("Europe/London", 0),
                in_america("America/New_York", 300),
                windows()
                    .without("timeZone")
                    .with("timeZoneOffsetMinutes", json!(0)),
            ],
            vec![
                in_zone("Africa/Algiers", -60),
                in_zone("Europe/Vienna", -60),
                windows().without("timeZone").without("timeZoneOffsetMinutes"),
                tokyo().from(Facts::default()),
            ],
        ),
        (
            "time_zone_utc",
            vec![in_zone("UTC", 0), in_zone("Etc/UTC", 0), in_zone("Etc/GMT", 0)],
            vec![
                in_zone("Europe/London", 0),
                in_zone("Atlantic/Reykjavik", 0),
                chrome_android()
                    .with("timeZone", json!("UTC"))
                    .with("timeZoneOffsetMinutes", json!(0)),
            ],
        ),
        (
            "locale_country",
            vec![
                windows()
                    .from(home("FR", "Europe/Paris"))
                    .with("languages", json!(["de-DE"])),
                {
                    let mut visit = windows();
                    visit.accept_language = Some("pt-BR,pt;q=0.9".to_owned());
                    visit
                },
            ],
            vec![
                windows(),
                windows().from(home("US", "Europe/Berlin")),
                {
                    let mut visit = windows();
                    visit.accept_language = Some("en-US,en;q=0.9".to_owned());
                    visit
                },
                {
                    let mut visit = windows().from(home("FR", "Europe/Paris"));
                    visit.accept_language = Some("de,en;q=0.9".to_owned());
                    visit
                },
                windows().from(Facts::default()),
            ],
        ),
        (
            "clock_off",
            vec![
                collected(NOW + 301_000),
                collected(NOW - 3 * 3_600_000),
                collected(0),
                collected(4_102_444_800_000),
            ],
            vec![collected(NOW), collected(NOW + 299_000), collected(NOW - 299_000)],
        ),
        (
            "email_disposable",
            vec![windows().with("externalIds.email", json!("a@b.Mailinator.com"))],
            vec![
                windows(),
                windows().without("externalIds.email"),
                windows().with("externalIds.email", json!("none")),
            ],
        ),
        (
            "email_masked",
            vec![windows().with("externalIds.email", json!("x@privaterelay.appleid.com"))],
            vec![
                windows(),
                windows().with("externalIds.email", json!("x@icloud.com")),
            ],
        ),
    ]
}

pub(super) fn all() -> Vec<Row> {
    [bots(), browsers(), devices(), places()]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn every_finding_has_visits_that_show_it_and_near_misses() {
    let rows = all();
    for weight in weights::ALL {
        assert!(
            rows.iter().any(|(name, ..)| *name == weight.name),
            "{}",
            weight.name
        );
    }
    for (name, shows, misses) in rows {
        assert!(!shows.is_empty() && !misses.is_empty(), "{name}");
        for (n, visit) in shows.iter().enumerate() {
            assert!(
                visit.names().contains(&name),
                "{name} {n}: {:?}",
                visit.signals().findings
            );
        }
        for (n, visit) in misses.iter().enumerate() {
            assert!(
                !visit.names().contains(&name),
                "{name} miss {n}: {:?}",
                visit.signals().findings
            );
        }
    }
}
