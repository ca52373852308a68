//! Judgements of requests that show telemetry: the document's examples.

use crate::device::Traits;
use crate::telemetry::{Components, Digest, Screen};

use super::*;

/// What a visit shows, and the user agent it was sent with.
struct Visit {
    components: Components,
    user_agent: &'static str,
    tampered: bool,
    from: &'static str,
}

fn digest(byte: u8) -> Digest {
    [byte; 16]
}

/// What the session of [`base`] was opened with.
fn home() -> Visit {
    Visit {
        components: Components {
            platform: Some("Win32".to_owned()),
            hardware_concurrency: Some(8),
            device_memory: Some(8.0),
            webgl_vendor: Some("Google Inc. (Intel)".to_owned()),
            webgl_renderer: Some("ANGLE (Intel, Intel(R) UHD Graphics 620)".to_owned()),
            canvas_geometry: Some(digest(1)),
            canvas_text: Some(digest(2)),
            audio: Some(digest(3)),
            math: Some(digest(6)),
            fonts: Some(digest(7)),
            time_zone: Some("Europe/Paris".to_owned()),
            languages: Some(vec!["fr-FR".to_owned()]),
            ..Components::default()
        },
        user_agent: CHROME,
        tampered: false,
        from: "198.51.100.7",
    }
}

fn with(change: impl FnOnce(&mut Visit)) -> Visit {
    let mut visit = home();
    change(&mut visit);
    visit
}

/// What a browser shows that blocks nearly everything, on another network.
fn little() -> Visit {
    with(|it| {
        it.from = "203.0.113.5";
        it.components = Components {
            platform: Some("Win32".to_owned()),
            ..Components::default()
        };
    })
}

impl Visit {
    fn traits(&self) -> Traits {
        Traits::of(&self.components, self.user_agent)
    }

    fn told(&self) -> Told<'_> {
        Told::Visit {
            traits: Some(self.traits()),
            user_agent: self.user_agent,
            tampered: self.tampered,
            address: self.from.parse().ok(),
            asn: None,
        }
    }
}

/// A request that shows `told`, in a session that was opened by [`base`] with the telemetry of `before`.
#[expect(clippy::large_types_passed_by_value, reason = "a test may copy it")]
fn shown(before: Option<&Visit>, now: &Context, told: Option<Told<'_>>) -> Assessment {
    let (mut held, mut record) = opened(&base());
    held.trail.told = before.is_some();
    record.attached.traits = before.map(|it| it.traits().to_bytes());
    assess(&Evidence {
        told,
        ..evidence(&held, Some(&record), now)
    })
}

/// The document's examples: what the first column says, and the judgement.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn examples() -> Vec<(&'static str, Assessment)> {
    let (home, now) = (home(), base());
    let upgraded = context("198.51.100.7", CHROME_127, base().fingerprint);
    let away = context("203.0.113.5", CHROME, base().fingerprint);
    let other_print = context("203.0.113.5", CHROME, Sample::supplied("device-2"));
    let other_agent = context("198.51.100.7", FIREFOX, base().fingerprint);
    let judged = |visit: &Visit| shown(Some(&home), &now, Some(visit.told()));
    vec![
        ("none", shown(Some(&home), &now, None)),
        ("all as it was", judged(&home)),
        (
            "telemetry for the first time",
            shown(None, &now, Some(home.told())),
        ),
        (
            "a token whose time is over",
            shown(Some(&home), &now, Some(Told::Expired)),
        ),
        (
            "a token that leads nowhere",
            shown(Some(&home), &now, Some(Told::Nothing)),
        ),
        (
            "another time zone, language and screen",
            judged(&with(|it| {
                it.components.time_zone = Some("America/New_York".to_owned());
                it.components.languages = Some(vec!["en-US".to_owned()]);
                it.components.screen = Some(Screen {
                    width: Some(2560),
                    height: Some(1440),
                    ..Screen::default()
                });
            })),
        ),
        (
            "4 processors",
            judged(&with(|it| it.components.hardware_concurrency = Some(4))),
        ),
        (
            "other sound and drawing",
            judged(&with(|it| {
                it.components.audio = Some(digest(4));
                it.components.canvas_text = Some(digest(5));
            })),
        ),
        (
            "other sound and drawing, of Chrome 127",
            shown(
                Some(&home),
                &upgraded,
                Some(
                    with(|it| {
                        it.user_agent = CHROME_127;
                        it.components.audio = Some(digest(4));
                        it.components.canvas_text = Some(digest(5));
                    })
                    .told(),
                ),
            ),
        ),
        (
            "no sound and no drawing",
            judged(&with(|it| {
                it.components.audio = None;
                it.components.canvas_text = None;
                it.components.canvas_geometry = None;
            })),
        ),
        (
            "a browser that does not say the truth of itself",
            judged(&with(|it| it.tampered = true)),
        ),
        (
            "the token of Chrome, sent on by Firefox",
            shown(Some(&home), &other_agent, Some(home.told())),
        ),
        ("203.0.113.5: none", shown(Some(&home), &away, None)),
        (
            "203.0.113.5: all as it was, sent from there",
            shown(
                Some(&home),
                &away,
                Some(with(|it| it.from = "203.0.113.5").told()),
            ),
        ),
        (
            "203.0.113.5, another fingerprint: all as it was, sent from there",
            shown(
                Some(&home),
                &other_print,
                Some(with(|it| it.from = "203.0.113.5").told()),
            ),
        ),
        (
            "203.0.113.5: the platform alone, sent from there",
            shown(Some(&home), &away, Some(little().told())),
        ),
        (
            "203.0.113.5: all as it was, sent from home",
            shown(Some(&home), &away, Some(home.told())),
        ),
        (
            "203.0.113.5: a token that leads nowhere",
            shown(Some(&home), &away, Some(Told::Nothing)),
        ),
        (
            "203.0.113.5: another machine",
            shown(
                Some(&home),
                &away,
                Some(
                    with(|it| {
                        it.from = "203.0.113.5";
                        it.components.hardware_concurrency = Some(4);
                        it.components.webgl_renderer = Some("ANGLE (AMD, AMD Radeon RX 580)".to_owned());
                    })
                    .told(),
                ),
            ),
        ),
    ]
}

