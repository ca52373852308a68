use std::net::IpAddr;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::clock::Fixed;
use crate::model::{Context, Facts, HeldSession, Instant, Sample, SessionId, SessionRecord};
use crate::network::{self as address, Network};
use crate::policy::{EvidencePolicy, Lists, Mode, Piece, RiskPolicy};

mod components;
mod honest;
mod ladders;
mod laws;
mod learning;
mod located;

const DOCUMENT: &str = include_str!("../../../docs/risk.md");

/// 25 November 2026.
const START: Instant = Instant::from_secs(1_795_600_000);
const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
const CHROME_127: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/127.0.0.0 Safari/537.36";
const CHROME_120: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";
const CHROME_LINUX: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
const HEADLESS: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36";
const CHROME_900: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/900.0.0.0 Safari/537.36";
const CHROME_UNVERSIONED: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/x Safari/537.36";
const CHROME_ALONE: &str =
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
const WINDOWS_ALONE: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
const FIREFOX_LINUX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0";
const ANDROID: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36";
const ANDROID_DESKTOP: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0";

fn context(ip: &str, user_agent: &str, fingerprint: Sample) -> Context {
    let reading = address::read(ip);
    Context {
        ip: ip.to_owned(),
        address: reading.address,
        ip_form: reading.form,
        facts: Facts::default(),
        user_agent: user_agent.to_owned(),
        fingerprint,
        trusted: true,
    }
}

/// A session that was opened with exactly this context.
fn opened(by: &Context) -> (HeldSession, SessionRecord) {
    let day = Duration::from_hours(24);
    let held = super::opened(by, false, &NO_LISTS, Duration::from_hours(1), day, START);
    let id = SessionId::draw(START, &Fixed::at(START)).unwrap();
    let alice = crate::model::Subject::new("alice").unwrap();
    let kept = by.user_agent.chars().take(SessionRecord::MAX_USER_AGENT);
    let record = SessionRecord {
        ip: by.ip.clone(),
        user_agent: kept.collect(),
        ..SessionRecord::new(id, &alice, held.tenure(), START)
    };
    (held, record)
}

static NO_LISTS: Lists = Lists {
    deny: Vec::new(),
    allow: Vec::new(),
};

/// Judged by the session, and its record where it is at hand.
fn assessed(held: &HeldSession, record: Option<&SessionRecord>, now: &Context) -> Assessment {
    assess(&evidence(held, record, now))
}

fn evidence<'a>(
    held: &'a HeldSession,
    record: Option<&'a SessionRecord>,
    context: &'a Context,
) -> Evidence<'a> {
    Evidence {
        told: None,
        held,
        record,
        profile: None,
        context,
        lists: &NO_LISTS,
        promises: EvidencePolicy::default(),
        now: START,
    }
}

fn judged(by: &Context, now: &Context) -> Assessment {
    let (held, record) = opened(by);
    assessed(&held, Some(&record), now)
}

fn names(assessment: &Assessment) -> Vec<&'static str> {
    assessment.factors().iter().map(|factor| factor.name).collect()
}

fn base() -> Context {
    context("198.51.100.7", CHROME, Sample::supplied("device-1"))
}

