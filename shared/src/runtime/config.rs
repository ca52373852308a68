//! Configuration, read once at the start and complained about all at once.

use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use lambda_http::http::HeaderName;

use super::front::{Front, Secrets};
use crate::network::Sources;
use crate::policy::{EvidencePolicy, Lists, Origins, Policy, RiskPolicy, TelemetryPolicy};
use crate::service::Rate;

/// Everything the environment decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The table's name.
    pub table: String,
    /// What tenants decide unless they say otherwise.
    pub policy: Policy,
    /// How long a session's record is kept after its creation, 31 to 3650 days.
    pub retention: Duration,
    /// How much telemetry is taken.
    pub rate: Rate,
    /// How many sessions a subject may open in a minute.
    pub creates_per_subject: NonZeroU32,
    /// What stands before the gateway. May be nothing.
    pub front: Front,
    /// Where data about addresses is. May be nowhere.
    pub intelligence: Sources,
    /// Whether issuers' keys may come over HTTP from a loopback address. Local development only.
    pub loopback_jwks: bool,
}

/// What is wrong with the environment, one line a variable.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError(Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "configuration: {}", self.0.join("; "))
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// The variables a deployment sets, which are those of the template.
    pub const KEYS: [&'static str; 17] = [
        "HOLDFAST_TABLE",
        "HOLDFAST_MAX_CONCURRENT",
        "HOLDFAST_AT_LIMIT",
        "HOLDFAST_ABSOLUTE_TIMEOUT",
        "HOLDFAST_RISK_MODE",
        "HOLDFAST_RISK_SUSPICIOUS",
        "HOLDFAST_RISK_STOLEN",
        "HOLDFAST_TRUST_USER_CONTEXT",
        "HOLDFAST_ALLOWED_ORIGINS",
        "HOLDFAST_RETENTION_DAYS",
        "HOLDFAST_INTELLIGENCE",
        "HOLDFAST_TELEMETRY_PER_TENANT",
        "HOLDFAST_TELEMETRY_PER_SITE",
        "HOLDFAST_TELEMETRY_PER_NETWORK",
        "HOLDFAST_CREATES_PER_SUBJECT",
        "HOLDFAST_ORIGIN_SECRET",
        "HOLDFAST_VISITOR_ADDRESS_HEADER",
    ];

    /// Reads the process environment.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::read(variable)
    }

    /// Reads variables through `lookup`; every one of [`Config::KEYS`] must be there, except that a service without
    /// data about addresses needs no `HOLDFAST_INTELLIGENCE`, one that no page calls no `HOLDFAST_ALLOWED_ORIGINS`, and
    /// one with nothing before its gateway neither of the last two.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut reader = ConfigReader {
            lookup,
            problems: Vec::new(),
        };
        let table = reader.required("HOLDFAST_TABLE", "a table name", |it: &String| !it.is_empty());
        let policy = Policy {
            max_concurrent: reader
                .required("HOLDFAST_MAX_CONCURRENT", "1 to 25", |it| {
                    (1..=Policy::MOST_CONCURRENT).contains(it)
                })
                .unwrap_or_default(),
            at_limit: reader
                .required(
                    "HOLDFAST_AT_LIMIT",
                    "reject, evict_oldest, evict_least_recently_active or evict_riskiest",
                    |_| true,
                )
                .unwrap_or(Policy::default().at_limit),
            absolute_timeout: reader
                .required("HOLDFAST_ABSOLUTE_TIMEOUT", "aal1, aal2 or aal3", |_| true)
                .unwrap_or(Policy::default().absolute_timeout),
            risk: reader.risk(),
            // Tenants alone have lists.
            lists: Lists::default(),
            trust_user_context: reader
                .required("HOLDFAST_TRUST_USER_CONTEXT", "true or false", |_| true)
                .unwrap_or_default(),
            allowed_origins: reader.origins(),
            known_clients_only: false,
            telemetry: TelemetryPolicy::default(),
            // Tenants alone say what they send.
            evidence: EvidencePolicy::default(),
        };
        let days = reader.required("HOLDFAST_RETENTION_DAYS", "31 to 3650", |it: &u64| {
            (31..=3650).contains(it)
        });
        let mut per_minute =
            |name| reader.required(name, "1 to 1000000", |it: &u32| (1..=1_000_000).contains(it));
        let rate = Rate {
            per_tenant: per_minute("HOLDFAST_TELEMETRY_PER_TENANT").unwrap_or_default(),
            per_site: per_minute("HOLDFAST_TELEMETRY_PER_SITE").unwrap_or_default(),
            per_network: per_minute("HOLDFAST_TELEMETRY_PER_NETWORK").unwrap_or_default(),
        };
        let creates_per_subject = reader.required(
            "HOLDFAST_CREATES_PER_SUBJECT",
            "1 to 1000000",
            |it: &NonZeroU32| it.get() <= 1_000_000,
        );
        let intelligence = Sources {
            paths: paths(reader.optional("HOLDFAST_INTELLIGENCE").as_deref()),
            documentation: reader
                .optional("HOLDFAST_DOCUMENTATION_PLACES")
                .map(PathBuf::from),
        };
        let front = reader.front();
        let loopback_jwks = (reader.lookup)("HOLDFAST_LOOPBACK_JWKS").as_deref() == Some("true");
        match (table, days, creates_per_subject) {
            (Some(table), Some(days), Some(creates_per_subject)) if reader.problems.is_empty() => {
                let retention = Duration::from_secs(24 * 3600 * days);
                Ok(Self {
                    table,
                    policy,
                    retention,
                    rate,
                    creates_per_subject,
                    front,
                    intelligence,
                    loopback_jwks,
                })
            }
            _ => Err(ConfigError(reader.problems)),
        }
    }
}

