//! Promises about builds, with registries on the loopback address.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use maxminddb::Reader;
use serde::Deserialize;
use sha2::{Digest, Sha512};

use crate::database::{self, Metadata};
use crate::encoder::Encoder;
use crate::fetch::{Fetcher, Registries};
use crate::lists::Lists;
use crate::package::{Package, Registry};
use crate::places::Places;
use crate::systems::Systems;
use crate::tree::Tree;
use crate::zones::Zones;
use crate::{Error, Manifest, Options, Progress, build};

fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("intel-{name}-{}", std::process::id()));
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn silent() -> Progress {
    Progress::new(|_| ())
}

type Served = (Arc<HashMap<String, Vec<u8>>>, Arc<Mutex<u32>>);

/// A registry that serves these paths and counts what it is asked for.
async fn registry(files: HashMap<String, Vec<u8>>) -> (Registries, Arc<Mutex<u32>>) {
    let asked = Arc::new(Mutex::new(0));
    let state = (Arc::new(files), Arc::clone(&asked));
    let serve = |State((files, asked)): State<Served>, Path(path): Path<String>| async move {
        *asked.lock().unwrap() += 1;
        files.get(&path).cloned().ok_or(StatusCode::NOT_FOUND)
    };
    let router = Router::new()
        .route("/{*path}", axum::routing::get(serve))
        .with_state(state);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let registries = Registries {
        npm: url.clone(),
        pypi_files: url,
    };
    (registries, asked)
}

fn tarball(path: &str, content: &[u8]) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut archive = tar::Builder::new(gzip);
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_cksum();
    archive.append_data(&mut header, path, content).unwrap();
    archive.into_inner().unwrap().finish().unwrap()
}

fn sample(bytes: &[u8]) -> Package {
    use base64::Engine;
    let digest = base64::engine::general_purpose::STANDARD.encode(Sha512::digest(bytes));
    Package {
        registry: Registry::Npm,
        name: "@scope/sample".to_owned(),
        version: "1.0.0".to_owned(),
        digest: format!("sha512-{digest}"),
    }
}

#[tokio::test]
async fn a_package_is_fetched_once_and_only_in_the_bytes_that_were_published() {
    let bytes = tarball("package/data.csv", b"hello");
    let package = sample(&bytes);
    let path = "@scope/sample/-/sample-1.0.0.tgz".to_owned();
    let (registries, asked) = registry(HashMap::from([(path.clone(), bytes.clone())])).await;
    let (folder, progress) = (scratch("fetch"), silent());
    let fetcher = Fetcher::new(&folder, Some(&registries), &progress).unwrap();
    for _ in 0..2 {
        let found = fetcher.fetch(&package).await.unwrap();
        assert_eq!(
            package.member(&found, |it| it == "package/data.csv").unwrap(),
            b"hello"
        );
    }
    assert_eq!(*asked.lock().unwrap(), 1);
    assert!(folder.join("scope-sample-1.0.0.tgz").is_file());

    // What was kept and is no longer the same is fetched again; what comes otherwise is refused.
    std::fs::write(folder.join("scope-sample-1.0.0.tgz"), b"other").unwrap();
    assert!(fetcher.fetch(&package).await.is_ok());
    let (registries, _) = registry(HashMap::from([(path, tarball("package/data.csv", b"evil!"))])).await;
    let elsewhere = scratch("refused");
    let fetcher = Fetcher::new(&elsewhere, Some(&registries), &progress).unwrap();
    assert!(matches!(fetcher.fetch(&package).await, Err(Error::Source(_))));
    assert_eq!(elsewhere.read_dir().unwrap().count(), 0);
    for folder in [folder, elsewhere] {
        std::fs::remove_dir_all(folder).unwrap();
    }
}

#[tokio::test]
async fn without_any_source_a_build_says_so_and_makes_nothing_up() {
    let (registries, asked) = registry(HashMap::new()).await;
    for registries in [None, Some(registries)] {
        let folder = scratch("none");
        let options = Options {
            folder: folder.join("data"),
            downloads: folder.join("downloads"),
            registries,
            accept_shrinking: false,
        };
        let manifest = build(&options, &silent()).await.unwrap();
        assert!(manifest.tables.is_empty() && manifest.sources.is_empty());
        // Three sources of places, and one each of networks and lists.
        assert_eq!(manifest.notes.len(), 6, "{:?}", manifest.notes);
        assert_eq!(Manifest::read(&options.folder).unwrap(), Some(manifest));
        std::fs::remove_dir_all(folder).unwrap();
    }
    assert_eq!(*asked.lock().unwrap(), 5);
}

#[tokio::test]
async fn a_folder_with_anything_else_in_it_is_left_alone() {
    let folder = scratch("foreign");
    let theirs = folder.join("photo.jpg");
    std::fs::write(&theirs, "theirs").unwrap();
    for foreign in [folder.clone(), folder.join(".."), PathBuf::from(".")] {
        let options = Options {
            folder: foreign,
            downloads: folder.join("downloads"),
            registries: None,
            accept_shrinking: true,
        };
        let built = build(&options, &silent()).await;
        assert!(matches!(built, Err(Error::Foreign(_))), "{built:?}");
    }
    assert_eq!(std::fs::read_to_string(&theirs).unwrap(), "theirs");
}