/// The examples of the document: what the request shows, for the session of [`base`] unless said otherwise.
#[expect(clippy::too_many_lines, reason = "a table")]
fn examples() -> Vec<(&'static str, Context, Context)> {
    let one = Sample::supplied("device-1");
    let other = Sample::supplied("device-2");
    let none = Sample::computed("computed");
    let unsent = context("198.51.100.7", CHROME, none);
    let unreadable = context("office", CHROME, one);
    let nameless = context("198.51.100.7", "", one);
    vec![
        ("nothing changed", base(), base()),
        (
            "another address of the /24",
            base(),
            context("198.51.100.99", CHROME, one),
        ),
        ("address 203.0.113.5", base(), context("203.0.113.5", CHROME, one)),
        (
            "IPv6 for the first time",
            base(),
            context("2001:db8::1", CHROME, one),
        ),
        (
            "a list of addresses",
            base(),
            context("203.0.113.5, 198.51.100.7", CHROME, one),
        ),
        ("a private address", base(), context("10.0.0.1", CHROME, one)),
        (
            "its address with a port",
            base(),
            context("198.51.100.7:4711", CHROME, one),
        ),
        ("never a readable address", unreadable.clone(), unreadable),
        (
            "Chrome 127, the same fingerprint",
            base(),
            context("198.51.100.7", CHROME_127, one),
        ),
        (
            "Chrome 127, its fingerprint changed",
            base(),
            context("198.51.100.7", CHROME_127, other),
        ),
        (
            "another fingerprint",
            base(),
            context("198.51.100.7", CHROME, other),
        ),
        (
            "Chrome 127 and another fingerprint, address 203.0.113.5",
            base(),
            context("203.0.113.5", CHROME_127, other),
        ),
        (
            "Chrome without a window",
            base(),
            context("198.51.100.7", HEADLESS, one),
        ),
        ("Chrome 120", base(), context("198.51.100.7", CHROME_120, one)),
        ("Chrome 900", base(), context("198.51.100.7", CHROME_900, one)),
        (
            "Chrome, its version left out",
            base(),
            context("198.51.100.7", CHROME_UNVERSIONED, one),
        ),
        (
            "Chrome, its system left out",
            base(),
            context("198.51.100.7", CHROME_ALONE, one),
        ),
        (
            "Windows, its browser left out",
            base(),
            context("198.51.100.7", WINDOWS_ALONE, one),
        ),
        ("no user agent", base(), context("198.51.100.7", "", one)),
        (
            "Firefox on Linux, another fingerprint",
            base(),
            context("198.51.100.7", FIREFOX_LINUX, other),
        ),
        ("Firefox", base(), context("198.51.100.7", FIREFOX, one)),
        (
            "Chrome on Linux",
            base(),
            context("198.51.100.7", CHROME_LINUX, one),
        ),
        ("Chrome where no browser was named", nameless, base()),
        (
            "the fingerprint is left out",
            base(),
            context("198.51.100.7", CHROME, none),
        ),
        ("no fingerprint, then as now", unsent.clone(), unsent.clone()),
        ("a fingerprint for the first time", unsent, base()),
        ("everything is left out", base(), context("", "", none)),
        (
            "stolen cookie: other network, Firefox on Linux, other fingerprint",
            base(),
            context("203.0.113.5", FIREFOX_LINUX, other),
        ),
        (
            "stolen cookie, the user agent copied",
            base(),
            context("203.0.113.5", CHROME, none),
        ),
        (
            "program with the cookie: other network, curl, no fingerprint",
            base(),
            context("203.0.113.5", "curl/8.7.1", none),
        ),
    ]
}

fn example_line(name: &str, assessment: &Assessment) -> String {
    let factors: Vec<String> = assessment
        .factors()
        .iter()
        .map(|factor| format!("`{}` {}", factor.name, factor.points))
        .collect();
    let score = assessment.score();
    format!(
        "| {name} | {} | {} | {} | {} |",
        factors.join(", "),
        assessment.sum(),
        score.get(),
        decide(score, &RiskPolicy::default()).as_str(),
    )
}

/// Rows of a table of the document, from the one after its head.
fn rows(head: &str) -> Vec<&'static str> {
    DOCUMENT
        .lines()
        .skip_while(|line| !line.starts_with(head))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .collect()
}

#[test]
fn the_documented_examples_are_what_the_code_computes() {
    let computed: Vec<String> = examples()
        .iter()
        .map(|(name, by, now)| example_line(name, &judged(by, now)))
        .collect();
    assert_eq!(
        rows("| the request shows"),
        computed,
        "the document should say:\n{}",
        computed.join("\n")
    );
}

#[test]
fn the_documented_factors_are_those_of_the_code() {
    let weights: Vec<String> = weights::ALL
        .iter()
        .map(|weight| {
            format!(
                "| {} | `{}` | {} |",
                weight.group.as_str(),
                weight.name,
                weight.points
            )
        })
        .collect();
    let documented: Vec<String> = rows("| group | factor")
        .iter()
        .map(|row| {
            format!(
                "{}|",
                row.split_inclusive('|')
                    .take(4)
                    .collect::<String>()
                    .trim_end_matches('|')
            )
        })
        .collect();
    assert_eq!(
        documented,
        weights,
        "the document should say:\n{}",
        weights.join("\n")
    );
    for group in Group::ALL {
        assert!(DOCUMENT.contains(&format!("`{}`", group.as_str())), "{group:?}");
    }
    assert!(DOCUMENT.contains(MODEL_VERSION));
}

