//! Which data about addresses the functions get: what was built, else a fixture, else none.

use std::path::{Path, PathBuf};

use chrono::DateTime;
use serde_json::{Value, json};
use shared::model::{Absence, Anonymity};
use shared::network::{Intelligence, Opened, Role, Sources};

/// What `cargo local intel` writes, seen from the template. As a layer its content is below `/opt`.
pub(crate) const BUILT: &str = "intel/data/holdfast";
/// A few addresses of the published test data of the format.
const FIXTURE: &str = "intel/fixtures/maxmind";

/// The data there is beside the template in `root`, as `HOLDFAST_INTELLIGENCE` names it.
pub(crate) fn beside(root: &Path) -> Option<String> {
    let there = |folder: &str| {
        let folder = std::path::absolute(root.join(folder)).ok()?;
        (!files(&folder).is_empty()).then(|| folder.display().to_string())
    };
    there(BUILT).or_else(|| there(FIXTURE))
}

/// What `paths` hold, in words.
pub(crate) fn describe(paths: Option<&str>) -> String {
    let Some(paths) = paths.filter(|it| !it.is_empty()) else {
        return "address data: none; `cargo local intel` builds it".to_owned();
    };
    let opened = open(paths);
    let files = opened.intelligence.files().map(|(role, _, kind, built)| {
        let built = i64::try_from(built)
            .ok()
            .and_then(|it| DateTime::from_timestamp(it, 0));
        let built = built
            .map(|it| it.format(" of %F").to_string())
            .unwrap_or_default();
        let role = match role {
            Role::Places => "places",
            Role::Systems => "networks",
            Role::Anonymity => "lists",
            Role::Documentation => "invented places",
        };
        format!("{role} {kind}{built}")
    });
    let problems = opened.problems.iter().map(ToString::to_string);
    let all: Vec<String> = files.chain(problems).collect();
    let fixture = if paths.ends_with(FIXTURE) {
        ", a fixture of a few addresses; `cargo local intel` builds the real data"
    } else {
        ""
    };
    format!("address data: {paths} ({}){fixture}", all.join(", "))
}

/// The data in `paths`, separated as in `PATH`.
pub(crate) fn open(paths: &str) -> Opened {
    Intelligence::open(&Sources {
        paths: paths.split(':').map(PathBuf::from).collect(),
        documentation: None,
    })
}

/// What is known of `address`, as one object.
pub(crate) fn tell(intelligence: &Intelligence, address: &str) -> Value {
    let facts = intelligence.look_up(address);
    let place = facts.place();
    let point = place.and_then(|it| it.point);
    let Anonymity {
        hosting,
        vpn,
        proxy,
        tor,
        relay,
    } = facts.anonymity;
    json!({
        "address": address,
        "absent": facts.absence().map(Absence::as_str),
        "country": facts.country(),
        "country_name": place.and_then(|it| it.country.as_deref()),
        "region": place.and_then(|it| it.region.as_deref()),
        "city": place.and_then(|it| it.city.as_deref()),
        "latitude": point.map(|it| it.latitude),
        "longitude": point.map(|it| it.longitude),
        "radius_km": point.map(|it| it.radius_km),
        "time_zone": place.and_then(|it| it.time_zone.as_deref()),
        "asn": facts.asn(),
        "organisation": facts.system.as_ref().and_then(|it| it.organisation.as_deref()),
        "hosting": hosting,
        "vpn": vpn,
        "proxy": proxy,
        "tor": tor,
        "relay": relay,
    })
}

/// The databases in `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let paths = entries.map(|it| it.path());
    paths
        .filter(|it| it.extension().is_some_and(|it| it == "mmdb"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fixture_is_named_as_one_and_nothing_as_nothing() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let fixture = root.join(FIXTURE).display().to_string();
        let words = describe(Some(&fixture));
        assert!(
            words.contains("GeoLite2-City") && words.contains("a fixture"),
            "{words}"
        );
        assert!(beside(&root).is_some());
        assert_eq!(beside(Path::new("/nowhere")), None);
        assert!(describe(None).contains("none"));
    }
}
