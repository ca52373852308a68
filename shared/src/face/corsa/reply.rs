//! What the endpoints answer: what is not known is left out, and null appears nowhere but where the published shape
//! of a client wants a field of which nothing is known here.

use serde::{Serialize, Serializer};

use super::time;
use crate::face::Warning;
use crate::model::{self, ClientId, ClientKind, DeviceId, Instant, TenantId, Tenure};
use crate::service::{Erased, Fetched, Remaining, State};

/// A session.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_id: Option<String>,
    ip_address: String,
    #[serde(flatten)]
    geo: Geo,
    #[serde(serialize_with = "instant")]
    started_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "optional_instant")]
    ended_at: Option<Instant>,
    device: Device,
    #[serde(serialize_with = "instant")]
    created_at: Instant,
    #[serde(serialize_with = "instant")]
    updated_at: Instant,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

/// What was known of the session's address when it was opened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Geo {
    #[serde(rename = "geoCountry", skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    #[serde(rename = "geoCountryCode", skip_serializing_if = "Option::is_none")]
    country_code: Option<String>,
    #[serde(rename = "geoCity", skip_serializing_if = "Option::is_none")]
    city: Option<String>,
    #[serde(rename = "geoRegion", skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(rename = "geoLatitude", skip_serializing_if = "Option::is_none")]
    latitude: Option<f64>,
    #[serde(rename = "geoLongitude", skip_serializing_if = "Option::is_none")]
    longitude: Option<f64>,
    #[serde(rename = "geoTimezone", skip_serializing_if = "Option::is_none")]
    timezone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    isp_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_vpn: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_proxy: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_tor: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_datacenter: Option<bool>,
}

/// The device of a session.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Device {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    browser: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    browser_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    os: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    os_version: Option<String>,
    #[serde(rename = "deviceType", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    screen_resolution: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<String>,
}

impl Session {
    /// A session of either kind as this face shows it.
    pub fn of(tenant: &TenantId, fetched: &Fetched) -> Self {
        let record = &fetched.record;
        let ended_at = match fetched.state {
            State::Ended(ending) => Some(ending.at),
            // An end that was told ahead of its time.
            State::Active => record.ended.map(|ending| ending.at),
        };
        let updated_at = match record.tenure {
            Tenure::Observed => record.updated_at.unwrap_or(record.created_at),
            Tenure::Held { .. } => fetched.last_activity_at(),
        };
        Self {
            id: record.id.to_string(),
            reference_id: record.reference_id.clone(),
            ip_address: record.ip.clone(),
            geo: Geo::of(&record.facts),
            started_at: record.started_at,
            ended_at,
            device: Device::of(tenant, record),
            created_at: record.created_at,
            updated_at,
            warnings: Vec::new(),
        }
    }

    /// The same with what of the request that told of it was not understood as it was sent.
    #[must_use]
    pub fn with_warnings(mut self, warnings: Vec<Warning>) -> Self {
        self.warnings = warnings;
        self
    }
}

impl Geo {
    fn of(facts: &model::Facts) -> Self {
        let place = facts.place().cloned().unwrap_or_default();
        let system = facts.system.as_ref();
        Self {
            country: place.country,
            country_code: place.country_code,
            city: place.city,
            region: place.region,
            latitude: place.point.map(|point| point.latitude),
            longitude: place.point.map(|point| point.longitude),
            timezone: place.time_zone,
            isp_name: system.and_then(|system| system.organisation.clone()),
            is_vpn: facts.anonymity.vpn,
            is_proxy: facts.anonymity.proxy,
            is_tor: facts.anonymity.tor,
            is_datacenter: facts.anonymity.hosting,
        }
    }
}

impl Device {
    fn of(tenant: &TenantId, record: &model::SessionRecord) -> Self {
        let client = record.owner().map(|owner| owner.client_id(tenant));
        let device = record.device.clone();
        let user_agent = record.current_user_agent();
        Self {
            id: client.map(|client| DeviceId::of(tenant, client, &record.fingerprint).to_string()),
            fingerprint: record.fingerprint.clone(),
            user_agent: (!user_agent.is_empty()).then(|| user_agent.to_owned()),
            browser: device.browser,
            browser_version: device.browser_version,
            os: device.os,
            os_version: device.os_version,
            kind: device.device_type.map(model::DeviceType::as_str),
            screen_resolution: device.screen_resolution,
            language: device.language,
            timezone: device.timezone,
        }
    }
}

