//! Promises about facts, over MaxMind's published test data and invented databases.

use std::path::{Path, PathBuf};

use super::*;
use crate::model::{Absence, Anonymity, Facts};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../intel/fixtures")
        .join(name)
}

fn open(names: &[&str]) -> Opened {
    Intelligence::open(&Sources {
        paths: names.iter().map(|it| fixture(it)).collect(),
        documentation: None,
    })
}

fn maxmind() -> Intelligence {
    let Opened {
        intelligence,
        problems,
    } = open(&["maxmind"]);
    assert_eq!(problems, []);
    intelligence
}

#[test]
fn an_address_has_a_place_as_precise_as_the_data() {
    let facts = maxmind().look_up("81.2.69.142");
    let place = facts.place().unwrap();
    assert_eq!(place.country_code.as_deref(), Some("GB"));
    assert_eq!(place.country.as_deref(), Some("United Kingdom"));
    assert_eq!(place.region.as_deref(), Some("England"));
    assert_eq!(place.region_code.as_deref(), Some("ENG"));
    assert_eq!(place.city.as_deref(), Some("London"));
    assert_eq!(place.time_zone.as_deref(), Some("Europe/London"));
    let point = place.point.unwrap();
    assert_eq!(
        (point.latitude, point.longitude, point.radius_km),
        (51.5142, -0.0931, 10)
    );
}

#[test]
fn the_places_of_the_published_test_data_are_found() {
    let intelligence = maxmind();
    for (address, country, city) in [
        ("89.160.20.128", "SE", Some("Linköping")),
        ("2.125.160.216", "GB", Some("Boxford")),
        ("216.160.83.56", "US", Some("Milton")),
        ("175.16.199.1", "CN", Some("Changchun")),
        ("2001:218::1", "JP", None),
        ("::ffff:81.2.69.142", "GB", Some("London")),
        ("64:ff9b::81.2.69.142", "GB", Some("London")),
        ("2002:5102:458e::1", "GB", Some("London")),
        ("81.2.69.142:443", "GB", Some("London")),
        ("[2001:218::1]:443", "JP", None),
    ] {
        let facts = intelligence.look_up(address);
        assert_eq!(facts.country(), Some(country), "{address}");
        assert_eq!(facts.place().unwrap().city.as_deref(), city, "{address}");
    }
}

#[test]
fn a_network_has_its_holder() {
    let system = maxmind().look_up("1.128.0.1").system.unwrap();
    assert_eq!(system.number, 1221);
    assert_eq!(system.organisation.as_deref(), Some("Telstra Pty Ltd"));
}

#[test]
fn what_stands_before_a_person_is_told_and_absence_from_a_list_is_a_no() {
    let intelligence = maxmind();
    let anonymity = |address| intelligence.look_up(address).anonymity;
    assert_eq!(anonymity("1.2.0.1").vpn, Some(true));
    assert_eq!(anonymity("65.4.3.2").tor, Some(true));
    assert!(anonymity("81.2.69.142").any());
    assert_eq!(
        anonymity("89.160.20.128"),
        Anonymity {
            hosting: Some(false),
            vpn: Some(false),
            proxy: Some(false),
            tor: Some(false),
            relay: None,
        }
    );
}

#[test]
fn absent_data_says_why() {
    let (all, none) = (maxmind(), Intelligence::none());
    for (address, with, without) in [
        ("203.0.113.42", Absence::Documentation, Absence::Documentation),
        ("2001:db8::1", Absence::Documentation, Absence::Documentation),
        ("192.168.1.1", Absence::Private, Absence::Private),
        ("100.64.0.1", Absence::Shared, Absence::Shared),
        ("127.0.0.1", Absence::Loopback, Absence::Loopback),
        ("8.8.8.8", Absence::Unknown, Absence::Unavailable),
        ("fe80::1%eth0", Absence::LinkLocal, Absence::LinkLocal),
        ("8.8.8.8:443", Absence::Unknown, Absence::Unavailable),
        ("8.8.8.8, 10.0.0.1", Absence::Invalid, Absence::Invalid),
        ("unknown", Absence::Invalid, Absence::Invalid),
        ("", Absence::Invalid, Absence::Invalid),
    ] {
        assert_eq!(all.look_up(address).absence(), Some(with), "{address}");
        assert_eq!(none.look_up(address), Facts::absent(without), "{address}");
    }
}

#[test]
fn the_address_of_an_example_has_no_fact_at_all() {
    assert_eq!(
        maxmind().look_up("203.0.113.42"),
        Facts::absent(Absence::Documentation)
    );
}