#[test]
fn every_factor_has_an_example_or_a_missing_record() {
    let mut seen: Vec<&str> = examples()
        .iter()
        .flat_map(|(_, by, now)| names(&judged(by, now)))
        .collect();
    let (held, _) = opened(&base());
    seen.extend(names(&assessed(
        &held,
        None,
        &context("198.51.100.7", FIREFOX, base().fingerprint),
    )));
    let nothing = silent();
    let silent = Evidence {
        promises: EvidencePolicy::of(&[]),
        ..evidence(&held, None, &nothing)
    };
    seen.extend(names(&assess(&silent)));
    let phone = context("198.51.100.7", ANDROID, base().fingerprint);
    let desktop = context("198.51.100.7", ANDROID_DESKTOP, base().fingerprint);
    seen.extend(names(&judged(&phone, &desktop)));
    // Tests of their own.
    seen.extend([
        "fingerprint_guessing",
        "components_of_another_browser",
        "components_counted",
        "components_same_kind",
        "ip_same_shared",
        "fingerprint_vouched_for",
        "fingerprint_drawn_otherwise",
        "fingerprint_unvouched_for",
        "telemetry_from_elsewhere",
        "telemetry_unknown_near",
        "anonymizer_other",
        "fingerprint_changed_abroad",
        "travel_fast_within_country",
    ]);
    let with_telemetry = components::examples();
    seen.extend(with_telemetry.iter().flat_map(|(_, it)| names(it)));
    seen.extend(located::examples().iter().flat_map(|it| names(&it.judged())));
    for weight in weights::ALL {
        assert!(seen.contains(&weight.name), "{}", weight.name);
    }
}

#[test]
fn one_missing_piece_never_refuses_by_itself() {
    let none = Sample::computed("none");
    for (by, now) in [
        (base(), context("", CHROME, base().fingerprint)),
        (base(), context("198.51.100.7", "", base().fingerprint)),
        (base(), context("198.51.100.7", CHROME, none)),
    ] {
        let unmatched = Context {
            fingerprint: none,
            ..by.clone()
        };
        let quiet = Context {
            fingerprint: none,
            ..now.clone()
        };
        for (by, now) in [(by, now), (unmatched, quiet)] {
            let score = judged(&by, &now).score();
            assert_ne!(decide(score, &RiskPolicy::default()), Action::Refuse, "{score:?}");
        }
    }
}

fn silent() -> Context {
    context("", "", Sample::computed("none"))
}

#[test]
fn what_the_tenant_does_not_send_is_not_missed() {
    let (held, record) = opened(&base());
    let silent = silent();
    let with = |promises| {
        assess(&Evidence {
            promises,
            ..evidence(&held, Some(&record), &silent)
        })
    };
    assert_eq!(with(EvidencePolicy::of(&[])).sum(), 0);
    let names = |promises| names(&with(promises));
    assert_eq!(
        names(EvidencePolicy::of(&[])),
        [
            "address_not_supplied",
            "user_agent_not_supplied",
            "fingerprint_not_supplied"
        ]
    );
    let strict = EvidencePolicy::of(&[Piece::Address, Piece::UserAgent, Piece::Fingerprint]);
    assert_eq!(with(strict), with(EvidencePolicy::default()));
}

#[test]
fn missing_data_never_lowers_a_score() {
    for weight in weights::ALL.iter().filter(|weight| !weight.compared) {
        assert!(0 <= weight.points, "{}", weight.name);
    }
}

#[test]
fn what_create_answered_may_be_sent_back() {
    let by = context("198.51.100.7", CHROME, Sample::computed("f"));
    let now = context("198.51.100.7", CHROME, Sample::supplied("f"));
    assert_eq!(names(&judged(&by, &now)).last(), Some(&"fingerprint_match"));
    let (held, _) = opened(&by);
    assert!(!needs_history(&evidence(&held, None, &now)));
}

#[test]
fn a_computed_fingerprint_that_changed_adds_nothing_to_the_user_agent() {
    let by = context("198.51.100.7", CHROME, Sample::computed("a"));
    let now = context("198.51.100.7", FIREFOX, Sample::computed("b"));
    assert_eq!(
        names(&judged(&by, &now)).last(),
        Some(&"fingerprint_never_supplied")
    );
}

