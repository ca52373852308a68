//! Points in time as this face reads and prints them (ISO 8601).

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Utc};

use crate::model::Instant;

/// The first and the last millisecond of the years 1 to 9999.
const FIRST: i64 = -62_135_596_800_000;
const LAST: i64 = 253_402_300_799_999;

/// Reads a date, or date and time: `2024-01-15`, `2024-01-15T10:30:00Z`, with a fraction, with an offset, without
/// seconds, at the day's end as `24:00`, with `z`, in the years 1 to 9999 of UTC. Without an offset it is UTC. What is finer than a millisecond is cut off.
///
/// These are the forms of which everyone means the same instant; weeks, ordinal days and bare years are not among them.
pub(super) fn read(text: &str) -> Option<Instant> {
    if !text.is_ascii() {
        return None;
    }
    let (date, rest) = text.split_at_checked(10)?;
    // chrono takes one digit for two, so the places are looked at first.
    let digits = |at: usize| date.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    if ![0, 1, 2, 3, 5, 6, 8, 9].into_iter().all(digits) || date.starts_with("0000") {
        return None;
    }
    let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()?;
    if rest.is_empty() {
        return Some(NaiveDateTime::new(date, NaiveTime::MIN).and_utc().into());
    }
    let rest = rest.strip_prefix(['T', ' ', '\t'])?;
    let zone_at = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (time, zone) = rest.split_at_checked(zone_at)?;
    // Midnight belongs to both days (ISO 8601).
    let (date, time) = match time {
        "24:00" => (date.succ_opt()?, NaiveTime::MIN),
        time => (date, time_of(time)?),
    };
    let local = NaiveDateTime::new(date, time).and_utc();
    let minutes = offset_minutes(zone)?;
    let millis = local.timestamp_millis() - i64::from(minutes) * 60_000;
    // Any other could not be printed in the same form.
    (FIRST..=LAST)
        .contains(&millis)
        .then(|| Instant::from_millis(millis))
}

/// `HH:MM`, `HH:MM:SS` or with a fraction behind the seconds.
fn time_of(text: &str) -> Option<NaiveTime> {
    let mut parts = text.splitn(3, ':');
    let (hour, minute) = (two_digits(parts.next()?)?, two_digits(parts.next()?)?);
    let Some(seconds) = parts.next() else {
        return NaiveTime::from_hms_opt(hour, minute, 0);
    };
    let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let millis = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    NaiveTime::from_hms_milli_opt(hour, minute, two_digits(second)?, millis)
}

fn offset_minutes(zone: &str) -> Option<i32> {
    let sign = match zone.bytes().next() {
        None | Some(b'Z' | b'z') => return (zone.len() < 2).then_some(0),
        Some(b'+') => 1,
        Some(_) => -1,
    };
    let zone = zone.get(1..)?;
    let (hours, minutes) = match zone.len() {
        4 => zone.split_at_checked(2)?,
        _ => zone.split_once(':')?,
    };
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    let total = i32::try_from(hours * 60 + minutes).ok()?;
    (hours < 24 && minutes < 60).then_some(sign * total)
}

fn two_digits(text: &str) -> Option<u32> {
    let digits = text.len() == 2 && text.bytes().all(|c| c.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Prints UTC with `Z`, milliseconds only where there are some: what was sent that way comes back as it was sent.
pub(super) fn printed(at: Instant) -> String {
    let time = DateTime::<Utc>::from_timestamp_millis(at.millis()).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_fractions_are_read_and_utc_is_printed() {
        for (sent, shown) in [
            ("2024-01-15T10:30:00Z", "2024-01-15T10:30:00Z"),
            ("2024-01-15T10:30:00.5Z", "2024-01-15T10:30:00.500Z"),
            ("2024-01-15T10:30:00.123999Z", "2024-01-15T10:30:00.123Z"),
            ("2024-01-15T10:30:00+02:00", "2024-01-15T08:30:00Z"),
            ("2024-01-15T23:30:00-0530", "2024-01-16T05:00:00Z"),
            ("2024-01-15 10:30", "2024-01-15T10:30:00Z"),
            ("2024-01-15T10:30:00z", "2024-01-15T10:30:00Z"),
            ("2024-01-15\t10:30z", "2024-01-15T10:30:00Z"),
            ("2024-01-15T24:00Z", "2024-01-16T00:00:00Z"),
            ("2024-12-31 24:00z", "2025-01-01T00:00:00Z"),
            ("2024-02-28T24:00", "2024-02-29T00:00:00Z"),
            ("2024-01-15T24:00+02:00", "2024-01-15T22:00:00Z"),
            ("2024-02-29", "2024-02-29T00:00:00Z"),
            ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(read(sent).map(printed).as_deref(), Some(shown), "{sent}");
        }
    }

    #[test]
    fn what_class_validator_refuses_is_refused() {
        for text in [
            "2024-01-15T24:00:00Z",
            "2024-01-15T24:01Z",
            "2024-01-15t10:30:00Z",
            "2024-01-15T10:30:60Z",
            "2024-01-15T10:30:00zz",
            "2024-01-15T10:30:00 Z",
            "9999-12-31T24:00Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn an_offset_leads_to_no_year_of_other_than_four_digits() {
        for (sent, shown) in [
            ("9999-12-31T23:59:59-00:01", None),
            ("9999-12-31T23:59:59.999Z", Some("9999-12-31T23:59:59.999Z")),
            ("0001-01-01T00:00:00+00:01", None),
            ("0001-01-01T00:00:00Z", Some("0001-01-01T00:00:00Z")),
        ] {
            assert_eq!(read(sent).map(printed).as_deref(), shown, "{sent}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_gets_an_answer(text: String) {
            let _answer = read(&text);
        }

        #[test]
        fn what_is_printed_is_read_back(millis in FIRST..=LAST) {
            let at = Instant::from_millis(millis);
            proptest::prop_assert_eq!(read(&printed(at)), Some(at));
        }
    }
}
