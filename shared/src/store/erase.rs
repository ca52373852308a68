//! Erasing what is kept of a subject: what leads to it, item by item, and what each deletion really took.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::attributes::{CREATED_AT, HISTORY_HASH, PARTITION_KEY, REFERENCE_ID, VISITORS, VISITS, names};
use super::devices::sharer;
use super::item::{Item, Reader, SCHEMA_VERSION, bytes, number, set, text};
use super::keys::{Key, history_hash};
use super::{Error, Store, Write};
use crate::model::{ClientId, DeviceKey, Instant, SessionId, SubjectKey, TenantId};

/// The record of a session, and what it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasable {
    /// The session.
    pub id: SessionId,
    /// When the record was made.
    pub created_at: Instant,
    /// The caller's own id of it.
    pub reference_id: Option<String>,
    /// Digests of the visits its requests showed.
    pub visits: Vec<[u8; 32]>,
    /// The devices its requests showed.
    pub devices: Vec<DeviceKey>,
}

/// Some of a subject's records.
#[derive(Debug, Clone, PartialEq)]
pub struct ErasablePage {
    /// The records.
    pub records: Vec<Erasable>,
    /// Where the next page begins, unless this is the last.
    pub next: Option<Place>,
}

/// A place in the index behind which a page begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Place(Item);

/// What became of a record that was to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone, by this request.
    Done,
    /// There is none of this subject.
    Absent,
    /// It leads to other things than it did when it was read: to these.
    LeadsTo(Erasable),
}

/// What is read of a record.
const READ: &str = "#pk, #schema, #created_at, #reference_id, #visits, #visitors";

impl Store {
    /// A page of the records of a subject, as many as fit a megabyte. The index follows writes within about a second.
    pub async fn erasable(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        after: Option<Place>,
    ) -> Result<ErasablePage, Error> {
        let condition = "#history_hash = :owner";
        let output = self
            .client
            .query()
            .table_name(&self.table)
            .index_name("history")
            .key_condition_expression(condition)
            .projection_expression(READ)
            .set_expression_attribute_names(Some(names(&format!("{condition} {READ}"))))
            .expression_attribute_values(":owner", text(history_hash(tenant, subject)))
            .set_exclusive_start_key(after.map(|Place(key)| key))
            .send()
            .await
            .map_err(Error::unavailable)?;
        let items = output.items.unwrap_or_default();
        Ok(ErasablePage {
            records: items.iter().map(Erasable::read).collect::<Result<_, _>>()?,
            next: output.last_evaluated_key.map(Place),
        })
    }

    /// The records of these sessions that are the subject's or, withdrawn, nobody's; strongly consistent. One request for
    /// each hundred, and one more for what the table left undone.
    pub async fn erasable_of(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        ids: &[SessionId],
    ) -> Result<Vec<Erasable>, Error> {
        let mut wanted = ids.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let mut records = Vec::new();
        for some in wanted.chunks(MOST_KEYS) {
            let keys = some.iter().map(|id| Key::session(tenant, *id).attributes());
            for item in self.batch(keys.collect()).await? {
                let owner = item.get(HISTORY_HASH).and_then(|it| it.as_s().ok());
                if owner.is_none_or(|it| *it == history_hash(tenant, subject)) {
                    records.push(Erasable::read(&item)?);
                }
            }
        }
        Ok(records)
    }