#[test]
fn the_gravest_reason_of_a_user_agent_counts() {
    let older_headless = HEADLESS.replace("126", "120");
    let newer_headless = HEADLESS.replace("126", "127");
    let table = [
        (newer_headless.as_str(), "automation_new"),
        (older_headless.as_str(), "browser_older"),
        ("curl/8.7.1", "browser_and_os_other"),
        ("", "user_agent_withheld"),
    ];
    for (text, name) in table {
        let now = context("198.51.100.7", text, base().fingerprint);
        assert_eq!(names(&judged(&base(), &now))[1], name, "{text}");
    }
    let bot = context("198.51.100.7", HEADLESS, base().fingerprint);
    let newer = context("198.51.100.7", &newer_headless, base().fingerprint);
    assert_eq!(
        names(&judged(&bot, &newer))[1],
        "browser_newer",
        "a program from the start is no news"
    );
}

#[test]
fn a_family_of_addresses_is_compared_with_its_own() {
    let by = context("2001:db8:1::1", CHROME, base().fingerprint);
    let name = |ip: &str| {
        let now = context(ip, CHROME, base().fingerprint);
        judged(&by, &now).factors()[0].clone()
    };
    assert_eq!(
        name("2001:db8:1::9").name,
        "ip_same",
        "hosts change their half of an address"
    );
    assert_eq!(name("2001:db8:1:ffff::9").name, "ip_same_prefix");
    assert_eq!(name("198.51.100.7").name, "network_new_family");
    let other = name("2001:db8:2::1");
    assert_eq!(other.current.as_deref(), Some("2001:db8:2::/48"));
    assert_eq!(other.expected.as_deref(), Some("2001:db8:1::/48"));
}

#[test]
fn what_is_no_address_of_a_client_is_said_for_what_it_is() {
    for (ip, said) in [
        ("203.0.113.5, 198.51.100.7", "list"),
        ("unknown", "name"),
        ("", "missing"),
        ("198.51.100", "not_an_address"),
        ("10.0.0.1", "private"),
        ("127.0.0.1", "loopback"),
        ("100.64.0.9", "shared"),
        ("fe80::1", "link_local"),
    ] {
        let judged = judged(&base(), &context(ip, CHROME, base().fingerprint));
        let factor = &judged.factors()[0];
        assert_eq!(
            (factor.name, factor.current.as_deref()),
            ("address_withheld", Some(said)),
            "{ip}"
        );
    }
}

#[test]
fn inside_a_private_network_sessions_are_compared_as_anywhere() {
    let by = context("10.1.2.3", CHROME, base().fingerprint);
    for (ip, name) in [
        ("10.1.2.3", "ip_same"),
        ("10.1.2.9", "ip_same_prefix"),
        ("10.9.9.9", "network_other"),
        ("127.0.0.1", "network_other"),
        ("198.51.100.7", "network_other"),
    ] {
        assert_eq!(
            names(&judged(&by, &context(ip, CHROME, base().fingerprint)))[0],
            name,
            "{ip}"
        );
    }
}

/// Judges a request, and what the session remembers of it.
fn after(
    held: &HeldSession,
    record: &SessionRecord,
    now: &Context,
    minutes: u64,
) -> (u8, HeldSession, SessionRecord) {
    let at = START + Duration::from_mins(minutes);
    let judgement = judge(
        &Evidence {
            now: at,
            ..evidence(held, Some(record), now)
        },
        &RiskPolicy::default(),
    );
    let mut record = record.clone();
    if judgement.user_agent_moved {
        record.latest_user_agent = Some(now.user_agent.clone());
    }
    (judgement.assessment.score().get(), judgement.next, record)
}

#[test]
fn a_request_that_says_less_never_becomes_what_later_ones_are_held_against() {
    let own = context("198.51.100.7", FIREFOX_LINUX, base().fingerprint);
    let (held, record) = opened(&base());
    let (direct, ..) = after(&held, &record, &own, 5);
    for vague in ["", CHROME_ALONE, CHROME_UNVERSIONED, WINDOWS_ALONE, "Chrome/126"] {
        let vague = context("198.51.100.7", vague, base().fingerprint);
        let (_, held, record) = after(&held, &record, &vague, 1);
        let (then, ..) = after(&held, &record, &own, 5);
        assert_eq!(then, direct, "{}", vague.user_agent);
    }
}

