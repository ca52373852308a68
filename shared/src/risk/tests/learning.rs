//! What profiles learn, what they do not, and what they take back.

use std::collections::HashSet;

use super::located::{acquainted, elsewhere, facts, home, nobody};
use super::*;
use crate::model::{Anonymity, Profile};

/// Who brings it.
const SESSION: [u8; 4] = [1; 4];

fn today() -> u16 {
    Profile::day(START)
}

fn fresh(context: &Context) -> HeldSession {
    opened(context).0
}

/// The session after it was let in from `context`, `days` after [`START`].
fn let_in(before: &HeldSession, context: &Context, days: u64) -> HeldSession {
    let (_, record) = opened(context);
    let judgement = judge(
        &Evidence {
            now: START + Duration::from_hours(24 * days),
            ..evidence(before, Some(&record), context)
        },
        &RiskPolicy::default(),
    );
    assert_eq!(judgement.action, Action::Allow);
    judgement.next
}

fn taught(profile: &Profile, lessons: &[Lesson]) -> Profile {
    lessons.iter().fold(profile.clone(), |profile, it| {
        learn(&profile, it).unwrap_or(profile)
    })
}

fn learnt(profile: &Profile, before: Option<&HeldSession>, after: &HeldSession) -> Profile {
    taught(profile, &lessons(SESSION, before, after))
}

fn ended(profile: &Profile, session: [u8; 4], well: bool) -> Profile {
    taught(profile, &[Lesson::Ended { session, well }])
}

fn abroad() -> Context {
    elsewhere("203.0.113.5", facts(64_500, "US", None))
}

fn next_door() -> Context {
    elsewhere("203.0.113.5", facts(64_498, "FR", None))
}

#[test]
fn a_first_session_is_trusted() {
    let profile = learnt(&nobody(), None, &fresh(&home()));
    assert!(profile.knows_system(64_496) && profile.knows_country("FR"));
    let sizes = (
        profile.networks.len(),
        profile.countries.len(),
        profile.devices.len(),
    );
    assert_eq!(sizes, (1, 1, 1));
    assert_eq!(
        (profile.since, profile.latest, profile.days),
        (today(), today(), 1)
    );
}

#[test]
fn a_session_without_anything_to_learn_teaches_nothing() {
    let unknown = fresh(&context("198.51.100.7", CHROME, Sample::computed("x")));
    assert_eq!(learnt(&nobody(), None, &unknown), nobody());
    let mut untrusted = fresh(&home());
    untrusted.trail.learnt_on = None;
    assert_eq!(lessons(SESSION, None, &untrusted), []);
}

#[test]
fn where_a_session_was_let_in_is_known_after_several_days_in_sessions_that_ended_well() {
    let mut profile = learnt(&nobody(), None, &fresh(&home()));
    for day in 1..=3_u8 {
        assert!(!profile.knows_system(64_498), "day {day}");
        let before = fresh(&home());
        let after = let_in(&before, &next_door(), day.into());
        profile = taught(&profile, &lessons([day; 4], Some(&before), &after));
        profile = ended(&profile, [day; 4], true);
    }
    assert!(profile.knows_system(64_498));
}

#[test]
fn days_of_one_session_count_when_it_ends_well_and_never_when_it_does_not() {
    let first = fresh(&home());
    let mut profile = learnt(&nobody(), None, &first);
    let mut session = first;
    for day in 1..=5 {
        let next = let_in(&session, &next_door(), day);
        profile = learnt(&profile, Some(&session), &next);
        session = next;
    }
    assert!(!profile.knows_system(64_498), "it has not ended");
    assert!(ended(&profile, SESSION, true).knows_system(64_498));
    let taken_back = ended(&profile, SESSION, false);
    assert!(!taken_back.knows_system(64_498));
    assert_eq!(
        ended(&taken_back, SESSION, true),
        taken_back,
        "nothing is left of it"
    );
}

#[test]
fn what_a_stolen_session_brought_is_taken_back_and_what_was_known_stays() {
    let known = acquainted();
    let session = fresh(&Context {
        fingerprint: Sample::supplied("device-9"),
        ..next_door()
    });
    let mut proven = session.clone();
    proven.trail.proven = true;
    let profile = learnt(&known, None, &proven);
    assert!(profile.knows_system(64_498), "while it lives");
    let after = ended(&profile, SESSION, false);
    assert!(!after.knows_system(64_498));
    for (list, before) in [
        (&after.networks, &known.networks),
        (&after.countries, &known.countries),
        (&after.devices, &known.devices),
    ] {
        let digests =
            |list: &[crate::model::Acquaintance]| list.iter().map(|it| it.digest).collect::<HashSet<_>>();
        assert_eq!(digests(list), digests(before));
    }
    assert!(ended(&profile, SESSION, true).knows_system(64_498));
}

