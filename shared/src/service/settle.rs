//! Writing down how sessions ended, and what their subjects are known by, from what the table's stream shows.

use std::time::Duration;

use super::Sessions;
use crate::model::{Ending, HeldSession, Instant, Reason, SessionId};
use crate::risk::{self, Lesson};
use crate::store::{Change, Error};

/// How long the record of a session may be on its way. Without record after that, the session was never answered.
const RECORD_LATE: Duration = Duration::from_secs(60);

/// How often a profile that another one writes is read again.
const MOST_TRIES: u32 = 8;

/// What became of the sessions one write took out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// All of their records tell how they ended.
    All,
    /// A record is not there yet: look again.
    Later,
}

/// The sessions a write took out, and how they ended.
pub(super) fn endings(change: &Change) -> Vec<(SessionId, &HeldSession, Ending)> {
    let ending = |id, session: &HeldSession| {
        let at = change.after.removed_at.unwrap_or(session.last_activity_at);
        let everywhere = change.before.revoked_all_at != change.after.revoked_all_at;
        let reason = match change.after.why_removed(id) {
            Some(reason) => reason,
            None if everywhere => Reason::LoggedOutEverywhere,
            None => Reason::Revoked,
        };
        match session.expired(at) {
            Some(expired) if reason != Reason::Withdrawn => expired,
            _ => Ending { at, reason },
        }
    };
    let gone = change
        .before
        .sessions
        .iter()
        .filter(|(id, _)| change.after.find(*id).is_none());
    gone.map(|(id, session)| (*id, session, ending(*id, session)))
        .collect()
}

/// What a write taught of its subject, in the order of the sessions' ids.
pub(super) fn lessons(change: &Change) -> Vec<Lesson> {
    let after = change.after.sessions.iter();
    after
        .filter_map(|(id, session)| risk::lesson(change.before.find(*id), session))
        .collect()
}

impl Sessions {
    /// Lets the subject's profile learn what one write to its guard taught. Doing it twice, or late, changes nothing
    /// that counts: days are counted once, and what was seen last stays.
    pub async fn teach(&self, change: &Change, now: Instant) -> Result<(), Error> {
        let lessons = lessons(change);
        if lessons.is_empty() {
            return Ok(());
        }
        let (tenant, subject) = (&change.tenant, &change.subject);
        for _ in 0..MOST_TRIES {
            let seen = self.store.profile(tenant, subject, now).await?;
            let mut next = seen.profile.clone();
            for lesson in &lessons {
                next = risk::learn(&next, lesson).unwrap_or(next);
            }
            if next == seen.profile || self.store.put_profile(tenant, subject, &seen, &next, now).await? {
                return Ok(());
            }
        }
        Err(Error::Contended)
    }

    /// Stamps the records of the sessions that one write to a guard took out. Doing it twice changes nothing.
    pub async fn settle(&self, change: &Change, now: Instant) -> Result<Settled, Error> {
        let mut settled = Settled::All;
        for (id, session, ending) in endings(change) {
            // Nobody was told of a withdrawn session, and its id may be opened again by a resumed request.
            if ending.reason == Reason::Withdrawn {
                continue;
            }
            let address = session.ipv4.map(Into::into).or(session.ipv6.map(Into::into));
            let last = session.last_activity_at;
            let found = self
                .store
                .settle(&change.tenant, id, ending, last, address)
                .await?;
            if !found && now.since(session.created_at) < RECORD_LATE {
                settled = Settled::Later;
            }
        }
        Ok(settled)
    }
}
