//! JSON as Python's `json` module reads it: the same errors at the same offsets, but one reading of every text.
//!
//! A tree of our own, because problems echo what was sent: keys in their order, numbers in their spelling. Unlike
//! Python it refuses repeated keys, `NaN`, lone surrogates and deep nesting: readers disagree about what they mean.

use std::collections::HashSet;

use serde::ser::{Error as _, SerializeMap};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// Deepest nesting of arrays and objects that is read.
const MAX_DEPTH: usize = 32;

/// Longest integer, in digits. Python reads no longer one, and FastAPI then answers like to an unreadable body.
const MAX_DIGITS: usize = 4300;

/// A JSON value as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// A number without fraction and exponent.
    Integer(String),
    /// Any other number.
    Float(String),
    Text(String),
    Array(Vec<Value>),
    /// Keys are distinct.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// The value of `key`, when this is an object that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(entries) => entries
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            // A number beyond an f64 stops most readers, so it is echoed as Pydantic prints infinity.
            Self::Float(text) if !text.parse::<f64>().is_ok_and(f64::is_finite) => {
                serializer.serialize_unit()
            }
            Self::Integer(text) | Self::Float(text) => RawValue::from_string(text.clone())
                .map_err(S::Error::custom)?
                .serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Array(values) => serializer.collect_seq(values),
            Self::Object(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

/// Why a text is no JSON that we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Not a text at all, or one that Python gives up on.
    Unreadable,
    /// What is wrong, and the character it is wrong at, counted from zero.
    Malformed { what: &'static str, at: usize },
}

/// Reads a whole body.
pub(super) fn parse(body: &[u8]) -> Result<Value, Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| Refusal::Unreadable)?;
    let mut reader = Reader { text, at: 0 };
    reader.document().map_err(|stop| match stop {
        Stop::TooManyDigits => Refusal::Unreadable,
        Stop::At(what, byte) => Refusal::Malformed {
            what,
            at: text.get(..byte).map_or(0, |before| before.chars().count()),
        },
    })
}

