//! Who is logged in where.

use super::Sessions;
use crate::model::{HeldSession, Instant, SessionId, SessionRecord, SubjectKey, TenantId};
use crate::store::Error;

/// A live session and its record; the record is missing only if writing it was cut short.
#[derive(Debug, Clone)]
pub struct ActiveSession {
    /// The session's id.
    pub id: SessionId,
    /// What is read at every validate.
    pub held: HeldSession,
    /// Everything else.
    pub record: Option<SessionRecord>,
}

impl Sessions {
    /// The live sessions of a subject, the newest first: two requests, strongly consistent.
    pub async fn active(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        now: Instant,
    ) -> Result<Vec<ActiveSession>, Error> {
        let guard = self.store.guard(tenant, subject).await?.unwrap_or_default();
        let live: Vec<_> = guard
            .sessions
            .into_iter()
            .filter(|(_, session)| session.is_live(now))
            .collect();
        let ids: Vec<_> = live.iter().map(|(id, _)| *id).collect();
        let mut records = self.store.records(tenant, &ids).await?;
        let mut take = |id| {
            let at = records.iter().position(|record| record.id == id)?;
            Some(records.swap_remove(at))
        };
        let mut sessions: Vec<_> = live
            .into_iter()
            .map(|(id, held)| ActiveSession {
                id,
                held,
                record: take(id),
            })
            .collect();
        sessions.sort_by_key(|it| std::cmp::Reverse((it.held.created_at, it.id)));
        Ok(sessions)
    }
}
