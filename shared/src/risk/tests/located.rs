//! Judgements that know where addresses are: the document's examples of each group.

use super::*;
use crate::model::{Anonymity, AutonomousSystem, Located, Place, Point, Profile, Subject};
use crate::policy::Pattern;

/// Minutes between the session's last use and the request, unless an example says otherwise.
const LATER: u64 = 10;

/// What is known of an address: system, country, latitude and longitude, radius in kilometres.
pub(super) fn facts(asn: u32, country: &str, at: Option<(f64, f64, u16)>) -> Facts {
    Facts {
        place: Located::At(Box::new(Place {
            country_code: Some(country.to_owned()),
            point: at.map(|(latitude, longitude, radius_km)| Point {
                latitude,
                longitude,
                radius_km,
            }),
            ..Place::default()
        })),
        system: Some(AutonomousSystem {
            number: asn,
            organisation: None,
        }),
        anonymity: Anonymity {
            hosting: Some(false),
            ..Anonymity::default()
        },
    }
}

const PARIS: (f64, f64, u16) = (48.86, 2.35, 50);
const LYON: (f64, f64, u16) = (45.76, 4.84, 50);
const BERLIN: (f64, f64, u16) = (52.52, 13.41, 50);
const NEW_YORK: (f64, f64, u16) = (40.71, -74.01, 50);

/// The subject's home: AS64496 in Paris, France.
pub(super) fn home() -> Context {
    Context {
        facts: facts(64_496, "FR", Some(PARIS)),
        ..base()
    }
}

/// Another address, known by these facts.
pub(super) fn elsewhere(ip: &str, facts: Facts) -> Context {
    Context {
        facts,
        ..context(ip, CHROME, base().fingerprint)
    }
}

fn anonymous(mut facts: Facts, by: fn(&mut Anonymity)) -> Facts {
    by(&mut facts.anonymity);
    facts
}

pub(super) fn nobody() -> Profile {
    let tenant = "acme".parse().unwrap();
    Profile::empty(&tenant, &Subject::new("alice").unwrap().key(&tenant))
}

/// A profile of 30 days that knows the home, a system at work, one country more, a VPN and a second device.
pub(super) fn acquainted() -> Profile {
    let day = Profile::day(START);
    let seen = |digest| crate::model::Acquaintance {
        digest,
        first_on: day - 30,
        last_on: day - 1,
        days: 20,
        proven: false,
        pending: None,
    };
    let mut profile = nobody();
    profile.networks = vec![
        seen(profile.system(64_496)),
        seen(profile.system(64_497)),
        seen(profile.system(64_510)),
        seen(profile.anonymizer(Some(64_510))),
    ];
    profile.countries = vec![seen(profile.country("FR")), seen(profile.country("DE"))];
    let Sample::Supplied(tablet) = Sample::supplied("tablet") else {
        panic!("sent");
    };
    profile.devices = vec![seen(profile.device(&tablet))];
    (profile.since, profile.latest, profile.days) = (day - 30, day - 1, 20);
    profile
}

/// One row of the document.
pub(super) struct Example {
    name: &'static str,
    held: HeldSession,
    record: SessionRecord,
    context: Context,
    lists: Lists,
    minutes: u64,
}

impl Example {
    fn new(name: &'static str, context: Context) -> Self {
        let (held, record) = opened(&home());
        Self {
            name,
            held,
            record,
            context,
            lists: Lists::default(),
            minutes: LATER,
        }
    }

    fn after(self, minutes: u64) -> Self {
        Self { minutes, ..self }
    }

    /// The session was let in with that before, five minutes after it was opened.
    fn by_way_of(mut self, context: &Context) -> Self {
        let (score, held, record) = after(&self.held, &self.record, context, 5);
        assert!(score < Score::SUSPICIOUS.get(), "{score}");
        (self.held, self.record) = (held, record);
        self
    }

    fn opened_from(self, context: &Context) -> Self {
        let (held, record) = opened(context);
        Self { held, record, ..self }
    }

    fn denying(mut self, pattern: &str) -> Self {
        self.lists.deny.push(pattern.parse::<Pattern>().unwrap());
        self
    }

    fn allowing(mut self, pattern: &str) -> Self {
        self.lists.allow.push(pattern.parse::<Pattern>().unwrap());
        self
    }

    pub(super) fn judged(&self) -> Assessment {
        assess(&Evidence {
            told: None,
            held: &self.held,
            record: Some(&self.record),
            profile: Some(&acquainted()),
            context: &self.context,
            lists: &self.lists,
            promises: EvidencePolicy::default(),
            now: START + Duration::from_mins(self.minutes),
        })
    }

