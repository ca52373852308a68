//! What profiles learn, and what they do not.

use super::located::{acquainted, elsewhere, facts, home, nobody};
use super::*;
use crate::model::{Anonymity, Profile};

fn today() -> u16 {
    Profile::day(START)
}

/// The session after it was accepted from `context` by a request that may teach, on `day`.
fn taught(before: &HeldSession, context: &Context, day: u16) -> HeldSession {
    let mut after = before.clone();
    after.accept(context, START);
    after.trail.learnt_on = Some(day);
    after
}

fn fresh(context: &Context) -> HeldSession {
    let (mut held, _) = opened(context);
    held.trail.learnt_on = Some(today());
    held
}

fn learnt(profile: &Profile, before: Option<&HeldSession>, after: &HeldSession) -> Profile {
    lesson(before, after)
        .and_then(|it| learn(profile, &it))
        .unwrap_or_else(|| profile.clone())
}

fn abroad() -> Context {
    elsewhere("203.0.113.5", facts(64_500, "US", None))
}

#[test]
fn a_first_session_is_trusted() {
    let profile = learnt(&nobody(), None, &fresh(&home()));
    assert!(profile.knows_system(64_496) && profile.knows_country("FR"));
    assert_eq!(
        (
            profile.networks.len(),
            profile.countries.len(),
            profile.devices.len()
        ),
        (1, 1, 1)
    );
    assert_eq!(
        (profile.since, profile.latest, profile.days),
        (today(), today(), 1)
    );
}

#[test]
fn a_session_without_anything_to_learn_teaches_nothing() {
    let unknown = fresh(&context("198.51.100.7", CHROME, Sample::computed("x")));
    assert_eq!(lesson(None, &unknown), None);
    let mut untrusted = fresh(&home());
    untrusted.trail.learnt_on = None;
    assert_eq!(lesson(None, &untrusted), None);
}

#[test]
fn a_lesson_that_comes_again_or_late_changes_nothing() {
    let first = fresh(&home());
    let there = taught(
        &first,
        &elsewhere("203.0.113.5", facts(64_498, "FR", None)),
        today() + 1,
    );
    let back = taught(&there, &home(), today() + 2);
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
    let mut reordered = nobody();
    for at in [2, 0, 2, 1, 0] {
        reordered = learnt(&reordered, steps[at].0, steps[at].1);
    }
    for known in [&in_order, &reordered] {
        assert!(known.knows_system(64_496) && known.knows_system(64_498) && known.knows_country("FR"));
        assert_eq!((known.since, known.latest), (today(), today() + 2));
    }
}

#[test]
fn a_session_opened_where_nobody_knows_the_subject_does_not_teach_the_place() {
    let known = acquainted();
    let opened_abroad = fresh(&abroad());
    let mut profile = learnt(&known, None, &opened_abroad);
    assert_eq!(profile, known, "45 and more by itself");

    // Nor by staying, nor by another address there.
    let mut session = opened_abroad;
    for day in 1..60 {
        let next = taught(
            &session,
            &elsewhere("203.0.113.77", abroad().facts),
            today() + day,
        );
        profile = learnt(&profile, Some(&session), &next);
        session = next;
    }
    assert!(!profile.knows_country("US") && !profile.knows_system(64_500));

    // A new device at home is no stranger.
    let tablet = Context {
        fingerprint: Sample::supplied("device-9"),
        ..home()
    };
    assert_eq!(
        learnt(&known, None, &fresh(&tablet)).devices.len(),
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
        assert_eq!(learnt(&known, None, &fresh(&device(hired))), known, "25 and 35");
    }
}

#[test]
fn an_opening_without_the_fingerprint_its_subject_sends_is_held_against_it() {
    let known = acquainted();
    let unsent = |asn| Context {
        fingerprint: Sample::computed("none"),
        ..elsewhere("203.0.113.5", facts(asn, "FR", None))
    };
    assert_eq!(learnt(&known, None, &fresh(&unsent(64_498))), known, "25 and 35");
    assert_ne!(learnt(&known, None, &fresh(&unsent(64_497))), known, "5 and 35");
    let mut without_devices = known;
    without_devices.devices.clear();
    let profile = learnt(&without_devices, None, &fresh(&unsent(64_498)));
    assert!(profile.knows_system(64_498), "25");
}

