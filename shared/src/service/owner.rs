//! Whose session it is, where the caller may ask for anyone's in its tenant.

use super::Sessions;
use crate::model::{SessionId, SessionRecord, Subject, SubjectKey, TenantId};
use crate::store::Error;

/// The holder of a session, and its record if that had to be read.
#[derive(Debug, Clone)]
pub struct Owner {
    /// The holder.
    pub subject: SubjectKey,
    /// The session's record.
    pub record: Option<SessionRecord>,
}

impl Sessions {
    /// The subject the caller named; without one, the subject of the session's record, at the price of one read.
    pub async fn owner(
        &self,
        tenant: &TenantId,
        named: Option<&Subject>,
        id: SessionId,
    ) -> Result<Option<Owner>, Error> {
        if let Some(subject) = named {
            return Ok(Some(Owner {
                subject: subject.key(tenant),
                record: None,
            }));
        }
        let record = self.store.record(tenant, id).await?;
        let owner = record.as_ref().and_then(SessionRecord::owner);
        Ok(owner.map(|subject| Owner {
            subject: subject.key(tenant),
            record,
        }))
    }
}