/// A client. The groups that hold its papers are there because the published shape wants them, and empty because
/// nothing of them is kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Client {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
    activity_status: &'static str,
    account_status: &'static str,
    general: Empty,
    address: Empty,
    application: Empty,
    #[serde(flatten)]
    papers: Papers,
    risk_history: [Empty; 0],
    tags: Vec<String>,
    controls: Vec<String>,
    #[serde(serialize_with = "instant")]
    created_at: Instant,
    #[serde(serialize_with = "instant")]
    updated_at: Instant,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Empty {}

/// The groups that one kind of client alone has to have.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Papers {
    Individual {
        adverse_media: AdverseMedia,
        political_exposure: PoliticalExposure,
        sanctions: Sanctions,
    },
    Corporate {
        business: Empty,
    },
}

/// Null: not known here.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct AdverseMedia {
    is_adverse_media: Option<bool>,
}

/// Null: not known here.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct PoliticalExposure {
    is_politically_exposed: Option<bool>,
}

/// Null: not known here.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Sanctions {
    is_sanctioned: Option<bool>,
}

impl Client {
    /// A client, shown as one of this kind.
    pub fn of(client: &model::Client, kind: ClientKind) -> Self {
        Self {
            id: client.id.to_string(),
            reference_id: client.reference_id.clone(),
            alias: client.alias.clone(),
            activity_status: client.activity.as_str(),
            account_status: client.account.as_str(),
            general: Empty {},
            address: Empty {},
            application: Empty {},
            papers: match kind {
                ClientKind::Individual => Papers::Individual {
                    adverse_media: AdverseMedia {
                        is_adverse_media: None,
                    },
                    political_exposure: PoliticalExposure {
                        is_politically_exposed: None,
                    },
                    sanctions: Sanctions { is_sanctioned: None },
                },
                ClientKind::Corporate => Papers::Corporate { business: Empty {} },
            },
            risk_history: [],
            tags: client.tags.clone(),
            controls: client.controls.clone(),
            created_at: client.created_at,
            updated_at: client.updated_at,
        }
    }
}

/// What was erased of a client, and what ends by itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    client_id: String,
    #[serde(serialize_with = "instant")]
    erased_at: Instant,
    complete: bool,
    erased: Counts,
    remaining: Vec<Rest>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    sessions: u64,
    references: u64,
    telemetry: u64,
    device_links: u64,
    profiles: u64,
    clients: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rest {
    what: &'static str,
    ends_within_days: u64,
}

impl Receipt {
    /// What an erasure did to a client.
    pub fn of(client: ClientId, erased: &Erased) -> Self {
        let counts = &erased.counts;
        let rest = |(what, within): &(Remaining, std::time::Duration)| Rest {
            what: match what {
                Remaining::UnattachedTelemetry => "unattachedTelemetry",
                Remaining::DeviceLinks => "deviceLinks",
                Remaining::IdempotentAnswers => "idempotentAnswers",
                Remaining::SessionNames => "sessionNames",
                Remaining::RevocationMark => "revocationMark",
                Remaining::ChangeStream => "changeStream",
                Remaining::Backups => "backups",
            },
            ends_within_days: within.as_secs().div_ceil(24 * 3600),
        };
        Self {
            client_id: client.to_string(),
            erased_at: erased.at,
            complete: erased.complete,
            erased: Counts {
                sessions: counts.sessions,
                references: counts.references,
                telemetry: counts.telemetry,
                device_links: counts.device_links,
                profiles: counts.profiles,
                clients: counts.clients,
            },
            remaining: erased.remaining.iter().map(rest).collect(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde calls")]
fn instant<S: Serializer>(instant: &Instant, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time::printed(*instant))
}

#[expect(clippy::ref_option, reason = "the signature serde calls")]
fn optional_instant<S: Serializer>(at: &Option<Instant>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => instant(at, serializer),
        None => serializer.serialize_none(),
    }
}