    fn line(&self) -> String {
        let assessment = self.judged();
        let of = |group: Group| {
            let factor = assessment.factors().iter().find(|it| it.group == group);
            factor.map_or("-".to_owned(), |it| format!("`{}` {}", it.name, it.points))
        };
        let groups = [
            Group::Network,
            Group::Reputation,
            Group::Travel,
            Group::UserAgent,
            Group::Fingerprint,
        ];
        let score = assessment.score();
        format!(
            "| {} | {} | {} | {} | {} |",
            self.name,
            groups.map(of).join(" | "),
            assessment.sum(),
            score.get(),
            decide(score, &RiskPolicy::default()).as_str(),
        )
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn examples() -> Vec<Example> {
    let with = |fingerprint: &str, context: Context| Context {
        fingerprint: Sample::supplied(fingerprint),
        ..context
    };
    let france = |asn, at| facts(asn, "FR", Some(at));
    let lyon = || elsewhere("203.0.113.5", france(64_496, LYON));
    let berlin = || elsewhere("203.0.113.5", facts(64_499, "DE", Some(BERLIN)));
    let new_york = || elsewhere("203.0.113.5", facts(64_500, "US", Some(NEW_YORK)));
    let rented = |by| elsewhere("203.0.113.5", anonymous(france(64_511, PARIS), by));
    let new_system = || elsewhere("203.0.113.5", france(64_498, PARIS));
    let vpn = elsewhere(
        "203.0.113.5",
        anonymous(france(64_510, PARIS), |it| it.vpn = Some(true)),
    );
    let firefox = |context: Context| Context {
        user_agent: FIREFOX.to_owned(),
        ..context
    };
    vec![
        Example::new("nothing changed", home()),
        Example::new("another address of the same system", {
            elsewhere("203.0.113.5", france(64_496, PARIS))
        }),
        Example::new("a system the subject comes from", {
            elsewhere("203.0.113.5", france(64_497, PARIS))
        }),
        Example::new("a new system in the same country", {
            elsewhere("203.0.113.5", france(64_498, PARIS))
        }),
        Example::new("a new system, its country not known", {
            elsewhere("203.0.113.5", {
                let mut facts = facts(64_498, "FR", None);
                facts.place = Located::default();
                facts
            })
        }),
        Example::new("a country the subject comes from, six hours later", berlin()).after(360),
        Example::new("a new country, twelve hours later", new_york()).after(720),
        Example::new("a new country, ten minutes later", new_york()),
        Example::new("Lyon after ten minutes, by the same system", lyon()),
        Example::new("Lyon after two hours, by the same system", lyon()).after(120),
        Example::new("Lyon after ten minutes, known to 1,000 km only", {
            elsewhere("203.0.113.5", france(64_496, (LYON.0, LYON.1, 1000)))
        }),
        Example::new("a hosting address, new for the subject", {
            rented(|it| it.hosting = Some(true))
        }),
        Example::new("a privacy relay, new for the subject", {
            rented(|it| it.relay = Some(true))
        }),
        Example::new("the VPN the subject uses", vpn.clone()),
        Example::new("home, in a session opened through that VPN", home()).opened_from(&vpn),
        Example::new("an exit of Tor", rented(|it| it.tor = Some(true))),
        Example::new("home, denied by the tenant (`198.51.100.0/24`)", home()).denying("198.51.100.0/24"),
        Example::new("a new country, denied by the tenant (`US`)", new_york()).denying("US"),
        Example::new("a new country, allowed by the tenant (`AS64500`)", new_york())
            .allowing("AS64500")
            .after(720),
        Example::new("the subject's tablet", with("tablet", home())),
        Example::new("the same system, in a new country", {
            elsewhere("203.0.113.5", facts(64_496, "US", Some(NEW_YORK)))
        })
        .after(720),
        Example::new("a new system, where the session was let in before", new_system())
            .by_way_of(&new_system()),
        Example::new(
            "a new system, another fingerprint",
            with("device-2", new_system()),
        ),
        Example::new(
            "a new system, another fingerprint and Chrome 127",
            Context {
                user_agent: CHROME_127.to_owned(),
                ..with("device-2", new_system())
            },
        ),
        Example::new("another address of the same system, another fingerprint", {
            with("device-2", elsewhere("203.0.113.5", france(64_496, PARIS)))
        }),
        Example::new(
            "another address of the same system, another fingerprint and Chrome 127",
            Context {
                user_agent: CHROME_127.to_owned(),
                ..with("device-2", elsewhere("203.0.113.5", france(64_496, PARIS)))
            },
        ),
        Example::new("the VPN's exit, as at the opening", vpn.clone()).opened_from(&vpn),
        Example::new("the VPN's exit, as at the opening; Firefox", firefox(vpn.clone())).opened_from(&vpn),
        Example::new("home, allowed by the tenant (`FR`)", home()).allowing("FR"),
        Example::new(
            "a list of addresses",
            Context {
                facts: Facts::default(),
                ..elsewhere("203.0.113.5, 192.0.2.1", Facts::default())
            },
        ),
        Example::new(
            "stolen cookie: new country, Firefox, other fingerprint",
            with("device-3", firefox(new_york())),
        ),
        Example::new("stolen cookie, user agent and fingerprint copied", new_york()),
    ]
}

#[test]
fn the_documented_examples_with_address_data_are_what_the_code_computes() {
    let computed: Vec<String> = examples().iter().map(Example::line).collect();
    assert_eq!(
        rows("| with address data"),
        computed,
        "the document should say:\n{}",
        computed.join("\n")
    );
}

#[test]
fn a_young_profile_makes_a_judgement_unsure() {
    let (held, record) = opened(&home());
    let abroad = elsewhere("203.0.113.5", facts(64_500, "US", None));
    let confidence = |profile: Option<&Profile>, context: &Context| {
        assess(&Evidence {
            told: None,
            profile,
            ..evidence(&held, Some(&record), context)
        })
        .confidence()
    };
    let mut young = acquainted();
    (young.since, young.days) = (Profile::day(START) - 13, 9);
    for (profile, expected) in [
        (None, Confidence::Low),
        (Some(&nobody()), Confidence::Low),
        (Some(&young), Confidence::Low),
        (Some(&acquainted()), Confidence::Medium),
    ] {
        assert_eq!(confidence(profile, &abroad), expected);
        assert_eq!(
            confidence(profile, &home()),
            Confidence::Medium,
            "nothing new to tell"
        );
    }
    young.days = 10;
    assert_eq!(confidence(Some(&young), &abroad), Confidence::Medium);
}

#[test]
fn time_that_passes_under_suspicion_excuses_nothing() {
    let (mut held, record) = opened(&home());
    let abroad = elsewhere("203.0.113.5", facts(64_500, "US", Some(NEW_YORK)));
    let points = |held: &HeldSession, minutes: u64| {
        let now = START + Duration::from_mins(minutes);
        assess(&Evidence {
            told: None,
            now,
            ..evidence(held, Some(&record), &abroad)
        })
        .sum()
    };
    assert!(points(&held, 720) < points(&held, 10), "a flight takes its time");
    held.trail.suspicion = Some(START + Duration::from_mins(10));
    assert_eq!(points(&held, 720), points(&held, 10));
}

#[test]
fn what_stands_between_tells_no_place() {
    let vpn = elsewhere(
        "203.0.113.5",
        anonymous(facts(64_510, "US", Some(NEW_YORK)), |it| it.relay = Some(true)),
    );
    let (mut held, record) = opened(&vpn);
    assert_eq!((held.geo, held.anonymous), (None, true));
    let travel = |held: &HeldSession, now: &Context| {
        let assessment = assessed(held, Some(&record), now);
        assessment
            .factors()
            .iter()
            .find(|it| it.group == Group::Travel)
            .map(|it| it.name)
    };
    assert_eq!(travel(&held, &home()), Some("travel_anonymized"));
    held = proven(&held, &home(), false, START);
    assert_eq!((held.geo.is_some(), held.anonymous), (true, false));
    assert_eq!(travel(&held, &vpn), Some("travel_anonymized"));
}

#[test]
fn who_came_through_a_relay_is_not_known_for_what_else_is_in_its_system() {
    let there = |by| elsewhere("203.0.113.5", anonymous(facts(64_511, "FR", None), by));
    let hired = there(|it| it.hosting = Some(true));
    for (by, expected) in [
        (there(|it| it.relay = Some(true)), "anonymizer_new"),
        (there(|it| it.vpn = Some(true)), "anonymizer_known"),
    ] {
        let (held, record) = opened(&by);
        assert!(
            names(&assessed(&held, Some(&record), &hired)).contains(&expected),
            "{expected}"
        );
    }
}

#[test]
fn a_proof_in_a_gap_of_the_data_keeps_what_was_known_of_the_same_address() {
    let (held, _) = opened(&home());
    for gap in [Facts::default(), Facts::absent(crate::model::Absence::Unknown)] {
        let next = proven(&held, &Context { facts: gap, ..home() }, false, START);
        assert_eq!(
            (next.asn, &next.country, next.geo),
            (held.asn, &held.country, held.geo)
        );
    }
}

#[test]
fn a_vpn_whose_system_is_not_known_makes_no_other_one_known() {
    let nameless = anonymous(Facts::default(), |it| it.vpn = Some(true));
    let held = proven(
        &opened(&home()).0,
        &elsewhere("203.0.113.5", nameless),
        false,
        START,
    );
    assert_eq!((held.asn, held.anonymous), (None, true));

    let mut profile = nobody();
    for lesson in lessons([1; 4], None, &held) {
        profile = learn(&profile, &lesson).unwrap_or(profile);
    }
    assert!(!profile.knows_anonymizer(None));
    let (_, record) = opened(&home());
    let rented = anonymous(facts(64_496, "FR", None), |it| it.hosting = Some(true));
    let judged = assess(&Evidence {
        profile: Some(&acquainted()),
        ..evidence(&held, Some(&record), &elsewhere("192.0.2.20", rented))
    });
    assert!(names(&judged).contains(&"anonymizer_other"));
}
