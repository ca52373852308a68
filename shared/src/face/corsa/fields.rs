//! Reads the fields of a body one by one and remembers every complaint, in the order and the words of class-validator.
//!
//! As with its `IsOptional`, a field that may be left out may be null as well.

use super::error::Error;
use super::time;
use crate::face::json::{self, Refusal, Value};
use crate::model::Instant;
use crate::network;

/// Most characters of a name.
const MAX_NAME: usize = 255;
/// Most characters of a session's own id at the caller.
const MAX_REFERENCE: usize = 512;
/// Most labels of a kind.
pub(super) const MAX_LABELS: usize = 50;

/// The complaints about one body.
#[derive(Default)]
pub(super) struct Complaints(Vec<String>);

impl Complaints {
    fn add(&mut self, complaint: String) {
        self.0.push(complaint);
    }

    /// `input`, unless there were complaints.
    pub(super) fn finish<T>(self, input: T) -> Result<T, Error> {
        if self.0.is_empty() {
            Ok(input)
        } else {
            Err(Error::Invalid(self.0))
        }
    }
}

/// Reads a body, which is an object; none at all has no fields, as in NestJS.
pub(super) fn parse(body: &[u8], max_bytes: usize) -> Result<Value, Error> {
    if max_bytes < body.len() {
        return Err(Error::TooLarge);
    }
    if body.is_empty() {
        return Ok(Value::Object(Vec::new()));
    }
    match json::parse(body) {
        Ok(body @ Value::Object(_)) => Ok(body),
        Ok(_) => Err(Error::Malformed(
            "Expecting an object in JSON at position 0".to_owned(),
        )),
        Err(Refusal::Malformed { what, at }) => {
            Err(Error::Malformed(format!("{what} in JSON at position {at}")))
        }
        Err(Refusal::Unreadable) => Err(Error::Malformed("The body is not UTF-8".to_owned())),
    }
}

/// The fields of a body, or of an object inside it.
pub(super) struct Fields<'a> {
    object: &'a Value,
    /// What goes before a field's name in complaints.
    path: &'static str,
}

impl<'a> Fields<'a> {
    pub(super) const fn of(object: &'a Value) -> Self {
        Self { object, path: "" }
    }

