//! Agreement with uap-core over public collections, and the user agents that must be right.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

const CORPUS: &str = include_str!("../../../tests/useragent/corpus.json");

fn corpus() -> Vec<Value> {
    serde_json::from_str(CORPUS).unwrap()
}

/// Our family for one of uap-core, which has a family per system.
fn family(theirs: &str) -> &str {
    match theirs {
        "Chrome Mobile" | "Chrome Mobile iOS" => "Chrome",
        "Mobile Safari" => "Safari",
        "Firefox Mobile" | "Firefox iOS" => "Firefox",
        "Edge Mobile" => "Edge",
        "Opera Mobile" | "Opera Touch" => "Opera",
        "DuckDuckGo Mobile" => "DuckDuckGo",
        "Google" => "Google App",
        "Chrome Mobile WebView" | "Mobile Safari UI/WKWebView" => "WebView",
        "Ecosia Android" | "Ecosia iOS" => "Ecosia",
        "Avast Secure Browser" => "Avast",
        "AOL Desktop Gold Browser" => "AOL",
        "IE" => "Internet Explorer",
        other => other,
    }
}

fn system(theirs: &str) -> &str {
    match theirs {
        "Mac OS X" => "macOS",
        "Chrome OS" => "ChromeOS",
        "Ubuntu" | "Fedora" | "Debian" => "Linux",
        other => other,
    }
}

/// Agreement in percent over the cases that the corpus has a value for; the others are printed.
fn agreement(field: &str, cases: impl Iterator<Item = (String, Option<String>, String)>) -> usize {
    let (mut all, mut agreed) = (0, 0);
    for (user_agent, expected, got) in cases {
        let Some(expected) = expected else { continue };
        all += 1;
        if expected == got {
            agreed += 1;
        } else {
            println!("{field}: {got:?}, theirs {expected:?}: {user_agent}");
        }
    }
    println!("{field}: {agreed} of {all}");
    agreed * 100 / all
}

fn browsers(
    read: impl Fn(&Value, &UserAgent) -> (Option<String>, String),
) -> Vec<(String, Option<String>, String)> {
    corpus()
        .iter()
        .filter(|row| row["crawler"] == false)
        .map(|row| {
            let text = row["user_agent"].as_str().unwrap();
            let (expected, got) = read(row, &parse(text));
            (text.to_owned(), expected, got)
        })
        .collect()
}

fn two_numbers(text: &str) -> Option<String> {
    Version::read(text).map(|version| format!("{}.{}", version.major(), version.minor()))
}

#[test]
fn browsers_agree_with_uap_core() {
    let cases = browsers(|row, agent| {
        (
            row["browser"].as_str().map(|name| family(name).to_owned()),
            agent.browser.to_string(),
        )
    });
    assert!(98 <= agreement("browser", cases.into_iter()));
}

#[test]
fn browser_versions_agree_with_uap_core() {
    let cases = browsers(|row, agent| {
        let got = agent
            .browser_version
            .map(|version| format!("{}.{}", version.major(), version.minor()));
        (
            row["browser_version"].as_str().and_then(two_numbers),
            got.unwrap_or_default(),
        )
    });
    assert!(97 <= agreement("browser version", cases.into_iter()));
}

#[test]
fn systems_agree_with_uap_core() {
    let cases = browsers(|row, agent| {
        (
            row["os"].as_str().map(|name| system(name).to_owned()),
            agent.os.to_string(),
        )
    });
    assert!(99 <= agreement("os", cases.into_iter()));
}

#[test]
fn system_versions_agree_with_uap_core() {
    let cases = browsers(|row, agent| {
        let got = agent
            .os_version
            .map(|version| format!("{}.{}", version.major(), version.minor()));
        (
            row["os_version"].as_str().and_then(two_numbers),
            got.unwrap_or_default(),
        )
    });
    assert!(98 <= agreement("os version", cases.into_iter()));
}

#[test]
fn device_classes_agree_with_the_collections() {
    let cases = browsers(|row, agent| {
        (
            row["device_class"].as_str().map(str::to_owned),
            agent.device.to_string(),
        )
    });
    assert!(97 <= agreement("device", cases.into_iter()));
}

