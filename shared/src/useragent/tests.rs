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
        let change = agent.change_since(&agent, 0);
        prop_assert!(change.browser.is_kept() && change.system.is_kept(), "{:?}", change);
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

#[test]
fn a_word_is_a_programs_only_where_programs_name_themselves() {
    let phone = |model: &str| {
        format!(
            "Mozilla/5.0 (Linux; Android 13; {model}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36"
        )
    };
    let people = [
        phone("M bot 60 Build/AP3A.240617.008"),
        phone("M_bot_tab_71"),
        phone("PHP110"),
        phone("S1RSS32.38-20"),
        phone("Forward Ruby Build/KOT49H"),
        phone("Perla"),
        phone("DART KZ07 Build/LMY47I"),
        phone("Spider 8"),
        phone("VR BOT 552"),
        phone("Feed-Monitor curl python"),
        format!("{} (Ecosia android@126.0.0.0)", phone("K")),
        "UCWEB/2.0 (Linux; U; Adr 4.4.2; en-US; M_bot_60) U2/1.0.0 UCBrowser/10.7.6.805 U2/1.0.0 Mobile"
            .to_owned(),
        "UCWEB/2.0 (Java; U; MIDP-2.0; en-US; Nokia501) U2/1.0.0 UCBrowser/9.5.0.449 U2/1.0.0 Mobile"
            .to_owned(),
        "Mozilla/5.0 (Mobile; Crawler_F90M; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5".to_owned(),
        "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 5.1; Embedded Web Browser from: http://bsalsa.com/)"
            .to_owned(),
        "Mozilla/5.0 (compatible; Konqueror/4.14; Linux) KHTML/4.14 (like Gecko)".to_owned(),
    ];
    for text in people {
        assert!(!parse(&text).automation, "{text}");
    }
    let programs = [
        format!("{} (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", phone("Nexus 5X Build/MMB29P")),
        format!("{} (compatible; Unheard/1.0)", phone("K")),
        phone("Pixel 2 Build/OPD3.170816.012; Adsbot/1.0"),
        phone("Pixel 2; compatible; Somebot/1.0"),
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36".to_owned(),
        "Mozilla/5.0 (X11; compatible; semantic-visions.com crawler; HTTPClient 4.5)".to_owned(),
        "MyFeed RSS reader/1.0".to_owned(),
        "Java/17.0.2".to_owned(),
        "libwww-perl/6.67".to_owned(),
        "PHP/8.2 app".to_owned(),
        "Acme/1.0 (ops@acme.example)".to_owned(),
        "Acme/1.0 +https://acme.example".to_owned(),
    ];
    for text in programs {
        assert!(parse(&text).automation, "{text}");
    }
}

#[test]
fn devices_beside_computers_and_phones_have_classes_of_their_own() {
    use DeviceClass::{Console, Desktop, Headset, Mobile, Tablet, Television, Unknown};
    let android = |model: &str, mobile: &str| {
        format!(
            "Mozilla/5.0 (Linux; Android 11; {model}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 {mobile}Safari/537.36"
        )
    };
    let table = [
        ("Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/87.0.4280.88 Safari/537.36 WebAppManager".to_owned(), Television),
        ("Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) 76.0.3809.146/6.0 TV Safari/537.36".to_owned(), Television),
        ("Mozilla/5.0 (Linux armv7l) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/77.0.3865.120 Safari/537.36 OPR/46.0.2207.0 OMI/4.20 HbbTV/1.5.1 (+DRM;BOTECH;ATV R2)".to_owned(), Television),
        ("Mozilla/5.0 (CrKey armv7l 1.5.16041) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/31.0.1650.0 Safari/537.36".to_owned(), Television),
        ("AppleTV11,1/11.1".to_owned(), Television),
        ("Roku/DVP-9.10 (519.10E04111A)".to_owned(), Television),
        (android("BRAVIA 4K GB", ""), Television),
        (android("AFTS Build/LVY48F", "Mobile "), Television),
        (android("MiTV-AXSO1", "Mobile "), Television),
        (android("43UP50GU Build/NMF26Q", "Mobile "), Television),
        (android("DM-LED43SR23", ""), Television),
        (android("A95X R3", ""), Television),
        (android("OPENBOX GOLD", ""), Television),
        // Phones with a receiver.
        (android("KEMPLER_TV", "Mobile "), Unknown),
        (android("HTV33", "Mobile "), Unknown),
        (android("2201123G", "Mobile "), Mobile),
        (android("SM-G991B", "Mobile "), Mobile),
        (android("Sharp Aquos S2", "Mobile "), Mobile),
        (android("SM-X700", ""), Tablet),
        ("Mozilla/5.0 (Linux; U; Android 14; ru-ru; Mi 10 Build/UKQ1) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/112.0.5615.136 Mobile Safari/537.36 XiaoMi/MiuiBrowser/14.4".to_owned(), Mobile),
        ("Mozilla/5.0 (PlayStation; PlayStation 5/2.26) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605.1.15".to_owned(), Console),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/64.0 Safari/537.36 Edge/44.18363".to_owned(), Console),
        ("Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/609.4 (KHTML, like Gecko) NF/6.0.2.21.3 NintendoBrowser/5.1".to_owned(), Console),
        ("Mozilla/5.0 (X11; Linux x86_64; Quest 3) AppleWebKit/537.36 (KHTML, like Gecko) OculusBrowser/32.1 Chrome/122.0.6261.64 VR Safari/537.36".to_owned(), Headset),
        ("Mozilla/5.0 (Android 12; Mobile VR; rv:81.0) Gecko/81.0 Firefox/81.0".to_owned(), Headset),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36".to_owned(), Desktop),
    ];
    for (text, class) in table {
        assert_eq!(parse(&text).device, class, "{text}");
    }
}

