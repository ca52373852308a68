//! Ending sessions: one, or all of a subject's.

use super::Sessions;
use crate::model::{Ending, Instant, Issued, Reason, SessionId, SubjectKey, TenantId, Tenure};
use crate::store::{Error, Removed, Stamp};

impl Sessions {
    /// Ends one session, held or observed: two requests side by side. False when the subject has none that is alive; then
    /// nothing of this is left, which takes one more where the end it had is not written down yet.
    pub async fn end(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        id: SessionId,
        reason: Reason,
        note: Option<&str>,
        now: Instant,
    ) -> Result<bool, Error> {
        let stamp = Stamp {
            ending: Ending { at: now, reason },
            note,
        };
        let (removed, stamped) = tokio::join!(
            self.store.remove(tenant, subject, (id, None), reason, now),
            self.store.stamp(tenant, subject, id, &stamp),
        );
        Ok(match removed? {
            Removed::Session(session) => match session.expired(now) {
                None => {
                    later_settled(stamped.map(|_| ()));
                    true
                }
                // Nobody ended it but the time: that is its end, and not the word that was given beside.
                Some(ran_out) => {
                    let (last, address) = (session.last_activity_at, session.latest_address());
                    let settled = self.store.settle(tenant, id, ran_out, last, address).await;
                    later_settled(settled.map(|_| ()));
                    false
                }
            },
            Removed::Before => {
                later_settled(stamped.map(|_| ()));
                true
            }
            // Nothing was judged, so nothing can have changed.
            Removed::Changed(_) => return Err(Error::Contended),
            Removed::Absent { revoked_all_at } => match stamped? {
                // Nothing makes up for the stamp of an observed session: it is its end.
                Some(record) if record.tenure == Tenure::Observed => {
                    revoked_all_at.is_none_or(|at| at < record.created_at)
                }
                // It had ended before, and who ended it is still to be written down.
                Some(_) => {
                    later_settled(self.store.unstamp(tenant, id, &stamp).await);
                    false
                }
                None => false,
            },
        })
    }

    /// Ends all sessions of a subject at once: one request. How many were alive.
    pub async fn end_all(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        now: Instant,
    ) -> Result<usize, Error> {
        self.end_all_by(tenant, subject, None, now).await
    }

    /// The same at the word of a user, whose token shows its issuer's clock.
    pub async fn end_all_by(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        issued: Option<Issued>,
        now: Instant,
    ) -> Result<usize, Error> {
        let clock = issued.and_then(|it| it.clock(now));
        let ended = self.store.remove_all_by(tenant, subject, clock, now).await?;
        Ok(ended.iter().filter(|(_, session)| session.is_live(now)).count())
    }
}

/// A session has ended when it left its guard; a stamp that failed is made up for from the stream.
pub(super) fn later_settled(stamped: Result<(), Error>) {
    if let Err(error) = stamped {
        tracing::warn!(error = &error as &dyn std::error::Error, "end not stamped yet");
    }
}