#[tokio::test]
async fn what_a_build_that_was_cut_off_had_put_aside_comes_back() {
    let folder = scratch("cut-off");
    let options = Options {
        folder: folder.join("data"),
        downloads: folder.join("downloads"),
        registries: None,
        accept_shrinking: false,
    };
    let before = build(&options, &silent()).await.unwrap();
    std::fs::rename(folder.join("data"), folder.join("data.old")).unwrap();
    assert_eq!(Manifest::read(&options.folder).unwrap(), None);
    crate::build::restore(&options.folder, &folder.join("data.old")).unwrap();
    assert_eq!(Manifest::read(&options.folder).unwrap(), Some(before));
    build(&options, &silent()).await.unwrap();
    assert!(!folder.join("data.old").exists());
}

#[tokio::test]
async fn a_build_that_lost_too_much_replaces_nothing() {
    let folder = scratch("shrunk");
    let mut options = Options {
        folder: folder.join("data"),
        downloads: folder.join("downloads"),
        registries: None,
        accept_shrinking: false,
    };
    std::fs::create_dir_all(&options.folder).unwrap();
    std::fs::write(options.folder.join("city.mmdb"), b"last month's").unwrap();
    let before = r#"{"tables": [{"file": "city.mmdb", "kind": "", "built_at": 0, "built_on": "", "networks": 9,
        "records": 1, "size": 1, "sha256": ""}], "sources": [], "notes": []}"#;
    std::fs::write(options.folder.join("sources.json"), before).unwrap();
    let refused = build(&options, &silent()).await;
    assert!(matches!(
        refused,
        Err(Error::Shrunk {
            before: 9,
            now: 0,
            ..
        })
    ));
    assert!(options.folder.join("city.mmdb").is_file());
    assert!(!folder.join("data.new").exists());
    options.accept_shrinking = true;
    assert!(build(&options, &silent()).await.is_ok());
    assert!(!options.folder.join("city.mmdb").exists());
    std::fs::remove_dir_all(folder).unwrap();
}

/// Writes a database and reads it with the reader that functions use.
fn written(name: &str, tree: &Tree, (records, places): (&Encoder, &[u32])) -> Reader<Vec<u8>> {
    let folder = scratch(name);
    let file = folder.join("sample.mmdb");
    let metadata = Metadata {
        kind: "Sample",
        description: "a sample",
        built_at: 1_780_666_922,
    };
    database::write(&file, &metadata, &tree.ordered(), places, records).unwrap();
    let reader = Reader::open_readfile(&file).unwrap();
    reader.verify().unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    reader
}

fn record<'a, T: Deserialize<'a>>(reader: &'a Reader<Vec<u8>>, address: &str) -> Option<T> {
    reader.lookup(address.parse().unwrap()).unwrap().decode().unwrap()
}

#[test]
fn a_file_in_the_makers_own_schema_keeps_what_holdfast_tells() {
    let fixture = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures/maxmind/GeoLite2-City-Test.mmdb"
    );
    let mut places = Places::new();
    places
        .add(std::fs::read(fixture).unwrap(), "sample", &silent())
        .unwrap();
    places.tree.join();
    let zones = format!("\"{}\",[\"Africa/A\"]", "ZZ".repeat(48 * 24) + "ZZ");
    let (records, numbers) = places.encode(Some(&Zones::read(&zones).unwrap()));
    let reader = written("places", &places.tree, (&records, &numbers));
    let found: serde_json::Value = record(&reader, "81.2.69.142").unwrap();
    let expected = serde_json::json!({
        "city": {"names": {"en": "London"}},
        "country": {"iso_code": "GB", "names": {"en": "United Kingdom"}},
        "location": {"latitude": 51.5142, "longitude": -0.0931, "time_zone": "Africa/A"},
        "subdivisions": [{"iso_code": "ENG", "names": {"en": "England"}}],
    });
    assert_eq!(found, expected);
    let japan: serde_json::Value = record(&reader, "2001:218::1").unwrap();
    assert_eq!(japan.pointer("/country/iso_code").unwrap(), "JP");
}

#[derive(Debug, Deserialize, PartialEq)]
struct System<'a> {
    autonomous_system_number: u32,
    autonomous_system_organization: Option<&'a str>,
}

