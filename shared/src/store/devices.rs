//! Devices, and the short lists they are found in.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use sha2::{Digest, Sha256};

use super::attributes::{CANDIDATES, COUNT, CREATED_AT, PARTITION_KEY, SCHEMA, SHARED_BY, TTL, names};
use super::item::{Item, Reader, SCHEMA_VERSION, bytes, number, time};
use super::keys::Key;
use super::{Error, Store, Write};
use crate::device::{self, Candidate, Traits};
use crate::model::{DeviceKey, Instant, SubjectKey, TenantId};

/// How long a device is known after it was last seen.
const KEPT: Duration = Duration::from_secs(180 * 24 * 3600);

/// How many subjects of a device are told apart. A machine that more people use says so, and costs no more.
pub const MOST_SUBJECTS: u32 = 200;

/// The devices that were last seen with one digest, as they were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The digest.
    pub key: device::Key,
    /// The devices, those seen last first.
    pub candidates: Vec<Candidate<DeviceKey>>,
    written: u64,
}

/// What is known of a device but what it showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sighted {
    /// When it was first seen.
    pub first_at: Instant,
    /// How often it was seen.
    pub count: u64,
    /// For how many subjects' sessions it was accepted, at most [`MOST_SUBJECTS`].
    pub subjects: u64,
}

impl Store {
    /// How long a device is known after it was last seen.
    pub const DEVICE_KEPT: Duration = KEPT;

    /// The lists of these digests, empty where there is none, strongly consistent. One request, and one more for what the
    /// table left undone.
    pub async fn blocks(&self, tenant: &TenantId, keys: &[device::Key]) -> Result<Vec<Block>, Error> {
        // A visit with little evidence can have the same digest twice; the table takes a key once.
        let mut wanted: Vec<device::Key> = keys.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let asked = wanted.iter().map(|key| Key::block(tenant, key).attributes());
        let found = self.batch(asked.collect()).await?;
        let by_key: HashMap<&str, &Item> = found
            .iter()
            .filter_map(|item| Some((item.get(PARTITION_KEY)?.as_s().ok()?.as_str(), item)))
            .collect();
        let block = |key: device::Key| match by_key.get(Key::block(tenant, &key).pk.as_str()) {
            None => Ok(Block {
                key,
                candidates: Vec::new(),
                written: 0,
            }),
            Some(item) => {
                let reader = Reader::open(item)?;
                Ok(Block {
                    key,
                    candidates: unpack(reader.opt_blob(CANDIDATES)?.unwrap_or_default()),
                    written: reader.number(COUNT)?,
                })
            }
        };
        wanted.into_iter().map(block).collect()
    }

