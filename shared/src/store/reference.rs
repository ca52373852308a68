//! The names callers give their sessions: each leads to the sessions of that name, the newest first.
//!
//! One item for each session, so that a name whose latest session could not be written down leads to the one before.

use super::attributes::{OWNER, SCHEMA, SORT_KEY, TTL, names};
use super::item::{Reader, SCHEMA_VERSION, number, text};
use super::keys::{Key, referenced, references};
use super::{Error, Store, Write};
use crate::model::{Instant, SessionId, SubjectKey, TenantId};

/// How many sessions of a name are looked at: what fits one read unit.
const LOOKED_AT: i32 = 16;

/// A session that was called by a name. Its record may not be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referenced {
    /// The session.
    pub id: SessionId,
    /// Whose it is.
    pub owner: SubjectKey,
}

impl Store {
    /// Lets a name lead to this session of `owner` until `kept_until`: one request.
    pub async fn put_reference(
        &self,
        tenant: &TenantId,
        reference: &str,
        id: SessionId,
        owner: &SubjectKey,
        kept_until: Instant,
    ) -> Result<(), Error> {
        let written = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(Key::reference(tenant, reference, id).attributes()))
            .item(SCHEMA, number(SCHEMA_VERSION))
            .item(OWNER, text(owner.as_str()))
            .item(TTL, number(kept_until.secs()))
            .send()
            .await;
        Write::of(written).map(|_| ())
    }

    /// The newest sessions of this name, at most sixteen, the newest first: one request, strongly consistent.
    pub async fn referenced(&self, tenant: &TenantId, reference: &str) -> Result<Vec<Referenced>, Error> {
        let condition = "#pk = :name";
        let output = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression(condition)
            .set_expression_attribute_names(Some(names(condition)))
            .expression_attribute_values(":name", text(references(tenant, reference)))
            .scan_index_forward(false)
            .limit(LOOKED_AT)
            .send()
            .await
            .map_err(Error::unavailable)?;
        let items = output.items.unwrap_or_default();
        let read = |item| {
            let reader = Reader::open(item)?;
            let id = referenced(reader.text(SORT_KEY)?);
            Ok(Referenced {
                id: id.ok_or_else(|| reader.corrupt("not a session id"))?,
                owner: reader
                    .text(OWNER)?
                    .parse()
                    .map_err(|_| reader.corrupt("not a subject"))?,
            })
        };
        items.iter().map(read).collect()
    }
}
