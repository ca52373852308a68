//! What the endpoints are sent.
//!
//! Names are checked. What is told of a device is free text that is stored and shown, so control characters and the
//! marks that turn the direction of writing are replaced as it comes in (U+FFFD). Unknown fields are left alone: of a
//! client only what [`ClientInput`] has is kept.

use super::error::Error;
use super::fields::{Complaints, Fields, MAX_LABELS, parse};
use crate::face::Warning;
use crate::face::text::clean;
use crate::face::warning::Names;
use crate::model::{AccountStatus, ActivityStatus, Device, DeviceType, Instant};
use crate::service::Notice;

/// Longest body that is read, as in NestJS.
pub const MAX_BODY_BYTES: usize = 100 * 1024;

/// Body of `POST /v1/sessions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestInput {
    /// Id or name of the client whose session it is.
    pub client_id: String,
    /// The caller's own id of the session.
    pub reference_id: Option<String>,
    /// The client's address, as it was sent.
    pub ip_address: String,
    /// The device's fingerprint, opaque.
    pub fingerprint: String,
    /// The device's user agent.
    pub user_agent: Option<String>,
    /// What else is told of the device.
    pub device: Device,
    /// When the session was opened; now when left out.
    pub started_at: Option<Instant>,
}

impl IngestInput {
    /// Reads a body of at most [`MAX_BODY_BYTES`].
    ///
    /// # Errors
    /// 400 and 413.
    pub fn read(body: &[u8]) -> Result<Self, Error> {
        let body = parse(body, MAX_BODY_BYTES)?;
        let (fields, mut complaints) = (Fields::of(&body), Complaints::default());
        let client_id = fields.client(&mut complaints, "clientId");
        let reference_id = fields.optional_reference(&mut complaints, "referenceId");
        let ip_address = fields.address(&mut complaints, "ipAddress");
        let mut input = Self {
            client_id,
            reference_id,
            ip_address,
            fingerprint: String::new(),
            user_agent: None,
            device: Device::default(),
            started_at: None,
        };
        if let Some(device) = fields.object(&mut complaints, "device", "device.") {
            let complaints = &mut complaints;
            input.fingerprint = device.name(complaints, "fingerprint");
            let mut text = |field| device.optional_text(complaints, field).map(clean);
            input.user_agent = text("userAgent");
            input.device.browser = text("browser");
            input.device.browser_version = text("browserVersion");
            input.device.os = text("os");
            input.device.os_version = text("osVersion");
            input.device.device_type =
                device.optional_choice(complaints, "deviceType", &DeviceType::ALL, DeviceType::as_str);
            let mut text = |field| device.optional_text(complaints, field).map(clean);
            input.device.screen_resolution = text("screenResolution");
            input.device.language = text("language");
            input.device.timezone = text("timezone");
        }
        input.started_at = fields.optional_time(&mut complaints, "startedAt");
        complaints.finish(input)
    }

    /// What of it was not understood as it was sent.
    pub fn warnings(&self) -> Vec<Warning> {
        let names = Names {
            address: "ipAddress",
            user_agent: "device.userAgent",
            fingerprint: "device.fingerprint",
        };
        let notices = Notice::of(
            &self.ip_address,
            self.user_agent.as_deref(),
            Some(&self.fingerprint),
        );
        Warning::all(&notices, names)
    }
}

/// Body of `PUT /v1/sessions/{id}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpdateInput {
    /// When the session ended or will end; left out, nothing changes.
    pub ended_at: Option<Instant>,
}

impl UpdateInput {
    /// Reads a body of at most [`MAX_BODY_BYTES`].
    ///
    /// # Errors
    /// 400 and 413.
    pub fn read(body: &[u8]) -> Result<Self, Error> {
        let body = parse(body, MAX_BODY_BYTES)?;
        let (fields, mut complaints) = (Fields::of(&body), Complaints::default());
        let input = Self {
            ended_at: fields.optional_time(&mut complaints, "endedAt"),
        };
        complaints.finish(input)
    }
}

/// Body of `POST /v1/clients/individuals` and `/v1/clients/corporates`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientInput {
    /// The tenant's own name for the client.
    pub reference_id: Option<String>,
    /// A nickname.
    pub alias: Option<String>,
    /// Whether the client is active.
    pub activity: Option<ActivityStatus>,
    /// How its account stands.
    pub account: Option<AccountStatus>,
    /// The tenant's labels.
    pub tags: Option<Vec<String>>,
    /// The tenant's control measures.
    pub controls: Option<Vec<String>>,
}