#[test]
fn crawlers_are_programs_and_browsers_are_not() {
    let cases = |crawler: bool| {
        corpus()
            .into_iter()
            .filter(move |row| row["crawler"] == crawler)
            .map(move |row| {
                let text = row["user_agent"].as_str().unwrap().to_owned();
                let got = parse(&text).automation.to_string();
                (text, Some(crawler.to_string()), got)
            })
    };
    assert!(88 <= agreement("crawler", cases(true)));
    assert_eq!(agreement("no crawler", cases(false)), 100);
}

#[test]
fn the_important_ones_are_exact() {
    use DeviceClass::{Desktop, Mobile, Tablet, Unknown};
    let gecko = "(KHTML, like Gecko)";
    let windows = format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 {gecko}");
    let mac = format!("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 {gecko}");
    let linux = format!("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 {gecko}");
    let chromeos = format!("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 {gecko}");
    let android = format!("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 {gecko}");
    let view = format!(
        "Mozilla/5.0 (Linux; Android 14; Pixel 7 Build/AP1A; wv) AppleWebKit/537.36 {gecko} Version/4.0"
    );
    let iphone =
        format!("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 {gecko}");
    let ipad = format!("Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 {gecko}");
    #[rustfmt::skip]
    let table = [
        (format!("{windows} Chrome/126.0.0.0 Safari/537.36"), "Chrome 126 on Windows 10", Desktop, false),
        (format!("{windows} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.68"), "Edge 126.0.2592 on Windows 10", Desktop, false),
        (format!("{windows} Chrome/64.0.3282.140 Safari/537.36 Edge/18.17763"), "Edge 18.17763 on Windows 10", Desktop, false),
        (format!("{windows} Chrome/125.0.0.0 Safari/537.36 OPR/111.0.0.0"), "Opera 111 on Windows 10", Desktop, false),
        (format!("{windows} Chrome/124.0.0.0 Safari/537.36 Vivaldi/6.7.3329.35"), "Vivaldi 6.7.3329 on Windows 10", Desktop, false),
        (format!("{windows} Chrome/86.0.4240.198 Safari/537.36 Brave/86"), "Brave 86 on Windows 10", Desktop, false),
        (format!("{windows} Chrome/132.0.0.0 YaBrowser/25.2.0.0 Safari/537.36"), "Yandex Browser 25.2 on Windows 10", Desktop, false),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko".to_owned(), "Internet Explorer 11 on Windows 7", Desktop, false),
        ("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 5.1; Trident/4.0)".to_owned(), "Internet Explorer 8 on Windows 5.1", Desktop, false),
        ("Opera/9.80 (Windows NT 6.1; U; en) Presto/2.8.131 Version/11.11".to_owned(), "Opera 11.11 on Windows 7", Desktop, false),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0".to_owned(), "Firefox 127 on Windows 10", Desktop, false),
        (format!("{mac} Version/17.5 Safari/605.1.15"), "Safari 17.5 on macOS 10.15.7", Desktop, false),
        (format!("{mac} Version/18.3 Safari/605.1.15 Ddg/17.1"), "DuckDuckGo 17.1 on macOS 10.15.7", Desktop, false),
        (format!("{mac} Version/17.5 Mobile/15E148 Safari/604.1"), "Safari 17.5 on iOS", Tablet, false),
        (format!("{linux} Chrome/126.0.0.0 Safari/537.36"), "Chrome 126 on Linux", Desktop, false),
        ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0".to_owned(), "Firefox 135 on Linux", Desktop, false),
        (format!("{chromeos} Chrome/126.0.0.0 Safari/537.36"), "Chrome 126 on ChromeOS 14541", Desktop, false),
        (format!("{android} Chrome/126.0.0.0 Mobile Safari/537.36"), "Chrome 126 on Android 10", Mobile, false),
        (format!("{android} Chrome/126.0.0.0 Safari/537.36"), "Chrome 126 on Android 10", Tablet, false),
        (format!("{android} SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36"), "Samsung Internet 25 on Android 10", Mobile, false),
        (format!("{android} Chrome/126.0.0.0 Mobile Safari/537.36 EdgA/126.0.0.0"), "Edge 126 on Android 10", Mobile, false),
        ("Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0".to_owned(), "Firefox 127 on Android 14", Mobile, false),
        ("Mozilla/5.0 (Android 14; Tablet; rv:127.0) Gecko/127.0 Firefox/127.0".to_owned(), "Firefox 127 on Android 14", Tablet, false),
        (format!("{view} Chrome/126.0.6478.71 Mobile Safari/537.36"), "WebView 126.0.6478 on Android 14", Mobile, false),
        (format!("{view} Chrome/126.0.6478.71 Mobile Safari/537.36 Line/15.4.2/IAB"), "LINE 15.4.2 on Android 14", Mobile, false),
        (format!("{view} Chrome/126.0.6478.71 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/470.0.0.0;]"), "Facebook 470 on Android 14", Mobile, false),
        ("Dalvik/2.1.0 (Linux; U; Android 13; SM-S901B Build/TP1A)".to_owned(), "Dalvik 2.1 on Android 13", Unknown, false),
        (format!("{iphone} Version/17.5 Mobile/15E148 Safari/604.1"), "Safari 17.5 on iOS 17.5.1", Mobile, false),
        (format!("{iphone} CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1"), "Chrome 126.0.6478 on iOS 17.5.1", Mobile, false),
        (format!("{iphone} FxiOS/127.0 Mobile/15E148 Safari/605.1.15"), "Firefox 127 on iOS 17.5.1", Mobile, false),
        (format!("{iphone} EdgiOS/126.0.2592.56 Version/17.0 Mobile/15E148 Safari/604.1"), "Edge 126.0.2592 on iOS 17.5.1", Mobile, false),
        (format!("{iphone} GSA/323.0.647062479 Mobile/15E148 Safari/604.1"), "Google App 323.0.647062479 on iOS 17.5.1", Mobile, false),
        (format!("{iphone} Mobile/15E148 Instagram 339.0.3.12.91 (iPhone14,5; iOS 17_5_1)"), "Instagram 339.0.3 on iOS 17.5.1", Mobile, false),
        (format!("{iphone} Mobile/15E148"), "WebView on iOS 17.5.1", Mobile, false),
        (format!("{ipad} Version/16.6 Mobile/15E148 Safari/604.1"), "Safari 16.6 on iOS 16.6", Tablet, false),
        ("Acme/3.2 CFNetwork/1410.0.3 Darwin/22.6.0".to_owned(), "Acme 3.2 on iOS", Unknown, false),
        (format!("{linux} HeadlessChrome/126.0.6478.55 Safari/537.36"), "Chrome 126.0.6478 on Linux", Desktop, true),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)".to_owned(), "Googlebot 2.1", Unknown, true),
        (format!("{linux} Chrome/126.0.0.0 Safari/537.36 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"), "bingbot 2 on Linux", Desktop, true),
        ("curl/8.7.1".to_owned(), "curl 8.7.1", Unknown, true),
        ("python-requests/2.32.3".to_owned(), "python-requests 2.32.3", Unknown, true),
        ("okhttp/4.12.0".to_owned(), "okhttp 4.12", Unknown, true),
        ("Go-http-client/2.0".to_owned(), "Go-http-client 2", Unknown, true),
        ("PostmanRuntime/7.39.0".to_owned(), "PostmanRuntime 7.39", Unknown, true),
        ("Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 30) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36".to_owned(), "Chrome 126 on Android 12", Mobile, false),
        ("DoCoMo/2.0 P903i(c100;TB;W24H12)".to_owned(), "DoCoMo 2 on feature phone", Mobile, false),
        ("203.0.113.7/1.0".to_owned(), "unknown", Unknown, false),
        (String::new(), "unknown", Unknown, false),
    ];
    for (text, printed, device, automation) in table {
        let agent = parse(&text);
        assert_eq!(
            (agent.to_string().as_str(), agent.device, agent.automation),
            (printed, device, automation),
            "{text}"
        );
    }
}

