//! What records of databases in MaxMind's schemas hold, read without copying and without what is not used.
//!
//! Schemas: GeoIP2 and GeoLite2 City, Country, Enterprise, ASN, ISP, Anonymous IP and Anonymous Plus; DB-IP's own files
//! follow them.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};

use crate::model::{AutonomousSystem, Place, Point};

/// How wide of the truth a city may lie when the data does not say: three quarters of the cities of one such source are
/// within 172 km of another source's.
const CITY_RADIUS_KM: u16 = 200;
/// The same for a country or a region.
const COUNTRY_RADIUS_KM: u16 = 1000;

/// A record of a City, Country or Enterprise database.
#[derive(serde::Deserialize)]
pub(super) struct PlaceRecord<'a> {
    #[serde(borrow)]
    country: Option<Country<'a>>,
    #[serde(borrow)]
    subdivisions: Option<First<Subdivision<'a>>>,
    #[serde(borrow)]
    city: Option<City<'a>>,
    #[serde(borrow)]
    location: Option<Location<'a>>,
}

#[derive(serde::Deserialize)]
struct Country<'a> {
    iso_code: Option<&'a str>,
    #[serde(borrow)]
    names: Option<Names<'a>>,
}

#[derive(serde::Deserialize)]
struct Subdivision<'a> {
    iso_code: Option<&'a str>,
    #[serde(borrow)]
    names: Option<Names<'a>>,
}

#[derive(serde::Deserialize)]
struct City<'a> {
    #[serde(borrow)]
    names: Option<Names<'a>>,
}

#[derive(serde::Deserialize)]
struct Names<'a> {
    en: Option<&'a str>,
}

#[derive(serde::Deserialize)]
struct Location<'a> {
    latitude: Option<Decimal>,
    longitude: Option<Decimal>,
    accuracy_radius: Option<Whole>,
    time_zone: Option<&'a str>,
}

impl PlaceRecord<'_> {
    /// The place; none without a country.
    ///
    /// Records of anycast addresses have only a `registered_country`, which is where the holder's papers are.
    pub(super) fn place(&self) -> Option<Place> {
        let country = self.country.as_ref()?;
        let country_code = country.iso_code.filter(|it| it.len() == 2)?;
        let region = self.subdivisions.as_ref().and_then(|it| it.0.as_ref());
        let city = self.city.as_ref().and_then(|it| english(it.names.as_ref()));
        let location = self.location.as_ref();
        let widest = if city.is_some() {
            CITY_RADIUS_KM
        } else {
            COUNTRY_RADIUS_KM
        };
        Some(Place {
            country_code: Some(country_code.to_owned()),
            country: english(country.names.as_ref()),
            region: region.and_then(|it| english(it.names.as_ref())),
            region_code: region.and_then(|it| text(it.iso_code)),
            city,
            point: location.and_then(|it| it.point(widest)),
            time_zone: location.and_then(|it| text(it.time_zone)),
        })
    }
}

impl Location<'_> {
    fn point(&self, widest: u16) -> Option<Point> {
        let latitude = self.latitude?.0;
        let longitude = self.longitude?.0;
        let possible = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        possible.then(|| Point {
            latitude,
            longitude,
            radius_km: self.accuracy_radius.and_then(Whole::positive).unwrap_or(widest),
        })
    }
}

/// A record of an ASN or ISP database.
#[derive(serde::Deserialize)]
pub(super) struct SystemRecord<'a> {
    autonomous_system_number: Option<Whole>,
    autonomous_system_organization: Option<&'a str>,
}

impl SystemRecord<'_> {
    /// The autonomous system.
    pub(super) fn system(&self) -> Option<AutonomousSystem> {
        let number = self.autonomous_system_number.and_then(Whole::positive)?;
        Some(AutonomousSystem {
            number,
            organisation: text(self.autonomous_system_organization),
        })
    }
}

/// A record of an Anonymous IP database. What does not hold is left out of such records.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the schema's own flags, which go together in any way"
)]
pub(super) struct AnonymityRecord {
    pub(super) is_anonymous_vpn: bool,
    pub(super) is_hosting_provider: bool,
    pub(super) is_public_proxy: bool,
    pub(super) is_residential_proxy: bool,
    pub(super) is_tor_exit_node: bool,
    /// Not MaxMind's: written by the builder of this project.
    pub(super) is_privacy_relay: bool,
}

fn english(names: Option<&Names<'_>>) -> Option<String> {
    text(names?.en)
}

fn text(text: Option<&str>) -> Option<String> {
    text.filter(|it| !it.is_empty()).map(str::to_owned)
}

/// A number in either width; the reader takes neither for the other.
#[derive(Clone, Copy)]
struct Decimal(f64);

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Numbers;
        impl Visitor<'_> for Numbers {
            type Value = Decimal;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_f64<E: Error>(self, value: f64) -> Result<Decimal, E> {
                Ok(Decimal(value))
            }
            fn visit_f32<E: Error>(self, value: f32) -> Result<Decimal, E> {
                Ok(Decimal(f64::from(value)))
            }
        }
        deserializer.deserialize_any(Numbers)
    }
}

/// A whole number, in whatever width a writer chose.
#[derive(Clone, Copy)]
struct Whole(u64);

impl Whole {
    fn positive<T: TryFrom<u64>>(self) -> Option<T> {
        T::try_from(self.0).ok().filter(|_| 0 < self.0)
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Numbers;
        impl Visitor<'_> for Numbers {
            type Value = Whole;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<Whole, E> {
                Ok(Whole(value))
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Whole, E> {
                Ok(Whole(u64::try_from(value).unwrap_or_default()))
            }
        }
        deserializer.deserialize_any(Numbers)
    }
}

/// The first element of an array.
struct First<T>(Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for First<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Elements<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Elements<T> {
            type Value = First<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<First<T>, A::Error> {
                let first = elements.next_element()?;
                while elements.next_element::<IgnoredAny>()?.is_some() {}
                Ok(First(first))
            }
        }
        deserializer.deserialize_seq(Elements(PhantomData))
    }
}