    fn sent(&self, field: &str) -> Option<&'a Value> {
        self.object.get(field).filter(|value| **value != Value::Null)
    }

    fn complain(&self, complaints: &mut Complaints, field: &str, what: &str) {
        complaints.add(format!("{}{field} {what}", self.path));
    }

    /// A name that has to be there: 1 to 255 characters, none of them a control character.
    pub(super) fn name(&self, complaints: &mut Complaints, field: &str) -> String {
        self.text(complaints, field, is_name, NO_NAME)
    }

    /// The name of a client, which has to be there: as [`Fields::name`], and no slash or question mark in it.
    pub(super) fn client(&self, complaints: &mut Complaints, field: &str) -> String {
        self.text(complaints, field, is_client, NO_CLIENT)
    }

    fn text(&self, complaints: &mut Complaints, field: &str, fits: fn(&str) -> bool, what: &str) -> String {
        match self.sent(field) {
            Some(Value::Text(text)) => {
                if text.is_empty() {
                    self.complain(complaints, field, "should not be empty");
                } else if !fits(text) {
                    self.complain(complaints, field, what);
                }
                text.to_owned()
            }
            Some(_) => {
                self.complain(complaints, field, "must be a string");
                String::new()
            }
            None => {
                self.complain(complaints, field, "should not be empty");
                self.complain(complaints, field, "must be a string");
                String::new()
            }
        }
    }

    /// The name of a client, which may be left out.
    pub(super) fn optional_client(&self, complaints: &mut Complaints, field: &str) -> Option<String> {
        self.sent(field).map(|_| self.client(complaints, field))
    }

    /// A text of at most 255 characters, which may be empty or left out.
    pub(super) fn optional_label(&self, complaints: &mut Complaints, field: &str) -> Option<String> {
        let text = self.optional_text(complaints, field)?;
        if !is_name(&text) {
            self.complain(complaints, field, NO_NAME);
        }
        Some(text)
    }

    /// Any text that may be left out.
    pub(super) fn optional_text(&self, complaints: &mut Complaints, field: &str) -> Option<String> {
        if let Value::Text(text) = self.sent(field)? {
            return Some(text.clone());
        }
        self.complain(complaints, field, "must be a string");
        None
    }

    /// A session's own id at the caller: 1 to 512 characters, none of them a slash, a question mark or a control character.
    pub(super) fn optional_reference(&self, complaints: &mut Complaints, field: &str) -> Option<String> {
        let text = self.optional_text(complaints, field)?;
        if !is_reference(&text) {
            let what =
                "must be 1 to 512 characters, none of them a slash, a question mark or a control character";
            self.complain(complaints, field, what);
        }
        Some(text)
    }

    /// An IPv4 or IPv6 address that has to be there.
    pub(super) fn address(&self, complaints: &mut Complaints, field: &str) -> String {
        match self.sent(field) {
            Some(Value::Text(text)) if network::exact(text).is_some() => text.clone(),
            _ => {
                self.complain(complaints, field, "must be an ip address");
                String::new()
            }
        }
    }

    /// A point in time that may be left out.
    pub(super) fn optional_time(&self, complaints: &mut Complaints, field: &str) -> Option<Instant> {
        let value = self.sent(field)?;
        let read = match value {
            Value::Text(text) => time::read(text),
            _ => None,
        };
        if read.is_none() {
            self.complain(complaints, field, "must be a valid ISO 8601 date string");
        }
        read
    }

    /// One of `choices`, which may be left out.
    pub(super) fn optional_choice<T: Copy>(
        &self,
        complaints: &mut Complaints,
        field: &str,
        choices: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let value = self.sent(field)?;
        let chosen = match value {
            Value::Text(text) => choices.iter().copied().find(|it| name(*it) == text),
            _ => None,
        };
        if chosen.is_none() {
            let names: Vec<_> = choices.iter().map(|it| name(*it)).collect();
            let what = format!("must be one of the following values: {}", names.join(", "));
            self.complain(complaints, field, &what);
        }
        chosen
    }

    /// At most 50 texts of at most 255 characters, which may be left out.
    pub(super) fn optional_labels(&self, complaints: &mut Complaints, field: &str) -> Option<Vec<String>> {
        let value = self.sent(field)?;
        let fits = |value: &Value| matches!(value, Value::Text(text) if text.chars().count() <= MAX_NAME);
        let (all_fit, count) = match value {
            Value::Array(values) => (values.iter().all(fits), Some(values.len())),
            other => (fits(other), None),
        };
        if !all_fit {
            let what = "must be shorter than or equal to 255 characters";
            complaints.add(format!("each value in {field} {what}"));
        }
        if count.is_none_or(|count| MAX_LABELS < count) {
            self.complain(complaints, field, "must contain no more than 50 elements");
        }
        if count.is_none() {
            self.complain(complaints, field, "must be an array");
        }
        let Value::Array(values) = value else {
            return None;
        };
        let texts = values.iter().filter_map(|value| match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        });
        Some(texts.collect())
    }

    /// An object that has to be there.
    pub(super) fn object(
        &self,
        complaints: &mut Complaints,
        field: &str,
        path: &'static str,
    ) -> Option<Fields<'a>> {
        let value = self.object.get(field);
        if let Some(object @ Value::Object(_)) = value {
            return Some(Fields { object, path });
        }
        self.complain(complaints, field, "must be an object");
        if value.is_some_and(|value| !matches!(value, Value::Array(_))) {
            let what = format!("nested property {field} must be either object or array");
            complaints.add(what);
        }
        None
    }
}

const NO_CLIENT: &str =
    "must be at most 255 characters, none of them a slash, a question mark or a control character";
const NO_NAME: &str = "must be at most 255 characters, none of them a control character";

fn is_name(text: &str) -> bool {
    text.chars().count() <= MAX_NAME && !text.chars().any(char::is_control)
}

fn is_client(text: &str) -> bool {
    is_name(text) && !ends_a_segment(text)
}

fn is_reference(text: &str) -> bool {
    (1..=MAX_REFERENCE).contains(&text.chars().count())
        && !text.chars().any(char::is_control)
        && !ends_a_segment(text)
}

/// Whether a part of a path could not be this text, although encoded: the gateway takes the decoded path apart, so
/// that what stands before such a character would be taken for the whole name.
fn ends_a_segment(text: &str) -> bool {
    text.contains(['/', '?'])
}
