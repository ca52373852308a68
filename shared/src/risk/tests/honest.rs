//! What honest people do to a session, and what each of it scores: the document's table.

use super::located::{elsewhere, facts, home};
use super::*;
use crate::model::{Anonymity, Located};

const PARIS: (f64, f64, u16) = (48.86, 2.35, 50);

const fn chrome(system: &'static str, version: &'static str, rest: &'static str) -> [&'static str; 3] {
    [system, version, rest]
}

fn blink([system, version, rest]: [&str; 3]) -> String {
    format!(
        "Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}{rest} Safari/537.36"
    )
}

fn gecko(system: &str, version: &str) -> String {
    format!("Mozilla/5.0 ({system}; rv:{version}) Gecko/20100101 Firefox/{version}")
}

fn webkit(system: &str, products: &str) -> String {
    format!("Mozilla/5.0 ({system}) AppleWebKit/605.1.15 (KHTML, like Gecko) {products}")
}

fn iphone(version: &str) -> String {
    format!("iPhone; CPU iPhone OS {version} like Mac OS X")
}

const WINDOWS: &str = "Windows NT 10.0; Win64; x64";
const MAC: &str = "Macintosh; Intel Mac OS X 10_15_7";
const LINUX: &str = "X11; Linux x86_64";
const REDUCED: &str = "Linux; Android 10; K";
const IPAD: &str = "iPad; CPU OS 18_5 like Mac OS X";