#[test]
fn a_session_goes_along_with_its_browsers_updates() {
    let (held, record) = opened(&base());
    let newer = context("198.51.100.7", CHROME_127, base().fingerprint);
    let (_, held, record) = after(&held, &record, &newer, 1);
    assert_eq!(record.current_user_agent(), CHROME_127);
    assert!(!needs_history(&evidence(&held, None, &newer)));
    assert_eq!(
        names(&assessed(&held, Some(&record), &base()))[1],
        "browser_older"
    );
}

#[test]
fn fingerprints_that_are_tried_one_after_the_other_are_refused() {
    let (mut held, mut record) = opened(&base());
    let mut scores = Vec::new();
    for (minutes, guess) in (1..).zip(["a", "b", "b", "c", "d", "e"]) {
        let now = context("203.0.113.5", CHROME, Sample::supplied(guess));
        let (score, next, told) = after(&held, &record, &now, minutes);
        (held, record) = (next, told);
        scores.push(score);
    }
    assert_eq!(
        scores,
        [45, 45, 45, 45, 100, 100],
        "`fingerprint_guessing` from the fourth on"
    );
    let (own, ..) = after(&held, &record, &base(), 8);
    assert_eq!(own, 0, "its owner goes on");
    let later = context("203.0.113.5", CHROME, Sample::supplied("f"));
    assert_eq!(
        after(&held, &record, &later, 90).0,
        45,
        "a browser of another hour"
    );
}

#[test]
fn thresholds_and_mode_decide() {
    let enforce = RiskPolicy::default();
    let monitor = RiskPolicy {
        mode: Mode::Monitor,
        ..enforce
    };
    let table = [
        (0, Level::Low, Action::Allow),
        (44, Level::Low, Action::Allow),
        (45, Level::Suspicious, Action::StepUp),
        (79, Level::Suspicious, Action::StepUp),
        (80, Level::Stolen, Action::Refuse),
        (500, Level::Stolen, Action::Refuse),
    ];
    for (points, level, action) in table {
        let score = Score::of(points);
        assert_eq!(
            (Level::of(score, &enforce), decide(score, &enforce)),
            (level, action),
            "{points}"
        );
        assert_eq!(
            (Level::of(score, &monitor), decide(score, &monitor)),
            (level, Action::Allow),
            "{points}"
        );
    }
    assert_eq!(
        (enforce.suspicious, enforce.stolen),
        (Score::SUSPICIOUS.get(), Score::STOLEN.get())
    );
}

#[test]
fn an_explanation_is_printed_as_documented() {
    let now = context("203.0.113.5", FIREFOX_LINUX, Sample::supplied("device-2"));
    let assessment = judged(&base(), &now);
    let printed = serde_json::to_value(assessment.explain(&RiskPolicy::default())).unwrap();
    let (_, block) = DOCUMENT.split_once("```json\n").unwrap();
    let documented: serde_json::Value = serde_json::from_str(block.split_once("```").unwrap().0).unwrap();
    assert_eq!(
        printed,
        documented["risk"],
        "{}",
        serde_json::to_string_pretty(&printed).unwrap()
    );
}

#[test]
fn a_callers_own_word_is_of_low_confidence() {
    let own = Context {
        trusted: false,
        ..base()
    };
    assert_eq!(judged(&base(), &own).confidence(), Confidence::Low);
    assert_eq!(judged(&base(), &own).score(), judged(&base(), &base()).score());
    assert_eq!(judged(&base(), &base()).confidence(), Confidence::Medium);
}

fn ip() -> impl Strategy<Value = String> {
    let v4 = (0..2_u8, 0..2_u8).prop_map(|(net, host)| format!("198.51.{net}.{}", 7 + host));
    let v6 = (0..2_u8, 0..2_u8).prop_map(|(net, host)| format!("2001:db8:{net}::{}", 7 + host));
    prop_oneof![
        v4,
        v6,
        any::<[u8; 4]>().prop_map(|octets| IpAddr::from(octets).to_string()),
        ".{0,20}"
    ]
}

fn user_agent() -> impl Strategy<Value = String> {
    let fixed = proptest::sample::select(vec![
        CHROME,
        CHROME_127,
        CHROME_120,
        CHROME_LINUX,
        HEADLESS,
        FIREFOX,
        "curl/8.7.1",
        "",
        "203.0.113.7",
        "Mozilla/5.0 (Windows NT 10.0) Chrome/203.0.113.7 Safari/537.36",
        "Acme/203.0.113.7",
        "2001:db8::7/1.0",
    ]);
    prop_oneof![fixed.prop_map(str::to_owned), any::<String>()]
}

