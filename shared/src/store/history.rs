//! The sessions of a subject in the order they were opened, from the index `history`.

use std::fmt;
use std::str::FromStr;

use super::attributes::{HISTORY_RANGE, names};
use super::item::{Item, readable, text};
use super::keys::{history_hash, history_range};
use super::{Error, Store};
use crate::model::{InvalidId, SessionId, SessionRecord, SubjectKey, TenantId};

/// A page of a subject's history, the newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryPage {
    /// The records.
    pub records: Vec<SessionRecord>,
    /// Where the next page begins, unless this is the last.
    pub next: Option<Cursor>,
}

/// A place in a subject's history: behind one of its sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// The place behind this session.
    pub fn behind(record: &SessionRecord) -> Self {
        Self(history_range(record.started_at, record.id))
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.replace('#', "."))
    }
}

impl FromStr for Cursor {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let (start, id) = text.split_once('.').ok_or(InvalidId)?;
        let millis = start.strip_prefix('-').unwrap_or(start);
        let digits = millis.len() == 15 && millis.bytes().all(|c| c.is_ascii_digit());
        SessionId::from_compact(id)?;
        digits.then(|| Self(format!("{start}#{id}"))).ok_or(InvalidId)
    }
}

impl Store {
    /// At most `limit` records of a subject, those opened last first. The index follows writes within about a second.
    pub async fn history(
        &self,
        tenant: &TenantId,
        subject: &SubjectKey,
        limit: u16,
        after: Option<&Cursor>,
    ) -> Result<HistoryPage, Error> {
        let mut condition = "#history_hash = :owner".to_owned();
        if after.is_some() {
            condition.push_str(" AND #history_range < :after");
        }
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name("history")
            .set_expression_attribute_names(Some(names(&condition)))
            .expression_attribute_values(":owner", text(history_hash(tenant, subject)))
            .scan_index_forward(false)
            .limit(i32::from(limit));
        if let Some(Cursor(range)) = after {
            query = query.expression_attribute_values(":after", text(range));
        }
        let output = query
            .key_condition_expression(condition)
            .send()
            .await
            .map_err(Error::unavailable)?;
        let items = output.items.unwrap_or_default();
        let more = output.last_evaluated_key.is_some();
        let last = items.last().filter(|_| more);
        let place = |item: &Item| item.get(HISTORY_RANGE)?.as_s().ok().cloned().map(Cursor);
        Ok(HistoryPage {
            records: readable(&items, SessionRecord::read),
            next: last.and_then(place),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_printed() {
        for start in ["001700000000123", "-999999999999000"] {
            let cursor = Cursor(format!("{start}#AY0Mq8RAerwBI0VniavN7w"));
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for bad in [
            "",
            ".",
            "1.AY0Mq8RAerwBI0VniavN7w",
            "001700000000123.x",
            "--99999999999000.AY0Mq8RAerwBI0VniavN7w",
            "001700000000123",
        ] {
            assert_eq!(bad.parse::<Cursor>(), Err(InvalidId), "{bad}");
        }
    }
}