#[test]
fn a_change_is_named_by_its_gravest_part() {
    let chrome = |system: &str, version: &str| {
        parse(&format!("Mozilla/5.0 ({system}) Chrome/{version} Safari/537.36"))
    };
    let windows = "Windows NT 10.0; Win64; x64";
    let before = chrome(windows, "126.0.0.0");
    let table = [
        (chrome(windows, "126"), Change::Same),
        (chrome(windows, "127.0.0.0"), Change::Newer),
        (chrome(windows, "9.0.0.0"), Change::Older),
        (chrome("Windows NT 6.1", "126.0.0.0"), Change::Older),
        (chrome("Windows NT 6.1", "127.0.0.0"), Change::Newer),
        (
            parse("Mozilla/5.0 (Windows NT 10.0; rv:127.0) Gecko/20100101 Firefox/127.0"),
            Change::OtherBrowser,
        ),
        (chrome("X11; Linux x86_64", "127.0.0.0"), Change::OtherSystem),
        (parse(""), Change::Missing),
        (parse("Mozilla/5.0 (Windows NT 10.0)"), Change::Missing),
        (parse("curl/8.7.1"), Change::OtherBrowser),
        (parse("Chrome/126.0 Safari/537.36"), Change::Same),
    ];
    for (after, change) in table {
        assert_eq!(after.change_since(&before), change, "{after}");
    }
    assert_eq!(parse(";;").change_since(&parse("")), Change::Same);
    assert_eq!(before.change_since(&parse("")), Change::Undetermined);
}