    /// Deletes a record, if it leads to what it did when it was read: one request.
    pub async fn delete_record(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        seen: &Erasable,
    ) -> Result<Deleted, Error> {
        let mut values = vec![
            (":owner".to_owned(), text(history_hash(tenant, subject))),
            (":schema".to_owned(), number(SCHEMA_VERSION)),
        ];
        let mut as_seen = |word: &str, set: Option<AttributeValue>| match set {
            Some(set) => {
                values.push((format!(":{word}"), set));
                format!("#{word} = :{word}")
            }
            None => format!("attribute_not_exists(#{word})"),
        };
        let visits = as_seen("visits", set(seen.visits.iter().copied()));
        let visitors = as_seen("visitors", set(seen.devices.iter().map(|it| it.bits())));
        let condition = format!(
            "attribute_not_exists(#pk) OR ({visits} AND {visitors} AND #schema <= :schema \
             AND (attribute_not_exists(#history_hash) OR #history_hash = :owner))"
        );
        let written = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(Key::session(tenant, seen.id).attributes()))
            .set_expression_attribute_names(Some(names(&condition)))
            .set_expression_attribute_values(Some(values.into_iter().collect()))
            .condition_expression(condition)
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let item = match Write::of(written)? {
            Write::Done(output) => {
                let old = output.attributes.filter(|item| !item.is_empty());
                return Ok(old.map_or(Deleted::Absent, |_| Deleted::Done));
            }
            Write::Refused(item) => item.unwrap_or_default(),
        };
        let owner = item.get(HISTORY_HASH).and_then(|it| it.as_s().ok());
        if item.is_empty() || owner.is_some_and(|it| *it != history_hash(tenant, subject)) {
            return Ok(Deleted::Absent);
        }
        Ok(Deleted::LeadsTo(Erasable::read(&item)?))
    }

    /// Deletes what leads from a caller's own id to a session: one request. Whether there was something.
    pub async fn delete_reference(
        &self,
        tenant: &TenantId,
        reference: &str,
        id: SessionId,
    ) -> Result<bool, Error> {
        self.delete(&Key::reference(tenant, reference, id)).await
    }

    /// Deletes a visit: one request. Whether there was one.
    pub async fn delete_visit(&self, tenant: &TenantId, digest: &[u8; 32]) -> Result<bool, Error> {
        self.delete(&Key::visit(tenant, digest)).await
    }

    /// Deletes what is kept of a client: one request. Whether there was something.
    pub async fn delete_client(&self, tenant: &TenantId, id: ClientId) -> Result<bool, Error> {
        self.delete(&Key::client(tenant, id)).await
    }

    /// Takes a subject from those who share a device: one request. Whether it was one of them.
    pub async fn unshare_device(
        &self,
        tenant: &TenantId,
        id: DeviceKey,
        subject: &SubjectKey,
    ) -> Result<bool, Error> {
        let sharer = sharer(subject);
        let values = [
            (":subject", bytes(&sharer)),
            (":subjects", AttributeValue::Bs(vec![Blob::new(sharer)])),
        ];
        let (update, condition) = ("DELETE #shared_by :subjects", "contains(#shared_by, :subject)");
        let key = Key::device(tenant, id);
        let written = self.update(&key, update, condition, values).send().await;
        Ok(matches!(Write::of(written)?, Write::Done(_)))
    }

    async fn delete(&self, key: &Key) -> Result<bool, Error> {
        let output = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .map_err(Error::unavailable)?;
        Ok(output.attributes.is_some_and(|item| !item.is_empty()))
    }
}

/// The most keys the table takes at once.
const MOST_KEYS: usize = 100;

impl Erasable {
    fn read(item: &HashMap<String, AttributeValue>) -> Result<Self, Error> {
        let reader = Reader::open(item)?;
        let id = item
            .get(PARTITION_KEY)
            .and_then(|it| it.as_s().ok())
            .and_then(|pk| pk.split_once("#S#"))
            .and_then(|(_, id)| id.parse().ok());
        Ok(Self {
            id: id.ok_or_else(|| reader.corrupt("not a session's key"))?,
            created_at: reader.time(CREATED_AT)?,
            reference_id: reader.opt_text(REFERENCE_ID)?.map(str::to_owned),
            visits: reader.set(VISITS)?,
            devices: reader.set(VISITORS)?.into_iter().map(DeviceKey::new).collect(),
        })
    }
}
