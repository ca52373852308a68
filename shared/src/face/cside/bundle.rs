//! What a token is exchanged for: everything that one visit told.
//!
//! The keys are a contract: groups are always there, what was not collected is null, and keys are added, never taken
//! away. `docs/signals.md` lists them.

use std::net::IpAddr;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

use crate::model::{Facts, Instant, Point};
use crate::network;
use crate::signals::{Class, Finding, Level, Outcome, Portrait, Signals};

/// What is known of one visit when it is told of.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The stable id of the device, as the client id endpoint answers it.
    pub client_id: Option<&'a str>,
    /// The visit's own id.
    pub session_id: Uuid,
    /// When the visit was.
    pub at: Instant,
    /// The host of the page, where the request had an `Origin`.
    pub domain: Option<&'a str>,
    /// The site's own names for the visitor, as they were sent.
    pub external_ids: &'a [(String, String)],
    /// What the device is recognised by.
    pub identification: Identification<'a>,
    /// Browser and machine, as [`crate::signals::describe`] found them.
    pub portrait: &'a Portrait,
    /// What the evidence tells, as [`crate::signals::read`] found it.
    pub signals: &'a Signals,
    /// The address the visit came from.
    pub address: Option<&'a str>,
    /// What was known of it then.
    pub facts: &'a Facts,
}

/// What a device is recognised by. `None` where no device was recognised, or nothing could be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Identification<'a> {
    /// Digest of the evidence that the device was recognised by.
    pub fingerprint: Option<&'a str>,
    /// When the device was first seen.
    pub first_seen: Option<Instant>,
    /// When it was seen last, this visit included.
    pub last_seen: Option<Instant>,
    /// How often it was seen, this visit included.
    pub seen_count: Option<u64>,
    /// How sure it is that it is this device, 0 to 1.
    pub confidence: Option<f64>,
    /// How many of the tenant's subjects were seen with it.
    pub subjects: Option<u64>,
}

/// Everything that one visit told.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bundle<'a> {
    client_id: Option<&'a str>,
    session_id: String,
    timestamp: String,
    domain: Option<&'a str>,
    #[serde(serialize_with = "as_map")]
    external_ids: &'a [(String, String)],
    identification: Identified<'a>,
    bot: Bot<'a>,
    browser: Browser<'a>,
    device: Device<'a>,
    ip: Ip<'a>,
    environment: Environment<'a>,
    signals: Told<'a>,
    risk: Risk,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Identified<'a> {
    fingerprint: Option<&'a str>,
    first_seen_at: Option<String>,
    last_seen_at: Option<String>,
    seen_count: Option<u64>,
    confidence: Option<f64>,
    subject_count: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Bot<'a> {
    detected: Option<bool>,
    result: Outcome,
    kind: Option<&'a str>,
    reasons: Vec<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Browser<'a> {
    name: Option<&'a str>,
    version: Option<&'a str>,
    engine: Option<&'a str>,
    user_agent: Option<&'a str>,
    language: Option<&'a str>,
    languages: Option<&'a [String]>,
    cookies_enabled: Option<bool>,
    /// Always null: nothing that a page can see tells private windows apart reliably.
    incognito: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Device<'a> {
    #[serde(rename = "type")]
    class: Option<Class>,
    os: Option<&'a str>,
    os_version: Option<&'a str>,
    screen_resolution: Option<&'a str>,
    color_depth: Option<u32>,
    pixel_ratio: Option<f64>,
    touch: Option<bool>,
    cpu_cores: Option<u32>,
    memory_gb: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Ip<'a> {
    address: Option<&'a str>,
    version: Option<u8>,
    country: Option<&'a str>,
    country_code: Option<&'a str>,
    region: Option<&'a str>,
    city: Option<&'a str>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    timezone: Option<&'a str>,
    asn: Option<u32>,
    isp: Option<&'a str>,
    is_vpn: Option<bool>,
    is_proxy: Option<bool>,
    is_tor: Option<bool>,
    is_datacenter: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Environment<'a> {
    timezone: Option<&'a str>,
    timezone_offset_minutes: Option<i16>,
    timezone_mismatch: Option<bool>,
    virtual_machine: Option<bool>,
    devtools_open: Option<bool>,
    headless: Option<bool>,
    tampered: Option<bool>,
    clock_offset_seconds: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    throwaway_email: Option<bool>,
    masked_email: Option<bool>,
    findings: &'a [Finding],
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Risk {
    score: u8,
    level: Level,
    reasons: Vec<&'static str>,
}

