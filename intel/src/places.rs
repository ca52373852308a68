//! Where addresses are: sources in, `city.mmdb` out.

use std::collections::HashMap;
use std::net::IpAddr;

use maxminddb::Reader;
use serde::Deserialize;

use crate::encoder::Encoder;
use crate::tree::Tree;
use crate::zones::Zones;
use crate::{Error, Progress};

/// ISO 3166-1 codes and English names.
const COUNTRIES: &str = include_str!("countries.tsv");

/// Networks and their places, of however many files.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) tree: Tree,
    pub(crate) built_at: u64,
    found: Vec<Place>,
    numbers: HashMap<Place, u32>,
}

/// A place of a source. Coordinates are bits, so that equal places are one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Place {
    country: String,
    region: String,
    region_code: String,
    city: String,
    point: Option<(u64, u64)>,
}

/// A record as ip-location-db writes them, flat, or as DB-IP itself does, in MaxMind's schema.
#[derive(Deserialize)]
struct Record<'a> {
    country_code: Option<&'a str>,
    state1: Option<&'a str>,
    latitude: Option<f32>,
    longitude: Option<f32>,
    #[serde(borrow)]
    country: Option<Named<'a>>,
    #[serde(borrow, default)]
    subdivisions: Vec<Named<'a>>,
    #[serde(borrow)]
    city: Option<City<'a>>,
    location: Option<Location>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum City<'a> {
    Flat(&'a str),
    #[serde(borrow)]
    Nested(Named<'a>),
}

#[derive(Deserialize, Clone, Copy)]
struct Named<'a> {
    iso_code: Option<&'a str>,
    #[serde(borrow)]
    names: Option<Names<'a>>,
}

#[derive(Deserialize, Clone, Copy)]
struct Names<'a> {
    en: Option<&'a str>,
}

#[derive(Deserialize, Clone, Copy)]
struct Location {
    latitude: Option<f64>,
    longitude: Option<f64>,
}

impl Places {
    pub(crate) fn new() -> Self {
        Self {
            tree: Tree::new(),
            built_at: 0,
            found: Vec::new(),
            numbers: HashMap::new(),
        }
    }

    /// Adds every network of a database.
    pub(crate) fn add(&mut self, file: Vec<u8>, name: &str, progress: &Progress) -> Result<(), Error> {
        let wrong = |error: maxminddb::MaxMindDbError| Error::Source(format!("{name}: {error}"));
        let reader = Reader::from_source(file).map_err(wrong)?;
        self.built_at = self.built_at.max(reader.metadata().build_epoch);
        let bar = progress.count(
            &format!("reading {name}"),
            u64::from(reader.metadata().node_count),
        );
        // Most networks share their record with others.
        let mut known: HashMap<usize, Option<u32>> = HashMap::new();
        for (place, found) in reader
            .networks(maxminddb::WithinOptions::default())
            .map_err(wrong)?
            .enumerate()
        {
            if place % 65_536 == 0 {
                bar.set(place as u64);
            }
            let found = found.map_err(wrong)?;
            let Some(offset) = found.offset() else { continue };
            let number = if let Some(number) = known.get(&offset) {
                *number
            } else {
                let record: Option<Record<'_>> = found.decode().map_err(wrong)?;
                let number = record.and_then(|it| it.place()).map(|it| self.number(it));
                known.insert(offset, number);
                number
            };
            let Some(number) = number else { continue };
            let network = found.network().map_err(wrong)?;
            // An IPv4 address is a low IPv6 address in the tree.
            let (address, above) = match network.ip() {
                IpAddr::V4(v4) => (u128::from(v4.to_bits()), 96),
                IpAddr::V6(v6) => (v6.to_bits(), 0),
            };
            self.tree
                .insert(address, above + u32::from(network.prefix()), number);
        }
        Ok(())
    }

    fn number(&mut self, place: Place) -> u32 {
        let next = u32::try_from(self.found.len()).unwrap_or(u32::MAX);
        let found = &mut self.found;
        *self.numbers.entry(place).or_insert_with_key(|place| {
            found.push(place.clone());
            next
        })
    }

