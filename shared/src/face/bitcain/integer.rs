//! Pydantic's lax integers, `pydantic-core` 2.46: every spelling it takes for a whole number, and no other.

/// What a value says as an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// This number; one that does not fit is the nearest that does, which no range of ours contains.
    Whole(i64),
    /// A number with a fraction.
    Fraction,
    /// A float without fraction that is too large.
    TooLarge,
    /// Infinity.
    Infinite,
    /// A text that spells no integer.
    NoInteger,
}

/// Longest number in a text, in characters, signs and zeros in front left out.
const MAX_TEXT: usize = 4300;

/// First float beyond an `i64`, 2^63.
const BEYOND: f64 = 9_223_372_036_854_775_808.0;

/// Reads digits with an optional minus sign.
pub(super) fn of_digits(text: &str) -> Reading {
    let nearest = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    Reading::Whole(text.parse().unwrap_or(nearest))
}

/// Reads a JSON number that has a fraction or an exponent.
#[expect(
    clippy::cast_possible_truncation,
    reason = "whole, and compared with the range first"
)]
pub(super) fn of_float(text: &str) -> Reading {
    match text.parse::<f64>() {
        Ok(number) if !number.is_finite() => Reading::Infinite,
        Ok(number) if number.fract() != 0.0 => Reading::Fraction,
        Ok(number) if -BEYOND < number && number < BEYOND => Reading::Whole(number as i64),
        Ok(_) => Reading::TooLarge,
        Err(_) => Reading::NoInteger,
    }
}

/// Reads a text: space around it, `+`, leading zeros, single underscores between digits and `.0` at its end are fine.
pub(super) fn of_text(text: &str) -> Reading {
    let text = text.trim();
    let unsigned = text.strip_prefix('+').filter(|text| !text.starts_with('-'));
    let digits = without_leading_zeros(unsigned.unwrap_or(text))
        .and_then(without_zero_fraction)
        .filter(|text| is_integer(text))
        .map(|text| text.replace('_', ""));
    match digits {
        Some(digits) if MAX_TEXT < digits.len() => Reading::TooLarge,
        Some(digits) => of_digits(&digits),
        None => Reading::NoInteger,
    }
}

/// Zeros are dropped together with underscores between them, the last one before a fraction or the end is kept.
fn without_leading_zeros(text: &str) -> Option<&str> {
    match text.bytes().next()? {
        b'1'..=b'9' | b'-' => return Some(text),
        b'0' => {}
        _ => return None,
    }
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'0' | b'_' => {}
            b'1'..=b'9' | b'-' => return text.get(at..),
            b'.' => return text.get(at - 1..),
            _ => return None,
        }
    }
    text.get(text.len() - 1..)
}

fn without_zero_fraction(text: &str) -> Option<&str> {
    match text.split_once('.') {
        None => Some(text),
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|c| c == b'0') => Some(whole),
        Some(_) => None,
    }
}

/// Digits after an optional minus sign, single underscores between them.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let group = |group: &str| !group.is_empty() && group.bytes().all(|c| c.is_ascii_digit());
    digits.split('_').all(group)
}