/// What changes of the browser, with the user agents before and after.
#[expect(clippy::too_many_lines, reason = "a table")]
fn browsers() -> Vec<(&'static str, String, String)> {
    let safari = |version: &str| format!("Version/{version} Mobile/15E148 Safari/604.1");
    let firefox_ios = |version: &str| format!("FxiOS/{version} Mobile/15E148 Safari/605.1.15");
    let web_view = "Mobile/15E148";
    let android_view = |version| {
        format!(
            "Mozilla/5.0 (Linux; Android 15; Pixel 9 Build/BP1A.250305.019; wv) AppleWebKit/537.36 \
             (KHTML, like Gecko) Version/4.0 Chrome/{version} Mobile Safari/537.36"
        )
    };
    vec![
        (
            "Chrome on Windows is updated",
            blink(chrome(WINDOWS, "156.0.0.0", "")),
            blink(chrome(WINDOWS, "157.0.0.0", "")),
        ),
        (
            "Chrome on macOS is updated",
            blink(chrome(MAC, "156.0.0.0", "")),
            blink(chrome(MAC, "157.0.0.0", "")),
        ),
        (
            "Chrome skips three versions",
            blink(chrome(LINUX, "153.0.0.0", "")),
            blink(chrome(LINUX, "156.0.0.0", "")),
        ),
        (
            "Chrome on Android is updated",
            blink(chrome(REDUCED, "156.0.0.0", " Mobile")),
            blink(chrome(REDUCED, "157.0.0.0", " Mobile")),
        ),
        (
            "Chrome gets a patch, and says so",
            blink(chrome(WINDOWS, "156.0.8078.73", "")),
            blink(chrome(WINDOWS, "156.0.8078.101", "")),
        ),
        (
            "Chrome's version is reduced",
            blink(chrome(WINDOWS, "126.0.6478.127", "")),
            blink(chrome(WINDOWS, "126.0.0.0", "")),
        ),
        (
            "Chrome's version is told in full again",
            blink(chrome(WINDOWS, "126.0.0.0", "")),
            blink(chrome(WINDOWS, "126.0.6478.127", "")),
        ),
        (
            "Chrome's updated version is reduced",
            blink(chrome(WINDOWS, "126.0.6478.127", "")),
            blink(chrome(WINDOWS, "127.0.0.0", "")),
        ),
        (
            "Android's name and version are reduced",
            blink(chrome("Linux; Android 15; Pixel 9", "156.0.0.0", " Mobile")),
            blink(chrome(REDUCED, "156.0.0.0", " Mobile")),
        ),
        (
            "Edge is updated",
            blink(chrome(WINDOWS, "156.0.0.0", "")) + " Edg/156.0.0.0",
            blink(chrome(WINDOWS, "157.0.0.0", "")) + " Edg/157.0.0.0",
        ),
        (
            "Samsung Internet is updated",
            samsung("28.0", "130.0.0.0"),
            samsung("29.0", "136.0.0.0"),
        ),
        (
            "Firefox is updated",
            gecko(WINDOWS, "155.0"),
            gecko(WINDOWS, "156.0"),
        ),
        (
            "Firefox on Linux is updated",
            gecko(LINUX, "155.0"),
            gecko(LINUX, "156.0"),
        ),
        (
            "Firefox on Android is updated",
            gecko("Android 15; Mobile", "155.0"),
            gecko("Android 15; Mobile", "156.0"),
        ),
        (
            "Safari on macOS is updated",
            webkit(MAC, "Version/26.1 Safari/605.1.15"),
            webkit(MAC, "Version/26.2 Safari/605.1.15"),
        ),
        (
            "Safari goes from 18 to 26",
            webkit(MAC, "Version/18.6 Safari/605.1.15"),
            webkit(MAC, "Version/26.0 Safari/605.1.15"),
        ),
        (
            "iOS 18.5 becomes 18.6",
            webkit(&iphone("18_5"), &safari("18.5")),
            webkit(&iphone("18_6"), &safari("18.6")),
        ),
        (
            "iOS 18.7 becomes 26, which says 18.6",
            webkit(&iphone("18_7_1"), &safari("18.7")),
            webkit(&iphone("18_6"), &safari("26.0")),
        ),
        (
            "iOS 26 becomes 26.1",
            webkit(&iphone("18_6"), &safari("26.0")),
            webkit(&iphone("18_7"), &safari("26.1")),
        ),
        (
            "iPadOS is updated",
            webkit(IPAD, &safari("18.5")),
            webkit("iPad; CPU OS 18_6 like Mac OS X", &safari("26.0")),
        ),
        (
            "an app's web view on iOS, 18.7.1 becomes 26",
            webkit(&iphone("18_7_1"), web_view),
            webkit(&iphone("18_6"), web_view),
        ),
        (
            "an app's web view on iOS, 17.6 becomes 18.5",
            webkit(&iphone("17_6"), web_view),
            webkit(&iphone("18_5"), web_view),
        ),
        (
            "an app's web view on Android is updated",
            android_view("155.0.8000.10"),
            android_view("156.0.8078.73"),
        ),
        (
            "Chrome on iOS is updated",
            webkit(&iphone("18_6"), "CriOS/155.0.8000.10 Mobile/15E148 Safari/604.1"),
            webkit(&iphone("18_6"), "CriOS/156.0.8078.73 Mobile/15E148 Safari/604.1"),
        ),
        (
            "Firefox on iOS is updated",
            webkit(&iphone("18_6"), &firefox_ios("155.0")),
            webkit(&iphone("18_7"), &firefox_ios("156.0")),
        ),
        (
            "Android 14 becomes 15",
            blink(chrome("Linux; Android 14; SM-S921B", "156.0.0.0", " Mobile")),
            blink(chrome("Linux; Android 15; SM-S921B", "156.0.0.0", " Mobile")),
        ),
        (
            "Windows 8.1 becomes 11",
            blink(chrome("Windows NT 6.3; Win64; x64", "109.0.0.0", "")),
            blink(chrome(WINDOWS, "156.0.0.0", "")),
        ),
        (
            "ChromeOS is updated",
            blink(chrome("X11; CrOS x86_64 14541.0.0", "155.0.0.0", "")),
            blink(chrome("X11; CrOS x86_64 14541.0.0", "156.0.0.0", "")),
        ),
        (
            "Chrome on Android asks for the page of desktops",
            blink(chrome(REDUCED, "156.0.0.0", " Mobile")),
            blink(chrome(LINUX, "156.0.0.0", "")),
        ),
        (
            "Chrome on Android asks for it no more",
            blink(chrome(LINUX, "156.0.0.0", "")),
            blink(chrome(REDUCED, "156.0.0.0", " Mobile")),
        ),
        (
            "Firefox on Android asks for the page of desktops",
            gecko("Android 15; Mobile", "155.0"),
            gecko(LINUX, "155.0"),
        ),
        (
            "Samsung Internet asks for the page of desktops",
            samsung("28.0", "130.0.0.0"),
            blink(chrome(LINUX, "130.0.0.0", "")).replace(" Chrome", " SamsungBrowser/28.0 Chrome"),
        ),
        (
            "an iPad asks for the page of desktops",
            webkit(IPAD, &safari("18.5")),
            webkit(MAC, "Version/18.5 Safari/605.1.15"),
        ),
        (
            "an iPad asks for it no more",
            webkit(MAC, "Version/18.5 Safari/605.1.15"),
            webkit(IPAD, &safari("18.5")),
        ),
        (
            "an iPhone asks for the page of desktops",
            webkit(&iphone("18_6"), &safari("26.1")),
            webkit(MAC, "Version/26.1 Safari/605.1.15"),
        ),
        (
            "Chrome on an iPad asks for the page of desktops",
            webkit(IPAD, "CriOS/156.0.8078.73 Mobile/15E148 Safari/604.1"),
            webkit(MAC, "CriOS/156 Version/11.1.1 Safari/605.1.15"),
        ),
        (
            "Firefox on an iPad asks for the page of desktops",
            webkit(IPAD, &firefox_ios("155.0")),
            webkit(MAC, "Version/18.5 Safari/605.1.15"),
        ),
    ]
}

fn samsung(version: &str, engine: &str) -> String {
    format!(
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/{version} \
         Chrome/{engine} Mobile Safari/537.36"
    )
}

