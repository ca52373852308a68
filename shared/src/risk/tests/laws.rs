//! Laws of the model, over sessions, subjects and requests of every kind.

use super::located::{acquainted, nobody};
use super::*;
use crate::model::{Anonymity, AutonomousSystem, Located, Place, Point, Profile};
use crate::policy::Pattern;

fn any_facts() -> impl Strategy<Value = Facts> {
    let country = proptest::option::of(proptest::sample::select(vec!["FR", "DE", "US", "??", "long"]));
    let point = proptest::option::of((-95.0..95.0_f64, -185.0..185.0_f64, 0..1200_u16));
    let system = proptest::option::of(64_496..64_512_u32);
    let flag = || proptest::option::weighted(0.3, any::<bool>());
    let anonymity = (flag(), flag(), flag(), flag(), flag());
    (country, point, system, anonymity).prop_map(|(country, point, system, anonymity)| {
        let (hosting, vpn, proxy, tor, relay) = anonymity;
        let place = Place {
            country_code: country.map(str::to_owned),
            point: point.map(|(latitude, longitude, radius_km)| Point {
                latitude,
                longitude,
                radius_km,
            }),
            ..Place::default()
        };
        Facts {
            place: if place == Place::default() {
                Located::default()
            } else {
                Located::At(Box::new(place))
            },
            system: system.map(|number| AutonomousSystem {
                number,
                organisation: None,
            }),
            anonymity: Anonymity {
                hosting,
                vpn,
                proxy,
                tor,
                relay,
            },
        }
    })
}

pub(super) fn located_context() -> impl Strategy<Value = Context> {
    (any_context(), any_facts()).prop_map(|(context, facts)| Context { facts, ..context })
}

/// A session with up to three requests behind it, some of them followed by a proof.
pub(super) fn any_session() -> impl Strategy<Value = (HeldSession, SessionRecord)> {
    let steps = proptest::collection::vec((located_context(), 0..90_u64, any::<bool>()), 1..4);
    (steps, proptest::option::of(0..90_u64), any::<bool>()).prop_map(|(steps, suspicion, told)| {
        let (mut held, mut record) = opened(&steps[0].0);
        let mut minutes = 0;
        for (context, passed, proves) in &steps[1..] {
            minutes += passed;
            if *proves {
                held = proven(&held, context, false, START + Duration::from_mins(minutes));
                if !context.user_agent.is_empty() {
                    record.latest_user_agent = Some(context.user_agent.clone());
                }
            } else {
                (_, held, record) = after(&held, &record, context, minutes);
            }
        }
        held.trail.told = told;
        if let Some(since) = suspicion {
            held.trail.suspicion = Some(START + Duration::from_mins(since));
        }
        (held, record)
    })
}

fn any_lists() -> impl Strategy<Value = Lists> {
    let pattern = proptest::sample::select(vec!["198.51.0.0/24", "2001:db8::/47", "AS64500", "US", "FR"]);
    let list = || {
        proptest::collection::vec(
            pattern.clone().prop_map(|it| it.parse::<Pattern>().unwrap()),
            0..2,
        )
    };
    (list(), list()).prop_map(|(deny, allow)| Lists { deny, allow })
}

pub(super) fn any_profile() -> impl Strategy<Value = Option<Profile>> {
    proptest::sample::select(vec![None, Some(nobody()), Some(acquainted())])
}