fn sample() -> impl Strategy<Value = Sample> {
    ("[ab]", any::<bool>()).prop_map(|(text, sent)| {
        if sent {
            Sample::supplied(&text)
        } else {
            Sample::computed(&text)
        }
    })
}

fn any_context() -> impl Strategy<Value = Context> {
    (ip(), user_agent(), sample(), any::<bool>()).prop_map(|(ip, user_agent, fingerprint, trusted)| Context {
        trusted,
        ..context(&ip, &user_agent, fingerprint)
    })
}

/// Deviations of each group, the smaller before the larger.
fn ladders() -> (Vec<&'static str>, Vec<String>, Vec<Sample>) {
    let networks = vec!["198.51.100.7", "198.51.100.9", "203.0.113.5"];
    let agents = [
        CHROME,
        CHROME_127,
        CHROME_120,
        FIREFOX,
        CHROME_LINUX,
        FIREFOX_LINUX,
        "",
    ]
    .map(str::to_owned)
    .to_vec();
    let fingerprints = vec![
        Sample::supplied("device-1"),
        Sample::supplied("device-2"),
        Sample::computed("x"),
    ];
    (networks, agents, fingerprints)
}

#[test]
fn a_larger_deviation_never_scores_lower() {
    let (networks, agents, fingerprints) = ladders();
    let sum = |network: usize, agent: usize, fingerprint: usize| {
        judged(
            &base(),
            &context(networks[network], &agents[agent], fingerprints[fingerprint]),
        )
        .sum()
    };
    for network in 0..networks.len() {
        for agent in 0..agents.len() {
            for fingerprint in 0..fingerprints.len() {
                let here = sum(network, agent, fingerprint);
                if network + 1 < networks.len() {
                    assert!(here <= sum(network + 1, agent, fingerprint));
                }
                if fingerprint + 1 < fingerprints.len() {
                    assert!(here <= sum(network, agent, fingerprint + 1));
                }
                // The one exception, and the model's intent: an upgrade explains a changed fingerprint at home.
                let explained =
                    agent == 0 && network < 2 && fingerprints[fingerprint] == Sample::supplied("device-2");
                if agent + 1 < agents.len() && !explained {
                    assert!(here <= sum(network, agent + 1, fingerprint));
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn the_factors_add_up_to_the_score(by in any_context(), now in any_context()) {
        let assessment = judged(&by, &now);
        let sum: i32 = assessment.factors().iter().map(|factor| factor.points).sum();
        prop_assert_eq!(i32::from(assessment.score().get()), sum.clamp(0, 100));
        let mut groups: Vec<Group> = assessment.factors().iter().map(|factor| factor.group).collect();
        groups.dedup();
        prop_assert_eq!(groups.len(), assessment.factors().len());
        for factor in assessment.factors() {
            prop_assert!(weights::ALL.iter().any(|weight| weight.name == factor.name && weight.points == factor.points));
        }
    }

    #[test]
    fn without_need_the_record_says_nothing_new(by in any_context(), now in any_context()) {
        let (held, record) = opened(&by);
        if !needs_history(&evidence(&held, None, &now)) {
            prop_assert_eq!(assessed(&held, None, &now), assessed(&held, Some(&record), &now));
        }
    }

    #[test]
    fn a_request_like_the_session_needs_no_record(by in any_context()) {
        let (held, _) = opened(&by);
        let asks = by.address.is_none() || by.facts.asn().is_some();
        prop_assert!(asks || !needs_history(&evidence(&held, None, &by)));
        prop_assert_eq!(assessed(&held, None, &by).score(), Score::MIN);
    }

    #[test]
    fn no_explanation_holds_an_address(by in any_context(), now in any_context()) {
        let assessment = judged(&by, &now);
        let explained = serde_json::to_string(&assessment.explain(&RiskPolicy::default())).unwrap();
        let networks: Vec<String> =
            [&by, &now].iter().filter_map(|context| context.address).map(|it| Network::of(it).to_string()).collect();
        let rest = networks.iter().fold(explained, |text, network| text.replace(network.as_str(), ""));
        for piece in rest.split(|c: char| !c.is_ascii_hexdigit() && c != '.' && c != ':') {
            let piece = piece.trim_matches('.');
            // A lone `::` or `:` is JSON.
            prop_assert!(piece.len() < 3 || piece.parse::<IpAddr>().is_err(), "{}", piece);
        }
    }
}
