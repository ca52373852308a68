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
    /// Where in the stream it stands, where the record tells.
    pub position: Option<Position>,
}

/// Where in which stream a record stands. The writes to one item stand in the order in which they were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    stream: String,
    sequence: String,
}

impl Position {
    fn of(record: &Value) -> Option<Self> {
        let (_, stream) = record.get("eventSourceARN")?.as_str()?.rsplit_once("/stream/")?;
        let sequence = record.pointer("/dynamodb/SequenceNumber")?.as_str()?;
        Self::new(stream, sequence)
    }

    fn new(stream: &str, sequence: &str) -> Option<Self> {
        let digits = !sequence.is_empty() && sequence.bytes().all(|it| it.is_ascii_digit());
        digits.then(|| Self {
            stream: stream.to_owned(),
            sequence: sequence.trim_start_matches('0').to_owned(),
        })
    }

    /// Whether `other` stands further on. Never in another stream, as a restored table has: the two know no order.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        // Up to 40 digits, which no integer holds: the longer number is the larger one.
        let length = self.sequence.len().cmp(&other.sequence.len());
        self.stream == other.stream && length.then_with(|| self.sequence.cmp(&other.sequence)).is_lt()
    }

    pub(super) fn to_text(&self) -> String {
        format!("{}#{}", self.stream, self.sequence)
    }

    pub(super) fn from_text(text: &str) -> Option<Self> {
        let (stream, sequence) = text.rsplit_once('#')?;
        Self::new(stream, sequence)
    }
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
        // A profile has its guard's partition.
        .filter(|_| text(SORT_KEY).is_none_or(|sk| sk == Key::GUARD))
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
        position: Position::of(record),
    }))
}

/// Whether a record of the stream shows the mark that [`Store::probe_stream`](super::Store::probe_stream) writes.
pub fn is_probe(record: &Value) -> bool {
    let written = record.pointer("/dynamodb/NewImage").is_some();
    written && record.pointer("/dynamodb/Keys/sk/S").and_then(Value::as_str) == Some(Key::PROBE)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn record(stream: &str, sequence: &str) -> Value {
        serde_json::json!({
            "eventSourceARN": format!("arn:aws:dynamodb:eu-central-1:123456789012:table/t/stream/{stream}"),
            "dynamodb": {"SequenceNumber": sequence},
        })
    }

    #[test]
    fn positions_of_one_stream_are_in_the_order_of_their_numbers() {
        let at = |stream, sequence| Position::of(&record(stream, sequence)).unwrap();
        let (this, other) = ("2026-01-01T00:00:00.000", "2026-02-01T00:00:00.000");
        for (earlier, later) in [
            ("9", "10"),
            ("000000000000000000009", "10"),
            ("4421584500000000017450439091", "4421584500000000017450439092"),
            (
                "999999999999999999999999999999999999999",
                "1000000000000000000000000000000000000000",
            ),
        ] {
            assert!(at(this, earlier).is_before(&at(this, later)), "{earlier} {later}");
            assert!(
                !at(this, later).is_before(&at(this, earlier)),
                "{earlier} {later}"
            );
            assert!(
                !at(this, earlier).is_before(&at(other, later)),
                "{earlier} {later}"
            );
        }
        let same = at(this, "12");
        assert!(!same.is_before(&same));
        assert_eq!(Position::from_text(&same.to_text()), Some(same));
    }

    #[test]
    fn a_record_that_does_not_say_where_it_stands_has_no_position() {
        for odd in [
            record("2026", ""),
            record("2026", "poison"),
            serde_json::json!({"dynamodb": {"SequenceNumber": "7"}}),
            serde_json::json!({"eventSourceARN": "arn", "dynamodb": {"SequenceNumber": "7"}}),
        ] {
            assert_eq!(Position::of(&odd), None, "{odd}");
        }
    }
}