#[test]
fn a_frozen_version_of_a_system_tells_what_it_can() {
    use Ordering::{Equal, Greater, Less};
    let phone = |version: &str| format!("Mozilla/5.0 (iPhone; CPU iPhone OS {version} like Mac OS X)");
    let mac = |version: &str| format!("Mozilla/5.0 (Macintosh; Intel Mac OS X {version})");
    let windows = |version: &str| format!("Mozilla/5.0 (Windows NT {version}; Win64; x64)");
    let android = |version: &str| format!("Mozilla/5.0 (Linux; Android {version}) Chrome/126.0.0.0 Mobile");
    let firefox = |version: &str| {
        format!("Mozilla/5.0 (Android {version}; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0")
    };
    let chromeos = |version: &str| format!("Mozilla/5.0 (X11; CrOS x86_64 {version})");
    let table = [
        (phone("18_7_1"), phone("18_6"), None),
        (phone("18_7"), phone("18_6"), None),
        (phone("26_0"), phone("18_7"), None),
        (phone("18_5"), phone("18_6"), Some(Less)),
        (phone("18_7_1"), phone("18_7_2"), Some(Less)),
        (mac("10_15_7"), mac("14_2"), None),
        (mac("10.15"), mac("10_15_7"), None),
        (mac("10_13_6"), mac("10_15_7"), Some(Less)),
        (mac("10_13_6"), mac("10_13_6"), Some(Equal)),
        (windows("10.0"), windows("10.0"), None),
        (windows("10.0"), windows("6.1"), Some(Greater)),
        (windows("6.1"), windows("6.3"), Some(Less)),
        (android("10; K"), android("14; Pixel 7"), None),
        (android("10; SM-G975F"), android("14; Pixel 7"), Some(Less)),
        (firefox("10"), firefox("9"), None),
        (firefox("14"), firefox("13"), Some(Greater)),
        (chromeos("14541.0.0"), chromeos("15117.111.0"), None),
        (phone("17_5"), mac("14_2"), None),
        (phone("17_5"), String::new(), None),
    ];
    for (one, other, expected) in table {
        let compare = |one: &str, other: &str| parse(one).compare_os_version(&parse(other));
        assert_eq!(compare(&one, &other), expected, "{one} to {other}");
        let reversed = expected.map(Ordering::reverse);
        assert_eq!(compare(&other, &one), reversed, "{other} to {one}");
    }
}

#[test]
fn what_a_record_does_not_keep_is_not_read() {
    let long = format!(
        "Mozilla/5.0 (Windows NT 10.0) Chrome/126 Safari/537.36 {}",
        "é ".repeat(8 * 1024)
    );
    let kept: String = long.chars().take(SessionRecord::MAX_USER_AGENT).collect();
    assert_eq!(parse(&long), parse(&kept));
}

proptest! {
    #[test]
    fn every_text_is_a_user_agent(text in any::<String>()) {
        let agent = parse(&text);
        prop_assert_eq!(agent.change_since(&agent), Change::Same);
        prop_assert!(agent.to_string().len() <= 120);
    }

    #[test]
    fn every_mixture_of_products_is_a_user_agent(
        parts in proptest::collection::vec("(Mozilla|Chrome|Windows NT|Windows |MSIE |Trident|Edg|OPR|Version|rv:|CrOS |Android[ -]|iPhone OS |KDDI-|DoCoMo|BB10|Xbox|bot)[/ ;()]{0,2}[0-9._]{0,16}[é;()\\[\\] ]{0,2}", 0..40),
    ) {
        let agent = parse(&parts.concat());
        prop_assert!(!agent.browser.is_empty());
    }
}