/// Where else the subject is, by what is known of the address.
fn places() -> Vec<(&'static str, Context, u64)> {
    let there = |asn, country, at, by: fn(&mut Anonymity)| {
        let mut facts = facts(asn, country, at);
        by(&mut facts.anonymity);
        elsewhere("203.0.113.5", facts)
    };
    let plain = |_: &mut Anonymity| {};
    let new_york = Some((40.71, -74.01, 50));
    vec![
        (
            "another address of the same provider",
            there(64_496, "FR", Some(PARIS), plain),
            10,
        ),
        (
            "a mobile carrier of the country",
            there(64_498, "FR", Some((43.3, 5.37, 1000)), plain),
            10,
        ),
        (
            "a cafe across the town",
            there(64_497, "FR", Some(PARIS), plain),
            30,
        ),
        (
            "a train, two hours on",
            there(64_498, "FR", Some((45.76, 4.84, 50)), plain),
            120,
        ),
        (
            "a system's privacy relay",
            there(64_499, "FR", Some(PARIS), |it| it.relay = Some(true)),
            10,
        ),
        (
            "a VPN in the country, the first time",
            there(64_499, "FR", Some(PARIS), |it| it.vpn = Some(true)),
            10,
        ),
        (
            "a VPN abroad, the first time",
            there(64_499, "US", new_york, |it| it.hosting = Some(true)),
            10,
        ),
        (
            "a new country, after a flight",
            there(64_500, "US", new_york, plain),
            540,
        ),
        (
            "a new country, after a night",
            there(64_500, "US", new_york, plain),
            1200,
        ),
        (
            "roaming next door, on the carrier's exit at home",
            there(64_498, "FR", Some(PARIS), plain),
            300,
        ),
        (
            "no data about the address",
            Context {
                facts: Facts {
                    place: Located::default(),
                    ..Facts::default()
                },
                ..elsewhere("203.0.113.5", Facts::default())
            },
            10,
        ),
    ]
}

struct Change {
    name: &'static str,
    by: Context,
    now: Context,
    minutes: u64,
}

impl Change {
    fn score(&self, fingerprint: [Sample; 2]) -> u8 {
        let [before, after] = fingerprint;
        let by = Context {
            fingerprint: before,
            ..self.by.clone()
        };
        let now = Context {
            fingerprint: after,
            ..self.now.clone()
        };
        let (held, record) = opened(&by);
        let now = Evidence {
            now: START + Duration::from_mins(self.minutes),
            ..evidence(&held, Some(&record), &now)
        };
        assess(&now).score().get()
    }
}

fn next_provider() -> Context {
    elsewhere("203.0.113.5", facts(64_498, "FR", Some(PARIS)))
}

/// Each change: at home and with another provider of the country, each without fingerprint, with the same one, and with
/// one that changed with it.
fn table() -> Vec<(String, [Option<u8>; 6])> {
    let none = [Sample::computed("none"); 2];
    let same = [Sample::supplied("device-1"); 2];
    let changed = [Sample::supplied("device-1"), Sample::supplied("device-2")];
    let mut rows = Vec::new();
    let device = [
        ("nothing", None),
        (
            "a new monitor, a second graphics processor, a browser that draws anew at each start",
            Some(()),
        ),
    ];
    let agents = browsers().into_iter().chain(device.into_iter().map(|(name, _)| {
        let text = blink(chrome(WINDOWS, "156.0.0.0", ""));
        (name, text.clone(), text)
    }));
    for (name, before, after) in agents {
        let at = |place: &Context| {
            let change = Change {
                name,
                by: Context {
                    user_agent: before.clone(),
                    ..home()
                },
                now: Context {
                    user_agent: after.clone(),
                    ..place.clone()
                },
                minutes: 10,
            };
            [none, same, changed].map(|it| Some(change.score(it)))
        };
        let mut scores = [None; 6];
        let both = [at(&home()), at(&next_provider())].concat();
        scores.copy_from_slice(&both);
        rows.push((name.to_owned(), scores));
    }
    for (name, place, minutes) in places() {
        let change = Change {
            name,
            by: home(),
            now: place,
            minutes,
        };
        let [without, with, other] = [none, same, changed].map(|it| change.score(it));
        // Another fingerprint on the way to a new country is nobody's update.
        let other = (without < Score::SUSPICIOUS.get()).then_some(other);
        rows.push((
            change.name.to_owned(),
            [None, None, None, Some(without), Some(with), other],
        ));
    }
    rows
}

#[test]
fn nothing_that_honest_people_do_is_refused() {
    let table = table();
    assert!(40 <= table.len());
    let lines: Vec<String> = table
        .iter()
        .map(|(name, scores)| {
            let cells = scores.map(|it| it.map_or("-".to_owned(), |it| it.to_string()));
            format!("| {name} | {} |", cells.join(" | "))
        })
        .collect();
    assert_eq!(
        rows("| what changes"),
        lines,
        "the document should say:\n{}",
        lines.join("\n")
    );
    for (name, scores) in &table {
        assert!(
            scores.iter().flatten().all(|it| *it < Score::STOLEN.get()),
            "{name}: {scores:?}"
        );
    }
}
