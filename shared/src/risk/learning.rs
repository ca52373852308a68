//! What a profile learns from its subject's sessions, and what it takes back.
//!
//! A lesson is read from one write to a guard: the session before and after it. It says nothing that the session does
//! not say itself. What a session was opened with is held against the profile as it is then, so lessons are learnt in
//! their order; whoever teaches sees to that.
//!
//! A thing excuses a request only when it is *known*: the subject proved itself there, or lived with it for several days
//! in sessions that ended well. What a live session brings stands beside that until the session ends.

use crate::model::{Acquaintance, HeldSession, Pending, Profile, Sample, SessionTag};

use super::weights::{
    ANONYMIZER_NEW, COUNTRY_KNOWN, COUNTRY_NEW, FINGERPRINT_CHANGED, FINGERPRINT_WITHHELD, Weight,
};

/// What one write to a guard has to teach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lesson {
    /// A session was used.
    Used(Box<Use>),
    /// A session ended.
    Ended {
        /// Which.
        session: SessionTag,
        /// Whether nobody called it stolen or took it away.
        well: bool,
    },
}

/// What a session was used with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    session: SessionTag,
    day: u16,
    manner: Manner,
    system: Option<u32>,
    /// The system behind which something stands, 0 where that is not known: nothing to know it again by.
    anonymizer: Option<u32>,
    country: Option<String>,
    device: Option<[u8; 16]>,
}

/// How the session came to what it teaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Its subject proved itself.
    Proven,
    /// A request that was let in.
    LetIn,
    /// It was opened there, which nobody scored: learnt if that costs less than a new country by itself.
    Opened,
}

/// What the write that made `before` into `after` teaches of the session: of what it is held by, and of where else it was.
pub fn lessons(session: SessionTag, before: Option<&HeldSession>, after: &HeldSession) -> Vec<Lesson> {
    let mut lessons = Vec::new();
    let Some(day) = after.trail.learnt_on else {
        return lessons;
    };
    // A session that taught nothing yet is as good as one just opened.
    let before = before.filter(|it| it.trail.learnt_on.is_some());
    let again = before.is_some_and(|it| {
        it.trail.learnt_on == after.trail.learnt_on
            && it.trail.proven == after.trail.proven
            && (it.asn, &it.country, it.fingerprint) == (after.asn, &after.country, after.fingerprint)
            && (it.anonymous, it.trail.relay) == (after.anonymous, after.trail.relay)
    });
    if !again {
        // A relay of a system's maker is no anonymizer to be known by: scoring takes it for an ordinary address.
        let hired = after.anonymous && !after.trail.relay;
        let held_by = |it: &HeldSession| (it.asn, it.country.clone(), it.fingerprint);
        let moved =
            before.is_some_and(|it| held_by(it) != held_by(after) || it.trail.proven != after.trail.proven);
        let held = Use {
            session,
            day,
            manner: match before {
                None if !after.trail.proven => Manner::Opened,
                Some(_) if !moved => Manner::LetIn,
                _ => Manner::Proven,
            },
            system: after.asn,
            anonymizer: hired.then(|| after.asn.unwrap_or(0)),
            country: after.country.clone(),
            device: match after.fingerprint {
                Sample::Supplied(digest) => Some(digest),
                Sample::Computed(_) => None,
            },
        };
        lessons.push(Lesson::Used(Box::new(held)));
    }
    if let Some(elsewhere) = after.trail.elsewhere
        && before.and_then(|it| it.trail.elsewhere) != Some(elsewhere)
    {
        lessons.push(Lesson::Used(Box::new(Use {
            session,
            day: elsewhere.on,
            manner: Manner::LetIn,
            system: Some(elsewhere.asn),
            anonymizer: elsewhere.hired.then_some(elsewhere.asn),
            country: None,
            device: None,
        })));
    }
    lessons
}

/// The profile after the lesson; none where it knew everything, or learns nothing from where the session was opened.
///
/// Whatever the lesson, what is known and was seen last is kept.
pub fn learn(profile: &Profile, lesson: &Lesson) -> Option<Profile> {
    let next = match lesson {
        Lesson::Ended { session, well } => settled(profile, *session, *well),
        Lesson::Used(used) => used_with(profile, used)?,
    };
    (next != *profile).then_some(next)
}

