//! One entry of FastAPI's 422 body.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::face::json::Value;

/// What is wrong with one part of a request, in Pydantic's words.
///
/// `input` echoes what the caller sent, as FastAPI does; `Debug` leaves it out, so that it cannot reach a log.
#[derive(Clone, PartialEq, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    loc: Vec<Place>,
    msg: String,
    input: Value,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    ctx: BTreeMap<&'static str, Fact>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
enum Place {
    Name(&'static str),
    Offset(usize),
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
enum Fact {
    Limit(i64),
    Text(&'static str),
}

impl Problem {
    /// A header that is needed and was not sent. `name` is spelled as the documentation spells it.
    pub fn header_missing(name: &'static str) -> Self {
        Self::new("missing", "Field required", Value::Null).within(["header", name])
    }

    /// A header longer than `limit` characters, `value` being what was sent.
    pub fn header_too_long(name: &'static str, limit: u16, value: &str) -> Self {
        Self::too_long(limit, Value::Text(value.to_owned())).within(["header", name])
    }

    /// A header that is wrong in a way Pydantic has no type for. What was sent is not echoed.
    pub fn header(name: &'static str, what: &'static str) -> Self {
        let msg = format!("Value error, {what}");
        Self::new("value_error", &msg, Value::Null)
            .because("error", Fact::Text(what))
            .within(["header", name])
    }

    /// The body is no JSON: `what` is wrong at the character `at`.
    pub(super) fn malformed(what: &'static str, at: usize) -> Self {
        let mut problem = Self::new("json_invalid", "JSON decode error", Value::Object(Vec::new()))
            .because("error", Fact::Text(what));
        problem.loc = vec![Place::Name("body"), Place::Offset(at)];
        problem
    }

    /// No body was sent.
    pub(super) fn no_body() -> Self {
        Self::new("missing", "Field required", Value::Null).within(["body"])
    }

    /// The body is JSON, but no object.
    pub(super) fn no_object(body: Value) -> Self {
        let msg = "Input should be a valid dictionary or object to extract fields from";
        Self::new("model_attributes_type", msg, body).within(["body"])
    }

    /// A field that is needed and was not sent, in the object `body`.
    pub(super) fn missing(field: &'static str, body: &Value) -> Self {
        Self::new("missing", "Field required", body.clone()).within(["body", field])
    }

    /// A field of a wrong type or spelling.
    pub(super) fn field(field: &'static str, kind: &'static str, msg: &str, input: &Value) -> Self {
        Self::new(kind, msg, input.clone()).within(["body", field])
    }

    /// A number below `limit`.
    pub(super) fn below(field: &'static str, limit: i64, input: &Value) -> Self {
        let msg = format!("Input should be greater than or equal to {limit}");
        Self::field(field, "greater_than_equal", &msg, input).because("ge", Fact::Limit(limit))
    }

    /// A number above `limit`.
    pub(super) fn above(field: &'static str, limit: i64, input: &Value) -> Self {
        let msg = format!("Input should be less than or equal to {limit}");
        Self::field(field, "less_than_equal", &msg, input).because("le", Fact::Limit(limit))
    }

    /// A field longer than `limit` characters.
    pub(super) fn field_too_long(field: &'static str, limit: u16, input: &Value) -> Self {
        Self::too_long(limit, input.clone()).within(["body", field])
    }

    /// A field that is wrong in a way Pydantic has no type for. What was sent is not echoed.
    pub(super) fn refused(field: &'static str, what: &'static str) -> Self {
        let msg = format!("Value error, {what}");
        Self::new("value_error", &msg, Value::Null)
            .because("error", Fact::Text(what))
            .within(["body", field])
    }

    fn too_long(limit: u16, input: Value) -> Self {
        let msg = format!("String should have at most {limit} characters");
        Self::new("string_too_long", &msg, input).because("max_length", Fact::Limit(limit.into()))
    }

    fn new(kind: &'static str, msg: &str, input: Value) -> Self {
        Self {
            kind,
            loc: Vec::new(),
            msg: msg.to_owned(),
            input,
            ctx: BTreeMap::new(),
        }
    }

    fn within<const N: usize>(mut self, names: [&'static str; N]) -> Self {
        self.loc = names.into_iter().map(Place::Name).collect();
        self
    }

    fn because(mut self, name: &'static str, fact: Fact) -> Self {
        self.ctx.insert(name, fact);
        self
    }
}

impl std::fmt::Debug for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Problem")
            .field("kind", &self.kind)
            .field("loc", &self.loc)
            .finish_non_exhaustive()
    }
}
