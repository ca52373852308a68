//! A thief who moves a session in steps that are each below the threshold: how many steps it takes.

use std::collections::{HashSet, VecDeque};

use super::located::{elsewhere, facts, home};
use super::*;

/// What the thief can show.
struct Means {
    name: &'static str,
    /// Addresses besides the thief's own, which is in a country nearby.
    addresses: Vec<Context>,
    /// Whether the victim's fingerprint was copied along with the cookie.
    fingerprint: bool,
}

/// Half a day lies between two steps, so that no journey is too fast.
const PATIENCE: Duration = Duration::from_hours(12);

fn own() -> Context {
    elsewhere("203.0.113.5", facts(64_500, "GB", Some((51.51, -0.13, 50))))
}

fn means() -> Vec<Means> {
    let same_country = || elsewhere("203.0.113.60", facts(64_498, "FR", Some((48.86, 2.35, 50))));
    let same_system = || elsewhere("192.0.2.20", facts(64_496, "FR", Some((48.86, 2.35, 50))));
    vec![
        Means {
            name: "user agent copied",
            addresses: vec![],
            fingerprint: false,
        },
        Means {
            name: "user agent copied, a proxy in the victim's country",
            addresses: vec![same_country()],
            fingerprint: false,
        },
        Means {
            name: "user agent copied, a proxy in the victim's network",
            addresses: vec![same_country(), same_system()],
            fingerprint: false,
        },
        Means {
            name: "user agent and fingerprint copied",
            addresses: vec![],
            fingerprint: true,
        },
    ]
}

/// The fewest accepted requests, each below 45, after which the session is held by the thief's own address, browser
/// and device; and the scores on the way. None when there is no way.
fn shortest(means: &Means) -> Option<Vec<u8>> {
    let agents = [CHROME, FIREFOX];
    let mut prints = vec![Sample::supplied("thief"), Sample::computed("none")];
    if means.fingerprint {
        prints.push(base().fingerprint);
    }
    let mut shown = Vec::new();
    for place in means.addresses.iter().chain([&own()]) {
        for agent in agents {
            for print in &prints {
                shown.push(Context {
                    user_agent: agent.to_owned(),
                    fingerprint: *print,
                    ..place.clone()
                });
            }
        }
    }
    let goal = Context {
        user_agent: FIREFOX.to_owned(),
        fingerprint: Sample::supplied("thief"),
        ..own()
    };
    let at_goal = |held: &HeldSession| {
        held.asn == goal.facts.asn()
            && held.user_agent == goal.user_agent_digest()
            && held.fingerprint == goal.fingerprint
    };
    let place = |held: &HeldSession| (held.asn, held.user_agent, format!("{:?}", held.fingerprint));
    let mut visited = HashSet::new();
    let mut open = VecDeque::from([(opened(&home()), Vec::<u8>::new())]);
    while let Some(((held, record), scores)) = open.pop_front() {
        if at_goal(&held) {
            return Some(scores);
        }
        if !visited.insert(place(&held)) {
            continue;
        }
        let now = held.last_activity_at + PATIENCE;
        for context in &shown {
            let score = assess(&Evidence {
                told: None,
                now,
                ..evidence(&held, Some(&record), context)
            })
            .score();
            if score < Score::SUSPICIOUS {
                let next = seen(&held, context, score, &RiskPolicy::default(), now);
                let mut record = record.clone();
                record.latest_user_agent = Some(context.user_agent.clone());
                open.push_back(((next, record), [scores.as_slice(), &[score.get()]].concat()));
            }
        }
    }
    None
}

/// `cargo test -p shared --lib drift -- --nocapture` prints the document's table.
#[test]
fn the_document_says_how_far_a_patient_thief_gets() {
    let computed: Vec<String> = means()
        .iter()
        .map(|means| match shortest(means) {
            Some(scores) => {
                let scores: Vec<String> = scores.iter().map(u8::to_string).collect();
                format!("| {} | {} | {} |", means.name, scores.len(), scores.join(", "))
            }
            None => format!("| {} | no way | |", means.name),
        })
        .collect();
    println!("{}", computed.join("\n"));
    assert_eq!(
        rows("| the thief has"),
        computed,
        "the document should say:\n{}",
        computed.join("\n")
    );
}