impl<'a> Bundle<'a> {
    /// Everything that a visit told.
    pub fn of(source: &Source<'a>) -> Self {
        let risk = source.signals.risk();
        Self {
            client_id: source.client_id,
            session_id: source.session_id.to_string(),
            timestamp: source.at.to_rfc3339(),
            domain: source.domain,
            external_ids: source.external_ids,
            identification: Identified::of(&source.identification),
            bot: Bot::of(source.signals),
            browser: Browser::of(source.portrait),
            device: Device::of(source.portrait),
            ip: Ip::of(source.address, source.facts),
            environment: Environment::of(source.portrait, source.signals),
            signals: Told {
                throwaway_email: source.signals.email.map(|it| it.disposable),
                masked_email: source.signals.email.map(|it| it.masked),
                findings: &source.signals.findings,
            },
            risk: Risk {
                score: risk.score.get(),
                level: risk.level,
                reasons: risk.reasons,
            },
        }
    }
}

impl<'a> Identified<'a> {
    fn of(identification: &Identification<'a>) -> Self {
        Self {
            fingerprint: identification.fingerprint,
            first_seen_at: identification.first_seen.map(Instant::to_rfc3339),
            last_seen_at: identification.last_seen.map(Instant::to_rfc3339),
            seen_count: identification.seen_count,
            confidence: identification.confidence,
            subject_count: identification.subjects,
        }
    }
}

impl<'a> Bot<'a> {
    fn of(signals: &'a Signals) -> Self {
        let bot = &signals.bot;
        Self {
            detected: match bot.result {
                Outcome::Bot => Some(true),
                Outcome::Human => Some(false),
                Outcome::Unknown => None,
            },
            result: bot.result,
            kind: bot.kind.as_deref(),
            reasons: signals.bot_reasons(),
        }
    }
}

impl<'a> Browser<'a> {
    fn of(portrait: &'a Portrait) -> Self {
        let languages = portrait.languages.as_deref();
        Self {
            name: portrait.browser.as_deref(),
            version: portrait.browser_version.as_deref(),
            engine: portrait.engine.as_deref(),
            user_agent: portrait.user_agent.as_deref(),
            language: languages.and_then(|it| it.first()).map(String::as_str),
            languages,
            cookies_enabled: portrait.cookies_enabled,
            incognito: None,
        }
    }
}

impl<'a> Device<'a> {
    fn of(portrait: &'a Portrait) -> Self {
        Self {
            class: portrait.class,
            os: portrait.os.as_deref(),
            os_version: portrait.os_version.as_deref(),
            screen_resolution: portrait.screen_resolution.as_deref(),
            color_depth: portrait.color_depth,
            pixel_ratio: portrait.pixel_ratio,
            touch: portrait.touch,
            cpu_cores: portrait.cpu_cores,
            memory_gb: portrait.memory_gb,
        }
    }
}

impl<'a> Ip<'a> {
    fn of(address: Option<&'a str>, facts: &'a Facts) -> Self {
        let place = facts.place();
        let point: Option<Point> = place.and_then(|it| it.point);
        let anonymity = facts.anonymity;
        Self {
            address,
            version: address.and_then(network::parse).map(|it| match it {
                IpAddr::V4(_) => 4,
                IpAddr::V6(_) => 6,
            }),
            country: place.and_then(|it| it.country.as_deref()),
            country_code: place.and_then(|it| it.country_code.as_deref()),
            region: place.and_then(|it| it.region.as_deref()),
            city: place.and_then(|it| it.city.as_deref()),
            latitude: point.map(|it| it.latitude),
            longitude: point.map(|it| it.longitude),
            timezone: place.and_then(|it| it.time_zone.as_deref()),
            asn: facts.asn(),
            isp: facts.system.as_ref().and_then(|it| it.organisation.as_deref()),
            is_vpn: anonymity.vpn,
            is_proxy: anonymity.proxy,
            is_tor: anonymity.tor,
            is_datacenter: anonymity.hosting,
        }
    }
}