#[test]
fn documentation_addresses_have_invented_places_only_for_a_test_that_asks() {
    let asked = Intelligence::open(&Sources {
        paths: vec![fixture("maxmind")],
        documentation: Some(fixture("documentation.mmdb")),
    });
    assert_eq!(asked.problems, []);
    for (address, city) in [
        ("192.0.2.7", Some("New York")),
        ("198.51.100.77", Some("Tokyo")),
        ("2001:db8::1", Some("Berlin")),
        ("203.0.113.42", None),
        ("2001:db8:1::1", None),
    ] {
        let facts = asked.intelligence.look_up(address);
        assert_eq!(facts.place().and_then(|it| it.city.as_deref()), city, "{address}");
        assert!(facts.system.is_none() && !facts.anonymity.any(), "{address}");
    }
    let unasked = open(&["documentation.mmdb"]);
    assert_eq!(unasked.problems.len(), 1);
    assert_eq!(
        unasked.intelligence.look_up("192.0.2.7"),
        Facts::absent(Absence::Documentation)
    );
}

#[test]
fn an_operators_file_goes_before_the_folder() {
    let Opened {
        intelligence,
        problems,
    } = open(&["ipv4-only.mmdb", "maxmind"]);
    assert_eq!(problems, []);
    assert_eq!(intelligence.look_up("1.0.0.1").country(), Some("AU"));
    // Places are the file's alone; the rest is the folder's.
    assert_eq!(
        intelligence.look_up("81.2.69.142").absence(),
        Some(Absence::Unknown)
    );
    assert_eq!(intelligence.look_up("1.128.0.1").asn(), Some(1221));
    let kinds: Vec<String> = intelligence
        .files()
        .map(|(_, _, kind, _)| kind.to_owned())
        .collect();
    assert_eq!(kinds, ["Sample-City", "GeoLite2-ASN", "GeoIP2-Anonymous-IP"]);
}

#[test]
fn numbers_are_read_in_any_width_and_a_missing_radius_is_a_wide_one() {
    let intelligence = open(&["ipv4-only.mmdb"]).intelligence;
    let point = intelligence.look_up("1.0.0.1").place().unwrap().point.unwrap();
    assert_eq!(
        (point.latitude, point.longitude, point.radius_km),
        (-33.5, 151.25, 20)
    );
}

#[test]
fn a_file_without_ipv6_knows_no_ipv6_address() {
    let intelligence = open(&["ipv4-only.mmdb"]).intelligence;
    assert_eq!(
        intelligence.look_up("2001:218::1"),
        Facts::absent(Absence::Unknown)
    );
    assert_eq!(intelligence.look_up("2002:100:1::").country(), Some("AU"));
}

#[test]
fn what_cannot_be_opened_is_named_and_the_rest_works() {
    for name in [
        "nowhere",
        "nowhere.mmdb",
        "damaged",
        "make.py",
        "maxmind/LICENSE-MIT",
    ] {
        let Opened {
            intelligence,
            problems,
        } = open(&[name, "maxmind/GeoLite2-ASN-Test.mmdb"]);
        assert!(!problems.is_empty(), "{name}");
        assert_eq!(intelligence.look_up("1.128.0.1").asn(), Some(1221), "{name}");
    }
}

mod damage {
    use proptest::prelude::*;
    use symbolic_common::ByteView;

    use super::super::database::Database;
    use super::super::records::{AnonymityRecord, PlaceRecord, SystemRecord};
    use super::*;

    const FILES: [&str; 3] = [
        "maxmind/GeoLite2-City-Test.mmdb",
        "maxmind/GeoLite2-ASN-Test.mmdb",
        "maxmind/GeoIP2-Anonymous-IP-Test.mmdb",
    ];
    const ADDRESSES: [&str; 8] = [
        "81.2.69.142",
        "89.160.20.128",
        "1.128.0.1",
        "1.2.0.1",
        "255.255.255.255",
        "2001:218::1",
        "2a02:d280::1",
        "::",
    ];

    /// Looks everything up; whether it finds anything does not matter.
    fn ask(bytes: Vec<u8>) -> bool {
        let Ok(database) = Database::over(ByteView::from_vec(bytes), Path::new("damaged.mmdb")) else {
            return false;
        };
        for address in ADDRESSES.map(|it| it.parse().unwrap()) {
            if let Some(record) = database.record::<PlaceRecord<'_>>(address) {
                drop(record.place());
            }
            if let Some(record) = database.record::<SystemRecord<'_>>(address) {
                drop(record.system());
            }
            _ = database.record::<AnonymityRecord>(address);
        }
        true
    }

    #[test]
    fn a_file_that_was_cut_off_is_refused_wherever() {
        for name in FILES {
            let whole = std::fs::read(fixture(name)).unwrap();
            for length in (0..whole.len()).step_by(97) {
                let cut = whole[..length].to_vec();
                // The metadata is what comes last: without its end there is no database.
                assert!(!ask(cut), "{name} cut at {length}");
            }
            assert!(ask(whole));
        }
    }

    #[test]
    fn the_collected_damaged_files_do_no_harm() {
        for entry in fixture("damaged").read_dir().unwrap() {
            ask(std::fs::read(entry.unwrap().path()).unwrap());
        }
    }

    proptest! {
        #[test]
        fn bytes_written_over_a_file_do_no_harm(
            file in 0..FILES.len(),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..64),
        ) {
            let mut bytes = std::fs::read(fixture(FILES[file])).unwrap();
            for (at, byte) in damage {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            ask(bytes);
        }
    }
}
