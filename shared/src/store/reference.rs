//! The names callers give their sessions: each leads to the newest session of that name.

use super::attributes::{SCHEMA, SESSION_ID, TTL, names};
use super::item::{Reader, SCHEMA_VERSION, number, text};
use super::keys::Key;
use super::{Error, Store, Write};
use crate::model::{Instant, SessionId, TenantId};

impl Store {
    /// Lets a name lead to this session until `kept_until`, unless it leads to a newer one.
    pub async fn put_reference(
        &self,
        tenant: &TenantId,
        reference: &str,
        id: SessionId,
        kept_until: Instant,
    ) -> Result<(), Error> {
        // The canonical spelling of a session id sorts by the time it was drawn.
        let condition = "attribute_not_exists(#pk) OR #session_id < :id";
        let written = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(Key::reference(tenant, reference).attributes()))
            .item(SCHEMA, number(SCHEMA_VERSION))
            .item(SESSION_ID, text(id.to_string()))
            .item(TTL, number(kept_until.secs()))
            .condition_expression(condition)
            .set_expression_attribute_names(Some(names(condition)))
            .expression_attribute_values(":id", text(id.to_string()))
            .send()
            .await;
        Write::of(written).map(|_| ())
    }

    /// The newest session of this name.
    pub async fn reference(&self, tenant: &TenantId, reference: &str) -> Result<Option<SessionId>, Error> {
        let Some(item) = self.get(&Key::reference(tenant, reference)).await? else {
            return Ok(None);
        };
        let reader = Reader::open(&item)?;
        let id = reader.text(SESSION_ID)?.parse();
        id.map(Some).map_err(|_| reader.corrupt("not a session id"))
    }
}
