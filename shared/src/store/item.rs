//! Items as DynamoDB has them, read with the key in every complaint.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use super::Error;
use super::attributes::{PARTITION_KEY, SCHEMA};
use crate::model::Instant;

pub(super) type Item = HashMap<String, AttributeValue>;

/// The version of the items this code writes. It reads this one and those before it.
pub(super) const SCHEMA_VERSION: u32 = 1;

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(super) fn time(value: Instant) -> AttributeValue {
    number(value.millis())
}

pub(super) fn bytes(value: &[u8]) -> AttributeValue {
    AttributeValue::B(Blob::new(value))
}

/// A set of bytes; none where it would be empty, which the table refuses.
pub(super) fn set<const N: usize>(values: impl Iterator<Item = [u8; N]>) -> Option<AttributeValue> {
    // The table refuses a member that comes twice, too.
    let values: BTreeSet<[u8; N]> = values.collect();
    let blobs = values.iter().map(Blob::new);
    (!values.is_empty()).then(|| AttributeValue::Bs(blobs.collect()))
}

/// Packed bytes one after the other, with zeros for those that were left out.
pub(super) struct Bytes<'a>(std::slice::Iter<'a, u8>);

impl<'a> Bytes<'a> {
    pub(super) fn of(packed: &'a [u8]) -> Self {
        Self(packed.iter())
    }

    pub(super) fn next<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.0.next().copied().unwrap_or(0))
    }
}

/// What can be read of some items. One that cannot is told in the log, and hides no other.
pub(super) fn readable<T>(items: &[Item], read: impl Fn(&Item) -> Result<T, Error>) -> Vec<T> {
    let readable = |item| match read(item) {
        Ok(it) => Some(it),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "item passed over");
            None
        }
    };
    items.iter().filter_map(readable).collect()
}

/// Reads one item or one map inside it.
pub(super) struct Reader<'a> {
    key: &'a str,
    item: &'a Item,
}

impl<'a> Reader<'a> {
    /// A reader of a whole item; refuses one that a later version wrote.
    pub(super) fn open(item: &'a Item) -> Result<Self, Error> {
        let key = item
            .get(PARTITION_KEY)
            .and_then(|it| it.as_s().ok())
            .map_or("without key", String::as_str);
        let reader = Self { key, item };
        match reader.opt_number::<u32>(SCHEMA)? {
            Some(version) if SCHEMA_VERSION < version => Err(Error::LaterVersion { key: key.to_owned() }),
            _ => Ok(reader),
        }
    }

    /// A reader of a map inside the item.
    pub(super) fn inside(&self, value: &'a AttributeValue) -> Result<Reader<'a>, Error> {
        let item = value.as_m().map_err(|_| self.corrupt("not a map"))?;
        Ok(Reader { key: self.key, item })
    }

    pub(super) fn corrupt(&self, what: &'static str) -> Error {
        Error::Corrupt {
            key: self.key.to_owned(),
            what,
        }
    }

    pub(super) fn opt_text(&self, name: &str) -> Result<Option<&'a str>, Error> {
        let read = |value: &'a AttributeValue| value.as_s().map_err(|_| self.corrupt("not a text"));
        self.item
            .get(name)
            .map(read)
            .transpose()
            .map(|text| text.map(String::as_str))
    }

    pub(super) fn text(&self, name: &str) -> Result<&'a str, Error> {
        self.opt_text(name)?
            .ok_or_else(|| self.corrupt("a text is missing"))
    }

    pub(super) fn opt_number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Error> {
        let read = |value: &AttributeValue| value.as_n().ok()?.parse().ok();
        let Some(value) = self.item.get(name) else {
            return Ok(None);
        };
        read(value)
            .map(Some)
            .ok_or_else(|| self.corrupt("not a number of its range"))
    }

    pub(super) fn number<T: std::str::FromStr>(&self, name: &str) -> Result<T, Error> {
        self.opt_number(name)?
            .ok_or_else(|| self.corrupt("a number is missing"))
    }

    pub(super) fn opt_time(&self, name: &str) -> Result<Option<Instant>, Error> {
        Ok(self.opt_number(name)?.map(Instant::from_millis))
    }

    pub(super) fn time(&self, name: &str) -> Result<Instant, Error> {
        Ok(Instant::from_millis(self.number(name)?))
    }

    pub(super) fn opt_bytes<const N: usize>(&self, name: &str) -> Result<Option<[u8; N]>, Error> {
        let Some(value) = self.item.get(name) else {
            return Ok(None);
        };
        let read = value.as_b().ok().and_then(|blob| blob.as_ref().try_into().ok());
        read.map(Some)
            .ok_or_else(|| self.corrupt("not bytes of its length"))
    }

    pub(super) fn bytes<const N: usize>(&self, name: &str) -> Result<[u8; N], Error> {
        self.opt_bytes(name)?
            .ok_or_else(|| self.corrupt("bytes are missing"))
    }

    /// Bytes of any length.
    pub(super) fn opt_blob(&self, name: &str) -> Result<Option<&'a [u8]>, Error> {
        let Some(value) = self.item.get(name) else {
            return Ok(None);
        };
        let blob = value.as_b().map_err(|_| self.corrupt("not bytes"))?;
        Ok(Some(blob.as_ref()))
    }

    /// A set of bytes, in its order; empty where there is none.
    pub(super) fn set<const N: usize>(&self, name: &str) -> Result<Vec<[u8; N]>, Error> {
        let Some(value) = self.item.get(name) else {
            return Ok(Vec::new());
        };
        let blobs = value.as_bs().map_err(|_| self.corrupt("not a set of bytes"))?;
        let member = |blob: &Blob| {
            blob.as_ref()
                .try_into()
                .map_err(|_| self.corrupt("not bytes of its length"))
        };
        blobs.iter().map(member).collect()
    }

    pub(super) fn opt_flag(&self, name: &str) -> Result<Option<bool>, Error> {
        let Some(value) = self.item.get(name) else {
            return Ok(None);
        };
        value
            .as_bool()
            .map(|flag| Some(*flag))
            .map_err(|_| self.corrupt("not a flag"))
    }

    pub(super) fn opt_map(&self, name: &str) -> Result<Option<&'a Item>, Error> {
        let Some(value) = self.item.get(name) else {
            return Ok(None);
        };
        value.as_m().map(Some).map_err(|_| self.corrupt("not a map"))
    }

    /// A reader of the map of this name, where there is one.
    pub(super) fn map(&self, name: &str) -> Result<Option<Reader<'a>>, Error> {
        Ok(self.opt_map(name)?.map(|item| Reader { key: self.key, item }))
    }

    /// Whether the item has an attribute of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.item.contains_key(name)
    }

    pub(super) fn texts(&self, name: &str) -> Result<Vec<&'a str>, Error> {
        let Some(value) = self.item.get(name) else {
            return Ok(Vec::new());
        };
        let list = value.as_l().map_err(|_| self.corrupt("not a list"))?;
        list.iter()
            .map(|it| {
                it.as_s()
                    .map(String::as_str)
                    .map_err(|_| self.corrupt("not a text"))
            })
            .collect()
    }
}