impl Front {
    /// Reads what of the process environment is about it: all that a function without a table needs.
    pub fn from_environment() -> Result<Self, ConfigError> {
        let mut reader = ConfigReader {
            lookup: variable,
            problems: Vec::new(),
        };
        let front = reader.front();
        if reader.problems.is_empty() {
            Ok(front)
        } else {
            Err(ConfigError(reader.problems))
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the environment is read"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Files and folders, separated as in `PATH`.
fn paths(text: Option<&str>) -> Vec<PathBuf> {
    let parts = text.unwrap_or_default().split(':');
    parts.filter(|it| !it.is_empty()).map(PathBuf::from).collect()
}

struct ConfigReader<F> {
    lookup: F,
    problems: Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> ConfigReader<F> {
    fn required<T: FromStr>(&mut self, name: &str, form: &str, valid: impl Fn(&T) -> bool) -> Option<T> {
        let Some(text) = (self.lookup)(name) else {
            self.problems.push(format!("{name} is missing"));
            return None;
        };
        let value = text.parse().ok().filter(valid);
        if value.is_none() {
            self.problems.push(format!("{name} must be {form}"));
        }
        value
    }

    fn optional(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|it| !it.is_empty())
    }

    fn origins(&mut self) -> Origins {
        const NAME: &str = "HOLDFAST_ALLOWED_ORIGINS";
        let origins = self.optional(NAME).unwrap_or_default().parse();
        origins.unwrap_or_else(|_| {
            let wanted = "origins as browsers send them, with commas between them";
            self.problems.push(format!("{NAME} must be {wanted}"));
            Origins::default()
        })
    }

    fn front(&mut self) -> Front {
        const SECRET: &str = "HOLDFAST_ORIGIN_SECRET";
        const ADDRESS: &str = "HOLDFAST_VISITOR_ADDRESS_HEADER";
        let text = self.optional(SECRET).unwrap_or_default();
        let secrets = text.parse().unwrap_or_else(|_| {
            let wanted = "one secret of 32 to 128 letters, digits, _ and -, or two with a comma between them";
            self.problems.push(format!("{SECRET} must be {wanted}"));
            Secrets::default()
        });
        let address_header = self.optional(ADDRESS).and_then(|name| {
            let header = HeaderName::from_str(&name);
            if header.is_err() {
                self.problems
                    .push(format!("{ADDRESS} must be the name of a header"));
            }
            header.ok()
        });
        if address_header.is_some() && text.is_empty() {
            // Anybody could send that header.
            self.problems.push(format!("{ADDRESS} needs {SECRET}"));
        }
        Front {
            secrets,
            address_header,
        }
    }

    fn risk(&mut self) -> RiskPolicy {
        let score = |it: &u8| (1..=100).contains(it);
        let default = RiskPolicy::default();
        let mode = self.required("HOLDFAST_RISK_MODE", "enforce or monitor", |_| true);
        let suspicious = self
            .required("HOLDFAST_RISK_SUSPICIOUS", "1 to 100", score)
            .unwrap_or(default.suspicious);
        let stolen = self
            .required("HOLDFAST_RISK_STOLEN", "1 to 100", score)
            .unwrap_or(default.stolen);
        if stolen < suspicious {
            self.problems
                .push("HOLDFAST_RISK_STOLEN must not be below HOLDFAST_RISK_SUSPICIOUS".to_owned());
        }
        RiskPolicy {
            mode: mode.unwrap_or(default.mode),
            suspicious,
            stolen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(name: &str) -> Option<String> {
        let value = match name {
            "HOLDFAST_TABLE" => "sessions",
            "HOLDFAST_MAX_CONCURRENT" => "5",
            "HOLDFAST_AT_LIMIT" => "reject",
            "HOLDFAST_ABSOLUTE_TIMEOUT" => "aal2",
            "HOLDFAST_RISK_MODE" => "enforce",
            "HOLDFAST_RISK_SUSPICIOUS" => "45",
            "HOLDFAST_RISK_STOLEN" => "80",
            "HOLDFAST_TRUST_USER_CONTEXT" => "false",
            "HOLDFAST_RETENTION_DAYS" => "90",
            "HOLDFAST_TELEMETRY_PER_TENANT" => "3000",
            "HOLDFAST_TELEMETRY_PER_SITE" => "2000",
            "HOLDFAST_TELEMETRY_PER_NETWORK" => "120",
            "HOLDFAST_CREATES_PER_SUBJECT" => "30",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn a_complete_environment_is_read() {
        let config = Config::read(good).unwrap();
        assert_eq!(config.policy.at_limit, crate::policy::AtLimit::Reject);
        assert!(!config.loopback_jwks);
        assert_eq!(config.intelligence, Sources::default());
    }

    #[test]
    fn data_about_addresses_may_be_in_several_places_or_in_none() {
        for (text, expected) in [
            ("", vec![]),
            ("/opt/holdfast", vec!["/opt/holdfast"]),
            (
                "/opt/GeoIP2-City.mmdb:/opt/holdfast",
                vec!["/opt/GeoIP2-City.mmdb", "/opt/holdfast"],
            ),
        ] {
            let with = |it: &str| match it {
                "HOLDFAST_INTELLIGENCE" => Some(text.to_owned()),
                _ => good(it),
            };
            let config = Config::read(with).unwrap();
            let expected: Vec<PathBuf> = expected.into_iter().map(PathBuf::from).collect();
            assert_eq!(config.intelligence.paths, expected);
        }
    }

    #[test]
    fn everything_that_is_missing_or_wrong_is_named_at_once() {
        let ConfigError(missing) = Config::read(|_| None).unwrap_err();
        // All but the data about addresses, the origins of pages and the two of the front, which may be absent.
        assert_eq!(missing.len(), Config::KEYS.len() - 4);
        for (name, bad) in [
            ("HOLDFAST_TABLE", ""),
            ("HOLDFAST_MAX_CONCURRENT", "26"),
            ("HOLDFAST_AT_LIMIT", "evict"),
            ("HOLDFAST_RISK_STOLEN", "44"),
            ("HOLDFAST_RETENTION_DAYS", "30"),
            ("HOLDFAST_TELEMETRY_PER_SITE", "0"),
            ("HOLDFAST_TELEMETRY_PER_TENANT", "1000001"),
            ("HOLDFAST_CREATES_PER_SUBJECT", "0"),
            ("HOLDFAST_ORIGIN_SECRET", "short"),
            ("HOLDFAST_VISITOR_ADDRESS_HEADER", "no header"),
            ("HOLDFAST_VISITOR_ADDRESS_HEADER", "cloudfront-viewer-address"),
            ("HOLDFAST_ALLOWED_ORIGINS", "*"),
            ("HOLDFAST_ALLOWED_ORIGINS", "https://app.example.com/"),
        ] {
            let with = |it: &str| {
                if it == name {
                    Some(bad.to_owned())
                } else {
                    good(it)
                }
            };
            let ConfigError(problems) = Config::read(with).unwrap_err();
            assert!(
                problems.len() == 1 && problems[0].starts_with(name),
                "{problems:?}"
            );
        }
    }
}