    /// Writes a list in place of what it was when it was read: one request. Of two who do so at once one succeeds, and the
    /// other's device is found by its other lists, or at its next visit.
    pub async fn put_block(&self, tenant: &TenantId, block: &Block, now: Instant) -> Result<(), Error> {
        let condition = "attribute_not_exists(#pk) OR #count = :seen";
        let written = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(Key::block(tenant, &block.key).attributes()))
            .item(SCHEMA, number(SCHEMA_VERSION))
            .item(CANDIDATES, bytes(&pack(&block.candidates)))
            .item(COUNT, number(block.written + 1))
            .item(TTL, number((now + KEPT).secs()))
            .condition_expression(condition)
            .set_expression_attribute_names(Some(names(condition)))
            .expression_attribute_values(":seen", number(block.written))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None)
            .send()
            .await;
        Write::of(written).map(|_| ())
    }

    /// What is known of a device, strongly consistent: one request.
    pub async fn device(&self, tenant: &TenantId, id: DeviceKey) -> Result<Option<Sighted>, Error> {
        let Some(item) = self.get(&Key::device(tenant, id)).await? else {
            return Ok(None);
        };
        let reader = Reader::open(&item)?;
        Ok(Some(Sighted {
            first_at: reader.time(CREATED_AT)?,
            count: reader.number(COUNT)?,
            subjects: reader.set::<16>(SHARED_BY)?.len() as u64,
        }))
    }

    /// Notes that a subject's session was accepted on a device, as long as the device is known: one request. Whether the
    /// subject was none of those who share it before.
    pub async fn share_device(
        &self,
        tenant: &TenantId,
        id: DeviceKey,
        subject: &SubjectKey,
    ) -> Result<bool, Error> {
        let condition = "attribute_exists(#pk) AND (attribute_not_exists(#shared_by) \
             OR (size(#shared_by) < :most AND NOT contains(#shared_by, :subject)))";
        let sharer = sharer(subject);
        let values = [
            (":subject", bytes(&sharer)),
            (":subjects", AttributeValue::Bs(vec![Blob::new(sharer)])),
            (":most", number(MOST_SUBJECTS)),
        ];
        let key = Key::device(tenant, id);
        let written = self
            .update(&key, "ADD #shared_by :subjects", condition, values)
            .send()
            .await;
        Ok(matches!(Write::of(written)?, Write::Done(_)))
    }

    /// Notes that a device was seen at `now`: one request. Also sent twice it is counted at least once.
    pub async fn see_device(
        &self,
        tenant: &TenantId,
        id: DeviceKey,
        traits: &Traits,
        now: Instant,
    ) -> Result<(), Error> {
        let update = "SET #created_at = if_not_exists(#created_at, :now), #seen_at = :now, #traits = :traits, \
             #count = if_not_exists(#count, :zero) + :one, #ttl = :ttl, #schema = :schema";
        // A visit that was overtaken does not put the clock back.
        let condition = "attribute_not_exists(#seen_at) OR #seen_at <= :now";
        let values = [
            (":now", time(now)),
            (":traits", bytes(&traits.to_bytes())),
            (":zero", number(0)),
            (":one", number(1)),
            (":ttl", number((now + KEPT).secs())),
            (":schema", number(SCHEMA_VERSION)),
        ];
        let key = Key::device(tenant, id);
        let written = self.update(&key, update, condition, values).send().await;
        Write::of(written).map(|_| ())
    }
}

/// A subject as devices know it: its key says nothing to who does not know its name, and a part of its digest is enough
/// to tell some hundreds apart.
pub(super) fn sharer(subject: &SubjectKey) -> Vec<u8> {
    let digest = Sha256::digest(subject.as_str());
    digest.iter().copied().take(16).collect()
}

/// Each: 16 bytes id, 8 bytes time, one byte length of the rest, what it showed.
fn pack(candidates: &[Candidate<DeviceKey>]) -> Vec<u8> {
    let mut packed = Vec::new();
    for it in candidates {
        let traits = it.traits.to_bytes();
        packed.extend(it.id.bits());
        packed.extend(it.seen_at.millis().to_be_bytes());
        packed.push(u8::try_from(traits.len()).unwrap_or(u8::MAX));
        packed.extend(traits);
    }
    packed
}

/// Those that this version can compare: what an earlier one wrote is replaced in time.
fn unpack(mut packed: &[u8]) -> Vec<Candidate<DeviceKey>> {
    let mut candidates = Vec::new();
    while let Some((id, rest)) = packed.split_first_chunk::<16>()
        && let Some((millis, rest)) = rest.split_first_chunk::<8>()
        && let Some((length, rest)) = rest.split_first()
        && let Some((traits, rest)) = rest.split_at_checked(usize::from(*length))
    {
        packed = rest;
        if let Some(traits) = Traits::from_bytes(traits) {
            candidates.push(Candidate {
                id: DeviceKey::new(*id),
                traits,
                seen_at: Instant::from_millis(i64::from_be_bytes(*millis)),
            });
        }
    }
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Components;

    fn candidate(number: u8) -> Candidate<DeviceKey> {
        let components = Components {
            hardware_concurrency: Some(u32::from(number)),
            ..Components::default()
        };
        Candidate {
            id: DeviceKey::new([number; 16]),
            traits: Traits::of(&components, "curl/8.5.0"),
            seen_at: Instant::from_millis(1_800_000_000_000 + i64::from(number)),
        }
    }

    #[test]
    fn candidates_are_read_as_they_were_written() {
        let all: Vec<_> = (0..8).map(candidate).collect();
        for some in [&all[..], &all[..1], &[]] {
            assert_eq!(unpack(&pack(some)), some);
        }
    }

    #[test]
    fn what_cannot_be_read_is_no_candidate() {
        let packed = pack(&[candidate(1), candidate(2)]);
        for end in 0..packed.len() {
            assert!(unpack(packed.get(..end).unwrap()).len() < 2);
        }
    }
}
