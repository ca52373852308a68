//! What holds for every visit.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Findings about something that is not there.
const ABOUT_ABSENCE: [&str; 2] = ["hints_missing", "user_agent_missing"];

/// Every visit of the other tests.
fn visits() -> Vec<Visit> {
    let rows = each::all().into_iter();
    let each = rows.flat_map(|(_, shows, misses)| shows.into_iter().chain(misses));
    each.chain(profiles::all()).chain(verdicts::measured()).collect()
}

/// Paths of all that could be left out of a body.
fn paths(body: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    for part in ["components", "automation"] {
        for (key, value) in body[part].as_object().unwrap() {
            paths.push(format!("{part}.{key}"));
            if let Some(inner) = value.as_object() {
                paths.extend(inner.keys().map(|it| format!("{part}.{key}.{it}")));
            }
        }
    }
    paths
}

fn without(visit: &Visit, path: &str) -> Visit {
    let mut visit = visit.clone();
    *path
        .split('.')
        .fold(&mut visit.body, |value, key| &mut value[key]) = Value::Null;
    visit
}

fn mixed() -> impl Strategy<Value = Visit> {
    // Evidence of two visits, so that much of it contradicts the rest.
    (select(visits()), select(visits()), any::<u64>()).prop_map(|(mut visit, other, mask)| {
        for (n, path) in paths(&other.body).iter().enumerate() {
            if mask >> (n % 64) & 1 == 1 {
                let value = path
                    .split('.')
                    .fold(&other.body, |value, key| &value[key])
                    .clone();
                let keys: Vec<&str> = path.split('.').collect();
                let (last, above) = keys.split_last().unwrap();
                let at = above.iter().fold(&mut visit.body, |value, key| &mut value[*key]);
                if at.is_object() {
                    at[*last] = value;
                }
            }
        }
        visit
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn what_is_not_known_adds_no_finding(visit in mixed()) {
        let known = visit.names();
        for path in paths(&visit.body) {
            for name in without(&visit, &path).names() {
                prop_assert!(
                    known.contains(&name) || ABOUT_ABSENCE.contains(&name),
                    "{name} without {path}"
                );
            }
        }
    }

    #[test]
    fn facts_that_are_not_known_add_no_finding(visit in mixed()) {
        let known = visit.names();
        for name in visit.clone().from(Facts::default()).names() {
            prop_assert!(known.contains(&name), "{name}");
        }
    }

    #[test]
    fn findings_are_named_once_and_in_order_and_add_up_to_the_score(visit in mixed()) {
        let signals = visit.signals();
        let order: Vec<usize> = signals
            .findings
            .iter()
            .map(|it| weights::ALL.iter().position(|weight| weight.name == it.name).unwrap())
            .collect();
        prop_assert!(order.is_sorted_by(|a, b| a < b), "{:?}", signals.findings);
        let sum: i32 = signals.findings.iter().map(|it| it.weight).sum();
        prop_assert_eq!(i32::from(signals.risk().score.get()), sum.clamp(0, 100));
    }

    #[test]
    fn what_is_stored_is_read_as_it_was(visit in mixed()) {
        let signals = visit.signals();
        let stored = serde_json::to_string(&signals).unwrap();
        prop_assert_eq!(serde_json::from_str::<Signals>(&stored).unwrap(), signals);
        let portrait = visit.portrait();
        let stored = serde_json::to_string(&portrait).unwrap();
        prop_assert_eq!(serde_json::from_str::<Portrait>(&stored).unwrap(), portrait);
    }

    #[test]
    fn texts_of_a_liar_are_safe_to_show(text in "\\PC{0,80}", visit in mixed()) {
        let mut visit = visit
            .with("platform", json!(format!("Win{text}")))
            .with("vendor", json!(text))
            .with("languages", json!([text]))
            .with("automation.globals", json!([text]))
            .with("automation.detector", json!({"bot": true, "kind": text}));
        visit.sec_ch_ua = Some(text.clone());
        visit.accept_language = Some(text.clone());
        visit.user_agent = Some(text);
        for finding in visit.signals().findings {
            for shown in [finding.current, finding.expected].into_iter().flatten() {
                prop_assert!(shown.is_ascii() && shown.len() <= 60 && !shown.contains(['@', ':']), "{shown}");
                prop_assert!(shown.split([' ', ',', '/']).all(|it| it.parse::<std::net::IpAddr>().is_err()));
            }
        }
    }
}

#[test]
fn nothing_collected_is_nothing_found() {
    let mut visit = profiles::chrome_windows();
    visit.body["components"] = json!({});
    visit.body["automation"] = json!({});
    visit.body["externalIds"] = json!({});
    let signals = visit.signals();
    assert!(signals.findings.is_empty(), "{:?}", signals.findings);
    assert_eq!(signals.bot.result, Outcome::Unknown);
    assert_eq!(
        (
            signals.email,
            signals.headless,
            signals.virtual_machine,
            signals.devtools_open
        ),
        (None, None, None, None)
    );
    assert_eq!(signals.time_zone_mismatch, None);
    let visit = visit.without_hints();
    assert_eq!(visit.signals().tampered, None);
    let firefox = "Mozilla/5.0 (X11; FreeBSD amd64; rv:145.0) Gecko/20100101 Firefox/145.0";
    let mut visit = visit.agent(firefox);
    visit.body["components"] = json!({"platform": "FreeBSD amd64", "userAgent": firefox});
    assert_eq!(
        visit.signals().tampered,
        None,
        "nothing is known of its platform to compare with"
    );
}
