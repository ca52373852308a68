//! What is counted to keep a flood out: reserved in batches, so that no item is written for each request.

use aws_sdk_dynamodb::types::ReturnValue;

use super::attributes::COUNT;
use super::item::{Reader, SCHEMA_VERSION, number};
use super::keys::Key;
use super::{Error, Store, Write};
use crate::model::{Instant, SiteKey, TenantId};

/// How long a count is kept after its window, seconds.
const KEPT: i64 = 600;

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted<'a> {
    /// Those of a tenant.
    Tenant,
    /// Those of a site.
    Site(&'a SiteKey),
    /// Those of a network, named by its prefix; stored as a digest.
    Network(&'a str),
}

/// A stretch of time that is counted by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Which one, counted from 1970.
    pub number: i64,
    /// When it ends.
    pub ends_at: Instant,
}

impl Store {
    /// Reserves up to `wanted` requests of a shard in which `quota` may pass: one request. 0 when it is full.
    pub async fn reserve(
        &self,
        tenant: &TenantId,
        counted: Counted<'_>,
        window: Window,
        shard: u8,
        (wanted, quota): (u32, u32),
    ) -> Result<u32, Error> {
        let update = "SET #count = if_not_exists(#count, :zero) + :wanted, #ttl = :ttl, #schema = :schema";
        let condition = "attribute_not_exists(#count) OR #count < :quota";
        let values = [
            (":zero", number(0)),
            (":wanted", number(wanted)),
            (":quota", number(quota)),
            (":ttl", number(window.ends_at.secs() + KEPT)),
            (":schema", number(SCHEMA_VERSION)),
        ];
        let key = Key::rate(tenant, counted, window.number, shard);
        let written = self
            .update(&key, update, condition, values)
            .return_values(ReturnValue::UpdatedNew)
            .send()
            .await;
        let Write::Done(output) = Write::of(written)? else {
            return Ok(0);
        };
        let item = output.attributes.unwrap_or_default();
        // The last batch reaches over the quota: what is beyond it was not granted.
        let beyond = Reader::open(&item)?.number::<u32>(COUNT)?.saturating_sub(quota);
        Ok(wanted.saturating_sub(beyond))
    }
}