#[test]
fn who_proved_itself_teaches_everything() {
    let mut session = fresh(&abroad());
    session.trail.proven = true;
    let profile = learnt(&acquainted(), None, &session);
    assert!(profile.knows_country("US") && profile.knows_system(64_500));

    let unproven = fresh(&abroad());
    let mut proven = unproven.clone();
    proven.trail.proven = true;
    let profile = learnt(&acquainted(), Some(&unproven), &proven);
    assert!(profile.knows_country("US"), "also in the session that is there");
}

#[test]
fn an_accepted_request_teaches_what_it_brought() {
    let before = fresh(&home());
    let after = taught(
        &before,
        &elsewhere("203.0.113.5", facts(64_498, "FR", None)),
        today(),
    );
    let profile = learnt(&acquainted(), Some(&before), &after);
    assert!(profile.knows_system(64_498));
    assert_eq!(profile.countries.len(), acquainted().countries.len());
}

#[test]
fn the_things_seen_last_are_kept_and_the_rest_is_forgotten_in_time() {
    let mut profile = nobody();
    let mut session = fresh(&home());
    for number in 0..100 {
        let day = today() + number;
        let there = elsewhere("203.0.113.5", facts(65_000 + u32::from(number), "FR", None));
        let next = taught(&session, &there, day);
        profile = learnt(&profile, Some(&session), &next);
        session = next;
    }
    assert_eq!(profile.networks.len(), Profile::NETWORKS);
    assert!(profile.knows_system(65_099) && !profile.knows_system(65_000));

    let later = START + Duration::from_hours(24 * 250);
    let aged = profile.clone().at(later);
    assert!(aged.knows_system(65_099) && !aged.knows_system(65_069));
    let much_later = START + Duration::from_hours(24 * 300);
    assert!(profile.at(much_later).networks.is_empty());
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
            told: None,
            held: &held,
            record: Some(&record),
            profile: Some(&profile),
            context: &intruder,
            lists: &NO_LISTS,
            now,
        };
        let score = assess(&evidence).score();
        assert!(Score::SUSPICIOUS <= score, "{round}: {score:?}");
        let next = seen(&held, &intruder, score, &RiskPolicy::default(), now);
        profile = learnt(&profile, Some(&held), &next);
        held = next;
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
    let (held, _) = opened(&own_word);
    let unsent = Context {
        fingerprint: Sample::computed("none"),
        ..home()
    };
    let unlocated = Context {
        facts: Facts::default(),
        ..own_word.clone()
    };
    let shown = Context {
        trusted: true,
        ..own_word
    };
    let after = |context: &Context| {
        let context = Context {
            trusted: true,
            ..context.clone()
        };
        let next = seen(&held, &context, Score::MIN, &RiskPolicy::default(), START);
        learnt(&nobody(), Some(&held), &next)
    };
    assert_eq!(
        after(&unsent),
        nobody(),
        "no trusted context sent the fingerprint"
    );
    assert_eq!(after(&unlocated), nobody(), "none came from the system");
    assert_eq!(after(&shown).devices.len(), 1, "now one did");
}

#[test]
fn nothing_is_accepted_or_learnt_at_45_whatever_the_tenants_threshold() {
    let held = fresh(&home());
    for (suspicious, score, accepted) in [(45, 44, true), (45, 45, false), (70, 45, false), (30, 30, false)] {
        let policy = RiskPolicy {
            suspicious,
            ..RiskPolicy::default()
        };
        let next = seen(&held, &abroad(), Score::of(score), &policy, START);
        assert_eq!(next.asn != held.asn, accepted, "{suspicious} {score}");
        assert_eq!(next.trail.suspicion.is_none(), accepted, "{suspicious} {score}");
        let taught = lesson(Some(&held), &next).is_some();
        assert_eq!(taught, accepted, "{suspicious} {score}");
    }
}

#[test]
fn ones_own_word_ends_no_suspicion() {
    let suspected = seen(
        &fresh(&home()),
        &abroad(),
        Score::of(65),
        &RiskPolicy::default(),
        START,
    );
    assert!(suspected.trail.suspicion.is_some());
    for trusted in [false, true] {
        let context = Context { trusted, ..home() };
        let next = seen(&suspected, &context, Score::MIN, &RiskPolicy::default(), START);
        assert_eq!(next.trail.suspicion.is_none(), trusted);
    }
}
