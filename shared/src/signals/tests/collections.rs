//! Published collections of user agents, which `tests/useragent/check` fetches, and the apps of people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;

use super::super::declared::{self, look_up};
use crate::useragent::{self, DeviceClass};

const APPS: &str = include_str!("../../../../tests/useragent/apps.txt");
const DOCUMENT: &str = include_str!("../../../../docs/signals.md");

#[derive(Deserialize)]
struct Row {
    user_agent: String,
    kind: String,
    class: String,
}

/// What `tests/useragent/check` writes.
const ROWS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.tools/useragent/agents.jsonl");

fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(ROWS).expect("tests/useragent/check writes the collections");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What calls the text a program's, if anything does.
fn called(text: &str) -> Option<String> {
    let declared = look_up(text).map(|(name, _)| format!("list: {name}"));
    declared.or_else(|| useragent::parse(text).automation.then(|| "word".to_owned()))
}

#[test]
fn the_windows_of_peoples_apps_are_no_programs() {
    for text in APPS.lines().filter(|it| !it.starts_with('#')) {
        assert_eq!(called(text), None, "{text}");
    }
}

#[test]
#[ignore = "tests/useragent/check fetches the collections"]
fn people_are_called_programs_once_in_ten_thousand_at_most() {
    let rows = rows();
    let people: Vec<_> = rows.iter().filter(|it| it.kind == "person").collect();
    let wrong: Vec<_> = people
        .iter()
        .filter_map(|it| called(&it.user_agent).map(|by| (by, &it.user_agent)))
        .collect();
    println!("people: {} of {} called programs", wrong.len(), people.len());
    for (by, text) in &wrong {
        println!("  {by}: {text}");
        let name = by.trim_start_matches("list: ");
        assert!(
            DOCUMENT.contains(&format!("`{name}`")),
            "docs/signals.md does not name {name}"
        );
    }
    assert!(30_000 < people.len());
    assert!(wrong.len() * 10_000 <= people.len());
}

#[test]
#[ignore = "tests/useragent/check fetches the collections"]
fn every_listed_crawler_is_found_in_the_list() {
    let rows = rows();
    let of_people = |text: &str| declared::people().any(|it| text.contains(it));
    let (people, listed): (Vec<_>, Vec<_>) = rows
        .iter()
        .filter(|it| it.kind == "listed")
        .partition(|it| of_people(&it.user_agent));
    let missed: Vec<_> = listed
        .iter()
        .filter(|it| look_up(&it.user_agent).is_none())
        .collect();
    println!(
        "listed crawlers: {} of {} found",
        listed.len() - missed.len(),
        listed.len()
    );
    for row in &missed {
        println!("  missed: {}", row.user_agent);
    }
    for row in &people {
        println!("  a person's: {}", row.user_agent);
        assert_eq!(called(&row.user_agent), None, "{}", row.user_agent);
    }
    assert!(2_000 < listed.len());
    assert!(missed.is_empty());
    assert_eq!(people.len(), declared::people().count());
    let bots: Vec<_> = rows.iter().filter(|it| it.kind == "bot").collect();
    let found = bots.iter().filter(|it| called(&it.user_agent).is_some()).count();
    println!("bots of Matomo: {found} of {} found", bots.len());
    assert!(bots.len() * 3 / 4 <= found);
}

#[test]
#[ignore = "tests/useragent/check fetches the collections"]
fn devices_are_of_their_class_or_unknown() {
    let mut table: BTreeMap<String, BTreeMap<DeviceClass, usize>> = BTreeMap::new();
    for row in rows().into_iter().filter(|it| it.kind == "person") {
        let class = useragent::parse(&row.user_agent).device;
        *table.entry(row.class).or_default().entry(class).or_default() += 1;
    }
    let mut head = format!("{:>24}", "");
    for class in DeviceClass::ALL {
        let _ = write!(head, "{:>12}", class.as_str());
    }
    println!("{head}");
    for (name, counts) in &table {
        let mut line = format!("{name:>24}");
        for class in DeviceClass::ALL {
            let _ = write!(line, "{:>12}", counts.get(&class).copied().unwrap_or_default());
        }
        println!("{line}");
    }
    // Names of the collection, the class, the least share that has it or none, in percent.
    let least = [
        (&["tv"][..], DeviceClass::Television, 88),
        (&["smartphone", "mobile"][..], DeviceClass::Mobile, 99),
        (&["phablet"][..], DeviceClass::Mobile, 95),
        (&["tablet"][..], DeviceClass::Tablet, 80),
        (&["desktop"][..], DeviceClass::Desktop, 90),
    ];
    for (names, class, percent) in least {
        let counts = names.iter().filter_map(|name| table.get(*name));
        let (mut all, mut fine) = (0, 0);
        for (found, count) in counts.flatten() {
            all += count;
            fine += if [class, DeviceClass::Unknown].contains(found) {
                *count
            } else {
                0
            };
        }
        println!("{names:?}: {fine} of {all} are {class} or unknown");
        assert!(all * percent <= fine * 100, "{names:?}");
    }
}
