//! Ordinary visitors, of whom nothing is found.

use super::*;

fn desktop(name: &'static str, user_agent: &str, platform: &str, renderer: &str) -> Visit {
    Visit {
        name,
        body: json!({
            "version": 1, "nonce": "AAECAwQFBgcICQoLDA0ODw", "collectedAt": NOW - 500,
            "externalIds": {"email": "user@example.com"},
            "components": {
                "userAgent": user_agent, "platform": platform, "vendor": "Google Inc.", "vendorFlavors": ["chrome"],
                "languages": ["de-DE", "de", "en-US", "en"], "timeZone": "Europe/Berlin", "timeZoneOffsetMinutes": -60,
                "screen": {"width": 1920, "height": 1080, "availableWidth": 1920, "availableHeight": 1040,
                           "colorDepth": 24, "pixelRatio": 1},
                "window": {"innerWidth": 1912, "innerHeight": 954, "outerWidth": 1936, "outerHeight": 1056},
                "touch": {"maxTouchPoints": 0, "touchEvent": false, "touchStart": false},
                "hardwareConcurrency": 8, "deviceMemory": 8, "architecture": 255,
                "webglVendor": "Google Inc. (Intel)", "webglRenderer": renderer,
                "cookiesEnabled": true, "pdfViewer": true, "pluginCount": 5,
            },
            "automation": {"webdriver": false, "detector": {"bot": false, "kind": null}, "globals": [],
                           "devtoolsProtocol": false, "iframeMismatches": [], "workerMismatches": []},
        }),
        user_agent: Some(user_agent.to_owned()),
        accept_language: Some("de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7".to_owned()),
        sec_ch_ua: None,
        sec_ch_ua_mobile: None,
        sec_ch_ua_platform: None,
        origin: Some("https://shop.example.com".to_owned()),
        facts: home("DE", "Europe/Berlin"),
    }
}

fn phone(name: &'static str, user_agent: &str, platform: &str, renderer: &str) -> Visit {
    desktop(name, user_agent, platform, renderer)
        .with(
            "screen",
            json!({"width": 412, "height": 915, "availableWidth": 412, "availableHeight": 915, "colorDepth": 24,
                   "pixelRatio": 2.625}),
        )
        // A page that is not made for phones is wider than the screen.
        .with("window", json!({"innerWidth": 980, "innerHeight": 1900, "outerWidth": 412, "outerHeight": 838}))
        .with("touch", json!({"maxTouchPoints": 5, "touchEvent": true, "touchStart": true}))
        .with("pluginCount", json!(0))
        .with("pdfViewer", json!(false))
}

fn gecko(visit: Visit) -> Visit {
    visit
        .without_hints()
        .with("vendor", json!(""))
        .with("vendorFlavors", json!([]))
}

fn apple(visit: Visit) -> Visit {
    visit
        .without_hints()
        .with("vendor", json!("Apple Computer, Inc."))
        .with("vendorFlavors", json!(["safari"]))
}

const D3D: &str = "ANGLE (Intel, Intel(R) UHD Graphics 620 (0x00003EA0) Direct3D11 vs_5_0 ps_5_0, D3D11)";
const METAL: &str = "ANGLE (Apple, ANGLE Metal Renderer: Apple M1, Unspecified Version)";
const MESA: &str = "ANGLE (Intel, Mesa Intel(R) UHD Graphics 620 (KBL GT2), OpenGL 4.6)";
const ADRENO: &str = "Adreno (TM) 740";

pub(super) fn chrome_windows() -> Visit {
    desktop(
        "Chrome on Windows 11",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
        "Win32",
        D3D,
    )
    .hinted("Google Chrome", 142, "Windows", "15.0.0", false)
}

pub(super) fn chrome_android() -> Visit {
    phone(
        "Chrome on Android",
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
        "Linux armv81",
        ADRENO,
    )
    .hinted("Google Chrome", 142, "Android", "14.0.0", true)
}

pub(super) fn firefox_windows() -> Visit {
    gecko(desktop(
        "Firefox on Windows",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
        "Win32",
        "ANGLE (Intel, Intel(R) HD Graphics Direct3D11 vs_5_0 ps_5_0), or similar",
    ))
}

pub(super) fn safari_mac() -> Visit {
    apple(desktop(
        "Safari on macOS",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
        "MacIntel",
        "Apple GPU",
    ))
}

pub(super) fn safari_iphone() -> Visit {
    apple(phone(
        "Safari on iPhone",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
        "iPhone",
        "Apple GPU",
    ))
}

