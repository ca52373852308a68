use std::net::IpAddr;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::clock::Fixed;
use crate::model::{
    Context, Device, Facts, HeldSession, Instant, Sample, SessionId, SessionRecord, Tenure, Trail,
};
use crate::network::{self as address, Network};
use crate::policy::{Lists, Mode, RiskPolicy};

mod components;
mod drift;
mod ladders;
mod laws;
mod learning;
mod located;

const DOCUMENT: &str = include_str!("../../../docs/risk.md");

const START: Instant = Instant::from_secs(1_700_000_000);
const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
const CHROME_127: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/127.0.0.0 Safari/537.36";
const CHROME_120: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";
const CHROME_LINUX: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
const HEADLESS: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36";
const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0";

fn context(ip: &str, user_agent: &str, fingerprint: Sample) -> Context {
    Context {
        ip: ip.to_owned(),
        address: address::parse(ip),
        ip_form: address::read(ip).form,
        facts: Facts::default(),
        user_agent: user_agent.to_owned(),
        fingerprint,
        trusted: true,
    }
}

/// A session that was opened with exactly this context.
fn opened(by: &Context) -> (HeldSession, SessionRecord) {
    let absolute_expiry = START + Duration::from_hours(24);
    let mut held = HeldSession {
        created_at: START,
        last_activity_at: START,
        idle_timeout: Duration::from_hours(1),
        absolute_expiry,
        fingerprint: by.fingerprint,
        ipv4: None,
        ipv6: None,
        user_agent: by.user_agent_digest(),
        risk: 0,
        country: None,
        asn: None,
        geo: None,
        anonymous: false,
        trail: Trail::default(),
    };
    held.accept(by, START);
    let record = SessionRecord {
        id: SessionId::draw(START, &Fixed::at(START)).unwrap(),
        subject: "alice".to_owned(),
        issuer: None,
        tenure: Tenure::Held {
            idle_timeout: Duration::from_hours(1),
            absolute_expiry,
        },
        created_at: START,
        started_at: START,
        updated_at: None,
        reference_id: None,
        ip: by.ip.clone(),
        facts: Facts::default(),
        user_agent: by
            .user_agent
            .chars()
            .take(SessionRecord::MAX_USER_AGENT)
            .collect(),
        latest_user_agent: None,
        fingerprint: String::new(),
        device: Device::default(),
        attached: crate::model::Attached::default(),
        geo_country: None,
        geo_city: None,
        observed_ip: None,
        ended: None,
        last_activity_at: None,
        last_ip: None,
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
            "no readable address any more",
            base(),
            context("office", CHROME, one),
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
            "Chrome without a window",
            base(),
            context("198.51.100.7", HEADLESS, one),
        ),
        ("Chrome 120", base(), context("198.51.100.7", CHROME_120, one)),
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
            "stolen cookie: other network, Firefox, other fingerprint",
            base(),
            context("203.0.113.5", FIREFOX, other),
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
        factors.join(" | "),
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
    let with_telemetry = components::examples();
    seen.extend(with_telemetry.iter().flat_map(|(_, it)| names(it)));
    seen.extend(located::examples().iter().flat_map(|it| names(&it.judged())));
    for weight in weights::ALL {
        assert!(seen.contains(&weight.name), "{}", weight.name);
    }
}

#[test]
fn missing_data_alone_never_refuses_at_the_default_thresholds() {
    let groups = [Group::Network, Group::UserAgent, Group::Fingerprint];
    let worst: i32 = groups
        .iter()
        .map(|group| {
            let missing = weights::ALL
                .iter()
                .filter(|weight| weight.group == *group && !weight.compared);
            missing.map(|weight| weight.points).max().unwrap()
        })
        .sum();
    assert_ne!(
        decide(Score::of(worst), &RiskPolicy::default()),
        Action::Refuse,
        "{worst}"
    );
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
        ("curl/8.7.1", "browser_other"),
        ("", "user_agent_missing"),
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
    let (mut held, record) = opened(&base());
    held.remember("2001:db8:1::1".parse().unwrap());
    let name = |ip: &str| {
        let now = context(ip, CHROME, base().fingerprint);
        assessed(&held, Some(&record), &now).factors()[0].clone()
    };
    assert_eq!(name("2001:db8:1:ffff::9").name, "ip_same_prefix");
    assert_eq!(name("198.51.100.7").name, "ip_same");
    let other = name("2001:db8:2::1");
    assert_eq!(other.current.as_deref(), Some("2001:db8:2::/48"));
    assert_eq!(other.expected.as_deref(), Some("2001:db8:1::/48"));
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
    let now = context("203.0.113.5", FIREFOX, Sample::supplied("device-2"));
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
    let agents = [CHROME, CHROME_127, HEADLESS, CHROME_120, FIREFOX, CHROME_LINUX]
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
                // The one exception, and the model's intent: an upgrade explains a changed fingerprint.
                let explained = agent == 0 && fingerprints[fingerprint] == Sample::supplied("device-2");
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
    fn the_same_request_is_judged_the_same_at_any_time(by in any_context(), now in any_context(), later in any::<i64>()) {
        let (held, record) = opened(&by);
        let then = Evidence { now: Instant::from_millis(later), ..evidence(&held, Some(&record), &now) };
        let then = assess(&then);
        prop_assert_eq!(judged(&by, &now), then);
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
        prop_assert!(!needs_history(&evidence(&held, None, &by)));
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
