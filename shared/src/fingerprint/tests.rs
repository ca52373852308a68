use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use serde_json::Value;

use super::*;

const DOCUMENT: &str = include_str!("../../../docs/fingerprint.md");

/// The first code block of `language` in the document.
fn block(language: &str) -> &'static str {
    let (_, rest) = DOCUMENT.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

fn vectors() -> Vec<Value> {
    serde_json::from_str(block("json")).unwrap()
}

#[test]
fn the_documented_fingerprints_are_computed() {
    for vector in vectors() {
        let text = |name: &str| vector["inputs"][name].as_str();
        let fingerprint = compute(&Inputs {
            user_agent: text("user_agent").unwrap(),
            accept_language: text("accept_language"),
            screen_resolution: text("screen_resolution"),
            timezone: text("timezone"),
        });
        let components = serde_json::to_value(&fingerprint.components).unwrap();
        assert_eq!(components, vector["components"]);
        assert_eq!(
            fingerprint.hex,
            vector["fingerprint"].as_str().unwrap(),
            "{vector}"
        );
    }
}

#[test]
fn the_documented_program_recomputes_them() {
    let check = "\nimport json, sys\nfor v in json.load(sys.stdin):\n    assert fingerprint(v['components']) == v['fingerprint'], v\n";
    let mut python = Command::new("python3")
        .args(["-c", &format!("{}{check}", block("python"))])
        .stdin(Stdio::piped())
        .spawn()
        .expect("python3 runs the program of docs/fingerprint.md");
    python
        .stdin
        .take()
        .unwrap()
        .write_all(block("json").as_bytes())
        .unwrap();
    assert!(python.wait().unwrap().success());
}

#[test]
fn a_language_has_one_spelling() {
    #[rustfmt::skip]
    let table = [
        ("en-US,en;q=0.9", Some("en-us")), ("en-US", Some("en-us")), ("EN_us", Some("en-us")), (" de ; q=0.9 , fr;q=0.95", Some("fr")),
        ("de;q=0.5,fr;q=0.5", Some("de")), ("en;q=0,fr;q=0.001", Some("fr")), ("en;q=nonsense", Some("en")), ("*", None),
        ("*,es;q=0.2", Some("es")), ("", None), (";;,,", None), ("en\u{0}", None), ("toolongsubtag", None), ("zh-Hant-TW", Some("zh-hant-tw")),
    ];
    for (header, expected) in table {
        assert_eq!(normal::language(header).as_deref(), expected, "{header}");
    }
}

#[test]
fn a_screen_has_one_spelling() {
    #[rustfmt::skip]
    let table = [
        ("1920x1080", Some("1920x1080")), ("1080x1920", Some("1920x1080")), (" 1920 X 1080 ", Some("1920x1080")), ("1920×1080", Some("1920x1080")),
        ("1920x1080x24", Some("1920x1080")), ("0390x0844", Some("844x390")), ("0x0", None), ("1920", None), ("1920x1080x24x1", None),
        ("1920x1080xfull", None), ("999999x1", None), ("-1x5", None), ("+1x5", None), ("string", None), ("", None),
    ];
    for (text, expected) in table {
        assert_eq!(normal::screen(text).as_deref(), expected, "{text}");
    }
}

#[test]
fn a_time_zone_has_one_spelling() {
    let long = "A".repeat(65);
    let table = [
        (" Europe/Paris\n", Some("Europe/Paris")),
        ("+02:00", Some("+02:00")),
        ("", None),
        ("New York", None),
        (long.as_str(), None),
    ];
    for (text, expected) in table {
        assert_eq!(normal::timezone(text).as_deref(), expected, "{text}");
    }
}

#[test]
fn an_update_of_the_browser_or_the_system_keeps_the_fingerprint() {
    let safari = |os, version| {
        let user_agent = format!(
            "Mozilla/5.0 (iPhone; CPU iPhone OS {os} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
             Version/{version} Mobile/15E148 Safari/604.1"
        );
        compute(&Inputs {
            user_agent: &user_agent,
            ..Inputs::default()
        })
    };
    assert_eq!(safari("17_5", "17.5"), safari("18_0", "18.0"));
}

fn components() -> impl Strategy<Value = Components> {
    let text = || proptest::option::of("[0-9:,a]{1,6}");
    ("[0-9:,a]{1,6}", text(), text(), text()).prop_map(|(browser, language, screen, timezone)| Components {
        version: VERSION,
        browser,
        os: "Linux",
        device: "desktop",
        language,
        screen,
        timezone,
    })
}

proptest! {
    #[test]
    fn different_components_never_share_a_fingerprint(one in components(), other in components()) {
        prop_assert_eq!(one == other, hash(&one) == hash(&other));
    }

    #[test]
    fn every_input_has_a_fingerprint(agent in any::<String>(), language in any::<String>(), screen in any::<String>(), zone in any::<String>()) {
        let fingerprint = compute(&Inputs {
            user_agent: &agent,
            accept_language: Some(&language),
            screen_resolution: Some(&screen),
            timezone: Some(&zone),
        });
        prop_assert_eq!(fingerprint.hex.len(), 64);
    }
}