#[test]
fn a_lesson_that_comes_again_changes_nothing() {
    let first = fresh(&home());
    let there = let_in(&first, &next_door(), 1);
    let back = let_in(&there, &home(), 2);
    let steps = [(None, &first), (Some(&first), &there), (Some(&there), &back)];
    let mut in_order = nobody();
    for (before, after) in steps {
        in_order = learnt(&in_order, before, after);
    }
    let mut again = in_order.clone();
    for (before, after) in steps {
        again = learnt(&again, before, after);
    }
    assert_eq!(again, in_order);
}

#[test]
fn a_session_opened_where_nobody_knows_the_subject_does_not_teach_the_place() {
    let known = acquainted();
    let opened_abroad = fresh(&abroad());
    let mut profile = learnt(&known, None, &opened_abroad);
    assert_eq!(profile, known, "45 and more by itself");

    // Nor is it known by staying, nor by another address there, until the session has ended well.
    let mut session = opened_abroad;
    for day in 1..60 {
        let next = let_in(&session, &elsewhere("203.0.113.77", abroad().facts), day);
        profile = learnt(&profile, Some(&session), &next);
        session = next;
    }
    assert!(!profile.knows_country("US") && !profile.knows_system(64_500));

    // A new device at home is no stranger.
    let tablet = fresh(&Context {
        fingerprint: Sample::supplied("device-9"),
        ..home()
    });
    assert_eq!(
        learnt(&known, None, &tablet).devices.len(),
        known.devices.len() + 1
    );
}

#[test]
fn an_opening_through_a_privacy_relay_is_held_against_its_subject_as_little_as_it_scores() {
    let known = acquainted();
    let through = |by: fn(&mut Anonymity)| {
        let mut facts = facts(64_498, "FR", None);
        by(&mut facts.anonymity);
        elsewhere("203.0.113.5", facts)
    };
    let device = |context| Context {
        fingerprint: Sample::supplied("tablet"),
        ..context
    };
    let relay = fresh(&device(through(|it| it.relay = Some(true))));
    let profile = learnt(&known, None, &relay);
    assert!(profile.knows_system(64_498), "25");
    assert!(!profile.knows_anonymizer(Some(64_498)));
    for hired in [
        through(|it| it.vpn = Some(true)),
        through(|it| (it.relay, it.hosting) = (Some(true), Some(true))),
    ] {
        assert_eq!(learnt(&known, None, &fresh(&device(hired))), known, "25 and 30");
    }
}

#[test]
fn an_opening_without_the_fingerprint_its_subject_sends_is_held_against_it() {
    let known = acquainted();
    let unsent = |asn| Context {
        fingerprint: Sample::computed("none"),
        ..elsewhere("203.0.113.5", facts(asn, "FR", None))
    };
    assert_eq!(learnt(&known, None, &fresh(&unsent(64_498))), known, "25 and 40");
    let mut without_devices = known;
    without_devices.devices.clear();
    let profile = learnt(&without_devices, None, &fresh(&unsent(64_498)));
    assert!(profile.knows_system(64_498), "25");
}

#[test]
fn who_proved_itself_teaches_everything() {
    let unproven = fresh(&abroad());
    let (held, _) = opened(&home());
    for before in [held, unproven] {
        let after = proven(&before, &abroad(), false, START);
        let profile = learnt(&acquainted(), Some(&before), &after);
        assert!(profile.knows_country("US") && profile.knows_system(64_500));
    }
}

#[test]
fn what_is_known_is_kept_before_what_is_not() {
    let mut profile = learnt(&nobody(), None, &fresh(&home()));
    profile = ended(&profile, SESSION, true);
    for number in 0..200_u32 {
        let before = fresh(&home());
        let there = elsewhere("203.0.113.5", facts(65_000 + number, "FR", None));
        let after = let_in(&before, &there, 1 + u64::from(number) / 8);
        profile = taught(&profile, &lessons(number.to_be_bytes(), Some(&before), &after));
    }
    assert_eq!(profile.networks.len(), Profile::NETWORKS);
    assert!(
        profile.knows_system(64_496),
        "who is let in evicts nothing that is known"
    );
    let later = START + Duration::from_hours(24 * 300);
    assert!(profile.at(later).networks.is_empty(), "all is forgotten in time");
}