impl<'a> Environment<'a> {
    fn of(portrait: &'a Portrait, signals: &Signals) -> Self {
        Self {
            timezone: portrait.time_zone.as_deref(),
            timezone_offset_minutes: portrait.time_zone_offset_minutes,
            timezone_mismatch: signals.time_zone_mismatch,
            virtual_machine: signals.virtual_machine,
            devtools_open: signals.devtools_open,
            headless: signals.headless,
            tampered: signals.tampered,
            clock_offset_seconds: signals.clock_offset_seconds,
        }
    }
}

/// A bundle for those who show no API key: its reasons and findings are empty, and its score is the lower bound of its
/// level. `None` for a text that is no bundle.
pub fn without_reasons(bundle: &str) -> Option<String> {
    let mut bundle: Value = serde_json::from_str(bundle).ok()?;
    for path in ["/bot/reasons", "/signals/findings", "/risk/reasons"] {
        *bundle.pointer_mut(path)? = Value::Array(Vec::new());
    }
    let level = Level::deserialize(bundle.pointer("/risk/level")?).ok()?;
    *bundle.pointer_mut("/risk/score")? = level.least().get().into();
    Some(bundle.to_string())
}

/// Pairs as an object, in their order.
fn as_map<S: Serializer>(pairs: &&[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(pairs.len()))?;
    for (key, value) in *pairs {
        map.serialize_entry(key, value)?;
    }
    map.end()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::face::cside::read_telemetry;
    use crate::face::openapi;
    use crate::model::{Absence, Anonymity, AutonomousSystem, Located, Place};
    use crate::signals::{self, Observed};
    use crate::telemetry::Telemetry;

    const AT: Instant = Instant::from_secs(1_705_314_600);

    fn telemetry(body: Value) -> Telemetry {
        let mut body = body;
        body["version"] = json!(1);
        body["nonce"] = json!("AAECAwQFBgcICQoLDA0ODw");
        body["collectedAt"] = json!(AT.millis());
        read_telemetry(body.to_string().as_bytes()).unwrap()
    }

    fn bundle(telemetry: &Telemetry, user_agent: Option<&str>, facts: &Facts, whole: bool) -> Value {
        let observed = Observed {
            telemetry,
            user_agent,
            accept_language: None,
            sec_ch_ua: None,
            sec_ch_ua_mobile: None,
            sec_ch_ua_platform: None,
            origin: Some("https://shop.example.com"),
            facts,
            now: AT,
        };
        let (signals, portrait) = (signals::read(&observed), signals::describe(&observed));
        let source = Source {
            client_id: whole.then_some("5f2c"),
            session_id: Uuid::nil(),
            at: AT,
            domain: whole.then_some("shop.example.com"),
            external_ids: &telemetry.external_ids,
            identification: if whole {
                Identification {
                    fingerprint: Some("a1b2"),
                    first_seen: Some(AT),
                    last_seen: Some(AT),
                    seen_count: Some(14),
                    confidence: Some(0.93),
                    subjects: Some(2),
                }
            } else {
                Identification::default()
            },
            portrait: &portrait,
            signals: &signals,
            address: whole.then_some("203.0.113.42"),
            facts,
        };
        serde_json::to_value(Bundle::of(&source)).unwrap()
    }

    #[test]
    fn a_visit_is_told_with_every_key_of_the_contract() {
        let facts = Facts {
            place: Located::At(Box::new(Place {
                country_code: Some("US".to_owned()),
                country: Some("United States".to_owned()),
                region: Some("New York".to_owned()),
                region_code: Some("NY".to_owned()),
                city: Some("New York".to_owned()),
                point: Some(Point {
                    latitude: 40.7128,
                    longitude: -74.006,
                    radius_km: 20,
                }),
                time_zone: Some("America/New_York".to_owned()),
            })),
            system: Some(AutonomousSystem {
                number: 7922,
                organisation: Some("Comcast".to_owned()),
            }),
            anonymity: Anonymity {
                vpn: Some(false),
                tor: Some(false),
                hosting: Some(false),
                ..Anonymity::default()
            },
        };
        let agent = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";
        let list = |version: &str| json!([{"brand": "Chromium", "version": version}, {"brand": "Google Chrome", "version": version}]);
        let telemetry = telemetry(json!({
            "externalIds": {"email": "user@example.com", "accountId": "1234567890"},
            "components": {
                "userAgent": agent, "platform": "MacIntel", "vendor": "Google Inc.", "languages": ["en-US", "en"],
                "userAgentData": {"brands": list("120"), "fullVersionList": list("120.0.6099.109"), "mobile": false,
                                  "platform": "macOS", "platformVersion": "14.2.1"},
                "timeZone": "America/New_York", "timeZoneOffsetMinutes": 300,
                "screen": {"width": 1920, "height": 1080, "colorDepth": 24, "pixelRatio": 2},
                "touch": {"maxTouchPoints": 0}, "hardwareConcurrency": 8, "deviceMemory": 8,
                "webglRenderer": "ANGLE (Apple, ANGLE Metal Renderer: Apple M1, Unspecified Version)",
                "cookiesEnabled": true,
            },
            "automation": {"webdriver": false, "detector": {"bot": false}, "devtoolsProtocol": false},
        }));
        assert_eq!(
            bundle(&telemetry, Some(agent), &facts, true),
            json!({
                "clientId": "5f2c",
                "sessionId": "00000000-0000-0000-0000-000000000000",
                "timestamp": "2024-01-15T10:30:00Z",
                "domain": "shop.example.com",
                "externalIds": {"email": "user@example.com", "accountId": "1234567890"},
                "identification": {
                    "fingerprint": "a1b2", "firstSeenAt": "2024-01-15T10:30:00Z",
                    "lastSeenAt": "2024-01-15T10:30:00Z", "seenCount": 14, "confidence": 0.93, "subjectCount": 2,
                },
                "bot": {"detected": false, "result": "human", "kind": null, "reasons": []},
                "browser": {
                    "name": "Chrome", "version": "120.0.6099.109", "engine": "Blink", "userAgent": agent,
                    "language": "en-US", "languages": ["en-US", "en"], "cookiesEnabled": true, "incognito": null,
                },
                "device": {
                    "type": "DESKTOP", "os": "macOS", "osVersion": "14.2.1", "screenResolution": "1920x1080",
                    "colorDepth": 24, "pixelRatio": 2.0, "touch": false, "cpuCores": 8, "memoryGb": 8.0,
                },
                "ip": {
                    "address": "203.0.113.42", "version": 4, "country": "United States", "countryCode": "US",
                    "region": "New York", "city": "New York", "latitude": 40.7128, "longitude": -74.006,
                    "timezone": "America/New_York", "asn": 7922, "isp": "Comcast", "isVpn": false, "isProxy": null,
                    "isTor": false, "isDatacenter": false,
                },
                "environment": {
                    "timezone": "America/New_York", "timezoneOffsetMinutes": 300, "timezoneMismatch": false,
                    "virtualMachine": false, "devtoolsOpen": false, "headless": false, "tampered": false, "clockOffsetSeconds": 0,
                },
                "signals": {"throwawayEmail": false, "maskedEmail": false, "findings": []},
                "risk": {"score": 0, "level": "low", "reasons": []},
            })
        );
    }

    #[test]
    fn what_was_not_collected_is_null_and_groups_stay() {
        let told = bundle(
            &telemetry(json!({})),
            None,
            &Facts::absent(Absence::Documentation),
            false,
        );
        let mut values = 0;
        for group in ["identification", "browser", "device", "ip", "environment"] {
            for (key, value) in told[group].as_object().unwrap() {
                // The envelope has a time, whatever else was collected.
                let expected = if key == "clockOffsetSeconds" {
                    json!(0)
                } else {
                    Value::Null
                };
                assert_eq!(*value, expected, "{group}.{key}");
                values += 1;
            }
        }
        assert_eq!(values, 6 + 8 + 9 + 15 + 8);
        for key in ["clientId", "domain"] {
            assert_eq!(told[key], Value::Null, "{key}");
        }
        assert_eq!(told["externalIds"], json!({}));
        assert_eq!(told["bot"]["result"], "unknown");
        assert_eq!(told["bot"]["detected"], Value::Null);
        assert_eq!(told["signals"]["throwawayEmail"], Value::Null);
        // The request itself had no user agent, which is a finding about absence.
        assert_eq!(
            told["risk"],
            json!({"score": 30, "level": "low", "reasons": ["user_agent_missing"]})
        );
    }

    #[test]
    fn without_a_key_a_bundle_tells_its_level_and_no_reasons() {
        let odd = telemetry(json!({
            "externalIds": {"email": "a@mailinator.com"},
            "components": {"platform": "Win32"}, "automation": {"webdriver": true},
        }));
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
        for (telemetry, agent, score) in [
            (&odd, Some(agent), 80),
            (&telemetry(json!({"components": {"platform": "Win32"}})), None, 0),
        ] {
            let whole = bundle(telemetry, agent, &Facts::default(), true);
            let told: Value = serde_json::from_str(&without_reasons(&whole.to_string()).unwrap()).unwrap();
            let mut expected = whole.clone();
            expected["bot"]["reasons"] = json!([]);
            expected["signals"]["findings"] = json!([]);
            expected["risk"] = json!({"score": score, "level": whole["risk"]["level"], "reasons": []});
            assert_eq!(told, expected);
            // Keys stay in their order, so that nothing is told by it.
            assert_eq!(told.to_string(), expected.to_string());
        }
        assert_eq!(without_reasons("{}"), None);
        assert_eq!(without_reasons("<html>"), None);
    }

    #[test]
    fn every_key_is_documented() {
        const DOCUMENT: &str = include_str!("../../../../docs/signals.md");
        let told = bundle(&telemetry(json!({})), None, &Facts::default(), false);
        for (group, value) in told.as_object().unwrap() {
            let Some(keys) = value.as_object().filter(|_| group != "externalIds") else {
                assert!(DOCUMENT.contains(&format!("`{group}`")), "{group}");
                continue;
            };
            for key in keys.keys() {
                let documented = DOCUMENT.lines().any(|line| {
                    line.starts_with(&format!("| `{group}."))
                        && (line.contains(&format!("`{group}.{key}`")) || line.contains(&format!("`{key}`")))
                });
                assert!(documented, "{group}.{key}");
            }
        }
    }

    #[test]
    fn every_bundle_fits_the_schema_and_the_schema_has_nothing_else() {
        let document = openapi::document();
        let name = "#/components/schemas/CsideDatapoints";
        let schema = openapi::validator(&document, &json!({"$ref": name}));
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
        let odd = json!({"externalIds": {"email": "a@mailinator.com"}, "components": {"platform": "Win32"}});
        for told in [
            bundle(&telemetry(json!({})), None, &Facts::default(), false),
            bundle(&telemetry(odd), Some(agent), &Facts::default(), true),
        ] {
            let problems: Vec<_> = schema.iter_errors(&told).map(|it| it.to_string()).collect();
            assert_eq!(problems, [] as [String; 0], "{told:#}");
            let properties = &document["components"]["schemas"]["CsideDatapoints"]["properties"];
            let documented: Vec<&String> = properties.as_object().unwrap().keys().collect();
            assert_eq!(told.as_object().unwrap().keys().collect::<Vec<_>>(), documented);
            for (group, value) in told.as_object().unwrap() {
                if let (Some(keys), Some(fields)) =
                    (value.as_object(), properties[group]["properties"].as_object())
                {
                    assert_eq!(
                        keys.keys().collect::<Vec<_>>(),
                        fields.keys().collect::<Vec<_>>(),
                        "{group}"
                    );
                }
            }
        }
    }

    #[test]
    fn findings_are_told_with_what_was_seen() {
        let telemetry = telemetry(
            json!({"externalIds": {"email": "a@mailinator.com"}, "components": {"platform": "Win32"}}),
        );
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
        let told = bundle(&telemetry, Some(agent), &Facts::default(), true);
        assert_eq!(
            told["signals"],
            json!({"throwawayEmail": true, "maskedEmail": false, "findings": [
                {"group": "device", "name": "platform_mismatch", "weight": 40, "current": "Win32", "expected": "Linux"},
                {"group": "email", "name": "email_disposable", "weight": 25},
            ]})
        );
        assert_eq!(told["environment"]["tampered"], true);
        assert_eq!(told["risk"]["level"], "medium");
    }
}