#[test]
fn rows_of_systems_become_a_database() {
    let long = "a".repeat(70_000);
    let rows = format!(
        "1.0.0.0,1.0.0.255,13335,\"Cloudflare, Inc.\"\n1.0.4.0,1.0.6.255,64512,{long}\n\
         2001:200::,2001:200:1b9:ffff:ffff:ffff:ffff:ffff,2500,\n9.0.0.0,9.0.0.1,0,none\n"
    );
    let mut systems = Systems::new();
    systems.add(rows.as_bytes(), "sample", &silent()).unwrap();
    let (records, places) = systems.encode();
    let reader = written("systems", &systems.tree, (&records, &places));
    for (address, expected) in [
        ("1.0.0.0", Some((13335, Some("Cloudflare, Inc.")))),
        ("1.0.0.255", Some((13335, Some("Cloudflare, Inc.")))),
        ("1.0.1.0", None),
        ("1.0.6.255", Some((64512, Some(long.as_str())))),
        ("1.0.7.0", None),
        ("2001:200:1b9:ffff::", Some((2500, None))),
        ("2001:200:1ba::", None),
        ("9.0.0.0", None),
    ] {
        let found: Option<System<'_>> = record(&reader, address);
        let found = found.map(|it| (it.autonomous_system_number, it.autonomous_system_organization));
        assert_eq!(found, expected, "{address}");
    }
    for wrong in ["1.0.0.0,::1,1,x", "1.0.0.0,1.0.0.1,x,x", "1.0.0.0"] {
        assert!(
            Systems::new().add(wrong.as_bytes(), "sample", &silent()).is_err(),
            "{wrong}"
        );
    }
}

/// A table of `iporigin` with one IPv4 and one IPv6 range a label.
fn ranges(labels: &[&str]) -> Vec<u8> {
    let count = u8::try_from(labels.len()).unwrap();
    let mut table = b"IPORIGIN\x01\x00".to_vec();
    table.extend(1_791_200_061_u64.to_le_bytes());
    table.extend([count, 0, count, 0, 0, 0, count, 0, 0, 0]);
    for label in labels {
        table.extend([u8::try_from(label.len()).unwrap(), 0]);
        table.extend(label.as_bytes());
    }
    for place in 0..count {
        table.extend([0, 0, place, 20, 9, 0, place, 20, place, 0]);
    }
    for place in 0..count {
        table.extend((u128::from(place) << 64 | 0x2600 << 112).to_be_bytes());
        table.extend((u128::from(place) << 64 | 0x2600 << 112 | 9).to_be_bytes());
        table.extend([place, 0]);
    }
    table
}

#[test]
fn each_label_becomes_what_it_says_and_unlicensed_ones_are_left_out() {
    let table = ranges(&[
        "Amazon AWS\thosting",
        "Cogent\thosting",
        "Mullvad\tvpn",
        "Tor\ttor",
        "Apple Private Relay\tvpn",
        "Googlebot\tbot",
        "Cloudflare\tcdn",
    ]);
    let lists = Lists::read(&table).unwrap();
    assert_eq!(lists.dropped, ["Cogent"]);
    let (records, places) = Lists::encode();
    let reader = written("lists", &lists.tree, (&records, &places));
    for (place, expected) in [
        (0, &["is_hosting_provider"][..]),
        (1, &[]),
        (2, &["is_anonymous", "is_anonymous_vpn", "is_hosting_provider"]),
        (3, &["is_anonymous", "is_hosting_provider", "is_tor_exit_node"]),
        (4, &["is_privacy_relay"]),
        (5, &["is_hosting_provider"]),
        (6, &["is_hosting_provider"]),
    ] {
        for address in [format!("20.{place}.0.9"), format!("2600::{place}:0:0:0:9")] {
            let found: Option<HashMap<&str, bool>> = record(&reader, &address);
            let mut found: Vec<&str> = found.into_iter().flatten().map(|(flag, _)| flag).collect();
            found.sort_unstable();
            assert_eq!(found, expected, "{address}");
        }
    }
    for length in 0..table.len() {
        assert!(Lists::read(&table[..length]).is_err(), "cut at {length}");
    }
}

#[test]
fn a_point_has_the_zone_of_the_smallest_square_it_is_in() {
    // The whole map is the last zone, but for the square of 0 to 7.5 degrees north and east, which has four parts.
    let mut squares = "ZZ".repeat(48 * 24);
    let square = 2 * (48 * 11 + 24);
    squares.replace_range(square..square + 2, "##");
    squares.push_str("ZXZYZZZX");
    let script = format!("var X=\"{squares}\",T=[\"Africa/A\",\"Africa/B\",\"Etc/C\"];");
    let zones = Zones::read(&script).unwrap();
    for (latitude, longitude, zone) in [
        (7.0, 1.0, Some("Africa/A")),
        (7.0, 5.0, Some("Africa/B")),
        (1.0, 1.0, Some("Etc/C")),
        (1.0, 5.0, Some("Africa/A")),
        (8.0, 1.0, Some("Etc/C")),
        (-90.0, 180.0, Some("Etc/C")),
        (0.0, -180.0, Some("Etc/C")),
        (90.0, 0.0, None),
        (91.0, 0.0, None),
        (f64::NAN, 0.0, None),
        (0.0, 181.0, None),
    ] {
        assert_eq!(zones.at(latitude, longitude), zone, "{latitude} {longitude}");
    }
    assert!(Zones::read("function tzlookup(){}").is_err());
}