#[test]
fn nothing_in_one_profile_is_found_in_another() {
    let tenant = "acme".parse().unwrap();
    let of = |name: &str| Profile::empty(&tenant, &crate::model::Subject::new(name).unwrap().key(&tenant));
    assert_ne!(of("alice").system(64_496), of("bob").system(64_496));
    assert_ne!(of("alice").system(64_496), of("alice").anonymizer(Some(64_496)));
}

/// A request that scores 45 or more may come as often and as slowly as it likes.
#[test]
fn an_attacker_who_scores_45_stays_there_after_a_thousand_requests() {
    let intruder = Context {
        fingerprint: Sample::supplied("device-9"),
        ..abroad()
    };
    let (mut held, record) = opened(&home());
    let mut profile = acquainted();
    let mut now = START;
    for round in 0..1000 {
        now = now + Duration::from_mins(round % 50);
        let evidence = Evidence {
            profile: Some(&profile),
            now,
            ..evidence(&held, Some(&record), &intruder)
        };
        let monitor = RiskPolicy {
            mode: Mode::Monitor,
            ..RiskPolicy::default()
        };
        let judgement = judge(&evidence, &monitor);
        assert!(Score::SUSPICIOUS <= judgement.assessment.score(), "{round}");
        profile = learnt(&profile, Some(&held), &judgement.next);
        held = judgement.next;
    }
    assert_eq!(profile, acquainted(), "nothing learnt, nothing evicted");
}

#[test]
fn what_only_an_untrusted_opening_said_is_never_learnt() {
    let own_word = Context {
        trusted: false,
        fingerprint: Sample::supplied("thief"),
        ..home()
    };
    let held = fresh(&own_word);
    let after = |context: Context| {
        let shown = Context {
            trusted: true,
            ..context
        };
        let judgement = judge(&evidence(&held, None, &shown), &RiskPolicy::default());
        learnt(&nobody(), Some(&held), &judgement.next)
    };
    let unsent = Context {
        fingerprint: Sample::computed("none"),
        ..home()
    };
    let unlocated = Context {
        facts: Facts::default(),
        ..own_word.clone()
    };
    assert_eq!(after(unsent), nobody(), "no trusted context sent the fingerprint");
    assert_eq!(after(unlocated), nobody(), "none came from the system");
    assert_eq!(after(own_word.clone()).devices.len(), 1, "now one did");
}

#[test]
fn nothing_is_let_in_or_learnt_at_45_whatever_the_tenants_threshold() {
    let held = fresh(&home());
    let (_, record) = opened(&home());
    for suspicious in [70, 45, 16, 15, 10] {
        let policy = RiskPolicy {
            suspicious,
            ..RiskPolicy::default()
        };
        let judgement = judge(&evidence(&held, Some(&record), &next_door()), &policy);
        assert_eq!(judgement.assessment.sum(), 15);
        let let_in = 15 < suspicious;
        assert_eq!(judgement.next.trail.suspicion.is_none(), let_in, "{suspicious}");
        assert_eq!(lessons(SESSION, Some(&held), &judgement.next).is_empty(), !let_in);
    }
    let abroad = judge(
        &evidence(&held, Some(&record), &abroad()),
        &RiskPolicy {
            suspicious: 70,
            ..RiskPolicy::default()
        },
    );
    assert_eq!((abroad.assessment.sum(), abroad.action), (35, Action::Allow));
    assert!(abroad.next.trail.suspicion.is_none());
}

#[test]
fn ones_own_word_ends_no_suspicion() {
    let (held, record) = opened(&home());
    let away = Context {
        fingerprint: Sample::supplied("device-9"),
        ..next_door()
    };
    let suspected = judge(&evidence(&held, Some(&record), &away), &RiskPolicy::default()).next;
    assert!(suspected.trail.suspicion.is_some());
    for trusted in [false, true] {
        let context = Context { trusted, ..home() };
        let judgement = judge(
            &evidence(&suspected, Some(&record), &context),
            &RiskPolicy::default(),
        );
        assert_eq!(judgement.next.trail.suspicion.is_none(), trusted);
    }
}