    /// The records and where each is, in the schema of GeoIP2 City; time zones by `zones`.
    pub(crate) fn encode(&self, zones: Option<&Zones>) -> (Encoder, Vec<u32>) {
        let mut to = Encoder::default();
        to.keep([
            "city",
            "country",
            "subdivisions",
            "location",
            "names",
            "en",
            "iso_code",
        ]);
        to.keep(["latitude", "longitude", "time_zone"]);
        to.keep(zones.iter().flat_map(|it| it.names()));
        let names: HashMap<&str, &str> = COUNTRIES.lines().filter_map(|it| it.split_once('\t')).collect();
        let mut countries: HashMap<&str, u32> = HashMap::new();
        let mut regions: HashMap<(&str, &str), u32> = HashMap::new();
        // What many places share comes first, and so close together.
        for place in &self.found {
            countries.entry(&place.country).or_insert_with(|| {
                country(
                    &mut to,
                    &place.country,
                    names.get(place.country.as_str()).copied(),
                )
            });
        }
        for place in self.found.iter().filter(|it| !it.region.is_empty()) {
            regions
                .entry((&place.region_code, &place.region))
                .or_insert_with(|| region(&mut to, &place.region_code, &place.region));
        }
        let mut places = Vec::with_capacity(self.found.len());
        for place in &self.found {
            places.push(to.here());
            let region = regions.get(&(place.region_code.as_str(), place.region.as_str()));
            let city = !place.city.is_empty();
            let pairs = [city, true, place.point.is_some(), region.is_some()];
            to.map(pairs.into_iter().filter(|it| *it).count());
            if city {
                to.shared("city");
                to.map(1);
                named(&mut to, &place.city);
            }
            to.shared("country");
            to.pointer(countries.get(place.country.as_str()).copied().unwrap_or_default());
            if let Some((latitude, longitude)) = place.point {
                let (latitude, longitude) = (f64::from_bits(latitude), f64::from_bits(longitude));
                let zone = zones.and_then(|it| it.at(latitude, longitude));
                to.shared("location");
                to.map(2 + usize::from(zone.is_some()));
                to.shared("latitude");
                to.double(latitude);
                to.shared("longitude");
                to.double(longitude);
                if let Some(zone) = zone {
                    to.shared("time_zone");
                    to.shared(zone);
                }
            }
            if let Some(region) = region {
                to.shared("subdivisions");
                to.pointer(*region);
            }
        }
        (to, places)
    }

    /// How many different places there are.
    pub(crate) fn different(&self) -> u64 {
        self.found.len() as u64
    }
}

impl Record<'_> {
    fn place(&self) -> Option<Place> {
        let country = self.country_code.or_else(|| self.country?.iso_code)?;
        let region = self.subdivisions.first().copied();
        let city = match &self.city {
            Some(City::Flat(city)) => Some(*city),
            Some(City::Nested(city)) => city.english(),
            None => None,
        };
        let flat = self
            .latitude
            .zip(self.longitude)
            .map(|(a, b)| (shortest(a), shortest(b)));
        let nested = self.location.and_then(|it| it.latitude.zip(it.longitude));
        let point = flat.or(nested).filter(|it| *it != (0.0, 0.0));
        (country.len() == 2).then(|| Place {
            country: country.to_owned(),
            region: self
                .state1
                .or_else(|| region?.english())
                .unwrap_or_default()
                .to_owned(),
            region_code: region.and_then(|it| it.iso_code).unwrap_or_default().to_owned(),
            city: city.unwrap_or_default().to_owned(),
            point: point.map(|(latitude, longitude)| (latitude.to_bits(), longitude.to_bits())),
        })
    }
}

impl<'a> Named<'a> {
    fn english(self) -> Option<&'a str> {
        self.names?.en
    }
}

/// The number a single-precision one stands for: 37.422, not 37.422000885009766.
fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

fn country(to: &mut Encoder, code: &str, name: Option<&str>) -> u32 {
    let here = to.here();
    to.map(1 + usize::from(name.is_some()));
    to.shared("iso_code");
    to.text(code);
    if let Some(name) = name {
        named(to, name);
    }
    here
}

fn region(to: &mut Encoder, code: &str, name: &str) -> u32 {
    let here = to.here();
    to.array(1);
    to.map(1 + usize::from(!code.is_empty()));
    if !code.is_empty() {
        to.shared("iso_code");
        to.text(code);
    }
    named(to, name);
    here
}

/// The pair `names: {en: name}`.
fn named(to: &mut Encoder, name: &str) {
    to.shared("names");
    to.map(1);
    to.shared("en");
    to.text(name);
}