proptest! {
    #[test]
    fn the_factors_of_any_evidence_add_up_and_name_their_group_once(
        (held, record) in any_session(),
        context in located_context(),
        lists in any_lists(),
        profile in any_profile(),
        minutes in 0..2000_u64,
    ) {
        let evidence = Evidence {
            profile: profile.as_ref(),
            lists: &lists,
            now: START + Duration::from_mins(minutes),
            ..evidence(&held, Some(&record), &context)
        };
        let assessment = assess(&evidence);
        let sum: i32 = assessment.factors().iter().map(|factor| factor.points).sum();
        prop_assert_eq!(assessment.sum(), sum);
        prop_assert_eq!(i32::from(assessment.score().get()), sum.clamp(0, 100));
        let groups: Vec<Group> = assessment.factors().iter().map(|factor| factor.group).collect();
        let mut ordered = groups.clone();
        ordered.sort_unstable();
        ordered.dedup();
        prop_assert_eq!(groups, ordered);
        for factor in assessment.factors() {
            let known = weights::ALL.iter().any(|it| it.name == factor.name && it.points == factor.points);
            prop_assert!(known, "{:?}", factor);
        }
        prop_assert_eq!(assess(&evidence), assessment, "the same evidence, the same judgement");
    }

    #[test]
    fn without_need_history_says_nothing_new(
        (held, record) in any_session(),
        context in located_context(),
        lists in any_lists(),
        profile in any_profile(),
        minutes in 0..2000_u64,
    ) {
        let now = START + Duration::from_mins(minutes);
        let bare = Evidence { lists: &lists, now, ..evidence(&held, None, &context) };
        if !needs_history(&bare) {
            let full = Evidence { record: Some(&record), profile: profile.as_ref(), ..bare };
            prop_assert_eq!(assess(&bare), assess(&full));
        }
    }

    #[test]
    fn a_larger_radius_never_raises_a_score(
        (mut held, record) in any_session(),
        mut context in located_context(),
        wider in (0..1500_u16, 0..1500_u16),
        minutes in 0..2000_u64,
    ) {
        let now = START + Duration::from_mins(minutes);
        let before = assess(&Evidence { now, ..evidence(&held, Some(&record), &context) }).sum();
        if let Located::At(place) = &mut context.facts.place && let Some(point) = &mut place.point {
            point.radius_km = point.radius_km.saturating_add(wider.0);
        }
        if let Some(geo) = &mut held.geo {
            geo.radius_km = geo.radius_km.saturating_add(wider.1);
        }
        let after = assess(&Evidence { now, ..evidence(&held, Some(&record), &context) }).sum();
        prop_assert!(after <= before, "{} after {}", after, before);
    }

    #[test]
    fn what_the_data_cannot_tell_scores_as_if_it_were_not_so(
        (held, record) in any_session(),
        context in located_context(),
        lists in any_lists(),
        profile in any_profile(),
        known in any::<[bool; 5]>(),
    ) {
        let sum = |known: [bool; 5]| {
            let mut context = context.clone();
            let Anonymity { hosting, vpn, proxy, tor, relay } = &mut context.facts.anonymity;
            for (flag, known) in [hosting, vpn, proxy, tor, relay].into_iter().zip(known) {
                if *flag != Some(true) {
                    *flag = known.then_some(false);
                }
            }
            let profile = profile.as_ref();
            assess(&Evidence { profile, lists: &lists, ..evidence(&held, Some(&record), &context) }).sum()
        };
        prop_assert_eq!(sum(known), sum([true; 5]));
    }

    #[test]
    fn a_profile_never_raises_a_score_unless_it_tells_the_country_apart(
        (mut held, record) in any_session(),
        context in located_context(),
    ) {
        // Where the session itself knows address, system and country, its subject's profile can only excuse.
        held.asn.get_or_insert(64_496);
        held.ipv4.get_or_insert(std::net::Ipv4Addr::new(198, 51, 100, 7));
        held.country.get_or_insert_with(|| "FR".to_owned());
        let bare = evidence(&held, Some(&record), &context);
        let profile = acquainted();
        let with = Evidence { profile: Some(&profile), ..bare };
        prop_assert!(assess(&with).sum() <= assess(&bare).sum());
    }

    #[test]
    fn a_gap_in_the_data_gives_no_negative_points(
        (held, record) in any_session(),
        context in located_context(),
    ) {
        let gap = Context { facts: Facts::default(), ..context };
        for factor in assessed(&held, Some(&record), &gap).factors() {
            let earned = ["ip_same", "fingerprint_match"].contains(&factor.name);
            prop_assert!(earned || 0 <= factor.points, "{:?}", factor);
        }
    }

    #[test]
    fn no_explanation_of_located_addresses_holds_one(
        (held, record) in any_session(),
        context in located_context(),
        lists in any_lists(),
    ) {
        let assessment = assess(&Evidence { lists: &lists, ..evidence(&held, Some(&record), &context) });
        for text in assessment.factors().iter().flat_map(|it| [&it.current, &it.expected]).flatten() {
            prop_assert!(text.parse::<IpAddr>().is_err(), "{}", text);
        }
    }
}