/// Body of `PUT /v1/clients/individuals/{clientId}` and `/v1/clients/corporates/{clientId}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientChange {
    /// The tenant's own name for the client, which cannot change.
    pub reference_id: Option<String>,
    /// A nickname.
    pub alias: Option<String>,
    /// Whether the client is active.
    pub activity: Option<ActivityStatus>,
    /// How its account stands.
    pub account: Option<AccountStatus>,
    /// Changes of the tenant's labels.
    pub tags: LabelChange,
    /// Changes of the tenant's control measures.
    pub controls: LabelChange,
}

/// Labels that come and go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelChange {
    /// What is added, unless it is there.
    pub add: Vec<String>,
    /// What is removed.
    pub remove: Vec<String>,
}

impl LabelChange {
    /// The labels after the change, in their order.
    pub fn apply(&self, labels: &[String]) -> Vec<String> {
        let mut after: Vec<String> = Vec::new();
        let kept = labels.iter().filter(|it| !self.remove.contains(it));
        for label in kept.chain(&self.add) {
            if !after.contains(label) {
                after.push(label.clone());
            }
        }
        after
    }
}

impl ClientInput {
    /// Reads a body of at most [`MAX_BODY_BYTES`].
    ///
    /// # Errors
    /// 400 and 413.
    pub fn read(body: &[u8]) -> Result<Self, Error> {
        let body = parse(body, MAX_BODY_BYTES)?;
        let (fields, mut complaints) = (Fields::of(&body), Complaints::default());
        let (reference_id, alias, activity, account) = common(&fields, &mut complaints);
        let input = Self {
            reference_id,
            alias,
            activity,
            account,
            tags: fields.optional_labels(&mut complaints, "tags"),
            controls: fields.optional_labels(&mut complaints, "controls"),
        };
        complaints.finish(input)
    }
}

impl ClientChange {
    /// Most labels of a kind.
    pub const MOST_LABELS: usize = MAX_LABELS;

    /// Reads a body of at most [`MAX_BODY_BYTES`].
    ///
    /// # Errors
    /// 400 and 413.
    pub fn read(body: &[u8]) -> Result<Self, Error> {
        let body = parse(body, MAX_BODY_BYTES)?;
        let (fields, mut complaints) = (Fields::of(&body), Complaints::default());
        let (reference_id, alias, activity, account) = common(&fields, &mut complaints);
        let mut labels = |field| fields.optional_labels(&mut complaints, field).unwrap_or_default();
        let tags = LabelChange {
            add: labels("tagsToAdd"),
            remove: labels("tagsToRemove"),
        };
        let controls = LabelChange {
            add: labels("controlsToAdd"),
            remove: labels("controlsToRemove"),
        };
        complaints.finish(Self {
            reference_id,
            alias,
            activity,
            account,
            tags,
            controls,
        })
    }
}

/// Name, nickname and standing.
type Common = (
    Option<String>,
    Option<String>,
    Option<ActivityStatus>,
    Option<AccountStatus>,
);

fn common(fields: &Fields<'_>, complaints: &mut Complaints) -> Common {
    (
        fields.optional_client(complaints, "referenceId"),
        fields.optional_label(complaints, "alias"),
        fields.optional_choice(
            complaints,
            "activityStatus",
            &ActivityStatus::ALL,
            ActivityStatus::as_str,
        ),
        fields.optional_choice(
            complaints,
            "accountStatus",
            &AccountStatus::ALL,
            AccountStatus::as_str,
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_come_and_go_without_repeating() {
        let labels = |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
        let change = LabelChange {
            add: labels("b d d a"),
            remove: labels("a x"),
        };
        assert_eq!(change.apply(&labels("a b c")), labels("b c d a"));
        assert_eq!(LabelChange::default().apply(&labels("a b")), labels("a b"));
    }

    #[test]
    fn no_name_is_taken_that_a_path_cannot_hold() {
        for name in ["order?1", "order/1", "?", "/"] {
            let body = |client: &str, reference: &str| {
                serde_json::json!({
                    "clientId": client, "referenceId": reference, "ipAddress": "192.0.2.1",
                    "device": { "fingerprint": "f" },
                })
                .to_string()
            };
            assert!(
                IngestInput::read(body("order", name).as_bytes()).is_err(),
                "{name}"
            );
            assert!(
                IngestInput::read(body(name, "order").as_bytes()).is_err(),
                "{name}"
            );
            let client = serde_json::json!({ "referenceId": name }).to_string();
            assert!(ClientInput::read(client.as_bytes()).is_err(), "{name}");
        }
    }
}
