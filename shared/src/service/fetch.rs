//! One session, or a subject's history, as it is now: held or observed, alive or ended.

use super::Sessions;
use crate::model::{
    Ending, HeldSession, Instant, Reason, SessionId, SessionRecord, Subject, SubjectKey, TenantId, Tenure,
};
use crate::store::{Cursor, Error, Guard};

/// How many pages of records are read at most for one of sessions, and how large the later ones are at least.
const MOST_PAGES: usize = 20;
const LATER_PAGE: u16 = 20;

/// A session of either kind, and how it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetched {
    /// Everything about it.
    pub record: SessionRecord,
    /// Its entry in its subject's guard, while it is held.
    pub held: Option<HeldSession>,
    /// Whether it lives.
    pub state: State,
}

/// Whether a session lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It lives.
    Active,
    /// It has ended, or its time has run out.
    Ended(Ending),
}

/// A page of a subject's sessions, those opened last first.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// The sessions.
    pub sessions: Vec<Fetched>,
    /// Where the next page begins, unless this is the last.
    pub next: Option<Cursor>,
}

impl Fetched {
    /// When the session was last used, as far as it is known.
    pub fn last_activity_at(&self) -> Instant {
        let stored = self.held.as_ref().map(|held| held.last_activity_at);
        stored
            .or(self.record.last_activity_at)
            .unwrap_or(self.record.started_at)
    }

    /// Nothing when the session was taken back before anyone was told of it.
    fn of(record: SessionRecord, guard: &Guard, now: Instant) -> Option<Self> {
        let held = guard.find(record.id).cloned();
        let state = state(&record, held.as_ref(), guard, now)?;
        Some(Self { record, held, state })
    }
}

fn state(record: &SessionRecord, held: Option<&HeldSession>, guard: &Guard, now: Instant) -> Option<State> {
    if record.tenure == Tenure::Observed {
        let everywhere = guard
            .revoked_all_at
            .filter(|at| record.created_at <= *at)
            .map(|at| Ending {
                at,
                reason: Reason::LoggedOutEverywhere,
            });
        let own = record.ended.filter(|ending| ending.at <= now);
        let first = everywhere.into_iter().chain(own).min_by_key(|ending| ending.at);
        return Some(first.map_or(State::Active, State::Ended));
    }
    if let Some(held) = held {
        return Some(held.expired(now).map_or(State::Active, State::Ended));
    }
    // The last word is in the record, whatever the guard has been told since.
    let settled = record.ended.filter(|_| record.last_activity_at.is_some());
    let removed = guard.why_removed(record.id).map(|reason| Ending {
        at: guard.removed_at.unwrap_or(record.created_at),
        reason,
    });
    let ended_at = guard.revoked_all_at.unwrap_or(record.created_at);
    let revoked = guard.revoked_sessions.iter().find(|(id, _)| *id == record.id);
    let everywhere = revoked.map(|(_, session)| {
        session.expired(ended_at).unwrap_or(Ending {
            at: ended_at,
            reason: Reason::LoggedOutEverywhere,
        })
    });
    let pending = Ending {
        at: guard.removed_at.unwrap_or(record.started_at),
        reason: Reason::Pending,
    };
    let ending = settled
        .or(removed)
        .or(everywhere)
        .or(record.ended)
        .unwrap_or(pending);
    (ending.reason != Reason::Withdrawn).then_some(State::Ended(ending))
}

/// Whether this may be the record of a session that never came to be: no guard entry, and no word of an end.
fn is_doubtful(fetched: &Fetched) -> bool {
    matches!(fetched.state, State::Ended(ending) if ending.reason == Reason::Pending)
}

impl Sessions {
    /// One session of a tenant: two requests, one after the other, strongly consistent.
    pub async fn fetch(
        &self,
        tenant: &TenantId,
        id: SessionId,
        now: Instant,
    ) -> Result<Option<Fetched>, Error> {
        let Some(record) = self.store.record(tenant, id).await? else {
            return Ok(None);
        };
        let Some(owner) = record.owner() else {
            return Ok(None);
        };
        let guard = self.store.guard(tenant, &owner.key(tenant)).await?;
        Ok(Fetched::of(record, &guard.unwrap_or_default(), now))
    }

    /// As [`Sessions::fetch`], for a caller that may know of `subject`'s sessions alone: what is another's costs it as
    /// much as what does not exist, one request.
    pub async fn fetch_of(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        id: SessionId,
        now: Instant,
    ) -> Result<Option<Fetched>, Error> {
        let record = self.store.record(tenant, id).await?;
        let own = |record: &SessionRecord| record.owner().is_some_and(|it| it.key(tenant) == *subject);
        let Some(record) = record.filter(own) else {
            return Ok(None);
        };
        let guard = self.store.guard(tenant, subject).await?;
        Ok(Fetched::of(record, &guard.unwrap_or_default(), now))
    }

    /// At most `limit` sessions of a subject, those opened last first: two requests side by side, and up to nineteen more,
    /// one after the other, where a page of records falls short of that: some are of sessions that never came to be, or
    /// there is a megabyte of them. The index behind it follows writes within about a second; how each held session
    /// stands is strongly consistent.
    pub async fn history(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        limit: u16,
        after: Option<&Cursor>,
        now: Instant,
    ) -> Result<History, Error> {
        let (page, guard) = tokio::join!(
            self.store.history(tenant, subject, limit, after),
            self.store.guard(tenant, subject),
        );
        let (mut page, guard) = (page?, guard?.unwrap_or_default());
        let real = |record| Fetched::of(record, &guard, now).filter(|it| !is_doubtful(it));
        let most = usize::from(limit);
        let mut sessions: Vec<_> = page.records.into_iter().filter_map(real).collect();
        for _ in 1..MOST_PAGES {
            let Some(next) = page.next.as_ref().filter(|_| sessions.len() < most) else {
                break;
            };
            let size = limit.max(LATER_PAGE);
            page = self.store.history(tenant, subject, size, Some(next)).await?;
            sessions.extend(page.records.into_iter().filter_map(real));
        }
        let mut next = page.next;
        if most < sessions.len() {
            sessions.truncate(most);
            next = sessions.last().map(|it| Cursor::behind(&it.record));
        }
        Ok(History { sessions, next })
    }

    /// At most `count` of a subject's newest sessions, at the price of [`Sessions::history`].
    pub async fn newest(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        count: u16,
        now: Instant,
    ) -> Result<Vec<Fetched>, Error> {
        let history = self.history(tenant, subject, count, None, now).await?;
        Ok(history.sessions)
    }

    /// Writes down a session that was opened elsewhere: one request. A record that is there stays.
    pub async fn observe(
        &self,
        tenant: &TenantId,
        subject: &Subject,
        record: &SessionRecord,
    ) -> Result<(), Error> {
        self.store
            .put_record(tenant, &subject.key(tenant), record, self.retention)
            .await
    }
}
