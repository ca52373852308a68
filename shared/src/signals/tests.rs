use serde_json::{Value, json};

use super::*;
use crate::face::cside::read_telemetry;
use crate::model::{AutonomousSystem, Facts, Instant, Located, Place, Point};

mod collections;
mod each;
mod laws;
mod profiles;
mod verdicts;

const DOCUMENT: &str = include_str!("../../../docs/signals.md");

/// 2025-11-21T10:57:33Z: winter in the north.
const NOW: i64 = 1_763_722_653_123;

/// A visit as it goes over the wire.
#[derive(Debug, Clone)]
struct Visit {
    name: &'static str,
    body: Value,
    user_agent: Option<String>,
    accept_language: Option<String>,
    sec_ch_ua: Option<String>,
    sec_ch_ua_mobile: Option<String>,
    sec_ch_ua_platform: Option<String>,
    origin: Option<String>,
    facts: Facts,
}

impl Visit {
    /// What `use_it` makes of the visit.
    fn observed<T>(&self, use_it: impl FnOnce(&Observed<'_>) -> T) -> T {
        let telemetry = read_telemetry(self.body.to_string().as_bytes()).unwrap();
        use_it(&Observed {
            telemetry: &telemetry,
            user_agent: self.user_agent.as_deref(),
            accept_language: self.accept_language.as_deref(),
            sec_ch_ua: self.sec_ch_ua.as_deref(),
            sec_ch_ua_mobile: self.sec_ch_ua_mobile.as_deref(),
            sec_ch_ua_platform: self.sec_ch_ua_platform.as_deref(),
            origin: self.origin.as_deref(),
            facts: &self.facts,
            now: Instant::from_millis(NOW),
        })
    }

    fn signals(&self) -> Signals {
        self.observed(read)
    }

    fn names(&self) -> Vec<&'static str> {
        self.signals().findings.iter().map(|it| it.name).collect()
    }

    fn portrait(&self) -> Portrait {
        self.observed(describe)
    }

    /// The visit with this value of a member, below `components` unless the path begins otherwise.
    fn with(mut self, path: &str, value: Value) -> Self {
        *self.member(path) = value;
        self
    }

    fn without(self, path: &str) -> Self {
        self.with(path, Value::Null)
    }

    fn member(&mut self, path: &str) -> &mut Value {
        let whole = match path.split('.').next().unwrap() {
            "automation" | "externalIds" => path.to_owned(),
            _ => format!("components.{path}"),
        };
        whole
            .split('.')
            .fold(&mut self.body, |value, key| match key.parse::<usize>() {
                Ok(index) => &mut value[index],
                Err(_) => &mut value[key],
            })
    }

    /// The visit with another user agent, of request and page.
    fn agent(mut self, user_agent: &str) -> Self {
        self.user_agent = Some(user_agent.to_owned());
        self.with("userAgent", json!(user_agent))
    }

    fn from(mut self, facts: Facts) -> Self {
        self.facts = facts;
        self
    }

    /// The visit without what only Chromium shows.
    fn without_hints(mut self) -> Self {
        self.sec_ch_ua = None;
        self.sec_ch_ua_mobile = None;
        self.sec_ch_ua_platform = None;
        self.without("userAgentData").without("deviceMemory")
    }

    /// The visit with these hints, of request and page.
    fn hinted(
        mut self,
        brand: &str,
        version: u32,
        platform: &str,
        platform_version: &str,
        mobile: bool,
    ) -> Self {
        self.sec_ch_ua = Some(format!(
            r#""Chromium";v="{version}", "{brand}";v="{version}", "Not_A Brand";v="99""#
        ));
        self.sec_ch_ua_mobile = Some(if mobile { "?1" } else { "?0" }.to_owned());
        self.sec_ch_ua_platform = Some(format!("\"{platform}\""));
        let list = |version: &str| {
            json!([{"brand": "Chromium", "version": version}, {"brand": brand, "version": version},
                   {"brand": "Not_A Brand", "version": "99.0.0.0"}])
        };
        self.with(
            "userAgentData",
            json!({
                "brands": list(&version.to_string()),
                "fullVersionList": list(&format!("{version}.0.7444.60")),
                "mobile": mobile, "platform": platform, "platformVersion": platform_version,
                "architecture": "x86", "bitness": "64", "model": "",
            }),
        )
    }
}

/// Facts of an address at this place of a home's network.
fn home(country: &str, zone: &str) -> Facts {
    let no = Some(false);
    Facts {
        place: Located::At(Box::new(Place {
            country_code: Some(country.to_owned()),
            point: Some(Point {
                latitude: 0.0,
                longitude: 0.0,
                radius_km: 50,
            }),
            time_zone: Some(zone.to_owned()),
            ..Place::default()
        })),
        system: Some(AutonomousSystem {
            number: 64496,
            organisation: None,
        }),
        anonymity: crate::model::Anonymity {
            hosting: no,
            vpn: no,
            proxy: no,
            tor: no,
            relay: no,
        },
    }
}

/// The rows of the document's table that begins with `head`.
fn rows(head: &str) -> Vec<&'static str> {
    DOCUMENT
        .lines()
        .skip_while(|line| !line.starts_with(head))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .collect()
}

#[test]
fn the_documented_findings_are_those_of_the_code() {
    let weights: Vec<String> = weights::ALL
        .iter()
        .map(|it| {
            let bot = match it.bot {
                weights::Automation::Proven => "proof",
                weights::Automation::Hinted(_) => "hint",
                weights::Automation::Setting => "setting",
                weights::Automation::Untold => "",
            };
            let lie = if it.tampering { "yes" } else { "" };
            format!(
                "| {} | `{}` | {} | {bot} | {lie} |",
                it.group.as_str(),
                it.name,
                it.points
            )
        })
        .collect();
    let documented: Vec<String> = rows("| group | finding")
        .iter()
        .map(|row| row.split_inclusive('|').take(6).collect::<String>())
        .map(|row| row.replace("|  |", "| |").replace("|  |", "| |"))
        .collect();
    let weights: Vec<String> = weights
        .iter()
        .map(|row| row.replace("|  |", "| |").replace("|  |", "| |"))
        .collect();
    assert_eq!(
        documented,
        weights,
        "the document should say:\n{}",
        weights.join("\n")
    );
    for group in Group::ALL {
        assert!(DOCUMENT.contains(&format!("`{}`", group.as_str())), "{group:?}");
    }
    assert!(DOCUMENT.contains(MODEL_VERSION));
    assert!(DOCUMENT.contains(&format!("sum to {} or more", bot::SUSPECTED)));
    assert_eq!(bot::ORIGINS, 2);
    assert!(DOCUMENT.contains("hints of two origins"));
}