#[test]
fn a_page_for_computers_does_not_hide_the_device_that_asks_for_it() {
    use DeviceClass::{Desktop, Mobile, Tablet};
    let safari = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15";
    let chrome_ios = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126 Version/11.1.1 Safari/605.1.15";
    let firefox_ios = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/127.0 Safari/605.1.15";
    let chrome_mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
    let view = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";
    let chrome_linux = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
    let firefox_linux = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0";
    let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
    let reduced = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
    let television = "Mozilla/5.0 (Linux; Android 9; BRAVIA 4K GB) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
    let (ipad, iphone, macbook) = (Some((820, 1180)), Some((393, 852)), Some((1440, 900)));
    let (webkit, blink, gecko) = (Some(Engine::WebKit), Some(Engine::Blink), Some(Engine::Gecko));
    #[rustfmt::skip]
    let table = [
        (safari, Some(0), Some("MacIntel"), webkit, macbook, (System::MacOs, Desktop)),
        (safari, None, None, None, None, (System::MacOs, Desktop)),
        (safari, Some(5), Some("MacIntel"), webkit, ipad, (System::Ios, Tablet)),
        (safari, Some(5), Some("MacIntel"), webkit, Some((1180, 820)), (System::Ios, Tablet)),
        (safari, Some(5), None, None, None, (System::Ios, Tablet)),
        (safari, Some(5), Some("MacIntel"), webkit, iphone, (System::Ios, Mobile)),
        (safari, Some(5), Some("iPhone"), webkit, None, (System::Ios, Mobile)),
        (safari, Some(5), Some("iPad"), webkit, None, (System::Ios, Tablet)),
        (chrome_ios, None, None, None, None, (System::Ios, Tablet)),
        (chrome_ios, Some(5), Some("MacIntel"), webkit, iphone, (System::Ios, Mobile)),
        (firefox_ios, Some(5), Some("MacIntel"), webkit, ipad, (System::Ios, Tablet)),
        (chrome_mac, Some(5), Some("MacIntel"), webkit, ipad, (System::Ios, Tablet)),
        (chrome_mac, Some(1), Some("MacIntel"), blink, iphone, (System::MacOs, Desktop)),
        (chrome_mac, Some(0), Some("MacIntel"), blink, macbook, (System::MacOs, Desktop)),
        (view, Some(5), Some("MacIntel"), webkit, iphone, (System::Ios, Mobile)),
        (view, Some(5), Some("MacIntel"), webkit, ipad, (System::Ios, Tablet)),
        (chrome_linux, Some(5), Some("Linux armv81"), blink, Some((412, 915)), (System::Android, Mobile)),
        (chrome_linux, Some(5), Some("Linux aarch64"), blink, Some((800, 1280)), (System::Android, Tablet)),
        (firefox_linux, Some(5), Some("Linux aarch64"), gecko, Some((412, 915)), (System::Android, Mobile)),
        (chrome_linux, Some(10), Some("Linux x86_64"), blink, Some((1920, 1080)), (System::Linux, Desktop)),
        (chrome_linux, Some(0), Some("Linux aarch64"), blink, Some((1920, 1080)), (System::Linux, Desktop)),
        (windows, Some(10), Some("Win32"), blink, Some((1368, 912)), (System::Windows, Desktop)),
        (reduced, Some(5), Some("Linux armv81"), blink, Some((412, 915)), (System::Android, Mobile)),
        (reduced, Some(5), Some("Linux armv81"), blink, Some((800, 1280)), (System::Android, Tablet)),
        (television, Some(0), Some("Linux armv7l"), blink, Some((960, 540)), (System::Android, DeviceClass::Television)),
    ];
    for (text, touch_points, platform, engine, screen, expected) in table {
        let evidence = Evidence {
            touch_points,
            platform,
            engine,
            screen,
        };
        assert_eq!(parse(text).device_by(&evidence), expected, "{text} {evidence:?}");
    }
}

#[test]
fn an_engine_is_told_by_the_products_that_name_it() {
    #[rustfmt::skip]
    let table = [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0", Engine::Blink),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/64.0 Safari/537.36 Edge/18.17763", Engine::EdgeHtml),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", Engine::Gecko),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0 Mobile/15E148", Engine::WebKit),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15", Engine::WebKit),
        ("Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko", Engine::Trident),
        ("Opera/9.80 (Windows NT 6.1; U; en) Presto/2.8.131 Version/11.11", Engine::Presto),
        ("curl/8.7.1", Engine::Unknown),
        ("", Engine::Unknown),
    ];
    for (text, engine) in table {
        assert_eq!(parse(text).engine, engine, "{text}");
    }
}

#[test]
fn texts_of_any_form_are_read_in_one_piece() {
    let long = [
        "(".repeat(10_000),
        ")(".repeat(5_000),
        "[;(,".repeat(2_500),
        "bot ".repeat(2_500),
        "@".repeat(10_000),
        format!("Chrome/{}", "9".repeat(40)),
        "\u{0}\u{1b}\u{7f}".repeat(3_000),
        "\u{0663}/\u{0664}.".repeat(2_500),
        format!("Mozilla/5.0 (Linux; Android {}; X Build/", "1".repeat(400)),
    ];
    for text in long {
        assert!(parse(&text).to_string().len() <= 120);
    }
    let version = parse(&format!(
        "Mozilla/5.0 (Windows NT 10.0) Chrome/{}.1 Safari/537.36",
        "9".repeat(40)
    ));
    assert_eq!(version.browser_version.map(Version::major), Some(u32::MAX));
}