#[test]
fn the_documented_examples_with_telemetry_are_what_the_code_computes() {
    let line = |(name, assessment): &(&str, Assessment)| {
        let of = |group| {
            let factor = assessment.factors().iter().find(|it| it.group == group);
            factor.map_or("-".to_owned(), |it| format!("`{}` {}", it.name, it.points))
        };
        let changed = assessment
            .factors()
            .iter()
            .find(|it| it.group == Group::Components);
        format!(
            "| {name} | {} | {} | {} | {} |",
            of(Group::UserAgent),
            of(Group::Components),
            changed.and_then(|it| it.current.as_deref()).unwrap_or("-"),
            assessment.sum()
        )
    };
    let computed: Vec<String> = examples().iter().map(line).collect();
    assert_eq!(
        rows("| the telemetry shows"),
        computed,
        "the document should say:\n{}",
        computed.join("\n")
    );
}

#[test]
fn telemetry_that_was_never_shown_is_not_missed() {
    let now = base();
    for ip in ["198.51.100.7", "203.0.113.5"] {
        let now = Context {
            address: ip.parse().ok(),
            ..now.clone()
        };
        let names = names(&shown(None, &now, None));
        assert!(!names.iter().any(|it| it.contains("telemetry")), "{names:?}");
    }
}

#[test]
fn away_from_home_no_telemetry_and_anothers_cost_as_much_as_a_thiefs_own() {
    let sum = |name: &str| {
        let examples = examples();
        examples.iter().find(|(it, _)| *it == name).unwrap().1.sum()
    };
    let own = sum("203.0.113.5: another machine");
    for left_out in ["203.0.113.5: none", "203.0.113.5: a token that leads nowhere"] {
        assert!(own <= sum(left_out), "{left_out}");
    }
    // A page that was loaded at home goes on asking from the street, with the fingerprint that is known.
    assert!(
        sum("203.0.113.5: all as it was, sent from there")
            < sum("203.0.113.5: all as it was, sent from home")
    );
    let unmatched = Context {
        fingerprint: Sample::supplied("device-2"),
        ..context("203.0.113.5", CHROME, base().fingerprint)
    };
    let home = home();
    assert!(own <= shown(Some(&home), &unmatched, Some(home.told())).sum());
}

#[test]
fn what_the_tenant_says_of_telemetry_decides_what_its_absence_means() {
    let (mut held, record) = opened(&base());
    held.trail.told = true;
    let now = base();
    let points = |promises| {
        let judged = assess(&Evidence {
            promises,
            ..evidence(&held, Some(&record), &now)
        });
        judged
            .factors()
            .iter()
            .find(|it| it.group == Group::Components)
            .map(|it| it.points)
    };
    assert_eq!(points(EvidencePolicy::of(&[])), None);
    assert_eq!(points(EvidencePolicy::default()), Some(10));
    assert_eq!(points(EvidencePolicy::of(&[Piece::Telemetry])), Some(34));
}

