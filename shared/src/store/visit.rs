//! Visits of browsers: what was told, kept under the digest of the token that leads to it.

use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::attributes::{
    BUNDLE, CLIENT, CREATED_AT, DIGEST, OBSERVED_IP, SCHEMA, TAMPERED, TRAITS, TTL, USED_BY, USER_AGENT,
    names,
};
use super::item::{Item, Reader, SCHEMA_VERSION, bytes, number, text, time};
use super::keys::Key;
use super::{Error, Store, Write};
use crate::model::{Instant, SiteKey, TenantId};

/// How long a nonce is remembered, by our clock alone: as long as the device that a copy would pass for. What the browser's
/// clock said decides nothing, so a copy is refused whatever its age, until the device is forgotten, too.
const NONCE_KEPT: Duration = Store::DEVICE_KEPT;

/// One visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// When it was told of.
    pub at: Instant,
    /// The address the gateway saw.
    pub ip: String,
    /// The user agent the request had.
    pub user_agent: String,
    /// The client id of the device, where one was recognised.
    pub client: Option<String>,
    /// What the device is compared by, as [`crate::device::Traits::to_bytes`] has it.
    pub traits: Vec<u8>,
    /// Whether a claim of the browser is not true.
    pub tampered: bool,
    /// The datapoints, JSON as it is answered.
    pub bundle: String,
}

/// How a token leads to its visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// As often as it is asked for.
    Repeatable,
    /// Once: by the request with these random bytes, however often that is sent.
    Once([u8; 16]),
}

impl Store {
    /// Takes a nonce for the visit of this digest: one request. False when another visit had it.
    pub async fn take_nonce(
        &self,
        tenant: &TenantId,
        site: &SiteKey,
        nonce: &str,
        digest: &[u8; 32],
        now: Instant,
    ) -> Result<bool, Error> {
        let condition = "attribute_not_exists(#pk) OR #ttl < :now";
        let written = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(Key::nonce(tenant, site, nonce).attributes()))
            .item(SCHEMA, number(SCHEMA_VERSION))
            .item(DIGEST, bytes(digest))
            .item(TTL, number((now + NONCE_KEPT).secs()))
            .condition_expression(condition)
            .set_expression_attribute_names(Some(names(condition)))
            .expression_attribute_values(":now", number(now.secs()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match Write::of(written)? {
            Write::Done(_) | Write::Refused(None) => Ok(true),
            // The SDK's second sending meets its first.
            Write::Refused(Some(item)) => Ok(Reader::open(&item)?.bytes::<32>(DIGEST)? == *digest),
        }
    }

    /// Keeps a visit until `kept_until`: one request.
    pub async fn put_visit(
        &self,
        tenant: &TenantId,
        digest: &[u8; 32],
        visit: &Visit,
        kept_until: Instant,
    ) -> Result<(), Error> {
        let condition = "attribute_not_exists(#pk)";
        let mut item = Key::visit(tenant, digest).attributes();
        let mut put = |name: &str, value| item.insert(name.to_owned(), value);
        put(SCHEMA, number(SCHEMA_VERSION));
        put(CREATED_AT, time(visit.at));
        put(OBSERVED_IP, text(&visit.ip));
        put(USER_AGENT, text(&visit.user_agent));
        if let Some(client) = &visit.client {
            put(CLIENT, text(client));
        }
        put(TRAITS, bytes(&visit.traits));
        if visit.tampered {
            put(TAMPERED, AttributeValue::Bool(true));
        }
        put(BUNDLE, text(&visit.bundle));
        put(TTL, number(kept_until.secs()));
        let written = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression(condition)
            .set_expression_attribute_names(Some(names(condition)))
            .send()
            .await;
        // The digest is drawn for this request alone, so what stands there is what it sent before.
        Write::of(written).map(|_| ())
    }

    /// The visit a token leads to: one read and, where the token can be used once and was not used, one write.
    pub async fn visit(
        &self,
        tenant: &TenantId,
        digest: &[u8; 32],
        exchange: Exchange,
    ) -> Result<Option<Visit>, Error> {
        let key = Key::visit(tenant, digest);
        let found = self.get(&key).await?;
        let item = match (exchange, found) {
            // One that was used up costs no write, which would be as large as the visit, also where it is refused.
            (Exchange::Once(_), Some(found)) if found.contains_key(USED_BY) => None,
            (Exchange::Once(request), Some(_)) => self.use_up(&key, &request).await?,
            (_, found) => found,
        };
        item.as_ref().map(read).transpose()
    }

    async fn use_up(&self, key: &Key, request: &[u8; 16]) -> Result<Option<Item>, Error> {
        let condition = "attribute_exists(#pk) AND (attribute_not_exists(#used_by) OR #used_by = :request)";
        let values = [(":request", bytes(request))];
        let written = self
            .update(key, "SET #used_by = :request", condition, values)
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        Ok(match Write::of(written)? {
            Write::Done(output) => output.attributes,
            Write::Refused(_) => None,
        })
    }
}

fn read(item: &Item) -> Result<Visit, Error> {
    let reader = Reader::open(item)?;
    Ok(Visit {
        at: reader.time(CREATED_AT)?,
        ip: reader.text(OBSERVED_IP)?.to_owned(),
        user_agent: reader.text(USER_AGENT)?.to_owned(),
        client: reader.opt_text(CLIENT)?.map(str::to_owned),
        traits: reader.opt_blob(TRAITS)?.unwrap_or_default().to_vec(),
        tampered: reader.opt_flag(TAMPERED)?.unwrap_or_default(),
        bundle: reader.text(BUNDLE)?.to_owned(),
    })
}