fn used_with(profile: &Profile, used: &Use) -> Option<Profile> {
    let first = profile.days == 0;
    if used.manner == Manner::Opened && !first && COUNTRY_NEW.points <= by_itself(profile, used) {
        return None;
    }
    let day = used.day;
    let pending = Pending {
        session: used.session,
        days: 1,
        proven: used.manner != Manner::LetIn,
    };
    let mut next = profile.clone();
    if let Some(asn) = used.system {
        meet(
            &mut next.networks,
            Profile::NETWORKS,
            profile.system(asn),
            day,
            pending,
        );
    }
    if let Some(asn) = used.anonymizer.filter(|it| *it != 0) {
        meet(
            &mut next.networks,
            Profile::NETWORKS,
            profile.anonymizer(Some(asn)),
            day,
            pending,
        );
    }
    if let Some(country) = &used.country {
        meet(
            &mut next.countries,
            Profile::COUNTRIES,
            profile.country(country),
            day,
            pending,
        );
    }
    if let Some(device) = &used.device {
        meet(
            &mut next.devices,
            Profile::DEVICES,
            profile.device(device),
            day,
            pending,
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

/// The profile after a session ended: what it brought counts for good, or is taken back.
fn settled(profile: &Profile, session: SessionTag, well: bool) -> Profile {
    let mut next = profile.clone();
    for list in [&mut next.networks, &mut next.countries, &mut next.devices] {
        for thing in list.iter_mut() {
            let Some(pending) = thing.pending.filter(|it| it.session == session) else {
                continue;
            };
            thing.pending = None;
            if well {
                thing.days = thing.days.saturating_add(pending.days.into());
                thing.proven |= pending.proven;
            }
        }
        list.retain(|it| 0 < it.days || it.proven || it.pending.is_some());
    }
    next
}

/// What the context of a session just opened would score against the profile, by those groups that need no session.
fn by_itself(profile: &Profile, used: &Use) -> i32 {
    let network = match (&used.system, &used.country) {
        // Where the subject is known a new device is no stranger.
        (Some(system), _) if profile.knows_system(*system) => None,
        (_, Some(country)) if !profile.countries.is_empty() && !profile.knows_country(country) => {
            Some(COUNTRY_NEW)
        }
        (Some(_), _) if !profile.networks.is_empty() => Some(COUNTRY_KNOWN),
        _ => None,
    };
    let new_anonymizer = used
        .anonymizer
        .filter(|it| *it == 0 || !profile.knows_anonymizer(Some(*it)))
        .map(|_| ANONYMIZER_NEW);
    let device = match &used.device {
        _ if profile.devices.is_empty() => None,
        Some(device) => (!profile.knows_device(device)).then_some(FINGERPRINT_CHANGED),
        None => Some(FINGERPRINT_WITHHELD),
    };
    let weights: [Option<Weight>; 3] = [network, new_anonymizer, device];
    weights.iter().flatten().map(|weight| weight.points).sum()
}

/// How long a session can live, days: whoever is said to have brought a thing longer ago has ended unseen.
const LONGEST_SESSION: u16 = 31;

/// Notes that a thing was seen on `day`, as `pending` says. One session at a time adds to a thing; one in which the
/// subject proved itself takes the place of one that was merely let in. The list keeps what is known, then what was seen
/// last.
fn meet(list: &mut Vec<Acquaintance>, most: usize, digest: [u8; 8], day: u16, pending: Pending) {
    let Some(thing) = list.iter_mut().find(|it| it.digest == digest) else {
        list.push(Acquaintance {
            digest,
            first_on: day,
            last_on: day,
            days: 0,
            proven: false,
            pending: Some(pending),
        });
        list.sort_by_key(|it| {
            (
                !it.is_known(),
                std::cmp::Reverse((it.last_on, it.days)),
                it.digest,
            )
        });
        list.truncate(most);
        return;
    };
    let newer = thing.last_on < day;
    thing.pending = Some(match thing.pending {
        Some(same) if same.session == pending.session => Pending {
            days: same.days.saturating_add(u8::from(newer)),
            proven: same.proven || pending.proven,
            ..same
        },
        Some(other)
            if (other.proven || !pending.proven) && day <= thing.last_on.saturating_add(LONGEST_SESSION) =>
        {
            other
        }
        // A day that another session has counted is not counted again.
        _ => Pending {
            days: u8::from(newer || thing.days == 0),
            ..pending
        },
    });
    thing.first_on = thing.first_on.min(day);
    thing.last_on = thing.last_on.max(day);
}