#[test]
fn more_that_differs_never_scores_lower() {
    let steps: [fn(&mut Visit); 4] = [
        |it| it.tampered = true,
        |it| it.components.hardware_concurrency = Some(4),
        |it| it.components.device_memory = Some(2.0),
        |it| it.components.audio = Some(digest(4)),
    ];
    let (home, now) = (home(), base());
    // Every way from nothing to all four.
    for mask in 0..16_u8 {
        let of = |mask: u8| {
            let visit = with(|it| {
                for (n, step) in steps.iter().enumerate() {
                    if mask & (1 << n) != 0 {
                        step(it);
                    }
                }
            });
            shown(Some(&home), &now, Some(visit.told())).sum()
        };
        for n in 0..4 {
            assert!(of(mask) <= of(mask | 1 << n), "{mask:04b} and {n}");
        }
    }
}

#[test]
fn each_component_that_is_left_out_costs_what_another_one_costs() {
    let leave_out: [fn(&mut Components); 6] = [
        |it| it.hardware_concurrency = None,
        |it| it.device_memory = None,
        |it| it.webgl_renderer = None,
        |it| it.audio = None,
        |it| it.canvas_text = None,
        |it| it.canvas_geometry = None,
    ];
    let home = home();
    for address in ["198.51.100.7", "203.0.113.5"] {
        let now = context(address, CHROME, Sample::supplied("device-2"));
        for mask in 0..64_u8 {
            let of = |mask: u8| {
                let visit = with(|it| {
                    it.from = address;
                    for (n, leave_out) in leave_out.iter().enumerate() {
                        if mask & (1 << n) != 0 {
                            leave_out(&mut it.components);
                        }
                    }
                });
                shown(Some(&home), &now, Some(visit.told())).sum()
            };
            for n in 0..6 {
                assert!(of(mask) <= of(mask | 1 << n), "{address}: {mask:06b} and {n}");
            }
        }
    }
}

#[test]
fn who_shows_what_thousands_show_is_vouched_for_by_nothing() {
    let now = context("203.0.113.5", CHROME, Sample::supplied("device-2"));
    let of = |before: &Visit, visit: &Visit| names(&shown(Some(before), &now, Some(visit.told())));
    let telling = with(|it| it.from = "203.0.113.5");
    assert!(of(&home(), &telling).contains(&"components_same"));
    assert!(of(&little(), &little()).contains(&"components_same_kind"));
    let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                  Version/26.6 Mobile/15E148 Safari/604.1";
    let phone = with(|it| {
        it.from = "203.0.113.5";
        it.user_agent = safari;
    });
    let (mut held, mut record) = opened(&context("198.51.100.7", safari, Sample::supplied("device-1")));
    held.trail.told = true;
    record.attached.traits = Some(phone.traits().to_bytes());
    let now = context("203.0.113.5", safari, Sample::supplied("device-1"));
    let judged = assess(&Evidence {
        told: Some(phone.told()),
        ..evidence(&held, Some(&record), &now)
    });
    assert!(names(&judged).contains(&"components_same_kind"));
}

#[test]
fn a_browser_that_draws_anew_explains_another_fingerprint_in_part() {
    let home = home();
    let judged = |address, drawn: bool| {
        let visit = with(|it| {
            it.from = address;
            if drawn {
                it.components.audio = Some(digest(4));
                it.components.canvas_text = Some(digest(5));
            }
        });
        let now = context(address, CHROME, Sample::supplied("device-2"));
        shown(Some(&home), &now, Some(visit.told()))
    };
    let untold = context("198.51.100.9", CHROME, Sample::supplied("device-2"));
    let redrawn = judged("198.51.100.9", true);
    let explained = "fingerprint_drawn_otherwise";
    assert!(names(&redrawn).contains(&explained), "{redrawn:?}");
    assert!(judged("198.51.100.9", false).sum() < redrawn.sum());
    assert!(redrawn.sum() < shown(Some(&home), &untold, None).sum());
    // No data tells where this is: a like machine of somebody else's is asked for a proof.
    let elsewhere = judged("203.0.113.5", true);
    assert!(!names(&elsewhere).contains(&explained));
    assert!(45 <= elsewhere.sum(), "{elsewhere:?}");
    // And from another system of the country.
    let points = |name| weights::ALL.iter().find(|it| it.name == name).unwrap().points;
    assert!(45 <= points("asn_new_same_country") + points("components_drawn_otherwise"));
    assert!(45 <= points("asn_new_same_country") + points(explained));
}

#[test]
fn an_upgrade_explains_other_drawings_in_the_sessions_own_networks_only() {
    let home = home();
    for (address, explained) in [("198.51.100.7", true), ("203.0.113.5", false)] {
        let visit = |user_agent| {
            with(|it| {
                it.from = address;
                it.user_agent = user_agent;
                it.components.audio = Some(digest(4));
                it.components.canvas_text = Some(digest(5));
            })
        };
        let points = |user_agent| {
            let now = context(address, user_agent, Sample::supplied("device-2"));
            shown(Some(&home), &now, Some(visit(user_agent).told())).sum()
        };
        assert_eq!(points(CHROME_127) < points(CHROME), explained, "{address}");
    }
}
