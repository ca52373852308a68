//! The index of everything that must happen at a time, and how far it has been worked off.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;

use super::attributes::{HOUR, PARTITION_KEY, SORT_KEY, names};
use super::item::{Reader, SCHEMA_VERSION, number, text, time};
use super::keys::{DUE_SHARDS, Key, due_hash, hour};
use super::{Error, Store, Write};
use crate::model::{Instant, SubjectKey, TenantId};

/// How long the mark stays after the last one, so that a table without schedule does not keep it.
const PROBE_KEPT: Duration = Duration::from_hours(24);

/// A guard that cleanup must look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueGuard {
    /// Whose guard.
    pub tenant: TenantId,
    /// Whose guard.
    pub subject: SubjectKey,
}

/// One page of what is due in one shard of one hour.
#[derive(Debug, Clone)]
pub struct DuePage {
    /// The guards of the page.
    pub guards: Vec<DueGuard>,
    /// How many other items there are, whose keys are no guard's.
    pub others: u64,
    /// Where the next page begins.
    pub next: Option<HashMap<String, AttributeValue>>,
}

impl Store {
    /// Shards of every hour.
    pub const DUE_SHARDS: u8 = DUE_SHARDS;

    /// The hour of an instant, counted from the Unix epoch.
    pub fn hour_of(at: Instant) -> i64 {
        hour(at)
    }

    /// The start of an hour.
    pub fn start_of(hour: i64) -> Instant {
        Instant::from_secs(hour.saturating_mul(3600))
    }

    /// What is due in one shard of one hour by `now`, at most 100 guards a page.
    pub async fn due(
        &self,
        hour: i64,
        shard: u8,
        now: Instant,
        from: Option<HashMap<String, AttributeValue>>,
    ) -> Result<DuePage, Error> {
        let condition = "#due_hash = :shard AND #due_at <= :now";
        let output = self
            .client
            .query()
            .table_name(&self.table)
            .index_name("due")
            .key_condition_expression(condition)
            .set_expression_attribute_names(Some(names(condition)))
            .expression_attribute_values(":shard", text(due_hash(hour, shard)))
            .expression_attribute_values(":now", time(now))
            .set_exclusive_start_key(from)
            .limit(100)
            .send()
            .await
            .map_err(Error::unavailable)?;
        let keys = output.items.unwrap_or_default();
        let guards: Vec<_> = keys
            .iter()
            .filter(|item| {
                let sort = item.get(SORT_KEY).and_then(|it| it.as_s().ok());
                sort.is_some_and(|it| it == Key::GUARD)
            })
            .filter_map(|item| Key::guard_of(item.get(PARTITION_KEY)?.as_s().ok()?))
            .map(|(tenant, subject)| DueGuard { tenant, subject })
            .collect();
        let others = keys.len() - guards.len();
        Ok(DuePage {
            guards,
            others: u64::try_from(others).unwrap_or(u64::MAX),
            next: output.last_evaluated_key.filter(|key| !key.is_empty()),
        })
    }

    /// The oldest hour that is not drained yet, if that was ever written.
    pub async fn watermark(&self) -> Result<Option<i64>, Error> {
        let Some(item) = self.get(&Key::watermark()).await? else {
            return Ok(None);
        };
        Reader::open(&item)?.opt_number(HOUR)
    }

    /// Moves the watermark forward to `hour`; never back.
    pub async fn advance_watermark(&self, hour: i64) -> Result<(), Error> {
        let (update, condition) = (
            "SET #hour = :hour, #schema = :schema",
            "attribute_not_exists(#hour) OR #hour < :hour",
        );
        let values = [(":hour", number(hour)), (":schema", number(SCHEMA_VERSION))];
        let written = self
            .update(&Key::watermark(), update, condition, values)
            .send()
            .await;
        Write::of(written).map(|_| ())
    }

    /// Writes what is new in every run, so that it comes through the table's stream: one request. The last one wins, as a
    /// mark of a machine whose clock is ahead would else stand in the way of all that come after it.
    pub async fn probe_stream(&self, now: Instant) -> Result<(), Error> {
        let (update, condition) = (
            "SET #ttl = :ttl, #schema = :schema",
            "attribute_not_exists(#schema) OR #schema <= :schema",
        );
        let values = [
            (":ttl", number((now + PROBE_KEPT).secs())),
            (":schema", number(SCHEMA_VERSION)),
        ];
        let written = self.update(&Key::probe(), update, condition, values).send().await;
        Write::of(written).map(|_| ())
    }
}