/// Ordinary visitors.
#[expect(clippy::too_many_lines, reason = "one table")]
pub(super) fn all() -> Vec<Visit> {
    let firefox_linux = gecko(desktop(
        "Firefox on Linux",
        "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
        "Linux x86_64",
        "Intel(R) HD Graphics, or similar",
    ));
    let mut resisting = firefox_linux.clone();
    resisting.name = "Firefox on Linux that resists fingerprinting";
    resisting.user_agent = firefox_windows().user_agent;
    let mut unhinted_http = chrome_windows().without_hints().with("deviceMemory", json!(8));
    unhinted_http.name = "Chrome on a page without encryption, where there are no hints";
    unhinted_http.origin = Some("http://shop.example.com".to_owned());
    let mut relayed = safari_iphone();
    relayed.name = "Safari behind a privacy relay";
    relayed.facts = home("US", "America/Los_Angeles");
    relayed.facts.anonymity.hosting = Some(true);
    relayed.facts.anonymity.relay = Some(true);
    let mut lost = chrome_windows().from(Facts::default());
    lost.name = "Chrome from an address of which nothing is known";
    vec![
        chrome_windows(),
        desktop(
            "Edge on Windows",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
            "Win32",
            D3D,
        )
        .hinted("Microsoft Edge", 142, "Windows", "10.0.0", false),
        desktop(
            "Chrome on macOS",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
            "MacIntel",
            METAL,
        )
        .hinted("Google Chrome", 142, "macOS", "14.2.1", false),
        desktop(
            "Brave on Linux",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
            "Linux x86_64",
            MESA,
        )
        .hinted("Brave", 142, "Linux", "6.8.0", false),
        desktop(
            "Chrome on a Chromebook",
            "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
            "Linux x86_64",
            MESA,
        )
        .hinted("Google Chrome", 142, "Chrome OS", "16433.0.0", false),
        chrome_android(),
        phone(
            "Samsung Internet",
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
            "Linux aarch64",
            "Mali-G78",
        )
        .hinted("Samsung Internet", 130, "Android", "14.0.0", true),
        phone(
            "an app's WebView on Android, without hints",
            "Mozilla/5.0 (Linux; Android 13; SM-A536B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/110.0.5481.65 Mobile Safari/537.36",
            "Linux armv8l",
            ADRENO,
        ),
        desktop(
            "Chrome on Android that asks for the page of computers",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
            "Linux armv81",
            ADRENO,
        )
        .hinted("Google Chrome", 142, "Android", "14.0.0", false)
        .with("touch", json!({"maxTouchPoints": 5})),
        gecko(phone(
            "Firefox on Android",
            "Mozilla/5.0 (Android 14; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0",
            "Linux aarch64",
            "Adreno (TM) 650, or similar",
        )),
        firefox_windows(),
        firefox_linux,
        resisting,
        gecko(desktop(
            "Firefox on macOS",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0",
            "MacIntel",
            "Apple M1, or similar",
        )),
        safari_mac(),
        safari_iphone(),
        apple(desktop(
            "Safari on an iPad, which calls itself a Mac",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
            "MacIntel",
            "Apple GPU",
        ))
        .with("touch", json!({"maxTouchPoints": 5, "touchEvent": true, "touchStart": true}))
        .with("screen", json!({"width": 820, "height": 1180, "availableWidth": 820, "availableHeight": 1180}))
        .with("window", json!({"innerWidth": 820, "innerHeight": 1106, "outerWidth": 820, "outerHeight": 1180})),
        apple(phone(
            "Chrome on iPhone",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0.7444.77 Mobile/15E148 Safari/604.1",
            "iPhone",
            "Apple GPU",
        )),
        unhinted_http,
        relayed,
        lost,
    ]
}

#[test]
fn nothing_is_found_of_ordinary_visitors() {
    let visitors = all();
    assert!(12 <= visitors.len());
    for visit in visitors {
        let signals = visit.signals();
        assert!(
            signals.findings.is_empty(),
            "{}: {:?}",
            visit.name,
            signals.findings
        );
        assert_eq!(signals.bot.result, Outcome::Human, "{}", visit.name);
        assert_eq!(signals.headless, Some(false), "{}", visit.name);
        assert_eq!(signals.tampered, Some(false), "{}", visit.name);
        assert_eq!(signals.risk().level, Level::Low, "{}", visit.name);
    }
}

#[test]
fn portraits_tell_what_user_agents_have_frozen() {
    let told = |visit: &Visit| {
        let it = visit.portrait();
        let text = |it: Option<String>| it.unwrap_or("-".to_owned());
        format!(
            "{} {} {} {:?} {} {}",
            text(it.browser),
            text(it.browser_version),
            text(it.engine),
            it.class.unwrap(),
            text(it.os),
            text(it.os_version)
        )
    };
    let portraits: Vec<String> = all().iter().map(told).collect();
    assert_eq!(
        portraits,
        [
            "Chrome 142.0.7444.60 Blink Desktop Windows 11",
            "Edge 142.0.7444.60 Blink Desktop Windows 10",
            "Chrome 142.0.7444.60 Blink Desktop macOS 14.2.1",
            "Brave 142.0.7444.60 Blink Desktop Linux -",
            "Chrome 142.0.7444.60 Blink Desktop ChromeOS 16433",
            "Chrome 142.0.7444.60 Blink Mobile Android 14",
            "Samsung Internet 130.0.7444.60 Blink Mobile Android 14",
            "WebView 110.0.5481 Blink Mobile Android 13",
            "Chrome 142.0.7444.60 Blink Tablet Android 14",
            "Firefox 145 Gecko Mobile Android 14",
            "Firefox 145 Gecko Desktop Windows 10",
            "Firefox 145 Gecko Desktop Linux -",
            "Firefox 145 Gecko Desktop Windows 10",
            "Firefox 145 Gecko Desktop macOS 10.15",
            "Safari 26 WebKit Desktop macOS 10.15.7",
            "Safari 26 WebKit Mobile iOS 18.6",
            "Safari 18.6 WebKit Tablet iOS -",
            "Chrome 142.0.7444 WebKit Mobile iOS 18.6",
            "Chrome 142 Blink Desktop Windows 10",
            "Safari 26 WebKit Mobile iOS 18.6",
            "Chrome 142.0.7444.60 Blink Desktop Windows 11",
        ]
    );
}
