//! Reads the fields of a body one by one and remembers every problem, since FastAPI reports them all together.

use super::error::Error;
use super::integer::{self, Reading};
use super::problem::Problem;
use crate::auth;
use crate::face::json::{self, Refusal, Value};
use crate::model::is_placeholder;

/// The fields of one body.
pub(super) struct Fields {
    body: Value,
    problems: Vec<Problem>,
}

impl Fields {
    /// Reads a body that has to be an object.
    pub(super) fn read(body: &[u8], max_bytes: usize) -> Result<Self, Error> {
        if max_bytes < body.len() {
            return Err(Error::TooLarge);
        }
        if body.is_empty() {
            return Err(Problem::no_body().into());
        }
        match json::parse(body) {
            Ok(body @ Value::Object(_)) => Ok(Self {
                body,
                problems: Vec::new(),
            }),
            Ok(other) => Err(Problem::no_object(other).into()),
            Err(Refusal::Malformed { what, at }) => Err(Problem::malformed(what, at).into()),
            Err(Refusal::Unreadable) => Err(Error::Unreadable),
        }
    }

    /// A text that has to be there.
    pub(super) fn text(&mut self, field: &'static str) -> String {
        match self.body.get(field) {
            Some(Value::Text(text)) => text.clone(),
            Some(_) => self.no_text(field),
            None => {
                let problem = Problem::missing(field, &self.body);
                self.fail(problem)
            }
        }
    }

    /// A text that may be null or left out.
    pub(super) fn optional_text(&mut self, field: &'static str) -> Option<String> {
        match self.body.get(field) {
            None | Some(Value::Null) => None,
            Some(Value::Text(text)) => Some(text.clone()),
            Some(_) => self.no_text(field),
        }
    }

    /// The digest that a telemetry token leads to its telemetry by; it may be null, left out, or a text that stands for
    /// nothing. What was sent is a secret, so it is not echoed.
    pub(super) fn optional_telemetry(&mut self, field: &'static str) -> Option<[u8; 32]> {
        let token = self.optional_text(field).filter(|it| !is_placeholder(it))?;
        auth::lookup_digest(&token).ok().or_else(|| {
            let problem = Problem::refused(field, "not a telemetry token");
            self.fail(problem)
        })
    }

    /// A text of at most `limit` characters that may be left out, but not null.
    pub(super) fn limited_text(&mut self, field: &'static str, limit: u16, default: &str) -> String {
        match self.body.get(field) {
            None => default.to_owned(),
            Some(Value::Text(text)) if text.chars().count() <= usize::from(limit) => text.clone(),
            Some(input @ Value::Text(_)) => {
                let problem = Problem::field_too_long(field, limit, input);
                self.fail(problem)
            }
            Some(_) => self.no_text(field),
        }
    }

    /// A whole number from `least` to `most` that may be left out, but not null.
    pub(super) fn number(&mut self, field: &'static str, least: u32, most: u32, default: u32) -> u32 {
        let Some(input) = self.body.get(field) else {
            return default;
        };
        let reading = match input {
            Value::Integer(text) => integer::of_digits(text),
            Value::Float(text) => integer::of_float(text),
            Value::Text(text) => integer::of_text(text),
            Value::Bool(value) => Reading::Whole(i64::from(*value)),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                let problem = Problem::field(field, "int_type", "Input should be a valid integer", input);
                return self.fail(problem);
            }
        };
        let (kind, msg) = match reading {
            Reading::Whole(number) => match u32::try_from(number) {
                Ok(number) if (least..=most).contains(&number) => return number,
                _ => {
                    let problem = if number < i64::from(least) {
                        Problem::below(field, least.into(), input)
                    } else {
                        Problem::above(field, most.into(), input)
                    };
                    return self.fail(problem);
                }
            },
            Reading::Fraction => (
                "int_from_float",
                "Input should be a valid integer, got a number with a fractional part",
            ),
            Reading::TooLarge => (
                "int_parsing_size",
                "Unable to parse input string as an integer, exceeded maximum size",
            ),
            Reading::Infinite => ("finite_number", "Input should be a finite number"),
            Reading::NoInteger => (
                "int_parsing",
                "Input should be a valid integer, unable to parse string as an integer",
            ),
        };
        let problem = Problem::field(field, kind, msg, input);
        self.fail(problem)
    }

    /// A truth value that may be left out, but not null.
    pub(super) fn truth(&mut self, field: &'static str, default: bool) -> bool {
        let Some(input) = self.body.get(field) else {
            return default;
        };
        let spelled = match input {
            Value::Bool(value) => return *value,
            Value::Text(text) => truth_of(text),
            Value::Integer(text) => match integer::of_digits(text) {
                Reading::Whole(i64::MIN | i64::MAX) if text.parse::<i64>().is_err() => Spelled::NoTruth,
                reading => truth_of_number(reading),
            },
            Value::Float(text) => truth_of_number(integer::of_float(text)),
            Value::Null | Value::Array(_) | Value::Object(_) => Spelled::NoTruth,
        };
        let (kind, msg) = match spelled {
            Spelled::As(value) => return value,
            Spelled::Otherwise => (
                "bool_parsing",
                "Input should be a valid boolean, unable to interpret input",
            ),
            Spelled::NoTruth => ("bool_type", "Input should be a valid boolean"),
        };
        let problem = Problem::field(field, kind, msg, input);
        self.fail(problem)
    }

    /// `input`, unless there were problems.
    pub(super) fn finish<T>(self, input: T) -> Result<T, Error> {
        if self.problems.is_empty() {
            Ok(input)
        } else {
            Err(Error::Unprocessable(self.problems))
        }
    }

    fn no_text<T: Default>(&mut self, field: &'static str) -> T {
        let input = self.body.get(field).unwrap_or(&Value::Null);
        let problem = Problem::field(field, "string_type", "Input should be a valid string", input);
        self.fail(problem)
    }

    /// Remembers a problem; the value stands in until [`Fields::finish`] refuses all of them.
    fn fail<T: Default>(&mut self, problem: Problem) -> T {
        self.problems.push(problem);
        T::default()
    }
}

enum Spelled {
    As(bool),
    Otherwise,
    NoTruth,
}

fn truth_of(text: &str) -> Spelled {
    match text.to_ascii_lowercase().as_str() {
        "1" | "on" | "t" | "true" | "y" | "yes" => Spelled::As(true),
        "0" | "off" | "f" | "false" | "n" | "no" => Spelled::As(false),
        _ => Spelled::Otherwise,
    }
}

fn truth_of_number(reading: Reading) -> Spelled {
    match reading {
        Reading::Whole(0) => Spelled::As(false),
        Reading::Whole(1) => Spelled::As(true),
        Reading::Whole(_) => Spelled::Otherwise,
        Reading::Fraction | Reading::TooLarge | Reading::Infinite | Reading::NoInteger => Spelled::NoTruth,
    }
}
