//! What a profile learns from what its subject's sessions were accepted with.
//!
//! A lesson is read from one write to a guard: the session before and after it. It says nothing that the session does
//! not say itself. What a session was opened with is held against the profile as it is then, so lessons are learnt in
//! their order; whoever teaches sees to that.

use crate::model::{Acquaintance, HeldSession, Profile, Sample};

use super::score::Score;
use super::weights::{
    ANONYMIZER_NEW, COUNTRY_KNOWN, COUNTRY_NEW, FINGERPRINT_CHANGED, FINGERPRINT_MISSING, SYSTEM_KNOWN,
    Weight,
};

/// What one write to a guard has to teach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lesson {
    day: u16,
    manner: Manner,
    system: Option<Seen<u32>>,
    /// The system behind which something stands, 0 where that is not known: nothing to know it again by.
    anonymizer: Option<Seen<u32>>,
    country: Option<Seen<String>>,
    device: Option<Seen<[u8; 16]>>,
}

/// How the session came to what it teaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Its subject proved itself: everything may be learnt.
    Proven,
    /// A request that was scored below the threshold: what it brought may be learnt.
    Scored,
    /// It was opened there, which nobody scored: learnt if it would have scored below the threshold.
    Opened,
}

/// A thing, and whether this very write brought it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen<T> {
    it: T,
    brought: bool,
}

/// What the write that made `before` into `after` teaches; none where the session learnt nothing in it.
pub fn lesson(before: Option<&HeldSession>, after: &HeldSession) -> Option<Lesson> {
    let day = after.trail.learnt_on?;
    // A session that taught nothing yet is as good as one just opened.
    let before = before.filter(|it| it.trail.learnt_on.is_some());
    let device = |session: &HeldSession| match session.fingerprint {
        Sample::Supplied(digest) => Some(digest),
        Sample::Computed(_) => None,
    };
    // A relay of a system's maker is no anonymizer to be known by: scoring takes it for an ordinary address.
    let anonymizer = |session: &HeldSession| {
        let hired = session.anonymous && !session.trail.relay;
        hired.then(|| session.asn.unwrap_or(0))
    };
    let lesson = Lesson {
        day,
        manner: match before {
            _ if after.trail.proven => Manner::Proven,
            Some(_) => Manner::Scored,
            None => Manner::Opened,
        },
        system: seen(before, after, |it| it.asn),
        anonymizer: seen(before, after, anonymizer),
        country: seen(before, after, |it| it.country.clone()),
        device: seen(before, after, device),
    };
    let same = before.is_some_and(|it| {
        it.trail.learnt_on == after.trail.learnt_on
            && it.trail.proven == after.trail.proven
            && (it.asn, &it.country, it.fingerprint) == (after.asn, &after.country, after.fingerprint)
            && (it.anonymous, it.trail.relay) == (after.anonymous, after.trail.relay)
    });
    let empty = lesson.system.is_none()
        && lesson.anonymizer.is_none()
        && lesson.country.is_none()
        && lesson.device.is_none();
    (!same && !empty).then_some(lesson)
}

/// What `after` has, and whether `before`, where there is one, had something else or nothing.
fn seen<T: PartialEq>(
    before: Option<&HeldSession>,
    after: &HeldSession,
    part: impl Fn(&HeldSession) -> Option<T>,
) -> Option<Seen<T>> {
    let it = part(after)?;
    let brought = before.and_then(part).is_none_or(|before| before != it);
    Some(Seen { it, brought })
}

/// The profile after the lesson; none where it knew everything, or learns nothing from where the session was opened.
///
/// A thing is taken up only by the write that brought it, so a session that was let in somewhere unknown does not
/// teach that place by staying. Whatever the lesson, the things seen last are kept.
pub fn learn(profile: &Profile, lesson: &Lesson) -> Option<Profile> {
    let admitted = match lesson.manner {
        Manner::Proven | Manner::Scored => true,
        Manner::Opened => {
            profile.days == 0 || by_itself(profile, lesson) < i32::from(Score::SUSPICIOUS.get())
        }
    };
    if !admitted {
        return None;
    }
    let may = |brought: bool| brought || lesson.manner == Manner::Proven;
    let day = lesson.day;
    let mut next = profile.clone();
    if let Some(seen) = &lesson.system {
        let digest = profile.system(seen.it);
        meet(
            &mut next.networks,
            Profile::NETWORKS,
            digest,
            day,
            may(seen.brought),
        );
    }
    if let Some(seen) = lesson.anonymizer.as_ref().filter(|seen| seen.it != 0) {
        let digest = profile.anonymizer(Some(seen.it));
        meet(
            &mut next.networks,
            Profile::NETWORKS,
            digest,
            day,
            may(seen.brought),
        );
    }
    if let Some(seen) = &lesson.country {
        let digest = profile.country(&seen.it);
        meet(
            &mut next.countries,
            Profile::COUNTRIES,
            digest,
            day,
            may(seen.brought),
        );
    }
    if let Some(seen) = &lesson.device {
        let digest = profile.device(&seen.it);
        meet(
            &mut next.devices,
            Profile::DEVICES,
            digest,
            day,
            may(seen.brought),
        );
    }
    if next == *profile {
        return None;
    }
    if next.days == 0 || day < next.since {
        next.since = day;
    }
    if next.days == 0 || next.latest < day {
        next.latest = day;
        next.days = next.days.saturating_add(1);
    }
    Some(next)
}

/// What the context of a session just opened would score against the profile, by those groups that need no session.
fn by_itself(profile: &Profile, lesson: &Lesson) -> i32 {
    let unknown_country = |seen: &Seen<String>| !profile.knows_country(&seen.it);
    let network = match (&lesson.system, &lesson.country) {
        (Some(system), _) if profile.knows_system(system.it) => Some(SYSTEM_KNOWN),
        (_, Some(country)) if !profile.countries.is_empty() && unknown_country(country) => Some(COUNTRY_NEW),
        (Some(_), _) if !profile.networks.is_empty() => Some(COUNTRY_KNOWN),
        _ => None,
    };
    let new_anonymizer = lesson
        .anonymizer
        .as_ref()
        .filter(|seen| seen.it == 0 || !profile.knows_anonymizer(Some(seen.it)))
        .map(|_| ANONYMIZER_NEW);
    let device = match &lesson.device {
        _ if profile.devices.is_empty() => None,
        Some(seen) => (!profile.knows_device(&seen.it)).then_some(FINGERPRINT_CHANGED),
        None => Some(FINGERPRINT_MISSING),
    };
    let weights: [Option<Weight>; 3] = [network, new_anonymizer, device];
    weights.iter().flatten().map(|weight| weight.points).sum()
}

/// Notes that a thing was seen on `day`, taking it up if it `may` be new. The list keeps what was seen last.
fn meet(list: &mut Vec<Acquaintance>, most: usize, digest: [u8; 8], day: u16, may: bool) {
    if let Some(known) = list.iter_mut().find(|it| it.digest == digest) {
        known.first_on = known.first_on.min(day);
        if known.last_on < day {
            known.last_on = day;
            known.days = known.days.saturating_add(1);
        }
    } else if may {
        list.push(Acquaintance {
            digest,
            first_on: day,
            last_on: day,
            days: 1,
        });
        list.sort_by_key(|it| (std::cmp::Reverse((it.last_on, it.days)), it.digest));
        list.truncate(most);
    }
}
