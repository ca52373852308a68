//! Guards as the table's stream shows them: what was held before a write and after it.

use serde_json::Value;

use super::Error;
use super::attributes::{PARTITION_KEY, SORT_KEY};
use super::guard::Guard;
use super::item::Item;
use super::keys::Key;
use crate::model::{SubjectKey, TenantId};

/// One write to a guard.
#[derive(Debug, Clone)]
pub struct Change {
    /// Whose guard.
    pub tenant: TenantId,
    /// Whose guard.
    pub subject: SubjectKey,
    /// The guard before.
    pub before: Guard,
    /// The guard after.
    pub after: Guard,
}

/// Reads one record of the stream, in the form Lambda passes it.
///
/// None for what changes nothing that is held: records of other items, and deletions by TTL, which come long after
/// everything in the guard has ended.
pub fn change(record: &Value) -> Result<Option<Change>, Error> {
    let deleted_by_ttl = record
        .pointer("/userIdentity/principalId")
        .and_then(Value::as_str)
        == Some("dynamodb.amazonaws.com");
    let image = |name: &str| {
        record
            .pointer(&format!("/dynamodb/{name}"))
            .filter(|it| it.is_object())
    };
    if deleted_by_ttl {
        return Ok(None);
    }
    let old = image("OldImage").map(item).transpose()?;
    let new = image("NewImage").map(item).transpose()?;
    let key = old.as_ref().or(new.as_ref());
    let text = |name| key?.get(name)?.as_s().ok();
    let owner = text(PARTITION_KEY)
        .filter(|_| text(SORT_KEY).is_some_and(|sk| sk == Key::GUARD))
        .and_then(|pk| Key::guard_of(pk));
    let Some((tenant, subject)) = owner else {
        return Ok(None);
    };
    let guard = |image: Option<&Item>| image.map(Guard::read).transpose().map(Option::unwrap_or_default);
    Ok(Some(Change {
        tenant,
        subject,
        before: guard(old.as_ref())?,
        after: guard(new.as_ref())?,
    }))
}

fn item(image: &Value) -> Result<Item, Error> {
    let corrupt = || Error::Corrupt {
        key: "of a stream record".to_owned(),
        what: "not an item",
    };
    json::from_item(image).ok_or_else(corrupt)
}

mod json {
    //! `DynamoDB` JSON to the SDK's values.

    use aws_sdk_dynamodb::primitives::Blob;
    use aws_sdk_dynamodb::types::AttributeValue;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::Value;

    use super::Item;

    pub(super) fn from_item(image: &Value) -> Option<Item> {
        image
            .as_object()?
            .iter()
            .map(|(name, value)| Some((name.clone(), from_value(value)?)))
            .collect()
    }

    fn from_value(value: &Value) -> Option<AttributeValue> {
        let (kind, value) = value.as_object()?.iter().next()?;
        let texts = || -> Option<Vec<String>> {
            value
                .as_array()?
                .iter()
                .map(|it| Some(it.as_str()?.to_owned()))
                .collect()
        };
        let blob = |it: &Value| Some(Blob::new(STANDARD.decode(it.as_str()?).ok()?));
        Some(match kind.as_str() {
            "S" => AttributeValue::S(value.as_str()?.to_owned()),
            "N" => AttributeValue::N(value.as_str()?.to_owned()),
            "B" => AttributeValue::B(blob(value)?),
            "BOOL" => AttributeValue::Bool(value.as_bool()?),
            "NULL" => AttributeValue::Null(true),
            "M" => AttributeValue::M(from_item(value)?),
            "L" => AttributeValue::L(value.as_array()?.iter().map(from_value).collect::<Option<_>>()?),
            "SS" => AttributeValue::Ss(texts()?),
            "NS" => AttributeValue::Ns(texts()?),
            "BS" => AttributeValue::Bs(value.as_array()?.iter().map(blob).collect::<Option<_>>()?),
            _ => return None,
        })
    }
}
