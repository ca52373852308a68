//! Writing down how sessions ended, and what their subjects are known by, from what the table's stream shows.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::Value;

use super::Sessions;
use crate::model::{Ending, HeldSession, Instant, Reason, SessionId, SubjectKey, TenantId};
use crate::risk::{self, Lesson};
use crate::store::{Change, Error, change};

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

/// A batch of the stream, settled record by record in its order.
#[derive(Debug, Default)]
pub struct Batch {
    /// The guards of which a record has to come again.
    waiting: HashSet<(TenantId, SubjectKey)>,
}

/// Why a record has to come again.
#[derive(Debug, thiserror::Error)]
pub enum Unsettled {
    /// The table did not answer, or the record cannot be read.
    #[error(transparent)]
    Store(#[from] Error),
    /// The record of a session is on its way.
    #[error("a session's record is not there yet")]
    RecordMissing,
    /// An earlier record of the same guard has to come again, and what is learnt depends on what was learnt before.
    #[error("an earlier record of its guard comes first")]
    Waiting,
}

/// The sessions a write took out, and how they ended. None where everything of the subject was erased: there is no
/// record to write it into, and if one comes late it is nobody's to keep.
pub(crate) fn endings(change: &Change) -> Vec<(SessionId, &HeldSession, Ending)> {
    if change.before.erased_at != change.after.erased_at {
        return Vec::new();
    }
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

/// Whether a write was made before everything of its subject was erased at `erased`: the guard says in each of its images
/// which erasure it has seen, and no clock is asked.
fn is_before(change: &Change, erased: Option<Instant>) -> bool {
    erased.is_some_and(|at| change.after.erased_at.is_none_or(|seen| seen < at))
}

/// What a write taught of its subject, in the order of the sessions' ids: nothing where it was `erased` after that. What
/// sessions brought comes before how others ended.
pub(super) fn lessons(change: &Change, erased: Option<Instant>) -> Vec<Lesson> {
    if is_before(change, erased) {
        return Vec::new();
    }
    let used = change.after.sessions.iter();
    let used = used.flat_map(|(id, it)| risk::lessons(id.tag(), change.before.find(*id), it));
    let ended = endings(change).into_iter();
    let ended = ended.map(|(id, _, ending)| Lesson::Ended {
        session: id.tag(),
        well: ended_well(ending.reason),
    });
    used.chain(ended).collect()
}

/// Whether a session ended without anyone calling it stolen or taking it away.
const fn ended_well(reason: Reason) -> bool {
    match reason {
        Reason::LoggedOut | Reason::Evicted | Reason::IdleTimeout | Reason::AbsoluteTimeout => true,
        Reason::LoggedOutEverywhere
        | Reason::Revoked
        | Reason::SuspectedTheft
        | Reason::Withdrawn
        | Reason::Pending => false,
    }
}

impl Sessions {
    /// Settles the next record of a batch: the endings first, then what it teaches.
    ///
    /// Endings need no order. Lessons do: after a record that has to come again, its guard teaches nothing more in this
    /// batch, so that the records that come again teach in the order in which they were written.
    pub async fn settle_record(
        &self,
        batch: &mut Batch,
        record: &Value,
        now: Instant,
    ) -> Result<(), Unsettled> {
        let Some(change) = change(record)? else {
            return Ok(());
        };
        let settled = self.settle_change(batch, &change, now).await;
        if settled.is_err() {
            batch.waiting.insert((change.tenant, change.subject));
        }
        settled
    }

    async fn settle_change(&self, batch: &Batch, change: &Change, now: Instant) -> Result<(), Unsettled> {
        if self.settle(change, now).await? == Settled::Later {
            return Err(Unsettled::RecordMissing);
        }
        let guard = (change.tenant.clone(), change.subject.clone());
        if batch.waiting.contains(&guard) && !lessons(change, None).is_empty() {
            return Err(Unsettled::Waiting);
        }
        Ok(self.teach(change, now).await?)
    }

    /// Lets the subject's profile learn what one write to its guard taught: one read and one write, only if there is
    /// something. What stands where the profile has learnt already, or before that, has been learnt or is too late.
    pub async fn teach(&self, change: &Change, now: Instant) -> Result<(), Error> {
        if lessons(change, None).is_empty() {
            return Ok(());
        }
        let (tenant, subject) = (&change.tenant, &change.subject);
        for _ in 0..MOST_TRIES {
            let seen = self.store.profile(tenant, subject, now).await?;
            let position = change.position.as_ref();
            if position.is_some_and(|it| seen.is_past(it)) {
                return Ok(());
            }
            let mut next = seen.profile.clone();
            for lesson in &lessons(change, seen.erased_at) {
                next = risk::learn(&next, lesson).unwrap_or(next);
            }
            if next == seen.profile {
                return Ok(());
            }
            let put = self
                .store
                .put_profile(tenant, subject, &seen, &next, position, now);
            if put.await? {
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
            let address = session.latest_address();
            let last = session.last_activity_at;
            let found = self
                .store
                .settle(&change.tenant, id, ending, last, address)
                .await?;
            let late = !found && now.since(session.created_at) < RECORD_LATE;
            if late && !self.was_erased(change, now).await? {
                settled = Settled::Later;
            }
        }
        Ok(settled)
    }

    /// Whether everything of the subject was erased since, so that the record of a session does not come.
    async fn was_erased(&self, change: &Change, now: Instant) -> Result<bool, Error> {
        let known = self.store.profile(&change.tenant, &change.subject, now).await?;
        Ok(is_before(change, known.erased_at))
    }
}