enum Stop {
    TooManyDigits,
    At(&'static str, usize),
}

struct Reader<'a> {
    text: &'a str,
    /// Byte offset, always between two characters.
    at: usize,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<Value, Stop> {
        if self.text.starts_with('\u{feff}') {
            return Err(Stop::At("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0));
        }
        self.space();
        let value = self.value(0)?;
        self.space();
        if self.at == self.text.len() {
            Ok(value)
        } else {
            Err(Stop::At("Extra data", self.at))
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, Stop> {
        match self.peek() {
            Some(b'{' | b'[') if depth == MAX_DEPTH => Err(Stop::At("Nested too deeply", self.at)),
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => self.string().map(Value::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Value, Stop> {
        for (word, value) in [
            ("null", Value::Null),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
        ] {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(Stop::At("Expecting value", self.at))
    }

    fn object(&mut self, depth: usize) -> Result<Value, Stop> {
        self.at += 1;
        let mut entries = Vec::new();
        let mut keys = HashSet::new();
        self.space();
        if self.skip(b'}') {
            return Ok(Value::Object(entries));
        }
        loop {
            let key_at = self.at;
            if self.peek() != Some(b'"') {
                return Err(Stop::At(
                    "Expecting property name enclosed in double quotes",
                    key_at,
                ));
            }
            let key = self.string()?;
            if !keys.insert(key.clone()) {
                return Err(Stop::At("Duplicate property name", key_at));
            }
            self.space();
            if !self.skip(b':') {
                return Err(Stop::At("Expecting ':' delimiter", self.at));
            }
            self.space();
            entries.push((key, self.value(depth)?));
            self.space();
            if self.skip(b'}') {
                return Ok(Value::Object(entries));
            }
            self.comma()?;
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, Stop> {
        self.at += 1;
        let mut values = Vec::new();
        self.space();
        if self.skip(b']') {
            return Ok(Value::Array(values));
        }
        loop {
            values.push(self.value(depth)?);
            self.space();
            if self.skip(b']') {
                return Ok(Value::Array(values));
            }
            self.comma()?;
        }
    }

    fn comma(&mut self) -> Result<(), Stop> {
        if !self.skip(b',') {
            return Err(Stop::At("Expecting ',' delimiter", self.at));
        }
        self.space();
        Ok(())
    }

    fn string(&mut self) -> Result<String, Stop> {
        let start = self.at;
        let unterminated = Stop::At("Unterminated string starting at", start);
        self.at += 1;
        let mut out = String::new();
        loop {
            let plain = self.rest().find(|c: char| c == '"' || c == '\\' || c < ' ');
            let Some(plain) = plain else {
                return Err(unterminated);
            };
            out.push_str(self.rest().get(..plain).unwrap_or_default());
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    let escape_at = self.at;
                    self.at += 1;
                    let Some(name) = self.peek() else {
                        return Err(unterminated);
                    };
                    out.push(match name {
                        b'"' => '"',
                        b'\\' => '\\',
                        b'/' => '/',
                        b'b' => '\u{8}',
                        b'f' => '\u{c}',
                        b'n' => '\n',
                        b'r' => '\r',
                        b't' => '\t',
                        b'u' => self.unicode_escape(escape_at)?,
                        _ => return Err(Stop::At("Invalid \\escape", escape_at)),
                    });
                    self.at += 1;
                }
                _ => return Err(Stop::At("Invalid control character at", self.at)),
            }
        }
    }

    /// Reads from the `u` of an escape to its last digit, both escapes of a pair included.
    fn unicode_escape(&mut self, escape_at: usize) -> Result<char, Stop> {
        let lone = Stop::At("Unpaired surrogate", escape_at);
        let first = self.four_digits()?;
        match first {
            0xd800..=0xdbff if self.rest().get(1..3) == Some("\\u") => {
                self.at += 2;
                let second = self.four_digits()?;
                if !(0xdc00..=0xdfff).contains(&second) {
                    return Err(lone);
                }
                char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)).ok_or(lone)
            }
            _ => char::from_u32(first).ok_or(lone),
        }
    }

    /// Reads from a `u` to the last of the four hexadecimal digits behind it.
    fn four_digits(&mut self) -> Result<u32, Stop> {
        let digits = self
            .rest()
            .get(1..5)
            .filter(|d| d.bytes().all(|c| c.is_ascii_hexdigit()));
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let number = number.ok_or(Stop::At("Invalid \\uXXXX escape", self.at))?;
        self.at += 4;
        Ok(number)
    }

    fn number(&mut self) -> Result<Value, Stop> {
        let start = self.at;
        self.skip(b'-');
        let whole = self.digits();
        let leading_zero = self.since(self.at - whole).starts_with('0');
        if whole == 0 {
            return Err(Stop::At("Expecting value", start));
        }
        if leading_zero {
            // A zero stands alone; what follows it is reported as following the number.
            self.at -= whole - 1;
        }
        let digits_end = self.at;
        let fraction = self.skip(b'.') && 0 < self.digits();
        if !fraction {
            self.at = digits_end;
        }
        let exponent_at = self.at;
        let mut exponent = self.skip(b'e') || self.skip(b'E');
        if exponent {
            let _signed = self.skip(b'+') || self.skip(b'-');
            exponent = 0 < self.digits();
        }
        if !exponent {
            self.at = exponent_at;
        }
        let text = self.since(start).to_owned();
        if fraction || exponent {
            Ok(Value::Float(text))
        } else if MAX_DIGITS < whole && !leading_zero {
            Err(Stop::TooManyDigits)
        } else {
            Ok(Value::Integer(text))
        }
    }

    /// Passes over digits and says how many there were.
    fn digits(&mut self) -> usize {
        let count = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.at += count;
        count
    }

    fn space(&mut self) {
        let space = |c: &u8| matches!(c, b' ' | b'\t' | b'\n' | b'\r');
        self.at += self.rest().bytes().take_while(space).count();
    }

    fn skip(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn since(&self, start: usize) -> &str {
        self.text.get(start..self.at).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_bytes_get_an_answer(bytes: Vec<u8>) {
            let _answer = parse(&bytes);
        }

        #[test]
        fn anything_made_of_jsons_own_characters_is_read_as_serde_reads_it(text in r#"[\[\]{}",:0-9eE+.\\unt -]{0,24}"#) {
            let ours = parse(text.as_bytes());
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            match (&ours, &theirs) {
                (Ok(ours), Ok(theirs)) => {
                    let printed = serde_json::to_string(ours).unwrap();
                    proptest::prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&printed).unwrap(), theirs);
                }
                // Theirs keeps the last of two equal keys, and knows no number beyond an f64.
                (Err(Refusal::Malformed { what: "Duplicate property name", .. }), Ok(_)) => {}
                (Ok(_), Err(error)) => proptest::prop_assert!(error.to_string().contains("out of range")),
                _ => proptest::prop_assert!(ours.is_err() && theirs.is_err(), "{text}: {ours:?} {theirs:?}"),
            }
        }
    }

    #[test]
    fn nesting_is_refused_without_recursing_into_it() {
        let deep = "[".repeat(1_000_000);
        let refusal = parse(deep.as_bytes());
        assert_eq!(
            refusal,
            Err(Refusal::Malformed {
                what: "Nested too deeply",
                at: 32
            })
        );
    }

    #[test]
    fn numbers_are_echoed_as_they_were_sent() {
        let text = "[1E2,60.0000000000000000001,-0,123456789012345678901234567890]";
        assert_eq!(
            serde_json::to_string(&parse(text.as_bytes()).unwrap()).unwrap(),
            text
        );
    }
}
