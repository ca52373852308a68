//! Facts about an address, as a record keeps them.

use aws_sdk_dynamodb::types::AttributeValue;

use super::Error;
use super::attributes::{
    ABSENCE, ANONYMITY, ASN, CITY, COUNTRY, COUNTRY_NAME, LATITUDE, LONGITUDE, ORGANISATION, RADIUS, REGION,
    REGION_CODE, TIME_ZONE,
};
use super::item::{Item, Reader, number, text};
use crate::model::{Absence, Anonymity, AutonomousSystem, Facts, Located, Place, Point};

pub(super) fn item(facts: &Facts) -> AttributeValue {
    let mut item = Item::new();
    let mut put = |name: &str, value: Option<AttributeValue>| {
        if let Some(value) = value {
            item.insert(name.to_owned(), value);
        }
    };
    match &facts.place {
        Located::Nowhere(why) => put(ABSENCE, Some(text(why.as_str()))),
        Located::At(place) => {
            put(COUNTRY, place.country_code.as_deref().map(text));
            put(COUNTRY_NAME, place.country.as_deref().map(text));
            put(REGION, place.region.as_deref().map(text));
            put(REGION_CODE, place.region_code.as_deref().map(text));
            put(CITY, place.city.as_deref().map(text));
            put(TIME_ZONE, place.time_zone.as_deref().map(text));
            put(LATITUDE, place.point.map(|it| number(it.latitude)));
            put(LONGITUDE, place.point.map(|it| number(it.longitude)));
            put(RADIUS, place.point.map(|it| number(it.radius_km)));
        }
    }
    if let Some(system) = &facts.system {
        put(ASN, Some(number(system.number)));
        put(ORGANISATION, system.organisation.as_deref().map(text));
    }
    let flags = flags(facts.anonymity);
    put(ANONYMITY, flags.contains(['y', 'n']).then(|| text(flags)));
    AttributeValue::M(item)
}

pub(super) fn read(reader: &Reader<'_>) -> Result<Facts, Error> {
    let owned = |value: Option<&str>| value.map(str::to_owned);
    let place = match reader.opt_text(ABSENCE)? {
        Some(text) => {
            let why = Absence::ALL.into_iter().find(|why| why.as_str() == text);
            Located::Nowhere(why.ok_or_else(|| reader.corrupt("not a reason for an absence"))?)
        }
        None => Located::At(Box::new(Place {
            country_code: owned(reader.opt_text(COUNTRY)?),
            country: owned(reader.opt_text(COUNTRY_NAME)?),
            region: owned(reader.opt_text(REGION)?),
            region_code: owned(reader.opt_text(REGION_CODE)?),
            city: owned(reader.opt_text(CITY)?),
            time_zone: owned(reader.opt_text(TIME_ZONE)?),
            point: match (reader.opt_number(LATITUDE)?, reader.opt_number(LONGITUDE)?) {
                (Some(latitude), Some(longitude)) => Some(Point {
                    latitude,
                    longitude,
                    radius_km: reader.opt_number(RADIUS)?.unwrap_or(u16::MAX),
                }),
                _ => None,
            },
        })),
    };
    Ok(Facts {
        place,
        system: reader
            .opt_number(ASN)?
            .map(|number| {
                Ok::<_, Error>(AutonomousSystem {
                    number,
                    organisation: owned(reader.opt_text(ORGANISATION)?),
                })
            })
            .transpose()?,
        anonymity: anonymity(reader.opt_text(ANONYMITY)?.unwrap_or_default()),
    })
}

fn flags(of: Anonymity) -> String {
    [of.hosting, of.vpn, of.proxy, of.tor, of.relay]
        .map(|flag| flag.map_or('-', |yes| if yes { 'y' } else { 'n' }))
        .iter()
        .collect()
}

fn anonymity(text: &str) -> Anonymity {
    let mut flags = text.chars().map(|letter| match letter {
        'y' => Some(true),
        'n' => Some(false),
        _ => None,
    });
    let mut next = || flags.next().flatten();
    Anonymity {
        hosting: next(),
        vpn: next(),
        proxy: next(),
        tor: next(),
        relay: next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_as_they_were_written() {
        let known = Facts {
            place: Located::At(Box::new(Place {
                country_code: Some("FR".to_owned()),
                city: Some("Paris".to_owned()),
                point: Some(Point {
                    latitude: 48.8566,
                    longitude: -2.3522,
                    radius_km: 200,
                }),
                ..Place::default()
            })),
            system: Some(AutonomousSystem {
                number: 64_496,
                organisation: None,
            }),
            anonymity: Anonymity {
                hosting: Some(true),
                tor: Some(false),
                ..Anonymity::default()
            },
        };
        for facts in [known, Facts::absent(Absence::Documentation), Facts::default()] {
            let AttributeValue::M(stored) = item(&facts) else {
                panic!("a map");
            };
            assert_eq!(read(&Reader::open(&stored).unwrap()).unwrap(), facts);
        }
    }
}
